//! What the manifest's triggers catch, and what they leave alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use regex::Regex;
use toml::{Table, Value};

fn query(message: &str) -> Option<String> {
    let manifest: Table = toml::from_str(include_str!("../skill.toml")).unwrap();
    let triggers = manifest["triggers"].as_array().unwrap();
    triggers.iter().find_map(|trigger| match trigger.get("pattern") {
        Some(pattern) => {
            let pattern = Regex::new(pattern.as_str().unwrap()).unwrap();
            Some(pattern.captures(message)?["query"].to_owned())
        }
        None => after_words(trigger["words"].as_array().unwrap(), message),
    })
}

fn after_words(words: &[Value], message: &str) -> Option<String> {
    words.iter().filter_map(Value::as_str).find_map(|words| {
        let (start, rest) = message.split_at_checked(words.len())?;
        start.eq_ignore_ascii_case(words).then(|| rest.trim().to_owned())
    })
}

#[test]
fn questions_to_memory_are_caught() {
    let cases = [
        ("search memory for bike lock", "bike lock"),
        ("Search my memory for tea", "tea"),
        ("what do you remember about my bike?", "my bike"),
        ("What do you know about me?", "me"),
        ("do you remember anything about Oslo?", "Oslo"),
        ("搜索记忆 自行车", "自行车"),
        ("你记得关于自行车的什么？", "自行车"),
        ("你还记得关于我家人的事吗？", "我家人"),
        ("你记得什么关于咖啡的事", "咖啡"),
        ("关于咖啡你记得什么？", "咖啡"),
        ("关于我的工作，你还知道些什么", "我的工作"),
    ];
    for (message, caught) in cases {
        assert_eq!(query(message).as_deref(), Some(caught), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    let messages = [
        "do you remember my name?",
        "what do you think about tea",
        "search the web for tea",
        "what do you remember",
        "记住我住在上海",
        "你记得我的名字吗",
        "关于咖啡的历史",
        "",
    ];
    for message in messages {
        assert_eq!(query(message), None, "{message}");
    }
}
