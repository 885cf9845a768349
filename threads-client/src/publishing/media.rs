//! Images and videos of a draft.

use serde::{Deserialize, Serialize};
use url::Url;

/// An image or a video that Meta will fetch from a public address.
///
/// ```
/// use threads_client::{Draft, Media};
///
/// let draft = Draft::carousel(vec![
///     Media::image("https://media.example/crane.jpg".parse()?).alt_text("A crane over a roof"),
///     Media::video("https://media.example/crane.mp4".parse()?),
/// ]);
/// draft.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Media {
    /// Which of the two.
    pub kind: MediaKind,
    /// Where Meta fetches it.
    pub url: Url,
    /// Description for people who do not see it, up to 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

impl Media {
    /// An image: JPEG or PNG, up to 8 MB.
    pub fn image(url: Url) -> Self {
        Self {
            kind: MediaKind::Image,
            url,
            alt_text: None,
        }
    }

    /// A video: MP4 or MOV, up to 1 GB and five minutes.
    pub fn video(url: Url) -> Self {
        Self {
            kind: MediaKind::Video,
            url,
            alt_text: None,
        }
    }

    /// Describes it for people who do not see it, in up to 1,000 characters.
    pub fn alt_text(mut self, text: impl Into<String>) -> Self {
        self.alt_text = Some(text.into());
        self
    }
}

/// What is published: an image or a video.
///
/// ```
/// use threads_client::{Media, MediaKind};
///
/// let media = Media::video("https://media.example/crane.mp4".parse()?);
/// let ending = match media.kind {
///     MediaKind::Image => "jpg",
///     MediaKind::Video => "mp4",
/// };
/// assert!(media.url.path().ends_with(ending));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// An image.
    Image,
    /// A video.
    Video,
}
