//! Texts that take a parser long.

use std::time::{Duration, Instant};

use super::{MAX_UNITS, render, rich::units};

#[test]
fn a_text_made_to_take_long_does_not() {
    let mut texts: Vec<String> =
        ["*", "[", ">", "|", "`", "- ", "> ", "a\u{301}", "\u{301}", "\n", " ", "👨‍", "🇨", "字"]
            .iter()
            .map(|sign| sign.repeat((1 << 20) / sign.len()))
            .collect();
    let size = (32 << 10) - 8;
    let shorter = [
        "*a ",
        "**a",
        "a*_",
        "*a_b",
        "[a",
        "[a](",
        "![a",
        "a](",
        "<a",
        "<!--",
        "`a``",
        "|a",
        "> a\n",
        "- a\n",
        "[a]: b\n\n",
        "[a]: https://x.org\n\n[a] ",
        "[^a]",
        "[^a]: b\n\n",
        "&#1;",
        "\\*",
        "~a~",
        "*a* ",
        "`a` ",
        "[a](https://x.org) ",
        "\n\n",
        "# a\n",
        "a\n\n",
        "```\na\n```\n",
        "**a：**",
        "*a**b",
        "<a href=\"",
        "1. a\n\n",
        "a|b\n-|-\n",
    ];
    texts.extend(shorter.iter().map(|part| part.repeat(size / part.len())));
    let columns = 3000;
    texts.push(format!("{}|\n{}|\n{}", "|a".repeat(columns), "|-".repeat(columns), "|a\n".repeat(columns)));
    texts.push((0..240).map(|level| " ".repeat(level % 30 * 2) + "- a\n").collect());
    texts.push((1..250).map(|run| "`".repeat(run % 60) + "a").collect::<String>().repeat(2));
    for text in texts {
        let begun = Instant::now();
        let pieces = render(&text);
        let taken = begun.elapsed();
        assert!(pieces.iter().all(|piece| units(&piece.text) <= MAX_UNITS));
        assert!(taken < Duration::from_secs(5), "{text:.20} took {taken:?}");
    }
}
