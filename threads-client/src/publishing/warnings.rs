//! What Meta may or may not refuse in a draft.

use std::borrow::Cow;
use std::fmt;

use url::{Host, Url};

use super::check::range_end;
use super::rules::{
    LONGEST_ALT_TEXT, LONGEST_POLL_OPTION, LONGEST_TEXT, LONGEST_TEXT_ATTACHMENT, MOST_LINKS,
};
use super::text::{is_whole_number, text_length, unique_links};
use super::{Draft, DraftContent, Media};
use crate::http::guard::is_public;

/// From this number of links on a refusal was reported, though Meta documents one more.
const DOUBTFUL_LINKS: usize = 4;

/// What Meta may or may not refuse.
///
/// ```
/// use threads_client::{Draft, DraftWarning};
///
/// let warnings = Draft::text("é".repeat(300)).warnings();
/// assert_eq!(warnings, [DraftWarning::TextOverByteLimit { bytes: 600 }]);
/// for warning in &warnings {
///     println!("{}: {warning}", warning.field());
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DraftWarning {
    /// The text has at most 500 code points but more than 500 bytes; Meta may count either.
    TextOverByteLimit {
        /// How many bytes it has.
        bytes: usize,
    },
    /// Another text keeps its limit in code points but not in bytes; Meta may count either.
    OverByteLimit {
        /// Which one, such as `poll[1]`.
        field: String,
        /// How many bytes it has.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The post has four or five different links. Meta allows five, but was once seen to refuse four.
    ManyLinks {
        /// How many it has.
        links: usize,
    },
    /// A marked part is not certain to be where it was meant: Meta does not say in what it counts, and the text
    /// up to the end of the part is not ASCII.
    UnclearOffset {
        /// Which one, such as `spoilers[0]`.
        field: String,
    },
    /// Two spoilers share a character; Meta does not say whether they may.
    OverlappingSpoilers,
    /// A GIF or a text attachment has no text; Meta documents that a text post needs one.
    NoText,
    /// An image or a video is at an `http` address, which Meta may not fetch.
    InsecureMedia {
        /// Which one, such as `media[3].url`.
        field: String,
    },
    /// An image or a video is at a host that the public does not seem to reach, and Meta neither.
    PrivateMediaHost {
        /// Which one, such as `media[3].url`.
        field: String,
    },
    /// A ghost post has a topic or says who may reply. Meta documents that ghost posts have no features but
    /// text spoilers, and that these two are for all posts.
    OptionOnGhostPost {
        /// Which one.
        field: &'static str,
    },
    /// The topic is a whole number, which is no topic when it is a tag in a text.
    NumericTopic,
}

impl DraftWarning {
    /// The field that may be refused, named as in [`DraftError`](crate::DraftError).
    pub fn field(&self) -> &str {
        match self {
            Self::TextOverByteLimit { .. } | Self::ManyLinks { .. } | Self::NoText => "text",
            Self::OverlappingSpoilers => "spoilers",
            Self::NumericTopic => "topic_tag",
            Self::OptionOnGhostPost { field } => field,
            Self::OverByteLimit { field, .. }
            | Self::UnclearOffset { field }
            | Self::InsecureMedia { field }
            | Self::PrivateMediaHost { field } => field,
        }
    }
}

impl fmt::Display for DraftWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextOverByteLimit { bytes } => write!(
                formatter,
                "the text has {bytes} bytes; Threads may refuse more than {LONGEST_TEXT}"
            ),
            Self::OverByteLimit {
                field,
                bytes,
                limit,
            } => write!(
                formatter,
                "`{field}` has {bytes} bytes; Threads may refuse more than {limit}"
            ),
            Self::ManyLinks { links } => write!(
                formatter,
                "the post has {links} different links; Threads allows {MOST_LINKS}, but may refuse \
                 {DOUBTFUL_LINKS}"
            ),
            Self::UnclearOffset { field } => write!(
                formatter,
                "`{field}` may be misplaced: the text before its end has characters that Threads may \
                 count in several ways"
            ),
            Self::OverlappingSpoilers => formatter.write_str("spoilers overlap"),
            Self::NoText => formatter.write_str("the post has no text, which Threads may ask for"),
            Self::InsecureMedia { field } => {
                write!(formatter, "`{field}` is http; Threads may fetch https only")
            }
            Self::PrivateMediaHost { field } => write!(
                formatter,
                "`{field}` is at a host that Threads can probably not reach"
            ),
            Self::OptionOnGhostPost { field } => {
                write!(formatter, "Threads may refuse `{field}` on a ghost post")
            }
            Self::NumericTopic => {
                formatter.write_str("Threads may not take a whole number as a topic")
            }
        }
    }
}

pub(super) fn warnings(draft: &Draft) -> Vec<DraftWarning> {
    let mut warnings = Vec::new();
    about_text(draft, &mut warnings);
    about_content(draft, &mut warnings);
    let links = unique_links(draft).len();
    if (DOUBTFUL_LINKS..=MOST_LINKS).contains(&links) {
        warnings.push(DraftWarning::ManyLinks { links });
    }
    if draft.topic_tag.as_deref().is_some_and(is_whole_number) {
        warnings.push(DraftWarning::NumericTopic);
    }
    warnings
}

fn about_text(draft: &Draft, warnings: &mut Vec<DraftWarning>) {
    let text = draft.text.as_deref().unwrap_or_default();
    if let Some(bytes) = bytes_over(text, LONGEST_TEXT) {
        warnings.push(DraftWarning::TextOverByteLimit { bytes });
    }
    for (index, spoiler) in draft.spoilers.iter().enumerate() {
        if is_unclear(text, range_end(spoiler.offset, spoiler.length)) {
            warnings.push(DraftWarning::UnclearOffset {
                field: format!("spoilers[{index}]"),
            });
        }
    }
    let mut spoilers = draft.spoilers.clone();
    spoilers.sort_by_key(|spoiler| spoiler.offset);
    let overlap = |pair: &[super::DraftSpoiler]| match pair {
        [before, after] => range_end(before.offset, before.length) > u64::from(after.offset),
        _ => false,
    };
    if spoilers.windows(2).any(overlap) {
        warnings.push(DraftWarning::OverlappingSpoilers);
    }
}

fn about_content(draft: &Draft, warnings: &mut Vec<DraftWarning>) {
    let has_text = |draft: &Draft| {
        let text = draft.text.as_deref().unwrap_or_default();
        !text.trim().is_empty() || draft.link_attachment.is_some()
    };
    match &draft.content {
        DraftContent::Text => {}
        DraftContent::Poll(poll) => {
            for (index, option) in poll.options.iter().enumerate() {
                about_bytes(
                    || format!("poll[{index}]"),
                    option,
                    LONGEST_POLL_OPTION,
                    warnings,
                );
            }
        }
        DraftContent::Gif(_) => {
            if !has_text(draft) {
                warnings.push(DraftWarning::NoText);
            }
        }
        DraftContent::TextAttachment(attachment) => {
            if !has_text(draft) {
                warnings.push(DraftWarning::NoText);
            }
            let text = &attachment.plaintext;
            let field = || "text_attachment.plaintext".to_owned();
            about_bytes(field, text, LONGEST_TEXT_ATTACHMENT, warnings);
            for (index, style) in attachment.text_with_styling_info.iter().enumerate() {
                if is_unclear(text, range_end(style.offset, style.length)) {
                    warnings.push(DraftWarning::UnclearOffset {
                        field: format!("text_attachment.text_with_styling_info[{index}]"),
                    });
                }
            }
        }
        DraftContent::GhostPost => {
            let options = [
                ("topic_tag", draft.topic_tag.is_some()),
                ("reply_control", draft.reply_control.is_some()),
            ];
            for (field, is_set) in options {
                if is_set {
                    warnings.push(DraftWarning::OptionOnGhostPost { field });
                }
            }
        }
        DraftContent::Single(media) => {
            about_address("media.url", &media.url, warnings);
            let alt_text = draft.single_alt_text(media).unwrap_or_default();
            about_bytes(
                || "alt_text".to_owned(),
                alt_text,
                LONGEST_ALT_TEXT,
                warnings,
            );
        }
        DraftContent::Carousel(items) => {
            for (index, item) in items.iter().enumerate() {
                about_item(index, item, warnings);
            }
        }
    }
}

fn about_item(index: usize, item: &Media, warnings: &mut Vec<DraftWarning>) {
    about_address(&format!("media[{index}].url"), &item.url, warnings);
    let alt_text = item.alt_text.as_deref().unwrap_or_default();
    let field = || format!("media[{index}].alt_text");
    about_bytes(field, alt_text, LONGEST_ALT_TEXT, warnings);
}

fn about_bytes(
    field: impl FnOnce() -> String,
    text: &str,
    limit: usize,
    warnings: &mut Vec<DraftWarning>,
) {
    if let Some(bytes) = bytes_over(text, limit) {
        let field = field();
        warnings.push(DraftWarning::OverByteLimit {
            field,
            bytes,
            limit,
        });
    }
}

fn about_address(field: &str, url: &Url, warnings: &mut Vec<DraftWarning>) {
    if url.scheme() == "http" {
        warnings.push(DraftWarning::InsecureMedia {
            field: field.to_owned(),
        });
    }
    if url.host().is_some_and(|host| is_private(&host)) {
        warnings.push(DraftWarning::PrivateMediaHost {
            field: field.to_owned(),
        });
    }
}

/// The bytes of a text that keeps its limit in code points only.
fn bytes_over(text: &str, limit: usize) -> Option<usize> {
    let length = text_length(text);
    (length.code_points <= limit && length.bytes > limit).then_some(length.bytes)
}

/// Whether what is marked up to `end` differs with what Meta counts in.
///
/// Of all that may be counted, so many code points are the longest part of a text.
fn is_unclear(text: &str, end: u64) -> bool {
    let end = usize::try_from(end).unwrap_or(usize::MAX);
    text.chars()
        .take(end)
        .any(|character| !character.is_ascii())
}

/// Whether a host is, by its looks, not one of the public internet. Nothing is asked of the network.
fn is_private(host: &Host<&str>) -> bool {
    match *host {
        Host::Domain(name) => is_private_name(name),
        Host::Ipv4(address) => !is_public(address.into()),
        Host::Ipv6(address) => !is_public(address.into()),
    }
}

fn is_private_name(name: &str) -> bool {
    const ENDINGS: [&str; 6] = [
        "localhost",
        "local",
        "internal",
        "lan",
        "home.arpa",
        "invalid",
    ];
    let name: Cow<'_, str> = name.trim_end_matches('.').to_ascii_lowercase().into();
    !name.contains('.')
        || ENDINGS.iter().any(|ending| {
            name.strip_suffix(ending)
                .is_some_and(|rest| rest.ends_with('.'))
        })
}
