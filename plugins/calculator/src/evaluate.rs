//! A sum in text to its exact value, a fraction. The grammar is in `sum.pest`.

use crate::problem::{self, Kind, Problem};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::Pairs;
use pest::pratt_parser::{Assoc, Op, PrattParser};

/// Parentheses, signs or powers inside one another: each level is a handful of stack frames.
const MAX_DEPTH: usize = 40;

/// Anything larger is nobody's sum.
const MAX_EXPONENT: i64 = 1_000;
const MAX_BITS: u64 = 4_096;

/// Bits of a denominator that are carried along; what has more is rounded to so many decimals.
const EXACT_BITS: u64 = 1_024;
const ROUNDED_DECIMALS: u32 = 60;

#[derive(pest_derive::Parser)]
#[grammar = "sum.pest"]
struct Grammar;

/// `percent` while the number is still a bare percentage such as `10%`; `exact` until a step had to be rounded.
#[derive(Clone)]
struct Term {
    value: BigRational,
    percent: bool,
    exact: bool,
}

/// The value, and whether no step on the way was rounded.
pub fn evaluate(expression: &str) -> Result<(BigRational, bool), Problem> {
    let problem = |(kind, offset)| Problem::new(kind, expression, offset);
    too_deep(expression).map_or(Ok(()), |offset| Err(problem((problem::TOO_DEEP, offset))))?;
    let pairs = Grammar::parse(Rule::whole, expression).map_err(|error| {
        let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = error.location;
        problem((if offset < expression.len() { problem::UNEXPECTED } else { problem::INCOMPLETE }, offset))
    })?;
    let binding = PrattParser::new()
        .op(Op::infix(Rule::plus, Assoc::Left) | Op::infix(Rule::minus, Assoc::Left))
        .op(Op::infix(Rule::times, Assoc::Left) | Op::infix(Rule::over, Assoc::Left))
        .op(Op::infix(Rule::of, Assoc::Left))
        .op(Op::prefix(Rule::negative))
        .op(Op::infix(Rule::power, Assoc::Right))
        .op(Op::postfix(Rule::percent));
    // Of the whole only its sum is left, beside the end of the text.
    let sum = pairs.flat_map(pest::iterators::Pair::into_inner);
    let sum = reduce(Pairs::clone(&sum), &binding).map_err(problem)?;
    Ok((sum.value, sum.exact))
}
