//! Cuts a sentence into clauses, each with whom it is about; a clause without a subject goes on about the
//! one before it.

use regex::Regex;
use std::sync::LazyLock;

use super::{
    subject::Subject,
    when::{Span, When},
};

/// Of which time a clause tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    Present,
    /// How things were, not how they are.
    Past,
    /// A time that is long over: nothing follows for today.
    LongAgo,
    /// What is to come.
    Planned,
}

/// A clause of a sentence.
#[derive(Debug)]
pub struct Clause {
    /// As it was written, with the subject when the sentence leaves it out.
    pub text: String,
    pub subject: Option<Subject>,
    /// What is said of the subject, with every word of time; contractions are written out.
    pub predicate: String,
    /// The same without times and adverbs.
    pub bare: String,
    /// The time that it tells.
    pub told: Option<Span>,
    /// The whole, with contractions written out.
    pub written: String,
    pub tense: Tense,
    /// It tells of this one time only.
    pub passing: bool,
    /// It tells of one more, not of another instead.
    pub adds: bool,
    /// The sentence has named the subject before.
    pub inherited: bool,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static BREAK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:[，,;；—]+|\s[-–]\s)\s*(?:and|but|so|because|though|although)?\s*|\s+(?:but|because|although|though|so)\s+|\s+and\s+(?P<keep>(?:i|my|we|our|now|currently|also|am|is|are|work|works|live|lives|moved|relocated|joined|started|got|quit|left|speak|speaks|do not|don['’]t|no longer|never|have|has)\b)|(?:而且|但是?|所以|因为|然后)",
    )
});

/// Words before what is said: they say nothing themselves.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:by the way|btw|actually|well|oh|ok|okay|so|hey|hi|hello|sorry|fyi|ps|also|and|anyway|in fact|to be honest|honestly|just so you know|for the record|quick update|small update|update|correction|guess what|good news|turns out|it turns out|note that|please note(?: that)?|please remember(?: that)?|remember(?: that)?|you know|listen|thanks|thank you|as of now|now|currently|these days|nowadays|by now|first|meanwhile|unfortunately|sadly|luckily|finally)\b[\s,:!.]*|(?:不过|对了|顺便说一下|顺便说|顺便提一下|顺便|其实|嗯+|哦+|噢|啊|话说|另外|还有|请?记住|记一下|你知道吗|跟你说一?下?|和你说|告诉你个?好?消息|告诉你|更正一?下|纠正一?下|说实话|老实说|说真的|好消息|现在|目前|如今|眼下|终于|从此|你好|谢谢)[\s，,：:！!]*)+",
    )
});

static ADVERB: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:now|currently|recently|just|still|finally|already|actually|really|also|always|officially|only|mostly|usually|both|even|then|originally|proudly|since)\b\s*|现在|目前|如今|眼下|已经|刚刚|刚|最近|终于|也|就|都|一直|其实|还是|还|真的|平时|一般|从此|正式|早就|后来|确实)+",
    )
});
static ADVERB_INSIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(am|is|are|have|has|do not|does not|can not) (?:now|currently|recently|just|still|finally|already|actually|really|also|officially|even|only|completely|totally|both|originally)\b",
    )
});
static ADVERB_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)[\s,]+(?:now|currently|nowadays|these days|too|as well|already|recently|finally|at the moment|right now|please|again and again|by the way|though|actually|lol|haha|tbh|哈哈+)[\s.]*$",
    )
});

static PAST: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:used to|previously|formerly|once)\b|以前|曾经|之前|过去|原来|原本|从前"));
static PAST_WORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:used to|previously|formerly|once) |以前|曾经|之前|过去|原来|原本|从前"));
static LONG_AGO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:back then|in the past|growing up|as a (?:child|kid|boy|girl|student)|when i was|at the time|those days)\b|小时候|那时候?|当时|年轻的?时候?|上学时|当年",
    )
});
static PLANNED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:will|going to|gonna|plan|plans|planning|want|wants|wanna|about to|thinking|consider|considering|intend|next (?:week|month|year|summer|spring|autumn|fall|winter)|tomorrow|soon|someday|looking (?:for|to|at)|try|trying|need to|have to|has to|almost|nearly|rather)\b|打算|准备|计划|想|正要|将要?|快要|即将|要(?:去|搬|换|到|学|买|当|做|结婚|离|改|开始)|考虑|下下?个?(?:月|周|星期|礼拜)|明年|后年|明天|后天|未来|差点|争取|需要",
    )
});
static PASSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:today|tonight|right now|for now|until|temporarily|this (?:time|morning|afternoon|evening|week|weekend|one)|for (?:a|an|the|one|two|three|\d+) (?:few |couple of )?(?:day|night|week|weekend|month|summer|semester)s?)\b|几天|暂住|临时|短住|出差|今天|今晚|今早|这次|这会儿?|暂时|先不|一会儿?|待会|刚才|这顿|这周",
    )
});

static ADDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:also|too|as well|part[- ]time|on the side|weekends?|second|another)\b|也|兼职|周末|业余|另外")
});
/// What a message may begin with where it leaves out that the person speaks of himself.
static UNSAID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:just|recently|finally|officially) )?(?:moved|relocated|joined|quit|got (?:married|divorced|engaged)|went vegan|went vegetarian|started working|stopped (?:eating|drinking|smoking)|no longer|do not (?:eat|drink|like|live|work))\b|^(?:刚刚?|已经|最近|终于)?(?:搬家?[到去]|跳槽|入职|住在|戒[烟酒]|辞职|改吃素|不再?[吃喝]|不住)",
    )
});

static CONTRACTIONS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"(?i)\bi['’]m\b", "I am"),
        (r"(?i)\bim\b", "I am"),
        (r"(?i)\b(i|we|they|you)['’]ve\b", "$1 have"),
        (r"(?i)\b(we|they|you)['’]re\b", "$1 are"),
        (r"(?i)\b(\w+)['’]ll\b", "$1 will"),
        (r"(?i)\b(i|we|he|she)['’]d\b", "$1 would"),
        (r"(?i)\bwon['’]t\b", "will not"),
        (r"(?i)\bcan(?:['’]t|not)\b", "can not"),
        (r"(?i)\b(do|does|did|is|are|was|were|have|has|had)n['’]?t\b", "$1 not"),
        (r"(?i)\b(that|it|here|there|she|he)['’]s\b", "$1 is"),
    ]
    .into_iter()
    .map(|(from, to)| (pattern(from), to))
    .collect()
});

/// The clauses of a sentence.
pub fn clauses(sentence: &str, when: &When) -> Vec<Clause> {
    let mut before: Option<Subject> = None;
    let mut clauses = Vec::new();
    for part in parts(sentence) {
        let clause = clause(&part, before.as_ref(), clauses.is_empty(), when);
        before.clone_from(&clause.subject);
        clauses.push(clause);
    }
    clauses
}

fn parts(sentence: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut from = 0;
    for found in BREAK.captures_iter(sentence) {
        let whole = found.get(0).expect("a match has a whole");
        // A comma inside a date or a number cuts nothing.
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if digits(sentence[..whole.start()].chars().last()) && digits(sentence[whole.end()..].chars().next()) {
            continue;
        }
        let end = found.name("keep").map_or(whole.end(), |keep| keep.start());
        parts.push(sentence[from..whole.start()].to_owned());
        from = end;
    }
    parts.push(sentence[from..].to_owned());
    parts.retain(|part| !part.trim().is_empty());
    lists(parts)
}

/// Puts what a list was cut into together again: "allergic to nuts, milk and eggs".
fn lists(parts: Vec<String>) -> Vec<String> {
    static ITEM: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:and )?[a-z-]+(?: [a-z-]+)?(?: and [a-z-]+(?: [a-z-]+)?)?[.!]?$"));
    let mut whole: Vec<String> = Vec::new();
    for part in parts {
        match whole.last_mut() {
            Some(list) if list.contains("allergic to ") && ITEM.is_match(part.trim()) => {
                list.push_str(", ");
                list.push_str(part.trim());
            }
            _ => whole.push(part),
        }
    }
    whole
}

fn clause(part: &str, before: Option<&Subject>, first: bool, when: &When) -> Clause {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '.' | '!' | '。' | '！' | '~' | '～' | '…' | ',' | '，' | '-');
    let text = LEAD.replace(part.trim_matches(ends), "").trim_matches(ends).to_owned();
    let written_out =
        CONTRACTIONS.iter().fold(text.clone(), |text, (from, to)| from.replace_all(&text, *to).into_owned());
    let tense = match &written_out {
        words if PLANNED.is_match(words) => Tense::Planned,
        words if LONG_AGO.is_match(words) => Tense::LongAgo,
        words if PAST.is_match(words) => Tense::Past,
        _ => Tense::Present,
    };
    let adds = ADDS.is_match(&written_out);
    let passing = PASSING.is_match(&written_out);
    let present = PAST_WORD.replace_all(&written_out, "").into_owned();
    let (timeless, told) = when.told(&present);
    let timeless = timeless.trim_matches(|c: char| c.is_whitespace() || c == ',').to_owned();
    let named = Subject::of(&written_out).or_else(|| relative(&written_out, before));
    let inherited = named.is_none();
    let (subject, predicate, bare) = match (named, Subject::of(&timeless).or_else(|| relative(&timeless, before))) {
        (Some((subject, predicate)), Some((_, bare))) => (Some(subject), predicate, bare),
        // The time stands before the subject.
        (None, Some((subject, bare))) => (Some(subject), bare.clone(), bare),
        _ if first && UNSAID.is_match(&timeless) => (Some(Subject::Own), written_out.clone(), timeless),
        // "… on games, like chess": an example, not a liking.
        _ if timeless.to_lowercase().starts_with("like ") => (None, written_out.clone(), timeless),
        _ => (before.cloned(), written_out.clone(), timeless),
    };
    let (predicate, bare) = (without_adverbs(&predicate), without_adverbs(&bare));
    Clause { text, subject, predicate, bare, told, written: written_out, tense, passing, adds, inherited }
}

/// A Chinese sentence about the person himself may go on about his people without a word of his.
fn relative(clause: &str, before: Option<&Subject>) -> Option<(Subject, String)> {
    let own = before.is_some_and(Subject::is_own) && clause.starts_with(|c: char| !c.is_ascii());
    let named = own.then(|| Subject::of(&format!("我{clause}"))).flatten();
    named.filter(|(subject, _)| !subject.is_own())
}

/// Particles at the end of a Chinese clause.
const PARTICLES: [char; 9] = ['了', '啦', '呢', '哦', '呀', '啊', '哈', '嘛', '喔'];

fn without_adverbs(predicate: &str) -> String {
    let mut bare = ADVERB_BEHIND.replace(predicate.trim(), "").into_owned();
    bare = ADVERB.replace(&bare, "").into_owned();
    bare = ADVERB_INSIDE.replace(&bare, "$1").into_owned();
    bare.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(PARTICLES).to_owned()
}
