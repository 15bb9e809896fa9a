//! What of a message are the person's own words about how things are: not what is quoted or pasted,
//! not questions, not what might be, not what others said.

use regex::Regex;
use std::sync::LazyLock;

/// Longer messages are pasted from somewhere.
const MAX_CHARS: usize = 1_200;

/// Longest quoted word that is a name rather than somebody's speech, in characters.
const MAX_QUOTED_NAME: usize = 12;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// Asks to work on a text: what stands beside that is not told, but handed over.
static WORK_ON_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:summari[sz]e|translate|proofread|paraphrase|rephrase|rewrite|reword|polish|edit|correct|analy[sz]e|review|fix the grammar|improve) (?:this|that|these|the following|the text|my|it|the (?:email|mail|page|letter|article|text|message|paragraph|sentence))|\b(?:write|draft|compose) (?:me )?(?:an?|the|some) |(?:here is|here's|this is|below is) (?:the|a|an|my) (?:page|text|email|mail|article|log|output|result|document|letter|draft)|翻译|总结一?下|概括|润色|改写|校对|帮我(?:写|改|看看|回复)|写一?[篇首封个段份]|(?:这是|下面是|以下是).{0,8}(?:网页|文章|邮件|内容|日志|输出|结果|文档|文本)",
    )
});

/// Lines of pages, logs, mails and program output.
static PASTED_LINE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"^\s*(?:[>|<{}\[\]#*=`$]|[-+•] |\d+[.)、] |https?://|"[^"]*"\s*:)|</|/>|\{"|\\n|\t"#));

/// A speaker or a field before a colon. A few such heads only lead in what the person says himself.
static LABEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\s*(?P<label>[^:：,，.。!！?？]{1,40})[:：]\s*(?P<rest>.*)$"));
static OWN_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:ps|p\.s|fyi|btw|by the way|(?:quick |small |an? )?(?:update|correction|note|reminder)|one (?:more )?thing|(?:please )?remember|更正|纠正|更新|补充|顺便说一下|告诉你|跟你说|另外|说明一下|(?:请)?记住|记一下)(?: ?(?:一下|一点))?$",
    )
});

/// Speech of somebody, what might be, and what is only imagined.
static NOT_SO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:if|suppose|imagine|would|could|might|should|wish|hope|maybe|perhaps|probably|pretend|unless|whether|said|says|told|tells|heard|wrote|claims?|asks?|asked|thinks?|believes?|dream(?:ed|t)?|novel|movie|character|joke|joking|kidding|for example|e\.g|lyrics?|then|after that|the (?:page|article|email|mail|text|document|site|website|file|tool|skill))\b|如果|要是|假如|假设|假使|倘若|的话|万一|想象|也许|可能|大概|或许|希望|但愿|听说|据说|告诉过?我|表示|写道|梦见|梦到|小说里|故事里|电影里|游戏里|剧里|梦里|角色|扮演|假装|开玩笑|骗你|比如|例如|好像|似乎|应该|是不是|要不要|能不能|会不会|有没有|歌词|后来|(?:网页|文章|邮件|页面|文件)(?:里|上|中)?",
    )
});
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"说"));
static SPEAKS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:会|能|讲|在学)说|说(?:实话|真的|明)|(?:老实|顺便|再|跟你|和你|对你|不瞒你)说"));
/// In English only the lower-case word is not the month.
static MAY: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bmay\b"));

static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)[?？]\s*$|吗[\s。！]*$|呢[\s。！]*$|什么|哪[里儿个些天]|在哪|谁|怎么|怎样|多少|几点|几号|几岁|为何|^\s*(?:what|where|who|whom|whose|when|why|how|which|do|does|did|is|are|am|was|were|can|could|will|would|should|shall|have i|has|may i)\b",
    )
});

static QUOTED: LazyLock<Regex> = LazyLock::new(|| pattern("[“\"「『《][^“”\"「」『』《》]*[”\"」』》]"));

/// The sentences of a message that state something in the person's own words.
pub fn sentences(message: &str) -> Vec<String> {
    if message.chars().count() > MAX_CHARS || WORK_ON_TEXT.is_match(message) {
        return Vec::new();
    }
    let mut told = Vec::new();
    let mut fenced = false;
    for line in message.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced || PASTED_LINE.is_match(line) {
            continue;
        }
        let line = line.trim();
        if line.ends_with([':', '：']) {
            // What follows is not the person's own.
            break;
        }
        for sentence in split(line) {
            match labelled(&sentence) {
                Some(own) => told.extend(stated(&own)),
                // What somebody said, or a field of something pasted; so may be the rest of the line.
                None => break,
            }
        }
    }
    told
}

/// Whether a text is among the person's own words in a message: what he says can be kept as said by him.
pub fn says(message: &str, text: &str) -> bool {
    let plain = |text: &str| -> String { text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect() };
    let text = plain(text);
    if text.is_empty() || WORK_ON_TEXT.is_match(message) || message.chars().count() > MAX_CHARS {
        return false;
    }
    let own: Vec<&str> = message.lines().filter(|line| !PASTED_LINE.is_match(line)).collect();
    let own = own.join("\n");
    let own = if own.contains("```") { "" } else { own.as_str() };
    plain(&QUOTED.replace_all(own, " ")).contains(&text)
}

/// The sentence behind a head such as "By the way:"; `None` when the head names a speaker or a field.
fn labelled(sentence: &str) -> Option<String> {
    match LABEL.captures(sentence) {
        None => Some(sentence.to_owned()),
        // A time of day.
        Some(found) if found["label"].ends_with(|c: char| c.is_ascii_digit()) => Some(sentence.to_owned()),
        Some(found) if OWN_LABEL.is_match(found["label"].trim()) => Some(found["rest"].to_owned()),
        Some(_) => None,
    }
}

fn stated(sentence: &str) -> Option<String> {
    let sentence = unquoted(sentence)?;
    let spoken = SPOKEN.is_match(&SPEAKS.replace_all(&sentence, ""));
    let doubtful = QUESTION.is_match(&sentence) || NOT_SO.is_match(&sentence) || MAY.is_match(&sentence) || spoken;
    (!doubtful && !sentence.trim().is_empty()).then(|| sentence.trim().to_owned())
}

/// The sentence without its quotation marks where they hold a name; `None` where they hold speech.
fn unquoted(sentence: &str) -> Option<String> {
    if sentence.matches('"').count() % 2 == 1 {
        return None;
    }
    let short =
        |found: regex::Match| found.as_str().chars().count() <= MAX_QUOTED_NAME + 2 && !found.as_str().contains('我');
    if !QUOTED.find_iter(sentence).all(short) {
        return None;
    }
    Some(sentence.replace(['“', '”', '"', '「', '」', '『', '』'], ""))
}

/// Cuts at the ends of sentences; a point inside a word or a number is none.
fn split(line: &str) -> Vec<String> {
    const TITLES: &[&str] = &["dr", "mr", "mrs", "ms", "st", "prof", "no", "e.g", "i.e", "p.s"];
    let chars: Vec<char> = line.chars().collect();
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for (at, c) in chars.iter().enumerate() {
        parts.last_mut().expect("never empty").push(*c);
        match c {
            '“' | '「' | '『' => quoted = true,
            '”' | '」' | '』' => quoted = false,
            '"' => quoted = !quoted,
            _ => {}
        }
        let next_is_space = chars.get(at + 1).is_none_or(|next| next.is_whitespace());
        let ends = match c {
            '。' | '！' | '？' | '；' | '!' | '?' | ';' | '~' | '～' => true,
            '.' | '…' => {
                let so_far = parts.last().expect("never empty").trim_end_matches('.').to_lowercase();
                let word = so_far.rsplit(' ').next().unwrap_or_default().to_owned();
                next_is_space && !TITLES.contains(&word.as_str())
            }
            _ => false,
        };
        if ends && !quoted {
            parts.push(String::new());
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}
