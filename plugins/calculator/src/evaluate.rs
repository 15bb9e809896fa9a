//! A sum in text to its exact value, a fraction. The grammar is in `sum.pest`.

use crate::problem::{self, Kind, Problem};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::Pairs;
use pest::pratt_parser::{Assoc, Op, PrattParser};

/// Parentheses inside one another, and signs and powers of one sum: each level is a handful of stack frames.
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
struct Term {
    value: BigRational,
    percent: bool,
    exact: bool,
}

/// What is wrong, and at which byte.
type Fault = (Kind, usize);

/// The value, and whether no step on the way was rounded.
pub fn evaluate(expression: &str) -> Result<(BigRational, bool), Problem> {
    // Full-width ASCII lies this far above ASCII.
    let offset = |c: char| if ('\u{FF01}'..='\u{FF5E}').contains(&c) { 0xFEE0 } else { 0 };
    let plain: String = expression.chars().filter_map(|c| char::from_u32(u32::from(c) - offset(c))).collect();
    let sum = nested(&plain).and_then(|()| summed(&plain));
    sum.map(|sum| (sum.value, sum.exact)).map_err(|(kind, offset)| Problem::new(kind, &plain, offset))
}

/// Whether parentheses do not go too deep for what reads them.
fn nested(plain: &str) -> Result<(), Fault> {
    let mut depth = 0_usize;
    for (offset, character) in plain.char_indices() {
        depth = (depth + usize::from(character == '(')).saturating_sub(usize::from(character == ')'));
        if depth > MAX_DEPTH {
            return Err((problem::TOO_DEEP, offset));
        }
    }
    Ok(())
}

fn summed(plain: &str) -> Result<Term, Fault> {
    let mut pairs = Grammar::parse(Rule::whole, plain).map_err(|error| {
        let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = error.location;
        (if offset < plain.len() { problem::UNEXPECTED } else { problem::INCOMPLETE }, offset)
    })?;
    let binding = PrattParser::new()
        .op(Op::infix(Rule::plus, Assoc::Left) | Op::infix(Rule::minus, Assoc::Left))
        .op(Op::infix(Rule::times, Assoc::Left) | Op::infix(Rule::over, Assoc::Left))
        .op(Op::infix(Rule::of, Assoc::Left))
        .op(Op::prefix(Rule::negative))
        .op(Op::infix(Rule::power, Assoc::Right))
        .op(Op::postfix(Rule::percent));
    reduced(pairs.next().ok_or((problem::INCOMPLETE, 0))?.into_inner(), &binding)
}

fn reduced(sum: Pairs<'_, Rule>, binding: &PrattParser<Rule>) -> Result<Term, Fault> {
    let mut inner = sum.clone().filter(|pair| matches!(pair.as_rule(), Rule::negative | Rule::power));
    inner.nth(MAX_DEPTH).map_or(Ok(()), |pair| Err((problem::TOO_DEEP, pair.as_span().start())))?;
    binding
        .map_primary(|pair| match pair.as_rule() {
            Rule::sum => reduced(pair.into_inner(), binding),
            _ => number(pair.as_str()).ok_or((problem::NUMBER, pair.as_span().start())),
        })
        .map_prefix(|_, term| term.map(|term| Term { value: -term.value, ..term }))
        .map_postfix(|term, _| term.map(|term| Term { value: term.value / BigInt::from(100), percent: true, ..term }))
        .map_infix(|left, operator, right| {
            let (left, right, at) = (left?, right?, operator.as_span());
            match operator.as_rule() {
                Rule::power => raised(&left, &right.value, at.start(), at.end()),
                rule => applied(left, rule, right).and_then(bounded).map_err(|kind| (kind, at.start())),
            }
        })
        .parse(sum)
}

fn applied(left: Term, rule: Rule, right: Term) -> Result<Term, Kind> {
    let (both, exact) = (left.percent && right.percent, left.exact && right.exact);
    // `a + b%` adds that share of `a`, as on a pocket calculator, unless `a` is a bare percentage itself.
    let share = |term: Term| if term.percent && !left.percent { &left.value * term.value } else { term.value };
    let (value, percent) = match rule {
        Rule::plus => (share(right) + &left.value, both),
        Rule::minus => (&left.value - share(right), both),
        Rule::times => (left.value * right.value, false),
        Rule::of if !left.percent && !right.percent => return Err(problem::PERCENT_OF),
        Rule::of => (left.value * right.value, both),
        _ if right.value.is_zero() => return Err(problem::DIVISION_BY_ZERO),
        _ => (left.value / right.value, false),
    };
    Ok(Term { value, percent, exact })
}

/// `start` and `end` are those of the operator.
fn raised(base: &Term, exponent: &BigRational, start: usize, end: usize) -> Result<Term, Fault> {
    let whole = if exponent.is_integer() { exponent.to_i64() } else { None };
    let exponent = whole.filter(|whole| whole.abs() <= MAX_EXPONENT).ok_or((problem::EXPONENT, end))?;
    if base.value.is_zero() && exponent < 0 {
        return Err((problem::DIVISION_BY_ZERO, start));
    }
    let value = if exponent < 0 { base.value.recip() } else { base.value.clone() };
    power(&Term { value, percent: false, ..*base }, exponent.unsigned_abs()).map_err(|kind| (kind, start))
}

/// By squaring, each step within bounds.
fn power(base: &Term, exponent: u64) -> Result<Term, Kind> {
    if exponent == 0 {
        return Ok(Term { value: BigRational::one(), ..*base });
    }
    let half = power(base, exponent / 2)?;
    let square = bounded(Term { value: half.value.pow(2), ..half })?;
    let odd = exponent % 2 == 1;
    if odd { bounded(Term { value: square.value * &base.value, ..square }) } else { Ok(square) }
}

/// The same, rounded where it has more digits than anybody reads.
fn bounded(mut term: Term) -> Result<Term, Kind> {
    if term.value.denom().bits() > EXACT_BITS {
        let fine = BigRational::from(BigInt::from(10).pow(ROUNDED_DECIMALS));
        term = Term { value: (term.value * &fine).round() / fine, exact: false, ..term };
    }
    let large = term.value.numer().bits() > term.value.denom().bits() + MAX_BITS;
    if large { Err(problem::OVERFLOW) } else { Ok(term) }
}

/// A comma that does not separate thousands may be meant as a decimal point, so it is refused rather than dropped:
/// `1,5` is not 15.
fn number(text: &str) -> Option<Term> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?.len();
    let thousands = whole.len() == first || ((1..=3).contains(&first) && groups.all(|group| group.len() == 3));
    let value: BigInt = (whole.replace(',', "") + decimals).parse().ok()?;
    let value = BigRational::new(value, BigInt::from(10).pow(u32::try_from(decimals.len()).ok()?));
    thousands.then_some(Term { value, percent: false, exact: true })
}

#[cfg(test)]
mod tests;
