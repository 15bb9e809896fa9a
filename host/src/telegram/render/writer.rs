//! Writes text and spans. Newlines, indentation and list markers are owed until text follows, so
//! nothing begins or ends with them.

use super::{
    EntityKind,
    rich::{Rich, Span, visible_text},
};

/// Spaces per level of a list, and the deepest level that is still indented.
const INDENT: usize = 4;
const MAX_LEVEL: usize = 6;

/// What is being written.
#[derive(Debug)]
pub struct Writer {
    pub out: Rich,
    /// Every entity that was opened and not yet closed; false for one that would repeat an outer one.
    opened: Vec<bool>,
    /// Those of them that take effect, with where they begin; one of a kind.
    live: Vec<(EntityKind, usize)>,
    /// Newlines owed.
    gap: usize,
    /// List markers owed, and the level of the first.
    marker: String,
    marker_level: usize,
    /// Levels of lists, for each quote around them and outside any.
    levels: Vec<usize>,
    /// Whether code looks like text: it cannot be in a link or a quote.
    plain_code: bool,
}

impl Writer {
    pub fn new(plain_code: bool) -> Self {
        Self {
            out: Rich::default(),
            opened: Vec::new(),
            live: Vec::new(),
            gap: 0,
            marker: String::new(),
            marker_level: 0,
            levels: vec![0],
            plain_code,
        }
    }

    /// Whether code written now looks like text.
    pub fn has_plain_code(&self) -> bool {
        let around = |(kind, _): &(EntityKind, usize)| matches!(kind, EntityKind::Link(_) | EntityKind::Quote);
        self.plain_code || self.live.iter().any(around)
    }

    /// Text in a line; a line feed in it begins a new one.
    pub fn text(&mut self, text: &str) {
        for (index, line) in visible_text(text).split('\n').enumerate() {
            if index > 0 {
                self.new_line();
            }
            if !line.is_empty() {
                self.settle();
                self.out.text.push_str(line);
            }
        }
    }

    pub fn new_line(&mut self) {
        self.gap = self.gap.max(1);
    }

    /// What follows is a block of its own, `apart` from the one before by a blank line. The first
    /// block of a list's item stays on the line of its marker.
    pub fn block(&mut self, apart: bool) {
        if self.marker.is_empty() {
            self.gap = self.gap.max(if apart { 2 } else { 1 });
        }
    }

    pub fn enter_list(&mut self) {
        *self.level() += 1;
    }

    pub fn leave_list(&mut self) {
        *self.level() -= 1;
    }

    /// Owes a marker to the text that follows.
    pub fn mark(&mut self, marker: &str) {
        if self.marker.is_empty() {
            self.marker_level = self.level().saturating_sub(1);
        }
        self.marker.push_str(&visible_text(marker));
    }

    /// Makes a bullet that is still owed a box.
    pub fn check(&mut self, done: bool) {
        let kept = self.marker.strip_suffix("• ").unwrap_or(&self.marker).len();
        self.marker.truncate(kept);
        self.mark(if done { "☑ " } else { "☐ " });
    }

    /// A marker that no text followed stands alone.
    pub fn stand_alone(&mut self) {
        if !self.marker.is_empty() {
            self.settle();
            let kept = self.out.text.trim_end_matches(' ').len();
            self.out.text.truncate(kept);
            self.new_line();
        }
    }

    pub fn enter_quote(&mut self) {
        self.stand_alone();
        self.levels.push(0);
        self.open(Some(EntityKind::Quote));
    }

    pub fn leave_quote(&mut self) {
        self.levels.pop();
        self.close();
    }

    /// Begins an entity; None, or one of a kind that is open already, has no effect of its own.
    pub fn open(&mut self, kind: Option<EntityKind>) {
        let same = |kind: &EntityKind| {
            self.live.iter().any(|(other, _)| std::mem::discriminant(other) == std::mem::discriminant(kind))
        };
        let kind = kind.filter(|kind| !same(kind));
        self.opened.push(kind.is_some());
        self.live.extend(kind.map(|kind| (kind, self.out.text.len())));
    }

    /// Ends the entity that was opened last.
    pub fn close(&mut self) {
        if self.opened.pop() == Some(true)
            && let Some((kind, start)) = self.live.pop()
        {
            self.out.spans.push(Span { kind, start, end: self.out.text.len() });
        }
    }

    /// Code in a line.
    pub fn code(&mut self, code: &str) {
        if self.has_plain_code() || code.trim().is_empty() {
            return self.text(code);
        }
        self.settle();
        self.alone(EntityKind::Code, &visible_text(code));
    }

    /// Lines of code, from the edge of the message.
    pub fn pre(&mut self, language: Option<String>, code: &str) {
        let code = visible_text(code);
        let code = code.trim_end().trim_start_matches('\n');
        if code.is_empty() {
            return;
        }
        self.stand_alone();
        self.newlines();
        self.alone(EntityKind::Pre(language), code);
        self.new_line();
    }

    /// A line written elsewhere, with its spans.
    pub fn line(&mut self, line: &Rich) {
        self.settle();
        let base = self.out.text.len();
        self.out.text.push_str(&line.text);
        let moved = |span: &Span| Span { start: span.start + base, end: span.end + base, ..span.clone() };
        self.out.spans.extend(line.spans.iter().map(moved));
    }

    /// What is in no other entity: those that are open end before it and begin again after it.
    fn alone(&mut self, kind: EntityKind, text: &str) {
        let start = self.out.text.len();
        self.out.text.push_str(text);
        let end = self.out.text.len();
        for (kind, from) in &mut self.live {
            self.out.spans.push(Span { kind: kind.clone(), start: *from, end: start });
            *from = end;
        }
        self.out.spans.push(Span { kind, start, end });
    }

    /// Writes what is owed before text.
    fn settle(&mut self) {
        let began = self.newlines();
        let level = if self.marker.is_empty() { *self.level() } else { self.marker_level };
        if began {
            self.out.text.extend(std::iter::repeat_n(' ', INDENT * level.min(MAX_LEVEL)));
        }
        self.out.text.push_str(&std::mem::take(&mut self.marker));
    }

    /// Whether a line began.
    fn newlines(&mut self) -> bool {
        let owed = std::mem::take(&mut self.gap);
        if owed == 0 || self.out.text.is_empty() {
            return false;
        }
        self.out.text.extend(std::iter::repeat_n('\n', owed));
        true
    }

    fn level(&mut self) -> &mut usize {
        self.levels.last_mut().expect("the outermost level is never left")
    }
}
