//! A fraction in decimal digits.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Signed;

/// The value to at most so many decimals, without trailing zeros, and whether these are all that there are.
pub fn decimal(value: &BigRational, decimals: u32) -> (String, bool) {
    let shifted = value * BigRational::from(BigInt::from(10).pow(decimals));
    let rounded = shifted.round().to_integer();
    let exact = shifted.is_integer();
    let places = decimals as usize;
    let digits = format!("{:0>width$}", rounded.abs().to_string(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    let rest = rest.trim_end_matches('0');
    let sign = if rounded.is_negative() { "-" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    (format!("{sign}{whole}{point}{rest}"), exact)
}
