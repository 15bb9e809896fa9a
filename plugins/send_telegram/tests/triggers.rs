//! What the manifest's triggers catch, and what they leave alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use regex::Regex;

/// The chat, `me` for one's own, and the message.
fn caught(message: &str) -> Option<(String, String)> {
    let manifest: toml::Table = toml::from_str(include_str!("../skill.toml")).unwrap();
    manifest["triggers"].as_array().unwrap().iter().find_map(|trigger| {
        let pattern = Regex::new(trigger["pattern"].as_str().unwrap()).unwrap();
        let groups = pattern.captures(message)?;
        let chat = groups.name("chat").map_or("me", |chat| chat.as_str());
        Some((chat.trim().to_owned(), groups["text"].to_owned()))
    })
}

#[test]
fn requests_are_caught() {
    let cases = [
        ("send a telegram to Ada: the tea is ready", "Ada", "the tea is ready"),
        ("Send a Telegram message to the family group: dinner at 7", "the family group", "dinner at 7"),
        ("please send a telegram to -1001234: hi", "-1001234", "hi"),
        ("telegram Ada: hi", "Ada", "hi"),
        ("message Ada on telegram: on my way", "Ada", "on my way"),
        ("send Ada a telegram: on my way", "Ada", "on my way"),
        ("message me on telegram: buy milk", "me", "buy milk"),
        ("send me a telegram: buy milk\nand eggs", "me", "buy milk\nand eggs"),
        ("telegram me: buy milk", "me", "buy milk"),
        ("给 Ada 发消息：茶好了", "Ada", "茶好了"),
        ("请给妈妈发一条消息：我到了", "妈妈", "我到了"),
        ("给Ada发条telegram消息：我到了", "Ada", "我到了"),
        ("发消息给 Ada：茶好了", "Ada", "茶好了"),
        ("给我发telegram：买牛奶", "me", "买牛奶"),
        ("給媽媽發訊息：我到了", "媽媽", "我到了"),
    ];
    for (message, chat, text) in cases {
        assert_eq!(caught(message), Some((chat.to_owned(), text.to_owned())), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    let messages = [
        "did you send a telegram to Ada?",
        "what is telegram: an app?",
        "send Ada an email: hi",
        "message Ada: hi",
        "telegram",
        "send a telegram to Ada",
        "how do I send a telegram to Ada: by hand?",
        "给 Ada 打电话",
        "给 Ada 发消息",
        "Ada 给我发消息：茶好了",
        "我给 Ada 发了消息",
        "",
    ];
    for message in messages {
        assert_eq!(caught(message), None, "{message}");
    }
}
