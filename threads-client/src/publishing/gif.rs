//! A GIF under a text.

use serde::{Deserialize, Serialize};

/// A GIF that is to be published, named by its id at the service that has it.
///
/// See [Meta's page](https://developers.facebook.com/docs/threads/posts).
///
/// ```
/// use threads_client::{Draft, DraftGif};
///
/// let draft = Draft::gif(DraftGif::giphy("3o7abKhOpu0NwenH3O")).with_text("Done");
/// draft.validate()?;
/// # Ok::<(), threads_client::DraftError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DraftGif {
    /// Its id at the provider.
    pub gif_id: String,
    /// The service that has it.
    pub provider: GifProvider,
}

impl DraftGif {
    /// A GIF of GIPHY.
    pub fn giphy(gif_id: impl Into<String>) -> Self {
        Self {
            gif_id: gif_id.into(),
            provider: GifProvider::Giphy,
        }
    }
}

/// A service that GIFs come from.
///
/// ```
/// use threads_client::{DraftGif, GifProvider};
///
/// let kept = r#"{"gif_id": "3o7abKhOpu0NwenH3O", "provider": "GIPHY"}"#;
/// let gif: DraftGif = serde_json::from_str(kept)?;
/// assert_eq!(gif.provider, GifProvider::Giphy);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum GifProvider {
    /// GIPHY.
    Giphy,
    /// Tenor, which Meta switched off on 31 March 2026: a draft with it is refused.
    Tenor,
}
