//! Text to tokens: full-width forms, Chinese operator words and thousands commas end here.

use crate::problem::{Place, Problem};
use rust_decimal::Decimal;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Number(Decimal),
    Plus,
    Minus,
    Times,
    Divide,
    Power,
    Percent,
    /// `of` or `的`.
    Of,
    Open,
    Close,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: Kind,
    pub at: Place,
    pub text: String,
}

/// Longer words first: the first that fits is taken.
const WORDS: [(&str, Kind); 28] = [
    ("加上", Kind::Plus),
    ("加", Kind::Plus),
    ("+", Kind::Plus),
    ("减去", Kind::Minus),
    ("減去", Kind::Minus),
    ("减", Kind::Minus),
    ("減", Kind::Minus),
    ("-", Kind::Minus),
    ("−", Kind::Minus),
    ("–", Kind::Minus),
    ("乘以", Kind::Times),
    ("乘", Kind::Times),
    ("**", Kind::Power),
    ("*", Kind::Times),
    ("×", Kind::Times),
    ("·", Kind::Times),
    ("x", Kind::Times),
    ("X", Kind::Times),
    ("除以", Kind::Divide),
    ("/", Kind::Divide),
    ("÷", Kind::Divide),
    ("^", Kind::Power),
    ("%", Kind::Percent),
    ("of", Kind::Of),
    ("Of", Kind::Of),
    ("的", Kind::Of),
    ("(", Kind::Open),
    (")", Kind::Close),
];

/// Full-width ASCII lies this far above ASCII.
const FULL_WIDTH_OFFSET: u32 = 0xFEE0;

fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - FULL_WIDTH_OFFSET).unwrap_or(character),
        '\u{3000}' => ' ',
        other => other,
    }
}

pub fn tokens(expression: &str) -> Result<Vec<Token>, Problem> {
    let characters: Vec<char> = expression.chars().map(half_width).collect();
    let mut tokens = Vec::new();
    let mut next = 0;
    while let Some(&character) = characters.get(next) {
        if character.is_whitespace() {
            next += 1;
            continue;
        }
        let at = next + 1;
        let rest = &characters[next..];
        let (kind, length) = if is_numeric(character) {
            let length = rest.iter().take_while(|c| is_numeric(**c)).count();
            let text: String = rest[..length].iter().collect();
            (Kind::Number(number(&text, at)?), length)
        } else {
            word(rest).ok_or_else(|| Problem::Unexpected { at, found: character.to_string() })?
        };
        let text = rest[..length].iter().collect();
        tokens.push(Token { kind, at, text });
        next += length;
    }
    Ok(tokens)
}

fn is_numeric(character: char) -> bool {
    character.is_ascii_digit() || character == '.' || character == ','
}

fn word(rest: &[char]) -> Option<(Kind, usize)> {
    WORDS.iter().find_map(|(word, kind)| {
        let length = word.chars().count();
        let fits = rest.len() >= length && word.chars().eq(rest[..length].iter().copied());
        fits.then_some((*kind, length))
    })
}

/// A comma that does not separate thousands may be meant as a decimal point, so it is refused
/// rather than dropped: `1,5` is not 15.
fn number(text: &str, at: Place) -> Result<Decimal, Problem> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped =
        groups.len() == 1 || ((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3));
    if !grouped {
        return Err(Problem::Grouping { at, text: text.into() });
    }
    let plain: String = text.strip_suffix('.').unwrap_or(text).replacen(',', "", groups.len() - 1);
    Decimal::from_str_exact(&plain).map_err(|_| Problem::Number { at, text: text.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_only_separate_thousands() {
        for (text, value) in [("2,340", 2340), ("1,234,567", 1_234_567), ("5.", 5)] {
            assert_eq!(number(text, 1), Ok(Decimal::from(value)), "{text}");
        }
        for text in ["1,5", "12,34", "1,,000", ",123", "1234,567", "1.000,5"] {
            assert!(number(text, 1).is_err(), "{text}");
        }
    }

    #[test]
    fn more_digits_than_can_be_kept_are_refused() {
        assert!(number("0.12345678901234567890123456789", 1).is_err());
    }

    #[test]
    fn full_width_forms_and_words_are_operators() {
        let kinds: Vec<Kind> = tokens("（１加２）乘以 3％").unwrap().into_iter().map(|token| token.kind).collect();
        let [one, two, three] = [1, 2, 3].map(|n| Kind::Number(Decimal::from(n)));
        assert_eq!(kinds, [Kind::Open, one, Kind::Plus, two, Kind::Close, Kind::Times, three, Kind::Percent]);
    }
}
