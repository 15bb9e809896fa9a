//! A sum in text to its exact value, a fraction. The grammar is in `sum.pest`.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use pest::{
    Parser as _,
    error::InputLocation,
    iterators::Pairs,
    pratt_parser::{Assoc, Op, PrattParser},
};

use crate::problem::{Kind, Place, Problem};

/// Parentheses and signs inside one another: each level is a handful of stack frames.
const MAX_DEPTH: usize = 40;

/// Anything larger is nobody's sum.
const MAX_EXPONENT: i64 = 1_000;
const MAX_BITS: u64 = 4_096;

/// Bits of a denominator that are carried along; what has more is rounded to so many decimals.
const EXACT_BITS: u64 = 1_024;
const ROUNDED_DECIMALS: u32 = 60;

/// What stands for each operator; of two that begin alike the longer one comes first.
const WORDS: &str = "+加上 +加 -减去 -減去 -减 -減 -− -– *乘以 *乘 ^** *× *· *x *X /除以 /÷ \u{1}of \u{1}Of \u{1}的";

#[derive(pest_derive::Parser)]
#[grammar = "sum.pest"]
struct Grammar;

/// `percent` while the number is still a bare percentage such as `10%`; `exact` until a step had to be rounded.
struct Term {
    value: BigRational,
    percent: bool,
    exact: bool,
}

/// The value, and whether no step on the way was rounded.
pub fn evaluate(expression: &str) -> Result<(BigRational, bool), Problem> {
    let (plain, places) = plain(expression);
    let at = |offset: usize| places.get(offset).copied().unwrap_or_else(|| expression.chars().count() + 1);
    nested(&plain).map_err(|offset| problem(Kind::TooDeep, at(offset)))?;
    let mut pairs = Grammar::parse(Rule::whole, &plain).map_err(|error| {
        let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = error.location;
        match plain[offset..].chars().next() {
            None => problem(Kind::Incomplete, at(offset)),
            Some(found) => {
                problem(Kind::Unexpected(expression.chars().nth(at(offset) - 1).unwrap_or(found)), at(offset))
            }
        }
    })?;
    let binding = PrattParser::new()
        .op(Op::infix(Rule::plus, Assoc::Left) | Op::infix(Rule::minus, Assoc::Left))
        .op(Op::infix(Rule::times, Assoc::Left) | Op::infix(Rule::over, Assoc::Left))
        .op(Op::infix(Rule::of, Assoc::Left))
        .op(Op::prefix(Rule::negative))
        .op(Op::infix(Rule::power, Assoc::Right))
        .op(Op::postfix(Rule::percent));
    let sum = pairs.next().ok_or(problem(Kind::Incomplete, at(0)))?;
    let sum = reduce(sum.into_inner(), &binding, &at)?;
    Ok((sum.value, sum.exact))
}

/// The text with one character for each operator, and the place in the original of each of its bytes.
fn plain(expression: &str) -> (String, Vec<Place>) {
    let characters: Vec<char> = expression.chars().map(half_width).collect();
    let (mut plain, mut places, mut next) = (String::new(), Vec::new(), 0);
    while let Some(&character) = characters.get(next) {
        let fits = |word: &str| characters[next..].iter().copied().take(word.chars().count()).eq(word.chars());
        let mut words = WORDS.split(' ').map(|word| word.split_at(1));
        let (one, length) = match words.find(|(_, word)| fits(word)) {
            Some((one, word)) => (one.to_owned(), word.chars().count()),
            None => (character.to_string(), 1),
        };
        plain.push_str(&one);
        places.resize(plain.len(), next + 1);
        next += length;
    }
    (plain, places)
}

fn half_width(character: char) -> char {
    match character {
        // Full-width ASCII lies this far above ASCII.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        blank if blank.is_whitespace() => ' ',
        other => other,
    }
}

/// Fails with where it goes too deep: in parentheses, in signs of one number, in powers of powers.
fn nested(plain: &str) -> Result<(), usize> {
    let (mut depth, mut signs, mut powers) = (0_usize, 0, 0);
    for (offset, character) in plain.char_indices().filter(|(_, character)| !character.is_whitespace()) {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '^' => powers += 1,
            _ => {}
        }
        signs = if matches!(character, '+' | '-') { signs + 1 } else { 0 };
        if depth.max(signs).max(powers) > MAX_DEPTH {
            return Err(offset);
        }
    }
    Ok(())
}

fn reduce(pairs: Pairs<'_, Rule>, binding: &PrattParser<Rule>, at: &dyn Fn(usize) -> Place) -> Result<Term, Problem> {
    binding
        .map_primary(|pair| {
            if pair.as_rule() == Rule::sum {
                return reduce(pair.into_inner(), binding, at);
            }
            let value = number(pair.as_str()).ok_or_else(|| problem(Kind::Number, at(pair.as_span().start())))?;
            Ok(Term { value, percent: false, exact: true })
        })
        .map_prefix(|_, term| term.map(|term| Term { value: -term.value, ..term }))
        .map_postfix(|term, _| term.map(|term| Term { value: term.value / BigInt::from(100), percent: true, ..term }))
        .map_infix(|left, operator, right| applied(left?, operator.as_rule(), right?, at(operator.as_span().start())))
        .parse(pairs)
}

fn applied(left: Term, rule: Rule, right: Term, at: Place) -> Result<Term, Problem> {
    let (both, exact) = (left.percent && right.percent, left.exact && right.exact);
    // `a + b%` adds that share of `a`, as on a pocket calculator, unless `a` is a bare percentage itself.
    let share = |term: Term| if term.percent && !left.percent { &left.value * term.value } else { term.value };
    let (value, percent) = match rule {
        Rule::power => return raised(left.value, &right.value, exact, at),
        Rule::plus => (share(right) + &left.value, both),
        Rule::minus => (&left.value - share(right), both),
        Rule::times => (left.value * right.value, false),
        Rule::of if !left.percent && !right.percent => return Err(problem(Kind::PercentOf, at)),
        Rule::of => (left.value * right.value, both),
        _ if right.value.is_zero() => return Err(problem(Kind::DivisionByZero, at)),
        _ => (left.value / right.value, false),
    };
    bounded(Term { value, percent, exact }, at)
}

/// By squaring, each step within bounds.
fn raised(base: BigRational, exponent: &BigRational, exact: bool, at: Place) -> Result<Term, Problem> {
    let whole = if exponent.is_integer() { exponent.to_i64() } else { None };
    let Some(exponent) = whole.filter(|whole| whole.abs() <= MAX_EXPONENT) else {
        return Err(problem(Kind::Exponent, at + 1));
    };
    if base.is_zero() && exponent < 0 {
        return Err(problem(Kind::DivisionByZero, at));
    }
    let term = |value, exact| Term { value, percent: false, exact };
    let mut square = term(if exponent < 0 { base.recip() } else { base }, exact);
    let (mut power, mut left) = (term(BigRational::one(), exact), exponent.unsigned_abs());
    while left > 0 {
        if left & 1 == 1 {
            power = bounded(term(power.value * &square.value, power.exact && square.exact), at)?;
        }
        left >>= 1;
        if left > 0 {
            square = bounded(term(square.value.pow(2), square.exact), at)?;
        }
    }
    Ok(power)
}

/// The same, rounded where it has more digits than anybody reads.
fn bounded(term: Term, at: Place) -> Result<Term, Problem> {
    let fine = BigRational::from(BigInt::from(10).pow(ROUNDED_DECIMALS));
    let term = if term.value.denom().bits() > EXACT_BITS {
        Term { value: (term.value * &fine).round() / fine, exact: false, ..term }
    } else {
        term
    };
    let large = term.value.numer().bits() > term.value.denom().bits() + MAX_BITS;
    if large { Err(problem(Kind::Overflow, at)) } else { Ok(term) }
}

/// A comma that does not separate thousands may be meant as a decimal point, so it is refused rather than dropped:
/// `1,5` is not 15.
fn number(text: &str) -> Option<BigRational> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?.len();
    let thousands = whole.len() == first || ((1..=3).contains(&first) && groups.all(|group| group.len() == 3));
    let digits = whole.replace(',', "") + decimals;
    let value: BigInt = digits.parse().ok()?;
    thousands.then(|| BigRational::new(value, BigInt::from(10).pow(u32::try_from(decimals.len()).unwrap_or_default())))
}

fn problem(kind: Kind, at: Place) -> Problem {
    Problem { kind, at }
}

#[cfg(test)]
mod tests;
