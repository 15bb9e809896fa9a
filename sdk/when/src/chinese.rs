//! Requests in Chinese: what to remind of, and when.

mod clock;
mod days;
mod repeat;
mod span;
mod text;

use crate::{
    phrase::{self, Grammar},
    request::Request,
    when::When,
};
use std::ops::Range;
use text::Text;

/// Words before a time that only make a request of it.
const BEFORE: [&str; 35] = [
    "麻烦你",
    "麻烦",
    "请你",
    "请",
    "帮忙",
    "帮我",
    "给我",
    "拜托",
    "可不可以",
    "可以",
    "能不能",
    "能否",
    "能",
    "你",
    "到时候",
    "到时",
    "记得",
    "别忘了",
    "不要忘了",
    "千万",
    "务必",
    "一定要",
    "在",
    "于",
    "等到",
    "到",
    "我想",
    "我要",
    "再",
    "那就",
    "，",
    ",",
    "：",
    ":",
    " ",
];

/// Words behind the request, before what it is about.
const BEHIND: [&str; 12] = ["一下", "一声", "记得", "别忘了", "不要忘了", "，", ",", "：", ":", "、", " ", "要在"];

const AT_THE_END: [&str; 15] =
    ["谢谢", "好吗", "可以吗", "行吗", "好不好", "吧", "吗", "啊", "哦", "。", "！", "!", "？", "?", " "];

/// Longer words first.
const ASKING: [&str; 6] = ["提醒一下我", "提醒下我", "提醒我", "叫我", "通知我", "喊我"];

const VERBS: [&str; 13] = ["设置", "设定", "设", "新建", "添加", "创建", "增加", "建立", "建", "定", "订", "加", "来"];

const NOUNS: [&str; 3] = ["提醒", "闹钟", "闹铃"];

/// What joins a request to what it is about.
const JOINTS: [&str; 8] = ["一下", "的时候", "要去", "要", "的", "记得", "关于", "内容是"];

/// `loose`: the whole text is a time or an answer, so a bare length begins now.
pub fn parse(text: &str, loose: bool) -> Request {
    let text = Text::new(text, loose);
    let sections = sections(&text);
    let found = phrase::find(&text, &sections);
    Request { what: what(&text, &phrase::rest(&sections, &found.taken)), when: found.when }
}

impl Grammar for Text {
    fn element(&self, at: usize, said: &When) -> Option<(When, usize)> {
        span::at(self, at)
            .or_else(|| repeat::at(self, at))
            .or_else(|| days::at(self, at))
            .or_else(|| clock::at(self, at))
            .or_else(|| clock::part(self, at, said))
    }

    fn skip(&self, at: usize, end: usize) -> usize {
        const JOINING: [&str; 12] = ["的时候", "时候", "左右", "前后", "开始", "的", "在", "，", ",", "、", " ", "于"];
        skip_words(self, at, end, &JOINING)
    }

    fn is_blocked(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| self.at(before));
        // "上周五" was; "早一点" is no hour.
        matches!(before, Some('上' | '早' | '晚' | '有' | '快' | '慢' | '多' | '少' | '第' | '从'))
            || before.is_some_and(|c| c.is_ascii_digit() && self.at(at).is_ascii_digit())
    }
}

/// The text without the words that ask for a reminder.
fn sections(text: &Text) -> Vec<Range<usize>> {
    let end = end(text);
    let Some((frame, inner)) = frame(text, end) else {
        let whole = skip_words(text, 0, end, &BEFORE)..end;
        return [whole].into();
    };
    let before = text.past(skip_words(text, 0, frame.start, &BEFORE), &VERBS[..3]).min(frame.start)..frame.start;
    let after = skip_words(text, frame.end, end, &BEHIND)..end;
    [before, inner, after].into_iter().filter(|section| section.start < section.end).collect()
}

fn end(text: &Text) -> usize {
    let mut end = text.len();
    while let Some(word) = AT_THE_END.iter().find(|word| text.ends_at(end, word)) {
        end -= word.chars().count();
    }
    end
}

fn skip_words(text: &Text, from: usize, end: usize, words: &[&str]) -> usize {
    let mut at = from;
    while let Some(next) = text.after_one(at, words).filter(|next| *next <= end) {
        at = next;
    }
    at
}

/// The words that ask for a reminder, and a range within them that may say when: 设一个**明天三点**的提醒.
fn frame(text: &Text, end: usize) -> Option<(Range<usize>, Range<usize>)> {
    for word in ASKING {
        if let Some(at) = (0..end).find(|at| text.after(*at, word).is_some()) {
            return Some((at..at + word.chars().count(), at..at));
        }
    }
    let (noun, noun_end) = (0..end).find_map(|at| Some((at, text.after_one(at, &NOUNS)?)))?;
    // 参加 has no verb of these.
    let asks = |at: &usize| *at == 0 || BEFORE.iter().any(|word| text.ends_at(*at, word));
    let verb = (0..noun).filter(asks).find_map(|at| Some((at, text.after_one(at, &VERBS)?)));
    let of = noun > 0 && text.at(noun - 1) == '的' && verb.is_none_or(|(_, end)| end < noun);
    let noun = if of { noun - 1 } else { noun };
    let (verb, verb_end) = verb.unwrap_or((noun, noun));
    let inner = skip_words(text, verb_end, noun, &["一个", "个", "条", "一条", " "]);
    Some((verb.min(noun)..noun_end, inner..noun))
}

fn what(text: &Text, rest: &[Range<usize>]) -> String {
    let joined: String = rest.iter().map(|range| text.original(range.clone())).collect();
    let mut what = trim(&joined);
    while let Some(shorter) =
        JOINTS.iter().find_map(|joint| what.strip_prefix(joint)).map(trim).filter(|s| !s.is_empty())
    {
        what = shorter;
    }
    // What was between two times or around a frame, such as "的".
    if matches!(what, "的" | "要" | "一下" | "去") { String::new() } else { what.to_owned() }
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "：:，,。.、；;！!“”\"「」-—".contains(c))
}
