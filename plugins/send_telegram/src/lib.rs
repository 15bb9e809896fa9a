//! Sends a message to somebody's Telegram chat.

use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill, messages};

struct SendTelegram;

/// The person's own chat, as the host calls it.
const ME: &str = "me";

#[derive(Debug, Deserialize)]
pub struct Input {
    /// A paired person or group by name, or a chat id; the person's own chat without it.
    pub chat: Option<String>,
    pub text: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    pub text: String,
}

impl Skill for SendTelegram {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let chinese = call.is_chinese();
        let text = call.input.text.trim();
        if text.is_empty() {
            let nothing = if chinese { "没有要发送的内容" } else { "there is nothing to send" };
            return Err(Failure::InvalidInput(nothing.into()));
        }
        let chat = chat(call.input.chat.as_deref());
        messages::send_to(chat, text)?;
        Ok(Output { text: reply(chat, chinese) })
    }
}

/// Whom it goes to. Models and people write their own chat in many ways.
fn chat(asked: Option<&str>) -> &str {
    const OWN: [&str; 5] = ["", ME, "myself", "我", "我自己"];
    let asked = asked.unwrap_or_default().trim();
    if OWN.iter().any(|own| own.eq_ignore_ascii_case(asked)) { ME } else { asked }
}

fn reply(chat: &str, chinese: bool) -> String {
    match (chat, chinese) {
        (ME, true) => "已发送到你的 Telegram。".into(),
        (ME, false) => "Sent to your Telegram.".into(),
        (chat, true) => format!("已发送给 {chat}。"),
        (chat, false) => format!("Sent to {chat}."),
    }
}

skillet_sdk::export!(SendTelegram);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_chat_it_is_ones_own() {
        for own in [None, Some(""), Some(" "), Some("me"), Some("Me"), Some("myself"), Some("我")] {
            assert_eq!(chat(own), "me", "{own:?}");
        }
        for other in ["Ada", "-1001", "the family"] {
            assert_eq!(chat(Some(other)), other);
        }
    }

    #[test]
    fn an_empty_text_is_not_sent() {
        let call = Call::new(Input { chat: None, text: " ".into() });
        assert!(matches!(SendTelegram::run(call), Err(Failure::InvalidInput(_))));
    }

    #[test]
    fn the_reply_says_where_it_went() {
        assert_eq!(reply("Ada", false), "Sent to Ada.");
        assert_eq!(reply("Ada", true), "已发送给 Ada。");
        assert_eq!(reply("me", false), "Sent to your Telegram.");
        assert_eq!(reply("me", true), "已发送到你的 Telegram。");
    }
}
