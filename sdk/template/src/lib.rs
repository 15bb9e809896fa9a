//! Greets somebody by name and counts how often.

use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, JsonSchema, Skill, kv, schemars, serde_json};

struct {{Type}};

// The build makes `input_schema` of it: what stands at a field is what the model reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Whom to greet
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
}

// And `output_schema` of this.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// What the person who asked is shown.
    pub text: String,
    pub count: u64,
}

impl Skill for {{Type}} {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let name = given(&call.input.name)?;
        let count = count_up()?;
        Ok(Output { text: greeting(name, count, call.is_chinese()), count })
    }
}

skillet_sdk::export!({{Type}});

fn given(name: &str) -> Result<&str, Failure> {
    match name.trim() {
        "" => Err(Failure::InvalidInput("the name is empty".into())),
        name => Ok(name),
    }
}

fn greeting(name: &str, count: u64, chinese: bool) -> String {
    if chinese { format!("你好，{name}！这是第 {count} 次。") } else { format!("Hello, {name}! This is time {count}.") }
}

/// One more, also when another call counts at the same time.
fn count_up() -> Result<u64, Failure> {
    loop {
        let kept = kv::get("count")?;
        let before: u64 = kept.as_deref().map_or(Ok(0), serde_json::from_slice)?;
        let count = before + 1;
        if kv::compare_and_set("count", kept.as_deref(), count.to_string().as_bytes())? {
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_must_be_there() {
        assert_eq!(given(" Ann "), Ok("Ann"));
        assert_eq!(given(" "), Err(Failure::InvalidInput("the name is empty".into())));
    }

    #[test]
    fn greets_in_the_users_language() {
        assert_eq!(greeting("Ann", 2, false), "Hello, Ann! This is time 2.");
        assert_eq!(greeting("小明", 2, true), "你好，小明！这是第 2 次。");
    }
}
