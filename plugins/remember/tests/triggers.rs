//! What the manifest's triggers catch, and what they leave alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use regex::Regex;

fn text(message: &str) -> Option<String> {
    let manifest: toml::Table = toml::from_str(include_str!("../skill.toml")).unwrap();
    manifest["triggers"].as_array().unwrap().iter().find_map(|trigger| {
        let pattern = Regex::new(trigger["pattern"].as_str().unwrap()).unwrap();
        Some(pattern.captures(message)?["text"].to_owned())
    })
}

#[test]
fn requests_are_caught() {
    let cases = [
        ("remember that my bike lock code is 7291", "my bike lock code is 7291"),
        ("Remember my bike lock code is 7291.", "my bike lock code is 7291."),
        ("please remember I live in Oslo", "I live in Oslo"),
        ("Remember: the bins go out on Tuesday", "the bins go out on Tuesday"),
        ("remember the wifi password is hunter2", "the wifi password is hunter2"),
        ("remember Tom is allergic to nuts", "Tom is allergic to nuts"),
        ("remember that when I travel I want an aisle seat", "when I travel I want an aisle seat"),
        ("remember I have\ntwo cats", "I have\ntwo cats"),
        ("don't forget that Ada is vegan", "Ada is vegan"),
        ("Don’t forget: Ada is vegan", "Ada is vegan"),
        ("记住我住在上海", "我住在上海"),
        ("记住：我住在上海。", "我住在上海。"),
        ("请记住，我对花生过敏", "我对花生过敏"),
        ("帮我记住 门禁密码是 7291", "门禁密码是 7291"),
        ("请帮我记一下：周二倒垃圾", "周二倒垃圾"),
        ("請記住我住在台北", "我住在台北"),
    ];
    for (message, caught) in cases {
        assert_eq!(text(message).as_deref(), Some(caught), "{message}");
    }
}

#[test]
fn everything_else_is_left_alone() {
    let messages = [
        "do you remember my bike lock code?",
        "do you remember my name",
        "remember when we met",
        "Remember what I told you yesterday",
        "remember how it went",
        "remember me?",
        "remember my birthday?",
        "remember to buy milk",
        "remember",
        "remember that",
        "don't forget to call mum",
        "I remember that day",
        "你记得我的名字",
        "还记得我住在哪里吗",
        "记得带伞",
        "记住了",
        "记住了吗",
        "你记住我的名字了吗？",
        "记住没",
        "",
    ];
    for message in messages {
        assert_eq!(text(message), None, "{message}");
    }
}
