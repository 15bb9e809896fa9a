//! What the manifest's triggers catch, and what they leave alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use regex::Regex;

/// The action, and what it is about.
fn caught(message: &str) -> Option<(String, String)> {
    let manifest: toml::Table = toml::from_str(include_str!("../skill.toml")).unwrap();
    manifest["triggers"].as_array().unwrap().iter().find_map(|trigger| {
        let pattern = Regex::new(trigger["pattern"].as_str().unwrap()).unwrap();
        let groups = pattern.captures(message)?;
        let url = groups.name("url").map(|url| url.as_str().to_owned()).unwrap_or_default();
        Some((trigger["input"]["action"].as_str().unwrap().to_owned(), url))
    })
}

#[test]
fn requests_are_caught() {
    for (message, action, url) in [
        ("follow the feed https://example.org/rss", "add", "https://example.org/rss"),
        ("Subscribe to the RSS feed example.org/atom.xml.", "add", "example.org/atom.xml"),
        ("add feed: https://hnrss.org/newest?q=wasm", "add", "https://hnrss.org/newest?q=wasm"),
        ("订阅 https://www.ruanyifeng.com/blog/atom.xml", "add", "https://www.ruanyifeng.com/blog/atom.xml"),
        ("请帮我订阅：sspai.com/feed。", "add", "sspai.com/feed"),
        ("unfollow the feed Tea & biscuits", "remove", "Tea & biscuits"),
        ("remove feed 2", "remove", "2"),
        ("unsubscribe from the feed https://example.org/rss.", "remove", "https://example.org/rss"),
        ("取消订阅 茶", "remove", "茶"),
        ("退订 https://example.org/rss。", "remove", "https://example.org/rss"),
        ("my feeds", "list", ""),
        ("Show me my RSS feeds!", "list", ""),
        ("which feeds do I follow?", "list", ""),
        ("我的订阅", "list", ""),
        ("我订阅了哪些？", "list", ""),
        ("What's new in my feeds?", "digest", ""),
        ("check my feeds", "digest", ""),
        ("订阅有什么新内容？", "digest", ""),
        ("看看我的订阅更新", "digest", ""),
    ] {
        assert_eq!(caught(message), Some((action.to_owned(), url.to_owned())), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    for message in [
        "feed the cat",
        "remind me to feed the cat",
        "add milk to my shopping list",
        "what's new?",
        "what is an RSS feed?",
        "subscribe to the newsletter",
        "我想订阅报纸",
        "订阅费是多少",
        "https://example.org/rss",
    ] {
        assert_eq!(caught(message), None, "{message}");
    }
}
