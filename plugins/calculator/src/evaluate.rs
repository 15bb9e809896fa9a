//! The grammar, by recursive descent; each level binds tighter than the one above it.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = share (("*" | "/") share)*
//! share   = signed ("of" signed)*
//! signed  = "-" signed | "+" signed | power
//! power   = percent ("^" signed)?
//! percent = atom "%"*
//! atom    = number | "(" sum ")"
//! ```
//!
//! `a + b%` adds that share of `a`, as on a pocket calculator, unless `a` is a bare percentage itself.

use crate::number::Number;
use crate::problem::{Place, Problem};
use crate::token::{Kind, Token, tokens};
use rust_decimal::prelude::{Decimal, ToPrimitive};

/// Far more than people write; short enough that a hostile one costs nothing.
pub const MAX_CHARACTERS: usize = 500;
/// Each level is a handful of stack frames.
const MAX_DEPTH: usize = 40;
/// Anything larger overflows but for bases next to 1.
const MAX_EXPONENT: i64 = 1_000;

pub fn evaluate(expression: &str) -> Result<Number, Problem> {
    if expression.chars().count() > MAX_CHARACTERS {
        return Err(Problem::TooLong { limit: MAX_CHARACTERS });
    }
    let tokens = tokens(expression)?;
    if tokens.is_empty() {
        return Err(Problem::Empty);
    }
    let end = expression.chars().count() + 1;
    let mut parser = Parser { tokens: &tokens, end, depth: 0 };
    let term = parser.sum()?;
    match parser.tokens.first() {
        None => Ok(term.number),
        Some(token) => Err(unexpected(token)),
    }
}

/// `percent` while the number is still a bare percentage such as `10%`.
#[derive(Clone, Copy)]
struct Term {
    number: Number,
    percent: bool,
}

struct Parser<'t> {
    tokens: &'t [Token],
    end: Place,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, wanted: &[Kind]) -> Option<(Kind, Place)> {
        let (first, rest) = self.tokens.split_first()?;
        wanted.contains(&first.kind).then(|| {
            self.tokens = rest;
            (first.kind, first.at)
        })
    }

    fn sum(&mut self) -> Result<Term, Problem> {
        let mut left = self.product()?;
        while let Some((kind, at)) = self.take(&[Kind::Plus, Kind::Minus]) {
            let right = self.product()?;
            let share = right.percent && !left.percent;
            let amount = if share { left.number.times(right.number) } else { Some(right.number) };
            let sum = amount.and_then(|amount| {
                let signed = if kind == Kind::Minus { amount.negated() } else { amount };
                left.number.plus(signed)
            });
            left = Term { number: sum.ok_or(Problem::Overflow { at })?, percent: left.percent && right.percent };
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Term, Problem> {
        let mut left = self.share()?;
        while let Some((kind, at)) = self.take(&[Kind::Times, Kind::Divide]) {
            let right = self.share()?.number;
            let result = if kind == Kind::Times {
                left.number.times(right).ok_or(Problem::Overflow { at })
            } else {
                divide(left.number, right, at)
            };
            left = Term { number: result?, percent: false };
        }
        Ok(left)
    }

    fn share(&mut self) -> Result<Term, Problem> {
        let mut left = self.signed()?;
        while let Some((_, at)) = self.take(&[Kind::Of]) {
            let right = self.signed()?;
            if !left.percent && !right.percent {
                return Err(Problem::PercentOf { at });
            }
            let number = left.number.times(right.number).ok_or(Problem::Overflow { at })?;
            left = Term { number, percent: left.percent && right.percent };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Term, Problem> {
        match self.take(&[Kind::Plus, Kind::Minus]) {
            None => self.power(),
            Some((kind, at)) => self.deeper(at, |parser| {
                let term = parser.signed()?;
                Ok(if kind == Kind::Minus { Term { number: term.number.negated(), ..term } } else { term })
            }),
        }
    }

    fn power(&mut self) -> Result<Term, Problem> {
        let base = self.percent()?;
        let Some((_, at)) = self.take(&[Kind::Power]) else {
            return Ok(base);
        };
        let exponent = self.deeper(at, Self::signed)?.number;
        let number = raise(base.number, exponent, at)?;
        Ok(Term { number, percent: false })
    }

    fn percent(&mut self) -> Result<Term, Problem> {
        let mut term = self.atom()?;
        while let Some((_, at)) = self.take(&[Kind::Percent]) {
            let hundredth = Number::new(Decimal::new(1, 2));
            let number = term.number.times(hundredth).ok_or(Problem::Overflow { at })?;
            term = Term { number, percent: true };
        }
        Ok(term)
    }

    fn atom(&mut self) -> Result<Term, Problem> {
        let Some((first, rest)) = self.tokens.split_first() else {
            return Err(Problem::Incomplete { at: self.end });
        };
        match first.kind {
            Kind::Number(value) => {
                self.tokens = rest;
                Ok(Term { number: Number::new(value), percent: false })
            }
            Kind::Open => {
                self.tokens = rest;
                let term = self.deeper(first.at, Self::sum)?;
                match (self.take(&[Kind::Close]), self.tokens.first()) {
                    (Some(_), _) => Ok(term),
                    (None, None) => Err(Problem::Unclosed { at: first.at }),
                    (None, Some(token)) => Err(unexpected(token)),
                }
            }
            _ => Err(unexpected(first)),
        }
    }

    fn deeper<T>(&mut self, at: Place, parse: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        if self.depth == MAX_DEPTH {
            return Err(Problem::TooDeep { at });
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }
}

fn unexpected(token: &Token) -> Problem {
    Problem::Unexpected { at: token.at, found: token.text.clone() }
}

fn divide(left: Number, right: Number, at: Place) -> Result<Number, Problem> {
    if right.is_zero() {
        return Err(Problem::DivisionByZero { at });
    }
    left.over(right).ok_or(Problem::Overflow { at })
}

fn raise(base: Number, exponent: Number, at: Place) -> Result<Number, Problem> {
    let whole = exponent.value.is_integer().then(|| exponent.value.to_i64()).flatten();
    let Some(whole) = whole.filter(|n| n.abs() <= MAX_EXPONENT) else {
        return Err(Problem::Exponent { at: at + 1 });
    };
    let steps = u32::try_from(whole.unsigned_abs()).unwrap_or(u32::MAX);
    let power = base.to_the(steps).ok_or(Problem::Overflow { at })?;
    if whole < 0 { divide(Number::new(Decimal::ONE), power, at) } else { Ok(power) }
}

#[cfg(test)]
mod tests;
