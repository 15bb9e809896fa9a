//! Which reminder is meant.

use crate::{desk::Reminder, words};

#[derive(Debug, PartialEq, Eq)]
pub enum Which {
    /// Nothing was said: the only one there is.
    Only,
    All,
    Number(usize),
    Last,
    Words(String),
}

pub fn which(text: &str) -> Which {
    let plain = plain(text);
    let chars: Vec<char> = plain.chars().collect();
    let number = words::english(&plain)
        .or_else(|| words::ordinal(&plain))
        .or_else(|| words::chinese(&chars, 0).filter(|(_, end)| *end == chars.len()).map(|(number, _)| number));
    match (&*plain, number) {
        ("", _) => Which::Only,
        ("all" | "all my" | "all the" | "all of them" | "everything" | "全部" | "所有" | "全" | "都", _) => {
            Which::All
        }
        ("last" | "最后" | "最后一", _) => Which::Last,
        ("next" | "下一" | "下", _) => Which::Number(1),
        (_, Some(number)) => Which::Number(number as usize),
        _ => Which::Words(plain),
    }
}

/// The words without those that only name a reminder: "the reminder about **tea**", "第**二**个提醒".
fn plain(text: &str) -> String {
    const FIRST: [&str; 21] = [
        "the ",
        "my ",
        "reminders ",
        "reminder ",
        "about ",
        "to ",
        "for ",
        "of ",
        "number ",
        "no. ",
        "that ",
        "that's ",
        "#",
        "把",
        "将",
        "我的",
        "那个",
        "这个",
        "关于",
        "提醒",
        "第",
    ];
    const LAST: [&str; 16] = [
        " reminders",
        " reminder",
        " one",
        " please",
        " alarm",
        "的提醒",
        "提醒",
        "的闹钟",
        "闹钟",
        "的",
        "个",
        "条",
        "号",
        "掉",
        "了",
        "吧",
    ];
    let trim = |text: &str| {
        text.trim_matches(|c: char| c.is_whitespace() || ".!?。！？,，:：\"“”「」'".contains(c)).to_lowercase()
    };
    let mut plain = trim(text);
    loop {
        let shorter = match &*plain {
            "reminder" | "reminders" | "the" | "my" | "it" | "that" | "我" | "alarm" => Some(""),
            text => FIRST
                .iter()
                .find_map(|word| text.strip_prefix(word))
                .or_else(|| LAST.iter().find_map(|word| text.strip_suffix(word))),
        };
        match shorter {
            Some(shorter) => plain = trim(shorter),
            None => return plain,
        }
    }
}

/// Those with the words in their text: in a row if there are such ones, else each of them somewhere.
pub fn matching<'a>(reminders: &[&'a Reminder], words: &str) -> Vec<&'a Reminder> {
    let has = |reminder: &&&Reminder, part: &str| reminder.text.to_lowercase().contains(part);
    let whole: Vec<&Reminder> = reminders.iter().filter(|reminder| has(reminder, words)).copied().collect();
    if !whole.is_empty() {
        return whole;
    }
    let all = |reminder: &&&Reminder| words.split_whitespace().all(|word| has(reminder, word));
    reminders.iter().filter(all).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_reminders() {
        let words = |text: &str| Which::Words(text.into());
        let cases = [
            ("", Which::Only),
            ("the reminder", Which::Only),
            ("提醒", Which::Only),
            ("all my reminders", Which::All),
            ("all", Which::All),
            ("所有提醒", Which::All),
            ("reminder 2", Which::Number(2)),
            ("#3", Which::Number(3)),
            ("the second reminder", Which::Number(2)),
            ("the last one", Which::Last),
            ("第二个提醒", Which::Number(2)),
            ("提醒2", Which::Number(2)),
            ("第十二个", Which::Number(12)),
            ("2号提醒", Which::Number(2)),
            ("the reminder about tea", words("tea")),
            ("my tea reminder", words("tea")),
            ("reminder to call Mum", words("call mum")),
            ("喝茶的提醒", words("喝茶")),
            ("关于喝茶的提醒", words("喝茶")),
        ];
        for (text, meant) in cases {
            assert_eq!(which(text), meant, "{text}");
        }
    }
}
