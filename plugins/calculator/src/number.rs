//! Decimals that know whether they were rounded on the way.

use rust_decimal::Decimal;

/// A value of at most 28 digits. `exact` is false once any step had to round it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    pub value: Decimal,
    pub exact: bool,
}

impl Number {
    pub fn new(value: Decimal) -> Self {
        Self { value: value.normalize(), exact: true }
    }

    pub fn is_zero(self) -> bool {
        self.value.is_zero()
    }

    pub fn negated(self) -> Self {
        Self { value: -self.value, ..self }
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        let sum = self.value.checked_add(other.value)?;
        let exact = aligned_sum(self.value, other.value).is_some_and(|(digits, scale)| same(digits, scale, sum));
        Some(self.step(other, sum, exact))
    }

    pub fn times(self, other: Self) -> Option<Self> {
        let product = self.value.checked_mul(other.value)?;
        let exact = is_product(self.value, other.value, product);
        Some(self.step(other, product, exact))
    }

    /// None on division by zero too: the caller has checked.
    pub fn over(self, other: Self) -> Option<Self> {
        let quotient = self.value.checked_div(other.value)?.normalize();
        let exact = is_product(quotient, other.value, self.value);
        Some(self.step(other, quotient, exact))
    }

    /// By squaring, so a thousand takes ten steps.
    pub fn to_the(self, exponent: u32) -> Option<Self> {
        let mut result = Self::new(Decimal::ONE);
        let mut square = self;
        let mut left = exponent;
        while left > 0 {
            if left & 1 == 1 {
                result = result.times(square)?;
            }
            left >>= 1;
            if left > 0 {
                square = square.times(square)?;
            }
        }
        Some(result)
    }

    fn step(self, other: Self, value: Decimal, exact: bool) -> Self {
        Self { value: value.normalize(), exact: exact && self.exact && other.exact }
    }
}

fn is_product(a: Decimal, b: Decimal, product: Decimal) -> bool {
    a.mantissa().checked_mul(b.mantissa()).is_some_and(|digits| same(digits, a.scale() + b.scale(), product))
}

fn aligned_sum(a: Decimal, b: Decimal) -> Option<(i128, u32)> {
    let scale = a.scale().max(b.scale());
    let digits = |d: Decimal| d.mantissa().checked_mul(10_i128.checked_pow(scale - d.scale())?);
    Some((digits(a)?.checked_add(digits(b)?)?, scale))
}

/// Whether `digits / 10^scale` is exactly `value`.
fn same(mut digits: i128, mut scale: u32, value: Decimal) -> bool {
    let value = value.normalize();
    while scale > value.scale() && digits % 10 == 0 {
        digits /= 10;
        scale -= 1;
    }
    scale == value.scale() && digits == value.mantissa() || digits == 0 && value.is_zero()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::new(text.parse().unwrap())
    }

    #[test]
    fn rounding_is_noticed() {
        let third = number("10").over(number("3")).unwrap();
        assert!(!third.exact);
        assert!(!third.times(number("3")).unwrap().exact, "it stays inexact");
        assert!(number("1").over(number("8")).unwrap().exact);
        assert!(!number("0.00000000000001").times(number("0.000000000000001")).unwrap().exact);
        assert!(!number("7e27").plus(number("0.01")).unwrap().exact);
        assert!(number("0.1").plus(number("-0.1")).unwrap().exact);
        assert!(number("2.5").times(number("0.4")).unwrap().exact);
    }

    #[test]
    fn powers_overflow_instead_of_wrapping() {
        assert_eq!(number("2").to_the(10).unwrap().value, Decimal::from(1024));
        assert!(number("2").to_the(1000).is_none());
    }
}
