//! Looks up what is known about the user.

mod reply;

use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill, memory};

struct SearchMemory;

#[derive(Debug, Deserialize)]
pub struct Input {
    pub query: String,
    #[serde(default = "default_limit")]
    pub limit: u32,
}

/// As many as are read at a glance.
fn default_limit() -> u32 {
    5
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Output {
    pub facts: Vec<Fact>,
    pub text: String,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Fact {
    pub key: String,
    pub text: String,
    pub score: f32,
    pub recorded_at_ms: u64,
}

impl Skill for SearchMemory {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let chinese = call.is_chinese();
        let query = query(&call.input.query);
        if query.is_empty() {
            let nothing = if chinese { "没有要找的内容" } else { "there is nothing to search for" };
            return Err(Failure::InvalidInput(nothing.into()));
        }
        let facts: Vec<Fact> = memory::search(query, call.input.limit)?.into_iter().map(Fact::from).collect();
        let text = reply::text(query, &facts, chinese);
        Ok(Output { facts, text })
    }
}

/// What was asked for, without the punctuation around it.
fn query(text: &str) -> &str {
    const AROUND: [char; 18] =
        [':', '：', ',', '，', '.', '。', '?', '？', '!', '！', '"', '“', '”', '「', '」', '、', '《', '》'];
    text.trim_matches(|c: char| c.is_whitespace() || AROUND.contains(&c))
}

impl From<memory::Fact> for Fact {
    fn from(fact: memory::Fact) -> Self {
        Self { key: fact.key, text: fact.text, score: fact.score, recorded_at_ms: fact.recorded_at_ms }
    }
}

skillet_sdk::export!(SearchMemory);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_is_not_searched_for() {
        assert_eq!(query("：“bike lock”？"), "bike lock");
        assert_eq!(query(" 自行车。"), "自行车");
    }

    #[test]
    fn an_empty_query_is_refused() {
        let call = Call::new(Input { query: "?".into(), limit: 5 });
        assert!(matches!(SearchMemory::run(call), Err(Failure::InvalidInput(_))));
    }
}
