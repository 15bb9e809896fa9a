//! Exact decimal arithmetic, in the notations people type in chats.

mod evaluate;
mod number;
mod problem;
mod token;

use number::Number;
use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill};

struct Calculator;

#[derive(Debug, Deserialize)]
pub struct Input {
    pub expression: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The result without trailing zeros, all digits that there are.
    pub value: String,
    /// The question and its result, for a person.
    pub text: String,
}

/// In a text, a value that had to be rounded anyway is cut to as many decimals as people read.
const SHOWN_DECIMALS: u32 = 12;

impl Skill for Calculator {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let chinese = call.is_chinese();
        let expression = call.input.expression.trim();
        let number = evaluate::evaluate(expression).map_err(|problem| Failure::InvalidInput(problem.text(chinese)))?;
        Ok(Output { value: number.value.to_string(), text: text(expression, number) })
    }
}

fn text(expression: &str, number: Number) -> String {
    if number.exact {
        return format!("{expression} = {}", number.value);
    }
    let rounded = number.value.round_dp(SHOWN_DECIMALS).normalize();
    let shown = if rounded.is_zero() { number.value } else { rounded };
    format!("{expression} ≈ {shown}")
}

skillet_sdk::export!(Calculator);

#[cfg(test)]
mod tests {
    use super::*;

    fn run(expression: &str, locale: &str) -> Result<Output, Failure> {
        Calculator::run(Call::new(Input { expression: expression.into() }).in_locale(locale))
    }

    #[test]
    fn the_answer_repeats_the_question() {
        let output = run(" 17.5% of 2,340 ", "en").unwrap();
        assert_eq!(output.value, "409.5");
        assert_eq!(output.text, "17.5% of 2,340 = 409.5");
    }

    #[test]
    fn a_rounded_answer_says_so() {
        let output = run("10 / 3", "en").unwrap();
        assert_eq!(output.value, "3.3333333333333333333333333333");
        assert_eq!(output.text, "10 / 3 ≈ 3.333333333333");
    }

    #[test]
    fn problems_speak_the_users_language() {
        let english = Failure::InvalidInput("division by zero at position 3".into());
        let chinese = Failure::InvalidInput("第 3 个字符处除数为零".into());
        assert_eq!(run("1 / 0", "en"), Err(english));
        assert_eq!(run("1 / 0", "zh-CN"), Err(chinese));
    }
}
