//! What a person is told.

use crate::{kept::Feed, read::Item};

#[derive(Clone, Copy)]
pub struct Words {
    pub chinese: bool,
}

impl Words {
    pub fn either(self, english: impl Into<String>, chinese: impl Into<String>) -> String {
        if self.chinese { chinese.into() } else { english.into() }
    }

    pub fn list(self, feeds: &[Feed]) -> String {
        if feeds.is_empty() {
            return self.either("You follow no feeds.", "您还没有订阅。");
        }
        let lines = feeds.iter().enumerate().map(|(at, feed)| format!("\n{}. {} {}", at + 1, feed.title, feed.url));
        lines.fold(self.either("You follow:", "您订阅了："), |text, line| text + &line)
    }

    /// One feed's part of a digest, and how many more there are.
    pub fn news(self, title: &str, items: &[Item], more: usize) -> String {
        let line = |item: &Item| {
            let date = item.date.get(..10).map(|day| format!(" ({day})")).unwrap_or_default();
            format!("\n- {}{date} {}", item.title, item.link).trim_end().to_owned()
        };
        let text = items.iter().fold(title.to_owned(), |text, item| text + &line(item));
        let more = if more == 0 {
            String::new()
        } else {
            self.either(format!("\n… and {more} more"), format!("\n……另有 {more} 条"))
        };
        text + &more
    }
}
