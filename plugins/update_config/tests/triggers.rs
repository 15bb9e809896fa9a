//! What the manifest's triggers catch, and what they leave alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use regex::Regex;

fn change(message: &str) -> Option<(String, String)> {
    let manifest: toml::Table = toml::from_str(include_str!("../skill.toml")).unwrap();
    manifest["triggers"].as_array().unwrap().iter().find_map(|trigger| {
        let pattern = Regex::new(trigger["pattern"].as_str().unwrap()).unwrap();
        let captures = pattern.captures(message)?;
        Some((captures["key"].to_owned(), captures["value"].to_owned()))
    })
}

#[test]
fn changes_of_settings_are_caught() {
    let cases = [
        ("set time_zone to Asia/Shanghai", "time_zone", "Asia/Shanghai"),
        ("Please set agent.name to \"Ada\".", "agent.name", "Ada"),
        ("set locale to zh", "locale", "zh"),
        ("set the setting name to Ada", "name", "Ada"),
        ("change setting memory.top_k to 8", "memory.top_k", "8"),
        ("set reply.max_rate to 0.5", "reply.max_rate", "0.5"),
        ("把 time_zone 设为 Asia/Shanghai", "time_zone", "Asia/Shanghai"),
        ("请把time_zone改成Asia/Shanghai。", "time_zone", "Asia/Shanghai"),
        ("把 locale 改成 zh", "locale", "zh"),
        ("把设置name改成小雅", "name", "小雅"),
        ("将配置 memory.top_k 设置为 8", "memory.top_k", "8"),
    ];
    for (message, key, value) in cases {
        assert_eq!(change(message), Some((key.to_owned(), value.to_owned())), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    let messages = [
        "set a timer to 5",
        "set volume to 3",
        "set the alarm to 7",
        "change the subject to tea",
        "set time_zone",
        "把灯设为红色",
        "把音量调成 5",
        "把 volume 设为 5",
        "",
    ];
    for message in messages {
        assert_eq!(change(message), None, "{message}");
    }
}
