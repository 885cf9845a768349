//! What a person should know before a post is scheduled.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use threads_client::{Draft, PostId};

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
        formatter.write_str(match self {
            Self::Post(_) => "a scheduled post",
            Self::Repeated(_) => "a repeated post",
            Self::Live(_) => "a post on Threads",
        })
    }
}

/// Whether a reader would take one for the other: the same words, whatever their case and
/// spaces, with the same media, in answer to the same post.
pub(crate) fn is_duplicate(one: &Draft, other: &Draft) -> bool {
    words(one.text.as_deref()) == words(other.text.as_deref())
        && one.content == other.content
        && one.reply_to == other.reply_to
        && one.quote == other.quote
}

/// The same of a text of which only the words are known. Posts without words are not compared.
pub(crate) fn is_same_text(draft: &Draft, live: Option<&str>) -> bool {
    let wanted = words(draft.text.as_deref());
    !wanted.is_empty() && draft.reply_to.is_none() && wanted == words(live)
}

fn words(text: Option<&str>) -> String {
    matching::normalise(text.unwrap_or_default()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

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
