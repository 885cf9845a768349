//! The rules that Meta is certain to hold a draft to, and their limits.
//!
//! They come from [Meta's page](https://developers.facebook.com/docs/threads/posts) and the pages below it.

pub(super) const LONGEST_TEXT: usize = 500;
pub(super) const LONGEST_ALT_TEXT: usize = 1_000;
pub(super) const LONGEST_TOPIC_TAG: usize = 50;
pub(super) const LONGEST_TEXT_ATTACHMENT: usize = 10_000;
pub(super) const LONGEST_POLL_OPTION: usize = 25;
pub(super) const FEWEST_POLL_OPTIONS: usize = 2;
pub(super) const MOST_POLL_OPTIONS: usize = 4;
pub(super) const MOST_LINKS: usize = 5;
pub(super) const MOST_SPOILERS: usize = 10;
pub(super) const FEWEST_ITEMS: usize = 2;
pub(super) const MOST_ITEMS: usize = 20;

/// A rule that a draft breaks, and where.
///
/// ```
/// use threads_client::{Draft, DraftError};
///
/// let refused = Draft::text("").validate();
/// assert!(matches!(&refused, Err(DraftError { field, .. }) if field == "text"));
/// # assert_eq!(
/// #     refused.map_err(|error| error.to_string()),
/// #     Err("invalid `text`: must not be empty without a link or media".to_owned())
/// # );
/// ```
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
///
/// ```
/// use threads_client::{Draft, DraftPoll, DraftRule};
///
/// let poll = DraftPoll::new("Tea", "Coffee").option("Water").option("Juice").option("Milk");
/// let refused = Draft::poll("What will it be?", poll).validate();
/// assert_eq!(refused.map_err(|error| error.rule), Err(DraftRule::PollSize { options: 5 }));
/// ```
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
    /// A poll takes no link attachment.
    #[error("a poll takes no link attachment")]
    LinkAttachmentWithPoll,
    /// A post and its text attachment have one link attachment between them.
    #[error("only one of the post and its text attachment takes a link attachment")]
    TwoLinkAttachments,
    /// A poll has two to four options.
    #[error("a poll has {FEWEST_POLL_OPTIONS} to {MOST_POLL_OPTIONS} options, not {options}")]
    PollSize {
        /// How many it has.
        options: usize,
    },
    /// An option of a poll has 1 to 25 code points.
    #[error("an option has 1 to {LONGEST_POLL_OPTION} characters, not {code_points}")]
    PollOptionLength {
        /// How many it has.
        code_points: usize,
    },
    /// The id of a GIF is not empty, and has no blanks and no control characters.
    #[error("must be the id of a GIF, without blanks")]
    GifId,
    /// Meta takes GIFs of GIPHY only; Tenor ended on 31 March 2026.
    #[error("must be GIPHY; Meta no longer takes others")]
    GifProvider,
    /// A text attachment has 1 to 10,000 code points.
    #[error("a text attachment has 1 to {LONGEST_TEXT_ATTACHMENT} characters, not {code_points}")]
    TextAttachmentLength {
        /// How many it has.
        code_points: usize,
    },
    /// A marked part of a text has at least one character.
    #[error("a marked part must not be empty")]
    EmptyRange,
    /// A marked part of a text ends where the text ends, or before, in whatever it is counted.
    #[error("ends at {end}, but the text has only {bytes} bytes")]
    RangeOutsideText {
        /// Where it ends.
        end: u64,
        /// How many bytes the text has; it has no more of anything else.
        bytes: usize,
    },
    /// Styled parts of a text attachment do not overlap.
    #[error("overlaps another styled part")]
    OverlappingStyles,
    /// A styled part of a text attachment has a style.
    #[error("names no style")]
    NoStyle,
    /// A text has at most ten spoilers.
    #[error("{spoilers} spoilers are more than {MOST_SPOILERS}")]
    TooManySpoilers {
        /// How many it has.
        spoilers: usize,
    },
    /// A ghost post has a text, text spoilers and nothing else, and is no reply.
    #[error("a ghost post cannot have this")]
    NotOnGhostPosts,
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
