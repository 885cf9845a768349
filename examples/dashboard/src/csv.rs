//! Comma-separated values that a spreadsheet cannot mistake for formulas.

use std::fmt::Write;

/// Text in the form of RFC 4180.
#[derive(Debug, Default)]
pub(crate) struct Csv(String);

impl Csv {
    /// A text that begins with these column names.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut csv = Self::default();
        csv.row(columns);
        csv
    }

    /// Adds a row.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            let guard = if is_formula(cell) { "'" } else { "" };
            if !guard.is_empty() || cell.contains(['"', ',', '\n', '\r']) {
                // Writing to a string cannot fail.
                let _ = write!(self.0, "\"{guard}{}\"", cell.replace('"', "\"\""));
            } else {
                self.0.push_str(cell);
            }
        }
        self.0.push_str("\r\n");
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
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

    fn cell(text: &str) -> String {
        let mut csv = Csv::default();
        csv.row([text]);
        csv.into_text()
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
            " =1",
            "＝1",
        ] {
            assert!(cell(formula).starts_with("\"'"), "{formula:?}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        assert_eq!(cell("-12"), "-12\r\n");
        assert_eq!(cell("12480"), "12480\r\n");
    }

    #[test]
    fn commas_quotes_and_lines_stay_inside_of_their_cell() {
        assert_eq!(cell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"\r\n");
    }

    #[test]
    fn a_row_ends_with_a_line_and_an_empty_cell_stays_empty() {
        let mut csv = Csv::new(["date", "followers"]);
        csv.row(["2026-11-23", ""]);

        assert_eq!(csv.into_text(), "date,followers\r\n2026-11-23,\r\n");
    }
}
