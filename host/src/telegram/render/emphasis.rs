//! Emphasis in Chinese. `CommonMark` closes "**" after punctuation only before a space or more
//! punctuation, which Chinese does not have: in "**注意：**请先备份" the asterisks would stay.

use super::rich::MARK;

/// Puts a mark, which counts as a letter, where a pair of asterisks in a line touches punctuation
/// inside: the parser then takes the pair for what it is. Marks that help nothing do no harm.
pub fn repair(source: &str) -> String {
    let mut repaired = String::with_capacity(source.len() + source.len() / 16);
    for line in source.split_inclusive('\n') {
        repair_line(line, &mut repaired);
    }
    repaired
}

fn repair_line(line: &str, repaired: &mut String) {
    let mut rest = line;
    let mut open = false;
    let mut before = '\n';
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            '\\' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            '`' => length = code_length(rest),
            '*' => length = run_length(rest),
            _ => {}
        }
        let (part, after) = rest.split_at(length);
        let next = after.chars().next().unwrap_or('\n');
        let turns = part == "**" && if open { !before.is_whitespace() } else { !next.is_whitespace() };
        if turns && open && is_sign(before) {
            repaired.push(MARK);
        }
        repaired.push_str(part);
        if turns && !open && is_sign(next) {
            repaired.push(MARK);
        }
        open ^= turns;
        before = part.chars().next_back().unwrap_or(first);
        rest = after;
    }
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace()
}

/// Bytes of the run of one character that the text begins with.
fn run_length(text: &str) -> usize {
    let first = text.as_bytes()[0];
    text.bytes().take_while(|&byte| byte == first).count()
}

/// Bytes of the code that the text begins with, or of its backticks if the line does not close it.
fn code_length(text: &str) -> usize {
    let ticks = run_length(text);
    let mut at = ticks;
    while let Some(found) = text[at..].find('`') {
        let run = run_length(&text[at + found..]);
        at += found + run;
        if run == ticks {
            return at;
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_touches_punctuation_is_marked_inside() {
        let check = |text: &str, expected: &str| {
            assert_eq!(repair(text).replace(MARK, "|"), expected);
        };
        check("**注意：**请", "**注意：|**请");
        check("请看**“甲”**和**乙**", "请看**|“甲”|**和**乙**");
        check("**`a**b`**是", "**|`a**b`|**是");
        check("**a\n：**b", "**a\n：**b");
        check("a ** b ** c", "a ** b ** c");
        check("\\**a：**", "\\**a：**");
        check("***a：***b", "***a：***b");
        check("``a", "``a");
    }
}
