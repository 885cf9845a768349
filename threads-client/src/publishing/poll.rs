//! A poll under a text.

use serde::{Deserialize, Serialize};

/// The options of a poll that is to be published: two to four of 1 to 25 characters.
///
/// The question is the text of the post. See
/// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/polls).
///
/// ```
/// use threads_client::{Draft, DraftPoll};
///
/// let draft = Draft::poll("Tea or coffee?", DraftPoll::new("Tea", "Coffee").option("Neither"));
/// draft.validate()?;
/// # Ok::<(), threads_client::DraftError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DraftPoll {
    /// What can be chosen, in order.
    pub options: Vec<String>,
}

impl DraftPoll {
    /// A poll of two options.
    pub fn new(first: impl Into<String>, second: impl Into<String>) -> Self {
        Self {
            options: vec![first.into(), second.into()],
        }
    }

    /// Adds an option; there are at most four.
    pub fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }
}
