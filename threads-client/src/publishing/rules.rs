//! What Meta is known to refuse, checked before anything is sent.
//!
//! The limits come from [Meta's page](https://developers.facebook.com/docs/threads/posts).

use std::fmt;

use url::Url;

use super::text::{text_length, unique_links};
use super::{Draft, DraftContent, Media};

const LONGEST_TEXT: usize = 500;
const LONGEST_ALT_TEXT: usize = 1_000;
const LONGEST_TOPIC_TAG: usize = 50;
const MOST_LINKS: usize = 5;
const FEWEST_ITEMS: usize = 2;
const MOST_ITEMS: usize = 20;

/// A rule that a draft breaks, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid `{field}`: {rule}")]
#[non_exhaustive]
pub struct DraftError {
    /// The field, such as `text` or `media[3].url`.
    pub field: String,
    /// The rule.
    pub rule: DraftRule,
}

/// A rule for drafts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftRule {
    /// The text has at most 500 code points.
    #[error("{code_points} characters are more than {LONGEST_TEXT}")]
    TextTooLong {
        /// How many it has.
        code_points: usize,
    },
    /// A post has a text, a link or media.
    #[error("must not be empty without a link or media")]
    Empty,
    /// A carousel has 2 to 20 items.
    #[error("a carousel has {FEWEST_ITEMS} to {MOST_ITEMS} items, not {items}")]
    CarouselSize {
        /// How many it has.
        items: usize,
    },
    /// A post has at most five different links, the link attachment included.
    #[error("{links} different links are more than {MOST_LINKS}")]
    TooManyLinks {
        /// How many it has.
        links: usize,
    },
    /// A description of media has at most 1,000 code points.
    #[error("{code_points} characters are more than {LONGEST_ALT_TEXT}")]
    AltTextTooLong {
        /// How many it has.
        code_points: usize,
    },
    /// Only one image or video takes a description; items of a carousel have their own.
    #[error("only an image or a video takes a description")]
    AltTextWithoutMedia,
    /// Only text posts take a link attachment.
    #[error("only text posts take a link attachment")]
    LinkAttachmentWithMedia,
    /// Only media can be a spoiler.
    #[error("only media can be hidden as a spoiler")]
    SpoilerWithoutMedia,
    /// A topic has 1 to 50 code points.
    #[error("a topic has 1 to {LONGEST_TOPIC_TAG} characters, not {code_points}")]
    TopicTagLength {
        /// How many it has.
        code_points: usize,
    },
    /// A topic has no `.`, no `&`, no control characters and no leading `#`.
    #[error("a topic must not contain {character:?}")]
    TopicTagCharacter {
        /// The first character that is not allowed.
        character: char,
    },
    /// An address is `http` or `https`.
    #[error("must be an http or https address")]
    UrlScheme,
    /// An address names a host.
    #[error("must name a host")]
    UrlHost,
    /// An address has no user name and no password.
    #[error("must not contain credentials")]
    UrlCredentials,
    /// A country is two capital letters.
    #[error("must be an ISO 3166-1 alpha-2 code, such as DE")]
    Country,
    /// An id of another object is letters, digits, `_` and `-`.
    #[error("must be letters, digits, `_` or `-`")]
    Id,
}

/// What Meta may or may not refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DraftWarning {
    /// The text has at most 500 code points but more than 500 bytes; Meta may count either.
    TextOverByteLimit {
        /// How many bytes it has.
        bytes: usize,
    },
}

impl fmt::Display for DraftWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextOverByteLimit { bytes } => {
                write!(
                    formatter,
                    "the text has {bytes} bytes; Threads may refuse more than {LONGEST_TEXT}"
                )
            }
        }
    }
}

pub(super) fn check(draft: &Draft) -> Result<(), DraftError> {
    check_text(draft)?;
    match &draft.content {
        DraftContent::Text => {
            refuse_if(
                draft.alt_text.is_some(),
                "alt_text",
                DraftRule::AltTextWithoutMedia,
            )?;
            refuse_if(
                draft.is_spoiler_media,
                "is_spoiler_media",
                DraftRule::SpoilerWithoutMedia,
            )?;
        }
        DraftContent::Single(media) => {
            check_url("media.url", &media.url)?;
            check_alt_text("alt_text", draft.single_alt_text(media))?;
        }
        DraftContent::Carousel(items) => {
            refuse_if(
                draft.alt_text.is_some(),
                "alt_text",
                DraftRule::AltTextWithoutMedia,
            )?;
            check_item_count(items.len())?;
            for (index, item) in items.iter().enumerate() {
                check_media(&format!("media[{index}]"), item)?;
            }
        }
    }
    if let Some(link) = &draft.link_attachment {
        refuse_if(
            draft.content != DraftContent::Text,
            "link_attachment",
            DraftRule::LinkAttachmentWithMedia,
        )?;
        check_url("link_attachment", link)?;
    }
    let links = unique_links(draft).len();
    refuse_if(
        links > MOST_LINKS,
        "text",
        DraftRule::TooManyLinks { links },
    )?;
    draft.topic_tag.as_deref().map_or(Ok(()), check_topic_tag)?;
    for country in &draft.countries {
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        refuse_if(!is_code, "countries", DraftRule::Country)?;
    }
    check_id("reply_to", draft.reply_to.as_ref().map(AsRef::as_ref))?;
    check_id("quote", draft.quote.as_ref().map(AsRef::as_ref))?;
    check_id("location", draft.location.as_ref().map(AsRef::as_ref))
}

pub(super) fn check_media(field: &str, media: &Media) -> Result<(), DraftError> {
    check_url(&format!("{field}.url"), &media.url)?;
    check_alt_text(&format!("{field}.alt_text"), media.alt_text.as_deref())
}

pub(super) fn check_item_count(items: usize) -> Result<(), DraftError> {
    let is_carousel = (FEWEST_ITEMS..=MOST_ITEMS).contains(&items);
    refuse_if(!is_carousel, "media", DraftRule::CarouselSize { items })
}

pub(super) fn warnings(draft: &Draft) -> Vec<DraftWarning> {
    let length = text_length(draft.text.as_deref().unwrap_or_default());
    if length.code_points <= LONGEST_TEXT && length.bytes > LONGEST_TEXT {
        vec![DraftWarning::TextOverByteLimit {
            bytes: length.bytes,
        }]
    } else {
        Vec::new()
    }
}

fn check_text(draft: &Draft) -> Result<(), DraftError> {
    let text = draft.text.as_deref().unwrap_or_default();
    let code_points = text_length(text).code_points;
    refuse_if(
        code_points > LONGEST_TEXT,
        "text",
        DraftRule::TextTooLong { code_points },
    )?;
    let is_needed = draft.content == DraftContent::Text && draft.link_attachment.is_none();
    refuse_if(
        is_needed && text.trim().is_empty(),
        "text",
        DraftRule::Empty,
    )
}

fn check_alt_text(field: &str, text: Option<&str>) -> Result<(), DraftError> {
    let code_points = text.map_or(0, |text| text_length(text).code_points);
    refuse_if(
        code_points > LONGEST_ALT_TEXT,
        field,
        DraftRule::AltTextTooLong { code_points },
    )
}

fn check_topic_tag(tag: &str) -> Result<(), DraftError> {
    let code_points = if tag.trim().is_empty() {
        0
    } else {
        text_length(tag).code_points
    };
    refuse_if(
        !(1..=LONGEST_TOPIC_TAG).contains(&code_points),
        "topic_tag",
        DraftRule::TopicTagLength { code_points },
    )?;
    let leading = tag.chars().next().filter(|first| *first == '#');
    let odd = leading.or_else(|| {
        tag.chars()
            .find(|character| matches!(character, '.' | '&') || character.is_control())
    });
    odd.map_or(Ok(()), |character| {
        refuse_if(
            true,
            "topic_tag",
            DraftRule::TopicTagCharacter { character },
        )
    })
}

fn check_url(field: &str, url: &Url) -> Result<(), DraftError> {
    refuse_if(
        !matches!(url.scheme(), "http" | "https"),
        field,
        DraftRule::UrlScheme,
    )?;
    refuse_if(!url.has_host(), field, DraftRule::UrlHost)?;
    refuse_if(
        !url.username().is_empty() || url.password().is_some(),
        field,
        DraftRule::UrlCredentials,
    )
}

fn check_id(field: &str, id: Option<&str>) -> Result<(), DraftError> {
    let is_usable = id.is_none_or(|id| crate::http::path_id("id", id).is_ok());
    refuse_if(!is_usable, field, DraftRule::Id)
}

fn refuse_if(is_broken: bool, field: &str, rule: DraftRule) -> Result<(), DraftError> {
    if is_broken {
        Err(DraftError {
            field: field.to_owned(),
            rule,
        })
    } else {
        Ok(())
    }
}
