//! The parts of a thread after the first, as a form has them.

use threads_client::{Draft, text_length};

use crate::fields::FieldErrors;
use crate::problem::capitalised;

/// More than a page can show well; a program can schedule longer ones.
const MOST_PARTS: usize = 25;

/// One part, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartRow {
    /// Its number in the thread, of which the first part is 1.
    pub(crate) number: usize,
    /// The name under which its errors are kept.
    pub(crate) field: String,
    pub(crate) text: String,
    pub(crate) length: String,
}

impl PartRow {
    fn new(number: usize, text: String) -> Self {
        let length = text_length(&text);
        Self {
            number,
            field: format!("part-{number}"),
            length: format!(
                "{} of 500 characters, {} bytes",
                length.code_points, length.bytes
            ),
            text,
        }
    }

    /// What it says; `None` while nothing is written.
    pub(crate) fn draft(&self) -> Option<Draft> {
        (!self.text.trim().is_empty()).then(|| Draft::text(&*self.text))
    }
}

/// The parts of a form that was sent. What is empty is no part.
pub(crate) fn rows(texts: Vec<String>) -> Vec<PartRow> {
    texts
        .into_iter()
        // Browsers send line breaks as CR LF; people type one character.
        .map(|text| text.replace("\r\n", "\n"))
        .filter(|text| !text.trim().is_empty())
        .enumerate()
        .map(|(index, text)| PartRow::new(index + 2, text))
        .collect()
}

/// Room for one part more.
pub(crate) fn add(rows: &mut Vec<PartRow>) {
    rows.push(PartRow::new(rows.len() + 2, String::new()));
}

/// Puts what Meta would refuse next to the part that it is about.
pub(crate) fn check(rows: &[PartRow], errors: &mut FieldErrors) {
    if rows.len() >= MOST_PARTS {
        errors.add(
            "form",
            format!("A thread has at most {MOST_PARTS} parts here."),
        );
    }
    for row in rows {
        if let Some(Err(error)) = row.draft().map(|draft| draft.validate()) {
            errors.add(&*row.field, capitalised(&error.rule.to_string()));
        }
    }
}
