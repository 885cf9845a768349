//! Measuring texts and finding links and tags, as far as Meta says how.

use std::collections::HashSet;

use url::Url;

use super::rules::LONGEST_TOPIC_TAG;
use super::{Draft, DraftContent};

/// How long a text is, in both ways Meta may count.
///
/// Meta documents 500 "characters, emojis counted as UTF-8 bytes" and has been seen to refuse texts of fewer
/// than 500 characters that have more than 500 bytes.
///
/// ```
/// use threads_client::{TextLength, text_length};
///
/// let TextLength { code_points, bytes, .. } = text_length("Grüße");
/// assert_eq!((code_points, bytes), (5, 7));
/// ```
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

/// The different links of a draft, in order: those in its text, then its link attachment, or the one of its text
/// attachment.
///
/// Meta counts at most five. Only addresses with `http://` or `https://` are found; whether Meta also counts
/// bare domain names is not documented.
///
/// ```
/// use threads_client::{Draft, unique_links};
///
/// let draft = Draft::text("See https://a.example/ and https://b.example/ and https://a.example/");
/// assert_eq!(unique_links(&draft), ["https://a.example/", "https://b.example/"]);
/// ```
pub fn unique_links(draft: &Draft) -> Vec<String> {
    let in_text = draft
        .text
        .as_deref()
        .unwrap_or_default()
        .split(is_boundary)
        .filter_map(link);
    let below = match &draft.content {
        DraftContent::TextAttachment(attachment) => attachment.link_attachment_url.as_ref(),
        _ => None,
    };
    let attached = draft
        .link_attachment
        .iter()
        .chain(below)
        .map(Url::to_string);
    let mut seen = HashSet::new();
    in_text
        .chain(attached)
        .filter(|link| seen.insert(link.clone()))
        .collect()
}

/// The tags inside a text, in order and without their `#`.
///
/// The first is the topic of a post that has no [topic tag](Draft::topic_tag) of its own; see [`Draft::topic`].
/// A tag has 1 to 50 characters, is not a whole number, and ends before a blank or one of `. & @ ! ? , ; :`.
/// That it begins the text or follows a blank, and that it ends before another `#`, is our reading: Meta does
/// not say.
///
/// ```
/// let tags = threads_client::in_text_tags("We are #1 in #Tea, see https://a.example/#top #Two");
///
/// assert_eq!(tags, ["Tea", "Two"]);
/// ```
pub fn in_text_tags(text: &str) -> Vec<&str> {
    text.split(char::is_whitespace)
        .filter_map(|word| {
            let tag = word.strip_prefix('#')?;
            let tag = tag
                .split(|character| ".&@!?,;:#".contains(character))
                .next()?;
            let is_tag = (1..=LONGEST_TOPIC_TAG).contains(&text_length(tag).code_points)
                && !is_whole_number(tag);
            is_tag.then_some(tag)
        })
        .collect()
}

pub(super) fn is_whole_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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
