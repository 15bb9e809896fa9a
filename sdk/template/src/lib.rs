//! Greets somebody by name.

use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill};

struct {{Type}};

#[derive(Debug, Deserialize)]
pub struct Input {
    pub name: String,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Output {
    /// What the person who asked is shown.
    pub text: String,
}

impl Skill for {{Type}} {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let name = call.input.name.trim();
        if name.is_empty() {
            return Err(Failure::InvalidInput("the name is empty".into()));
        }
        let text = if call.is_chinese() { format!("你好，{name}！") } else { format!("Hello, {name}!") };
        Ok(Output { text })
    }
}

skillet_sdk::export!({{Type}});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_in_the_users_language() {
        let call = || Call::new(Input { name: " Ada ".into() });
        assert_eq!({{Type}}::run(call()).unwrap().text, "Hello, Ada!");
        assert_eq!({{Type}}::run(call().in_locale("zh-CN")).unwrap().text, "你好，Ada！");
    }
}
