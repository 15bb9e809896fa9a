//! A text in characters, all of them simplified and of half width.

use std::ops::Range;

pub struct Text {
    original: Vec<char>,
    plain: Vec<char>,
    pub loose: bool,
}

impl Text {
    pub fn new(text: &str, loose: bool) -> Self {
        let original: Vec<char> = text.chars().collect();
        Self { plain: original.iter().map(|c| plain(*c)).collect(), original, loose }
    }

    pub fn len(&self) -> usize {
        self.plain.len()
    }

    pub fn chars(&self) -> &[char] {
        &self.plain
    }

    /// A space, where there is no character.
    pub fn at(&self, at: usize) -> char {
        self.plain.get(at).copied().unwrap_or(' ')
    }

    /// Where a word that stands at `at` ends.
    pub fn after(&self, at: usize, word: &str) -> Option<usize> {
        let mut end = at;
        for c in word.chars() {
            if self.plain.get(end) != Some(&c) {
                return None;
            }
            end += 1;
        }
        Some(end)
    }

    /// Where the first of the words that stands at `at` ends.
    pub fn after_one(&self, at: usize, words: &[&str]) -> Option<usize> {
        words.iter().find_map(|word| self.after(at, word))
    }

    /// The same, or `at` where none of them stands.
    pub fn past(&self, at: usize, words: &[&str]) -> usize {
        self.after_one(at, words).unwrap_or(at)
    }

    pub fn ends_at(&self, end: usize, word: &str) -> bool {
        end.checked_sub(word.chars().count()).is_some_and(|at| self.after(at, word).is_some())
    }

    pub fn spaces(&self, at: usize) -> usize {
        (at..self.len()).find(|at| !self.at(*at).is_whitespace()).unwrap_or(at)
    }

    pub fn original(&self, range: Range<usize>) -> String {
        self.original.get(range).unwrap_or_default().iter().collect()
    }
}

/// Full-width ASCII lies this far above ASCII.
const FULL_WIDTH_OFFSET: u32 = 0xFEE0;

const SIMPLIFIED: [(char, char); 34] = [
    ('點', '点'),
    ('後', '后'),
    ('週', '周'),
    ('鐘', '钟'),
    ('鍾', '钟'),
    ('兩', '两'),
    ('個', '个'),
    ('號', '号'),
    ('時', '时'),
    ('請', '请'),
    ('記', '记'),
    ('設', '设'),
    ('禮', '礼'),
    ('過', '过'),
    ('間', '间'),
    ('離', '离'),
    ('幫', '帮'),
    ('給', '给'),
    ('麻', '麻'),
    ('煩', '烦'),
    ('鬧', '闹'),
    ('鈴', '铃'),
    ('創', '创'),
    ('喚', '唤'),
    ('隔', '隔'),
    ('淩', '凌'),
    ('裡', '里'),
    ('裏', '里'),
    ('為', '为'),
    ('開', '开'),
    ('關', '关'),
    ('於', '于'),
    ('別', '别'),
    ('來', '来'),
];

fn plain(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' if !matches!(c, '，' | '：' | '！' | '？') => {
            char::from_u32(u32::from(c) - FULL_WIDTH_OFFSET).unwrap_or(c).to_ascii_lowercase()
        }
        '\u{3000}' | '\n' | '\t' => ' ',
        c => SIMPLIFIED.iter().find(|(from, _)| *from == c).map_or(c.to_ascii_lowercase(), |(_, to)| *to),
    }
}
