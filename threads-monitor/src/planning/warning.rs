//! What a person should know before a post is scheduled.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use threads_client::{Draft, DraftContent, PostId};

use crate::publishing::matching;
use crate::scheduler::JobId;

/// Something that speaks against scheduling a post, and is no reason to refuse it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlanWarning {
    /// The same content is planned, or went out lately.
    Duplicate {
        /// Where.
        of: Planned,
        /// When it is due, or went out.
        at: DateTime<Utc>,
    },
    /// Another post is nearer in time than the account wants.
    TooClose {
        /// Which.
        to: Planned,
        /// When that is due, or went out.
        at: DateTime<Utc>,
    },
}

/// Something that is planned, or went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", content = "id", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Planned {
    /// A scheduled post.
    Post(JobId),
    /// A repeated post.
    Repeated(JobId),
    /// A post on Threads that did not come from here.
    Live(PostId),
    /// A line of the same table.
    Line(u64),
}

impl fmt::Display for PlanWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { of, at } => write!(formatter, "{of} of {at} has the same content"),
            Self::TooClose { to, at } => {
                write!(formatter, "{to} of {at} is nearer than the account wants")
            }
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post(_) => formatter.write_str("a scheduled post"),
            Self::Repeated(_) => formatter.write_str("a repeated post"),
            Self::Live(_) => formatter.write_str("a post on Threads"),
            Self::Line(line) => write!(formatter, "line {line}"),
        }
    }
}

/// What a reader takes two posts for one by: the same words, whatever their case and spaces,
/// with the same media, in answer to the same post.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    words: String,
    media: DraftContent,
    reply_to: Option<PostId>,
    quote: Option<PostId>,
}

impl Content {
    pub(crate) fn of(draft: &Draft) -> Self {
        Self {
            words: words(draft.text.as_deref()),
            media: draft.content.clone(),
            reply_to: draft.reply_to.clone(),
            quote: draft.quote.clone(),
        }
    }

    /// The same of a post of which only the words are known. Those without are not compared.
    pub(crate) fn has_words(&self, words: &str) -> bool {
        !words.is_empty() && self.reply_to.is_none() && self.words == words
    }
}

/// The words of a text, as they are compared.
pub(crate) fn words(text: Option<&str>) -> String {
    matching::normalise(text.unwrap_or_default()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_duplicate(one: &Draft, other: &Draft) -> bool {
        Content::of(one) == Content::of(other)
    }

    fn is_same_text(draft: &Draft, live: Option<&str>) -> bool {
        Content::of(draft).has_words(&words(live))
    }

    #[test]
    fn case_and_spaces_make_no_other_content() {
        let one = Draft::text("Good  morning\n#Jakarta");

        assert!(is_duplicate(&one, &Draft::text("good morning Jakarta ")));
        assert!(!is_duplicate(&one, &Draft::text("good evening Jakarta")));
        assert!(is_same_text(&one, Some("GOOD morning #Jakarta")));
        assert!(!is_same_text(&one, None));
    }

    #[test]
    fn other_media_or_another_thread_is_other_content() {
        let image = |name: &str| {
            let url = format!("https://media.example/{name}.jpg").parse().unwrap();
            Draft::image(url).with_text("look")
        };
        assert!(is_duplicate(&image("a"), &image("a")));
        assert!(!is_duplicate(&image("a"), &image("b")));
        assert!(!is_duplicate(&image("a"), &Draft::text("look")));

        let mut reply = Draft::text("yes");
        reply.reply_to = Some(PostId::new("1"));
        assert!(!is_duplicate(&reply, &Draft::text("yes")));
        assert!(!is_same_text(&reply, Some("yes")));
    }

    #[test]
    fn without_words_only_the_media_count() {
        let image = Draft::image("https://media.example/a.jpg".parse().unwrap());

        assert!(is_duplicate(&image, &image));
        assert!(!is_same_text(&image, Some("")));
        assert!(!is_same_text(&image, None));
    }
}
