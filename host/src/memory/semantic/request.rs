//! How a person wants to be answered from now on, and what they want to be called.

use regex::Regex;
use std::sync::LazyLock;

use super::value::{Takes, value};

/// One wish: its key, what it is about, and what is meant by it.
#[derive(Debug)]
pub struct Wish {
    pub key: String,
    pub value: String,
    pub meaning: String,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static CALLED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    vec![
        pattern(
            r"(?i)^(?:from now on,? )?(?:please,? |just |you can |you may |everyone |everybody )*calls? me (?P<value>[^,]+?)(?: from now on| instead| please)*$",
        ),
        pattern(
            r"^(?:请|以后|今后|就|你|可以|大家|都|从现在起)*(?:叫|称呼)我(?P<value>[\p{Han}A-Za-z· ]{1,12}?)(?:就行|就好|就可以|即可|吧|好了|得了|行了)?了?$",
        ),
    ]
});

const VERBS: &str = "answer|reply|respond|write|speak|talk|explain|use|keep|give me|address|format|begin|start|end|apologi[sz]e|include|add|be";
const ING: &str = "answering|replying|responding|writing|speaking|talking|explaining|using|keeping|giving me|apologi[sz]ing|including|adding|being";

static LASTING: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    vec![
        pattern(&format!(
            r"(?i)^(?:please,? )?(?:from now on|in (?:the )?future|going forward|henceforth),? (?:please,? )?(?:always |only |never |do not |don['’]t )?(?P<verb>{VERBS})\b.*$"
        )),
        pattern(&format!(r"(?i)^(?:please,? )?(?:always|never|don['’]t ever|do not ever) (?P<verb>{VERBS})\b.*$")),
        pattern(&format!(r"(?i)^(?:please,? )?stop (?P<verb>{ING})\b.*$")),
        pattern(&format!(
            r"(?i)^(?:please,? )?(?P<verb>{VERBS})\b.* (?:from now on|in (?:the )?future|every time|at all times|always)(?: please)?$"
        )),
        pattern(
            r"^(?:请|麻烦|你|拜托)*(?:以后|今后|往后|从现在(?:开始|起)|从今(?:天|以后|往后)?(?:开始|起)?|一律|每次|永远|始终|总是|不要再|别再|再也不要|请?都).*(?P<verb>回答|回复|答复|回我|[跟和对]我[说聊]|说话|称呼|表情|emoji|解释|道歉|语气).*$",
        ),
        pattern(
            r"^(?:请|麻烦|你)*(?P<verb>回答|回复|答复|说话|解释).{0,8}(?:一律|每次|永远|始终|总是|以后|今后|都).*$",
        ),
    ]
});

/// Verbs that ask for something lasting whatever follows.
static SPEAKING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:answer|reply|respond|writ|speak|talk|explain|address|apologi|回|答|[跟和对]我|说话|称呼|解释|道歉|语气)",
    )
});

/// What a wish is about: its key, what it is called in texts, and the meaning.
static TOPICS: LazyLock<Vec<(&str, Regex, &str)>> = LazyLock::new(|| {
    [
        ("rule:language", r"(?i)\bchinese\b|\bmandarin\b|中文|汉语|普通话", "chinese"),
        ("rule:language", r"(?i)\benglish\b|英文|英语", "english"),
        ("rule:language", r"(?i)\bgerman\b|德语|德文", "german"),
        ("rule:language", r"(?i)\bjapanese\b|日语|日文", "japanese"),
        ("rule:language", r"(?i)\bfrench\b|法语|法文", "french"),
        ("rule:language", r"(?i)\bspanish\b|西班牙语|西语", "spanish"),
        (
            "rule:length",
            r"(?i)\bbrief|\bshort|\bconcise|\bterse|\bto the point\b|\bfew words\b|简短|简洁|精简|短|啰嗦|简单",
            "short",
        ),
        ("rule:length", r"(?i)\bdetail|\blong(?:er)?\b|\bthorough|\belaborat|详细|长一?[点些]|展开|具体", "long"),
        ("rule:emoji", r"(?i)(?:never|not|n['’]t|stop|no|不要|别|不用|禁止).*(?:emoji|表情)", "no"),
        ("rule:emoji", r"(?i)emoji|表情", "yes"),
        ("rule:tone", r"(?i)\bformal|正式", "formal"),
        ("rule:tone", r"(?i)\bcasual|\binformal|\bfriendly|随意|轻松|亲切", "casual"),
        ("rule:units", r"(?i)\bmetric|\bcelsius|\bkilomet|公制|摄氏", "metric"),
        ("rule:units", r"(?i)\bimperial|\bfahrenheit|\bmiles\b|英制|华氏", "imperial"),
        ("rule:format", r"(?i)\bbullet|\blists?\b|列表|要点", "list"),
        ("rule:format", r"(?i)\bplain text\b|\bno markdown\b|纯文本", "plain"),
    ]
    .into_iter()
    .map(|(key, words, meaning)| (key, pattern(words), meaning))
    .collect()
});

/// The lasting wishes of a sentence or a clause.
pub fn wishes(text: &str) -> Vec<Wish> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || ".!。！~".contains(c));
    if let Some(name) = CALLED.iter().find_map(|called| value(Takes::Name, &called.captures(text)?["value"])) {
        return vec![Wish { key: "called".to_owned(), meaning: name.clone(), value: name }];
    }
    let Some(found) = LASTING.iter().find_map(|lasting| lasting.captures(text)) else { return Vec::new() };
    let mut wishes: Vec<Wish> = Vec::new();
    for (key, words, meaning) in TOPICS.iter() {
        if words.is_match(text) && wishes.iter().all(|wish| wish.key != *key) {
            wishes.push(Wish { key: (*key).to_owned(), value: (*meaning).to_owned(), meaning: (*meaning).to_owned() });
        }
    }
    if wishes.is_empty() && SPEAKING.is_match(&found["verb"]) {
        let plain = text.to_lowercase().replace("please", "").replace('请', "");
        let slug: String = plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
        wishes.push(Wish { key: format!("rule:{slug}"), value: text.to_owned(), meaning: slug });
    }
    wishes
}
