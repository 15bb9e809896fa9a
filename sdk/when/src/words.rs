//! Numbers in words.

/// From one on, then the tens from twenty on.
const ENGLISH: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen \
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety";

const ORDINALS: &str = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth";

/// Most digits of a number; more are no time.
const MAX_DIGITS: usize = 4;

/// A number in digits or in words, cardinal or ordinal; `None` if the text is anything else.
///
/// ```
/// use skillet_when::number;
///
/// for text in ["12", "twelve", "12th", "twelfth", "十二"] {
///     assert_eq!(number(text), Some(12));
/// }
/// assert_eq!(number("twelve cups"), None);
/// ```
pub fn number(text: &str) -> Option<u32> {
    let chars: Vec<char> = text.chars().collect();
    let han = || chinese(&chars, 0).filter(|(_, end)| *end == chars.len()).map(|(number, _)| number);
    english(text).or_else(|| ordinal(text)).or_else(han)
}

/// `5` or `five`.
pub fn english(word: &str) -> Option<u32> {
    digits(word).or_else(|| {
        let at = place(ENGLISH, word)?;
        Some(if at < 20 { at + 1 } else { 10 * (at - 17) })
    })
}

/// Which of the words it is, from 0 on.
fn place(words: &str, word: &str) -> Option<u32> {
    words.split(' ').position(|one| one == word).and_then(|at| u32::try_from(at).ok())
}

pub fn digits(word: &str) -> Option<u32> {
    let plain = (1..=MAX_DIGITS).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| word.parse().ok())?
}

/// `5th` or `fifth`.
pub fn ordinal(word: &str) -> Option<u32> {
    let named = place(ORDINALS, word).map(|at| at + 1);
    named.or_else(|| ["st", "nd", "rd", "th"].iter().find_map(|end| digits(word.strip_suffix(end)?)))
}

/// `12`, `十二`, `二十五`, `零五` at a place, and where it ends.
pub fn chinese(text: &[char], at: usize) -> Option<(u32, usize)> {
    let rest = text.get(at..)?;
    let run = |is: fn(char) -> bool| rest.iter().take_while(|c| is(**c)).count();
    let arabic = run(|c| c.is_ascii_digit());
    if arabic > 0 {
        let word: String = rest[..arabic].iter().collect();
        return Some((digits(&word)?, at + arabic));
    }
    let length = run(|c| chinese_digit(c).is_some() || matches!(c, '十' | '百'));
    let numerals = &rest[..length];
    (1..=5).contains(&length).then(|| (value(numerals), at + length))
}

pub fn chinese_digit(c: char) -> Option<u32> {
    let position = "零一二三四五六七八九".chars().position(|digit| digit == c);
    match c {
        '〇' => Some(0),
        '两' => Some(2),
        _ => position.and_then(|digit| u32::try_from(digit).ok()),
    }
}

fn value(numerals: &[char]) -> u32 {
    let (mut total, mut last) = (0, 0);
    for c in numerals {
        match c {
            '百' => (total, last) = (total + last.max(1) * 100, 0),
            '十' => (total, last) = (total + last.max(1) * 10, 0),
            // Digits in a row: 二〇二六.
            c => last = last * 10 + chinese_digit(*c).unwrap_or_default(),
        }
    }
    total + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_numerals() {
        let cases = [
            ("十", 10),
            ("十五", 15),
            ("二十", 20),
            ("二十五", 25),
            ("两", 2),
            ("零五", 5),
            ("三", 3),
            ("一百二十", 120),
            ("二〇二六", 2026),
            ("30", 30),
            ("五十九", 59),
        ];
        for (text, number) in cases {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(chinese(&text, 0), Some((number, text.len())), "{text:?}");
        }
        assert_eq!(chinese(&['后', '天'], 0), None);
        assert_eq!(chinese(&['1'; 9], 0), None);
    }

    #[test]
    fn english_numbers() {
        for (text, number) in [("5", Some(5)), ("twelve", Some(12)), ("12345", None), ("tea", None), ("5pm", None)] {
            assert_eq!(english(text), number, "{text}");
        }
        for (text, number) in [("1st", Some(1)), ("22nd", Some(22)), ("third", Some(3)), ("st", None), ("4", None)] {
            assert_eq!(ordinal(text), number, "{text}");
        }
    }
}
