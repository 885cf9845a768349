//! Sharing a post to the author's Instagram story.

use serde::{Deserialize, Deserializer, Serialize};

use crate::open_enum::open_enum;
use crate::wire;

/// In which look a post is also shared to the author's Instagram story.
///
/// Needs the scope `threads_share_to_instagram`. The post is published even if the story is not. See
/// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/share-to-ig-stories).
///
/// ```
/// use threads_client::{Draft, InstagramShare};
///
/// let draft = Draft::text("Hello").share_to_instagram(InstagramShare::DarkMode);
/// let parameter = draft.share_to_instagram.map(InstagramShare::parameter);
/// assert_eq!(parameter, Some("crossreshare_to_ig_dark_mode"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[doc(alias = "crossreshare_to_ig")]
#[non_exhaustive]
pub enum InstagramShare {
    /// In the usual look.
    Standard,
    /// In the dark look.
    #[doc(alias = "crossreshare_to_ig_dark_mode")]
    DarkMode,
}

impl InstagramShare {
    /// The name of Meta's parameter; exactly one of the two is sent.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Standard => "crossreshare_to_ig",
            Self::DarkMode => "crossreshare_to_ig_dark_mode",
        }
    }
}

open_enum! {
    /// How sharing to Instagram went.
    ///
    /// ```
    /// use threads_client::{InstagramShareStatus, PostId, Receipt};
    ///
    /// let answer = r#"{"id": "17900000000000001", "crossreshare_to_ig_status": "FAILED"}"#;
    /// let receipt: Receipt<PostId> = serde_json::from_str(answer)?;
    /// if let Some(status) = &receipt.crossreshare_to_ig_status {
    ///     println!("the story: {}", status.as_str());
    /// }
    /// assert_eq!(receipt.crossreshare_to_ig_status, Some(InstagramShareStatus::Failed));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[doc(alias = "crossreshare_to_ig_status")]
    pub enum InstagramShareStatus {
        /// The story is there.
        Success = "SUCCESS",
        /// There is no story, for example because no Instagram account is linked. The post is not affected.
        Failed = "FAILED",
    }
}

/// Anything but a text reads as none: a published post must not be lost over it.
pub(super) fn share_status<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<InstagramShareStatus>, D::Error> {
    let text = wire::lenient_text(deserializer)?;
    Ok(text.as_deref().map(InstagramShareStatus::from))
}
