//! Replies as HTML: Markdown rendered, then everything removed that could do harm.

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, html};
use std::sync::LazyLock;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner
        // A picture of a reply would be fetched from wherever a model, or a page it read, says.
        .rm_tags(["img", "map", "area"])
        .add_tags(["input"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .link_rel(Some("noopener noreferrer nofollow"))
        .url_schemes(["http", "https", "mailto"].into());
    cleaner
});

/// Longest text that is rendered, and the marks that a line of it may begin with: the parsers take
/// quadratic time for some texts. What is more is shown as it is.
const MAX_BYTES: usize = 32 << 10;
const MAX_MARKS: usize = 60;

/// Renders what a model or a skill wrote.
pub fn render(text: &str) -> String {
    let marks = |line: &str| line.len() - line.trim_start_matches([' ', '\t', '>', '-', '*', '+']).len();
    let runs = |line: &str| line.split(|c: char| !"<[`*_~".contains(c)).any(|run| run.len() > MAX_MARKS);
    if text.len() > MAX_BYTES || text.lines().any(|line| marks(line) > MAX_MARKS || runs(line)) {
        return format!("<pre>{}</pre>", ammonia::clean_text(text));
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).map(|event| match event {
        // HTML in a reply is text. A line break in a message is a line break.
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::SoftBreak => Event::HardBreak,
        event => event,
    });
    let mut rendered = String::with_capacity(text.len() * 2);
    html::push_html(&mut rendered, events);
    CLEANER.clean(&rendered).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_rendered_and_harm_is_not() {
        let check = |text: &str, holds: &str, lacks: &str| {
            let html = render(text);
            assert!(html.contains(holds) && !html.contains(lacks), "{text} became {html}");
        };
        check("**bold**\nnext", "<strong>bold</strong><br", "**");
        check("<script>alert(1)</script>", "&lt;script&gt;", "<script");
        check("[x](javascript:alert(1))", "x", "javascript:");
        check("![x](https://example.org/pixel)", "", "<img");
        check("| a |\n|---|\n| 1 |", "<table>", "---");
        check("<b onclick=x>hi</b>", "hi", "<b");
        check("- [x] done", "<input", "[x]");
        check(&">".repeat(500), "<pre>", "<blockquote");
        check(&"a ".repeat(20_000), "<pre>", "<p>");
    }
}
