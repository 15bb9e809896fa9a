//! Questions that facts answer: what is known under a key, now or at a time that is named; everything that
//! is known; and the words with which somebody says that something is over.

use regex::Regex;
use std::sync::LazyLock;

use super::{
    subject,
    when::{Span, When},
};

/// One question about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// For example `home` or `wife.name`.
    pub key: String,
    /// The stretch of time that it asks about; `None` for the present.
    pub at: Option<Span>,
    /// The question as it was asked.
    pub text: String,
}

enum Time {
    Now,
    In(Span),
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// What is asked for, of the person himself or of a relation; `WHO` stands for either.
static KEYS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    const ZH: &str = "(?:我|我们|咱们)";
    const EN: &str = "(?:i|we|my [a-z]+)";
    [
        ("home", format!(r"^{ZH}.{{0,14}}(?:住|搬|家在)(?:在|到|去)?了?(?:哪|什么地方|什么城市|何处)|^{ZH}.{{0,6}}(?:住址|住处|住的地方).{{0,4}}(?:哪|什么)")),
        ("employer", format!(r"^{ZH}.{{0,14}}(?:在|给)(?:哪|什么).{{0,5}}(?:上班|工作|任职)|^{ZH}.{{0,8}}(?:公司|雇主|单位)(?:是|叫).{{0,2}}(?:什么|哪)")),
        ("job", format!(r"^{ZH}.{{0,8}}(?:是做什么|做什么工作|干什么工作|(?:工作|职业)是什么)")),
        ("name", format!(r"^{ZH}.{{0,6}}(?:叫什么|叫啥|名字(?:是|叫)什么)|^我是谁$")),
        ("birthday", format!(r"^{ZH}.{{0,6}}生日.{{0,3}}(?:哪|几|什么|多少)")),
        ("from", format!(r"^{ZH}.{{0,6}}(?:是哪里人|来自哪|老家在哪|家乡在哪|老家是哪)")),
        ("age", format!(r"^{ZH}.{{0,6}}(?:多大|几岁)")),
        ("home", format!(r"(?i)\bwhere (?:do|did|does|am|are|was|were|is) {EN} (?:\w+ )?(?:live|living|reside|staying|based)|\b(?:which|what) (?:city|town|country|place) (?:do|did|does|was|am|were) {EN} (?:live|living)|\bwhat(?:['’]s| is| was) my (?:home )?(?:city|address|home)\b")),
        ("employer", format!(r"(?i)\bwhere (?:do|did|does|am|was) {EN} (?:\w+ )?work|\b(?:who|which company|what company) (?:do|did|does) {EN} work\b|\b(?:who|what)(?:['’]s| is| was) my (?:employer|company)\b")),
        ("job", format!(r"(?i)\bwhat(?:['’]s| is| was) my (?:job|profession|occupation)\b|\bwhat (?:do|did|does) {EN} do for (?:a living|work)\b")),
        ("birthday", r"(?i)\bwhen(?:['’]s| is| was) my (?:[a-z]+['’]s )?birthday\b|\bwhen was i born\b".to_owned()),
        ("name", r"(?i)\bwhat(?:['’]s| is) my (?:[a-z]+['’]s )?name\b|\bwhat(?:['’]s| is) my [a-z]+ called\b|\bwho am i\b|\bwho is my (?:wife|husband|boss|doctor|dentist|partner|girlfriend|boyfriend)\b".to_owned()),
        ("from", r"(?i)\bwhere (?:am|do) i (?:originally )?(?:come )?from\b|\bwhat(?:['’]s| is) my home ?town\b".to_owned()),
        ("age", r"(?i)\bhow old am i\b".to_owned()),
    ]
    .into_iter()
    .map(|(key, words)| (key, pattern(&words)))
    .collect()
});

static ALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:/memory|(?:so,? |and |please,? )?(?:what|tell me what|show me what|list what) (?:do |else do |all do )?you (?:know|remember|have learned) about me(?: so far| by now)?|what do you remember|what have you (?:learned|remembered) about me|show (?:me )?(?:my|your) memor(?:y|ies)(?: of me| about me)?|你(?:都|还)?(?:知道|记得|了解|记住了?)(?:关于|有关)?我的?(?:些|哪些)?(?:什么|哪些|多少)(?:事|东西|信息)?情?|(?:关于|有关)我[，,]?你(?:都|还)?(?:知道|记得|了解)(?:些)?(?:什么|哪些|多少)|你对我了解多少|你都?记得(?:些)?(?:什么|哪些))[\s?？.。!！呢]*$",
    )
});

static ENDS_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:(?:no|oh|well|sorry|actually)[,.!]? *)*(?:that (?:was|is) (?:before|long ago|a long time ago|ages ago|in the past|(?:out of date|outdated|no longer (?:true|the case|so|right))|not (?:true|the case|so|right) any ?more)|that['’]s (?:in the past|outdated|out of date|(?:no longer|not) (?:true|the case|so|right)(?: any ?more)?|not so any ?more)|that used to be (?:true|the case|so)|(?:that['’]s )?not any ?more|no longer|it['’]s (?:outdated|no longer true))[.!\s]*$|^(?:不|哦|不对|唉)?[，,]?(?:那(?:都|已经)?(?:是)?(?:很久|好久)?以?前的事(?:情)?(?:了|啦)?|那(?:都|已经)?是过去(?:的事|式)?了|以前的事了|(?:现在)?(?:早就|早|已经|现在)(?:都)?不是(?:这样|那样)?了|不再是(?:这样)?了|那(?:个|条)?(?:已经)?(?:过时|过期|不对|作废)了)[。！!~\s]*$",
    )
});

/// A clause that only names another time: "and in February?", 二月呢？
static FOLLOWS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:and|what about|how about|那么?|而|then)?[\s,，]*(?P<rest>\S.*?)?\s*(?:呢|then)?[\s?？。.]*$")
});
static NOW: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^(?:现在|目前|如今|now|today|these days|currently)$"));

/// Whether the person asks for everything that is known of them.
pub fn asks_for_all(message: &str) -> bool {
    ALL.is_match(message.trim())
}

/// Whether the person says that what was talked about last is over.
pub fn ends_last(message: &str) -> bool {
    ENDS_LAST.is_match(message.trim())
}

/// The questions of a message that facts answer. A part that only names another time asks again what came
/// before it, in the message or in the one `before`.
pub fn asked(message: &str, before: Option<&str>, when: &When) -> Vec<Asked> {
    let mut key = None;
    let mut asked: Vec<Asked> = Vec::new();
    for part in parts(message) {
        if let Some(found) = key_of(&part) {
            key = Some(found.clone());
            asked.push(Asked { key: found, at: when.told(&part).1, text: part });
            continue;
        }
        let Some(again) = key.clone().or_else(|| before.and_then(last_key)) else { continue };
        match other_time(&part, when) {
            Some(Time::Now) => asked.push(Asked { key: again, at: None, text: part }),
            Some(Time::In(span)) => asked.push(Asked { key: again, at: Some(span), text: part }),
            None => {}
        }
    }
    asked
}

fn last_key(message: &str) -> Option<String> {
    parts(message).iter().rev().find_map(|part| key_of(part))
}

fn parts(message: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    for c in message.chars() {
        if matches!(c, '?' | '？' | '。' | '！' | '\n' | ';' | '；' | ',' | '，') {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn key_of(part: &str) -> Option<String> {
    // The time may stand before the subject.
    let part = part.trim_start_matches("请问").trim_start_matches("那");
    let bare = pattern_time(part);
    let (key, _) = KEYS.iter().find(|(_, words)| words.is_match(part) || words.is_match(&bare))?;
    Some(subject::asked(part).map_or_else(|| (*key).to_owned(), |relation| format!("{relation}.{key}")))
}

/// The part from its subject on.
fn pattern_time(part: &str) -> String {
    part.find('我').map_or_else(|| part.to_owned(), |at| part[at..].to_owned())
}

/// The time that a part names when it names nothing else; the present is no stretch of time.
fn other_time(part: &str, when: &When) -> Option<Time> {
    let rest = FOLLOWS.captures(part)?.name("rest")?.as_str().trim().to_owned();
    if NOW.is_match(&rest) {
        return Some(Time::Now);
    }
    let (left, span) = when.told(&rest);
    left.is_empty().then_some(Time::In(span?))
}
