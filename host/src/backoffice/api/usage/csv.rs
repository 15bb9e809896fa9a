//! Usage as a table for spreadsheets.

use super::UsageView;

const HEAD: [&str; 11] = [
    "id",
    "name",
    "calls",
    "failed",
    "cache_hits",
    "saved_tokens",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cost_usd",
];

/// A header line, then a line for each sum.
pub fn table(usage: &[UsageView]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let rows = usage.iter().map(|row| {
        let counts = [
            row.calls,
            row.failed,
            row.cache_hits,
            row.saved_tokens,
            row.input_tokens,
            row.output_tokens,
            row.cached_tokens,
            row.cache_write_tokens,
        ];
        let name = if row.id.is_empty() { "" } else { row.name.as_str() };
        let mut cells = vec![text(&row.id), text(name)];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(crate::gateway::dollars(row.cost_micros));
        cells
    });
    let head = HEAD.map(str::to_owned).to_vec();
    for line in std::iter::once(head).chain(rows) {
        writer.write_record(&line).expect("a vector takes lines of one length");
    }
    writer.into_inner().expect("a vector takes everything")
}

/// A text that no spreadsheet takes for a formula.
fn text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, name: &str) -> UsageView {
        UsageView {
            id: id.to_owned(),
            name: name.to_owned(),
            calls: 2,
            failed: 1,
            cache_hits: 0,
            saved_tokens: 0,
            input_tokens: 100,
            output_tokens: 10,
            cached_tokens: 64,
            cache_write_tokens: 0,
            cost_micros: 1_230,
        }
    }

    #[test]
    fn a_table_is_quoted_and_holds_no_formula() {
        let rows = [row("7", "=HYPERLINK(\"x\")"), row("a,b", "王芳\n\"q\""), row("", "-")];
        let text = String::from_utf8(table(&rows)).unwrap();
        let expected = "id,name,calls,failed,cache_hits,saved_tokens,input_tokens,output_tokens,cached_tokens,\
                        cache_write_tokens,cost_usd\r\n\
                        7,\"'=HYPERLINK(\"\"x\"\")\",2,1,0,0,100,10,64,0,0.00123\r\n\
                        \"a,b\",\"王芳\n\"\"q\"\"\",2,1,0,0,100,10,64,0,0.00123\r\n\
                        ,,2,1,0,0,100,10,64,0,0.00123\r\n";
        assert_eq!(text, expected);
    }
}
