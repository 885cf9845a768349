//! Comma-separated values that a spreadsheet cannot mistake for formulas.

use csv::{Terminator, Writer, WriterBuilder};

/// What tells spreadsheets that a file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Text in the form of RFC 4180.
///
/// A cell that a spreadsheet would calculate begins with an apostrophe here, and one that
/// begins with an apostrophe gets another one, so that it can be read back.
#[derive(Debug)]
pub struct Csv {
    writer: Writer<Vec<u8>>,
}

impl Csv {
    /// A text that begins with these column names.
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut csv = Self {
            writer: writer(Vec::new()),
        };
        csv.row(columns);
        csv
    }

    /// The same after the mark by which spreadsheets know UTF-8.
    pub fn with_byte_order_mark<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut csv = Self {
            writer: writer(BYTE_ORDER_MARK.to_vec()),
        };
        csv.row(columns);
        csv
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for cell in cells {
            let guard = if needs_guard(cell) { "'" } else { "" };
            // Writing to memory cannot fail.
            let _ = if guard.is_empty() {
                self.writer.write_field(cell)
            } else {
                self.writer.write_field(format!("{guard}{cell}"))
            };
        }
        let _ = self.writer.write_record(None::<&[u8]>);
    }

    /// The whole text.
    pub fn into_text(mut self) -> String {
        String::from_utf8(self.take()).unwrap_or_default()
    }

    /// What was added since it was taken last.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::replace(&mut self.writer, writer(Vec::new()))
            .into_inner()
            .unwrap_or_default()
    }
}

fn writer(buffer: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(buffer)
}

/// The cell as it was before it was guarded.
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

fn needs_guard(cell: &str) -> bool {
    cell.starts_with('\'') || is_formula(cell)
}

/// Whether a spreadsheet would calculate a cell instead of showing it.
fn is_formula(cell: &str) -> bool {
    let starts = cell
        .trim_start_matches(' ')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    starts && cell.parse::<i64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        let mut csv = Csv::new(["id", "text"]);
        csv.take();
        csv.row(["1", text]);
        csv.into_text()
    }

    fn read(line: &str) -> String {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(line.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        record[1].to_owned()
    }

    #[test]
    fn cells_that_look_like_formulas_are_made_text() {
        for formula in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "＝1",
        ] {
            let cell = read(&line(formula));

            assert_eq!(cell, format!("'{formula}"));
            assert_eq!(unguarded(&cell), formula);
        }
    }

    #[test]
    fn an_apostrophe_at_the_beginning_is_read_back() {
        for text in ["'", "'=1", "'quoted'"] {
            assert_eq!(unguarded(&read(&line(text))), text);
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(line("-12"), "1,-12\r\n");
        assert_eq!(line("+12"), "1,+12\r\n");
        assert_eq!(line("12480"), "1,12480\r\n");
    }

    #[test]
    fn commas_quotes_and_lines_stay_inside_of_their_cell() {
        assert_eq!(line("a,\"b\"\nc"), "1,\"a,\"\"b\"\"\nc\"\r\n");
        assert_eq!(read(&line("a,\"b\"\r\nc")), "a,\"b\"\r\nc");
    }

    #[test]
    fn a_row_ends_with_a_line_and_an_empty_cell_stays_empty() {
        let mut csv = Csv::new(["date", "followers"]);
        csv.row(["2026-11-23", ""]);

        assert_eq!(csv.into_text(), "date,followers\r\n2026-11-23,\r\n");
    }

    #[test]
    fn the_mark_of_utf_8_comes_first_and_only_by_choice() {
        assert_eq!(
            Csv::with_byte_order_mark(["a"]).into_text(),
            "\u{feff}a\r\n"
        );
        assert_eq!(Csv::new(["a"]).into_text(), "a\r\n");
    }
}
