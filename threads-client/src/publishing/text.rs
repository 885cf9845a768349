//! Measuring texts and finding links, as far as Meta says how.

use std::collections::HashSet;

use url::Url;

use super::Draft;

/// How long a text is, in both ways Meta may count.
///
/// Meta documents 500 "characters, emojis counted as UTF-8 bytes" and has been seen to refuse texts of fewer
/// than 500 characters that have more than 500 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextLength {
    /// Unicode code points.
    pub code_points: usize,
    /// UTF-8 bytes.
    pub bytes: usize,
}

/// Measures a text.
///
/// ```
/// let length = threads_client::text_length("it’s");
///
/// assert_eq!((length.code_points, length.bytes), (4, 6));
/// ```
pub fn text_length(text: &str) -> TextLength {
    TextLength {
        code_points: text.chars().count(),
        bytes: text.len(),
    }
}

/// The different links of a draft, in order: those in its text, then its link attachment.
///
/// Meta counts at most five. Only addresses with `http://` or `https://` are found; whether Meta also counts
/// bare domain names is not documented.
pub fn unique_links(draft: &Draft) -> Vec<String> {
    let in_text = draft
        .text
        .as_deref()
        .unwrap_or_default()
        .split(is_boundary)
        .filter_map(link);
    let attached = draft.link_attachment.as_ref().map(Url::to_string);
    let mut seen = HashSet::new();
    in_text
        .chain(attached)
        .filter(|link| seen.insert(link.clone()))
        .collect()
}

fn is_boundary(character: char) -> bool {
    character.is_whitespace() || character.is_control() || "<>\"“”«»".contains(character)
}

/// The link in a word, written in one way whatever way it was typed.
fn link(word: &str) -> Option<String> {
    // ASCII lower-casing keeps every byte where it is.
    let lower = word.to_ascii_lowercase();
    let start = match (lower.find("http://"), lower.find("https://")) {
        (Some(plain), Some(secure)) => plain.min(secure),
        (plain, secure) => plain.or(secure)?,
    };
    let link = word
        .get(start..)?
        .trim_end_matches(|end: char| ".,;:!?…'’)]}*_".contains(end));
    Url::parse(link)
        .ok()
        .filter(Url::has_host)
        .map(String::from)
}
