//! Tables on a telephone: a narrow one keeps its columns, a wide one becomes a list of its rows.

use pulldown_cmark::Alignment;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{
    EntityKind,
    rich::{Rich, Span, visible_text},
    writer::Writer,
};

/// Columns of text that a telephone shows in one line; a Chinese character takes two.
const MAX_WIDTH: usize = 34;

/// Columns of the header's text that is repeated before a cell.
const MAX_LABEL: usize = 24;

const BETWEEN: &str = " | ";

/// What an empty first cell shows: a line that begins with spaces would lose them, and its columns.
const EMPTY: &str = "-";

/// A table while its cells are read.
#[derive(Debug, Default)]
pub struct Table {
    alignments: Vec<Alignment>,
    /// The header first. As many cells in each as the header has.
    rows: Vec<Vec<Rich>>,
    /// Where the last cell ended in the source, in bytes.
    cell_end: usize,
}

impl Table {
    pub fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, ..Self::default() }
    }

    pub fn start_row(&mut self, start: usize) {
        self.cell_end = start;
        self.rows.push(Vec::new());
    }

    /// What the cell is written to. The first of a row is its title.
    pub fn start_cell(&self, plain_code: bool) -> Writer {
        let mut cell = Writer::new(plain_code);
        let is_title = self.rows.len() > 1 && self.rows.last().is_some_and(Vec::is_empty);
        cell.open(is_title.then_some(EntityKind::Bold));
        cell
    }

    pub fn end_cell(&mut self, mut cell: Writer, end: usize) {
        cell.close();
        self.rows.last_mut().expect("a cell is in a row").push(cell.out);
        self.cell_end = end;
    }

    /// A row may have more cells than the header: the parser leaves them out.
    pub fn end_row(&mut self, source: &str, end: usize) {
        let left = source.get(self.cell_end..end).unwrap_or_default();
        let left = left.trim_matches(|c: char| c == '|' || c.is_whitespace());
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut())
            && !left.is_empty()
        {
            cell.text.push_str(&visible_text(&format!(" | {left}")));
        }
    }

    pub fn write(&self, writer: &mut Writer) {
        match self.narrow() {
            Some(lines) => writer.pre(None, &lines),
            None => self.write_rows(writer),
        }
    }

    /// Aligned lines, if they are narrow enough. A link needs its entity, so it makes a table wide.
    fn narrow(&self) -> Option<String> {
        let mut widths = vec![0; self.alignments.len()];
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                let is_link = |span: &Span| matches!(span.kind, EntityKind::Link(_));
                if cell.spans.iter().any(is_link) || cell.text.contains(['\n', '\t']) {
                    return None;
                }
                let width = widths.get_mut(column)?;
                *width = cell.text.width().max(*width).max(1);
            }
            if widths.iter().sum::<usize>() + BETWEEN.len() * (widths.len().max(1) - 1) > MAX_WIDTH {
                return None;
            }
        }
        let mut lines = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> =
                (0..widths.len()).map(|column| self.padded(row.get(column), column, widths[column])).collect();
            lines.push_str(cells.join(BETWEEN).trim_end());
            lines.push('\n');
            if index == 0 {
                let ruled: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                lines.push_str(&ruled.join("-+-"));
                lines.push('\n');
            }
        }
        Some(lines)
    }

    fn padded(&self, cell: Option<&Rich>, column: usize, width: usize) -> String {
        let text = cell.map_or("", |cell| cell.text.as_str());
        let text = if text.is_empty() && column == 0 { EMPTY } else { text };
        let spaces = " ".repeat(width.saturating_sub(text.width()));
        if column > 0 && self.alignments.get(column) == Some(&Alignment::Right) {
            spaces + text
        } else {
            text.to_owned() + &spaces
        }
    }

    /// The header in one line; then a block for each row, its first cell as the title.
    fn write_rows(&self, writer: &mut Writer) {
        let Some((header, rows)) = self.rows.split_first() else { return };
        writer.stand_alone();
        for (index, cell) in header.iter().filter(|cell| !cell.text.is_empty()).enumerate() {
            if index > 0 {
                writer.text(" · ");
            }
            writer.line(cell);
        }
        let labels: Vec<String> = header.iter().map(|cell| label(&cell.text)).collect();
        for row in rows {
            writer.block(true);
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.text.is_empty()) {
                writer.new_line();
                if let Some(label) = labels.get(column).filter(|label| column > 0 && !label.is_empty()) {
                    writer.text(&format!("{label}: "));
                }
                writer.line(cell);
            }
        }
        writer.new_line();
    }
}

/// The beginning of a header's text, without what would stand before the colon twice.
fn label(header: &str) -> String {
    let header = header.trim_end_matches([':', '：']);
    if header.width() <= MAX_LABEL {
        return header.to_owned();
    }
    let mut width = 0;
    let short = header.graphemes(true).take_while(|cluster| {
        width += cluster.width();
        width < MAX_LABEL
    });
    short.chain(["…"]).collect()
}
