//! Exact arithmetic, in the notations people type in chats.

mod evaluate;
mod problem;

use num_bigint::BigInt;
use num_rational::BigRational;
use serde::{Deserialize, Serialize};
use skillet_sdk::{Call, Failure, Skill};

struct Calculator;

#[derive(Debug, Deserialize)]
pub struct Input {
    pub expression: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The result without trailing zeros, to 28 decimals.
    pub value: String,
    /// The question and its result, for a person.
    pub text: String,
}

/// Decimals of a value, and of one that had to be rounded anyway in a text.
const DECIMALS: u32 = 28;
const SHOWN_DECIMALS: u32 = 12;

impl Skill for Calculator {
    type Input = Input;
    type Output = Output;

    fn run(call: Call<Input>) -> Result<Output, Failure> {
        let chinese = call.is_chinese();
        let expression = call.input.expression.trim();
        let (result, exact) =
            evaluate::evaluate(expression).map_err(|problem| Failure::InvalidInput(problem.text(chinese)))?;
        let (value, whole) = decimal(&result, DECIMALS);
        let (short, _) = decimal(&result, SHOWN_DECIMALS);
        let text = match (exact && whole, short.as_str()) {
            (true, _) => format!("{expression} = {value}"),
            (false, "0") => format!("{expression} ≈ {value}"),
            (false, _) => format!("{expression} ≈ {short}"),
        };
        Ok(Output { value, text })
    }
}

skillet_sdk::export!(Calculator);

/// The value to at most so many decimals, without trailing zeros, and whether these are all that there are.
fn decimal(value: &BigRational, decimals: u32) -> (String, bool) {
    let shifted = value * BigRational::from(BigInt::from(10).pow(decimals));
    let rounded = shifted.round().to_integer();
    let exact = shifted.is_integer();
    let places = decimals as usize;
    let digits = format!("{:0>width$}", rounded.magnitude().to_string(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    let rest = rest.trim_end_matches('0');
    let sign = if rounded < BigInt::ZERO { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    (format!("{sign}{whole}{point}{rest}"), exact)
}

#[cfg(test)]
mod tests;
