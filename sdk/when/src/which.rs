//! Which one of a list is meant.

use crate::words::number;

/// Which one of a list somebody means: "the second one", 第二个, "all", "the one about tea".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Nothing was said: the only one there is.
    Only,
    /// All of them.
    All,
    /// Counted from 1.
    Number(usize),
    /// The one at the end.
    Last,
    /// The one with these words in it.
    Words(String),
}

/// Words that only lead to the one that is meant, and those that only follow it. Nouns stand beside them.
const FIRST: &str = "the |my |about |to |for |of |number |no. |that |that's |#|把|将|我的|那个|这个|关于|第";
const LAST: &str = " one| please|的|个|条|号|掉|了|吧";
const ALONE: &str = "the|my|it|that|我";

impl Which {
    /// Reads a text. `nouns` are what the things are called, in the singular and without meaning.
    ///
    /// ```
    /// use skillet_when::Which;
    ///
    /// assert_eq!(Which::read("the second list", &["list", "清单"]), Which::Number(2));
    /// assert_eq!(Which::read("第二个清单", &["list", "清单"]), Which::Number(2));
    /// assert_eq!(Which::read("my list about tea", &["list"]), Which::Words("tea".into()));
    /// ```
    pub fn read(text: &str, nouns: &[&str]) -> Self {
        let plain = plain(text, nouns);
        match (&*plain, number(&plain)) {
            ("", _) => Self::Only,
            ("all" | "all my" | "all the" | "all of them" | "everything" | "全部" | "所有" | "全" | "都", _) => {
                Self::All
            }
            ("last" | "最后" | "最后一", _) => Self::Last,
            ("next" | "下一" | "下", _) => Self::Number(1),
            (_, Some(number)) => Self::Number(number as usize),
            _ => Self::Words(plain),
        }
    }

    /// Those that may be meant. Words stand in their text in a row, or else each of them somewhere.
    ///
    /// ```
    /// use skillet_when::Which;
    ///
    /// let all = ["buy tea", "call mum"];
    /// assert_eq!(Which::Words("tea".into()).of(&all, |one| one), [&"buy tea"]);
    /// assert_eq!(Which::Number(3).of(&all, |one| one), Vec::<&&str>::new());
    /// ```
    pub fn of<'a, T>(&self, all: &'a [T], text: impl Fn(&'a T) -> &'a str) -> Vec<&'a T> {
        let having = |parts: &[&str]| -> Vec<&'a T> {
            let has = |one: &&'a T| parts.iter().all(|part| text(one).to_lowercase().contains(part));
            all.iter().filter(has).collect()
        };
        match self {
            Self::Only | Self::All => all.iter().collect(),
            Self::Last => all.last().into_iter().collect(),
            Self::Number(number) => number.checked_sub(1).and_then(|at| all.get(at)).into_iter().collect(),
            Self::Words(words) => {
                let whole = having(&[words]);
                if whole.is_empty() { having(&words.split_whitespace().collect::<Vec<_>>()) } else { whole }
            }
        }
    }

    /// The same where a list was `shown` before, by its ids: numbers mean what they meant in it, and those behind its
    /// end count on in the list as it is now.
    ///
    /// ```
    /// use skillet_when::Which;
    ///
    /// // `b` is gone since it was shown, and `c` is new.
    /// let (shown, there) = (["b", "a"].map(String::from), ["a", "c"]);
    /// let of = |number| Which::Number(number).of_shown(&shown, &there, |one| one, |one| one);
    /// assert_eq!((of(1), of(2), of(3)), (vec![], vec![&"a"], vec![]));
    /// ```
    pub fn of_shown<'a, T>(
        &self,
        shown: &[String],
        all: &'a [T],
        id: impl Fn(&'a T) -> &'a str,
        text: impl Fn(&'a T) -> &'a str,
    ) -> Vec<&'a T> {
        match self {
            Self::Number(number @ 1..) if *number <= shown.len() => {
                all.iter().filter(|one| id(one) == shown[number - 1]).collect()
            }
            _ => self.of(all, text),
        }
    }
}

/// The words without those that only name a thing: "the reminder about **tea**", "第**二**个提醒".
fn plain(text: &str, nouns: &[&str]) -> String {
    let around = |c: char| c.is_whitespace() || ".!?。！？,，:：\"“”「」'".contains(c);
    let lower = text.to_lowercase();
    let mut plain = lower.trim_matches(around);
    loop {
        let bare = ALONE.split('|').any(|word| word == plain).then_some("");
        let first = || FIRST.split('|').find_map(|word| plain.strip_prefix(word));
        let last = || LAST.split('|').find_map(|word| plain.strip_suffix(word));
        let noun = || nouns.iter().find_map(|noun| without(plain, noun));
        match bare.or_else(first).or_else(noun).or_else(last) {
            Some(shorter) => plain = shorter.trim_matches(around),
            None => return plain.to_owned(),
        }
    }
}

/// A noun at an edge, in English a word of its own and in either number.
fn without<'a>(text: &'a str, noun: &str) -> Option<&'a str> {
    let latin = noun.is_ascii();
    let apart = |rest: &str, next: Option<char>| !latin || rest.is_empty() || next.is_some_and(char::is_whitespace);
    let before = text.strip_prefix(noun).map(|rest| if latin { rest.strip_prefix('s').unwrap_or(rest) } else { rest });
    let singular = if latin { text.strip_suffix('s').unwrap_or(text) } else { text };
    let behind = singular.strip_suffix(noun).or_else(|| text.strip_suffix(noun));
    before
        .filter(|rest| apart(rest, rest.chars().next()))
        .or_else(|| behind.filter(|rest| apart(rest, rest.chars().next_back())))
}

#[cfg(test)]
mod tests;
