//! Hidden parts of a text.

use serde::{Deserialize, Serialize};

/// A part of a post's text that is blurred until it is tapped.
///
/// Meta does not say in what `offset` and `length` count: they mean the same in bytes, code points and UTF-16
/// code units only where the text is ASCII up to the end of the part. Beyond that the draft has a
/// [warning](crate::DraftWarning::UnclearOffset). Meta's own sample program counts UTF-16 code units.
///
/// See [Meta's page](https://developers.facebook.com/docs/threads/create-posts/spoilers).
///
/// ```
/// use threads_client::{Draft, DraftSpoiler};
///
/// let draft = Draft::text("It was the gardener").spoiler(DraftSpoiler::new(7, 12));
/// draft.validate()?;
/// # Ok::<(), threads_client::DraftError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DraftSpoiler {
    /// Where the part begins; 0 is the beginning of the text.
    pub offset: u32,
    /// How long it is.
    pub length: u32,
}

impl DraftSpoiler {
    /// Hides a part of a text.
    pub fn new(offset: u32, length: u32) -> Self {
        Self { offset, length }
    }
}
