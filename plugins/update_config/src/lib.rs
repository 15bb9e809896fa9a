//! Changes one of the agent's settings, if the owner opened it to skills.

use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill, config};

struct UpdateConfig;

#[derive(Debug, Deserialize)]
pub struct Input {
    pub key: String,
    pub value: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    pub key: String,
    pub value: String,
    pub text: String,
}

impl Skill for UpdateConfig {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let chinese = call.is_chinese();
        let Input { key, value } = call.input;
        config::set(&key, &value)?;
        let text = reply(&key, &value, chinese);
        Ok(Output { key, value, text })
    }
}

fn reply(key: &str, value: &str, chinese: bool) -> String {
    if chinese { format!("{key} 已设为 {value}。") } else { format!("{key} is now {value}.") }
}

skillet_sdk::export!(UpdateConfig);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_repeats_the_setting() {
        assert_eq!(reply("time_zone", "Asia/Shanghai", false), "time_zone is now Asia/Shanghai.");
        assert_eq!(reply("time_zone", "Asia/Shanghai", true), "time_zone 已设为 Asia/Shanghai。");
    }

    #[test]
    fn refusals_keep_the_hosts_words() {
        let failure = Failure::from(config::Error::Denied("http.listen is not open to skills".into()));
        assert_eq!(failure, Failure::Denied("http.listen is not open to skills".into()));
    }
}
