//! Keeps a fact about the user, in the words they chose.

use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill, memory};

struct Remember;

#[derive(Debug, Deserialize)]
pub struct Input {
    pub text: String,
    /// What the fact is about. Without it the host finds one, so that "I live in …" replaces an older home.
    pub key: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    pub text: String,
}

impl Skill for Remember {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let chinese = call.is_chinese();
        let fact = fact(&call.input.text);
        if fact.is_empty() {
            let nothing = if chinese { "没有要记住的内容" } else { "there is nothing to remember" };
            return Err(Failure::InvalidInput(nothing.into()));
        }
        match call.input.key.as_deref().map(str::trim) {
            Some(key) if !key.is_empty() => memory::remember_as(key, fact)?,
            _ => memory::remember(fact)?,
        }
        Ok(Output { text: reply(fact, chinese) })
    }
}

/// The fact without what only joined it to the request ("记住：…。"). A full stop that closes an abbreviation
/// goes too; nothing is lost by it.
fn fact(text: &str) -> &str {
    const JOINTS: [char; 7] = [':', '：', ',', '，', '、', '—', '–'];
    const ENDS: [char; 6] = ['.', '。', '!', '！', ';', '；'];
    text.trim_start_matches(|c: char| c.is_whitespace() || JOINTS.contains(&c))
        .trim_end_matches(|c: char| c.is_whitespace() || ENDS.contains(&c))
}

fn reply(fact: &str, chinese: bool) -> String {
    if chinese { format!("记住了：{fact}") } else { format!("I'll remember that: {fact}.") }
}

skillet_sdk::export!(Remember);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fact_is_kept() {
        let cases = [
            ("my bike lock code is 7291.", "my bike lock code is 7291"),
            ("：我住在上海。", "我住在上海"),
            (", I prefer tea!", "I prefer tea"),
            ("-5 is my limit", "-5 is my limit"),
            ("我的邮箱是 a.b@example.org", "我的邮箱是 a.b@example.org"),
        ];
        for (text, kept) in cases {
            assert_eq!(fact(text), kept);
        }
    }

    #[test]
    fn nothing_is_not_remembered() {
        let call = Call::new(Input { text: " 。".into(), key: None });
        assert!(matches!(Remember::run(call), Err(Failure::InvalidInput(_))));
    }

    #[test]
    fn the_reply_repeats_the_fact() {
        assert_eq!(reply("my bike lock code is 7291", false), "I'll remember that: my bike lock code is 7291.");
        assert_eq!(reply("我住在上海", true), "记住了：我住在上海");
    }
}
