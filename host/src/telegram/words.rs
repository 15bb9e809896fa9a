//! Words of other people inside the host's own: names, titles, texts of jobs. Whoever wrote them shall
//! change neither the looks of what is said around them nor its order.

/// A name or a text in one line, `most` characters of it at the most, as it is kept and compared: without
/// control characters and without those that turn the direction of writing around.
pub fn line(text: &str, most: usize) -> String {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !turns(*c)).collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

/// A text that stands in Markdown as it is written.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Characters that reorder what is shown after them.
fn turns(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::render::render;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_one_line_in_the_order_of_writing() {
        assert_eq!(line(" Bea\n\u{0}the \u{202E}second\t", 60), "Bea the second");
        assert_eq!(line("王芳和一个很长的名字", 4), "王芳和一…");
        assert_eq!(line("👩‍👩‍👧 family", 60), "👩‍👩‍👧 family", "joiners are part of what is shown");
        assert_eq!(line("\u{202E}\n", 60), "");
    }

    #[test]
    fn what_is_escaped_looks_as_it_was_written() {
        for text in [
            "[Log in](https://evil.example/a_b)",
            "**Bea** `X` ~~no~~",
            "1. one",
            "- item",
            "# head",
            "> quote",
            "a | b",
            "<b>bold</b> &amp; \\*",
            "中文**粗体**，好",
            "[x]: https://evil.example",
            "!?-_=+{}",
        ] {
            let shown = render(&format!("Before {} after", escaped(text)));
            assert_eq!(shown[0].text, format!("Before {text} after"));
            assert!(shown[0].entities.is_empty(), "{shown:?}");
            assert_eq!(render(&escaped(text))[0].text, text);
        }
    }

    proptest! {
        #[test]
        fn any_line_is_shown_as_it_was_written(text in any::<String>()) {
            let text = line(&text, 60).replace('\u{FDD0}', "");
            let shown = render(&format!("Before {} after", escaped(&text)));
            prop_assert_eq!(&shown[0].text, &format!("Before {text} after"));
            prop_assert!(shown[0].entities.is_empty());
        }
    }
}
