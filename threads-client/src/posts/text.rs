//! What belongs to the text of a post: hidden parts and long attachments.

use serde::Deserialize;
use url::Url;

use crate::open_enum::open_enum;
use crate::wire;

/// A part of a text that is special.
///
/// Meta does not say whether it counts bytes, characters or UTF-16 units. For ASCII they are the same; beyond
/// it, a part that is cut out by these figures may be shifted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TextEntity {
    /// In what way it is special.
    pub entity_type: TextEntityType,
    /// Where it starts.
    #[serde(default, deserialize_with = "wire::lenient_u64")]
    pub offset: Option<u64>,
    /// How long it is.
    #[serde(default, deserialize_with = "wire::lenient_u64")]
    pub length: Option<u64>,
}

open_enum! {
    /// In what way a part of a text is special.
    pub enum TextEntityType {
        /// Hidden until it is tapped.
        Spoiler = "SPOILER" | "spoiler",
    }
}

/// A long text attached to a post.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TextAttachment {
    /// The text, up to 10,000 characters.
    pub plaintext: Option<String>,
    /// A link below it.
    #[serde(default, deserialize_with = "wire::url")]
    pub link_attachment_url: Option<Url>,
    /// Parts with a style.
    #[serde(default, deserialize_with = "wire::items")]
    pub text_with_styling_info: Vec<StyledText>,
}

/// A part of an attached text with a style; it counts as [`TextEntity`] does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct StyledText {
    /// Where it starts.
    #[serde(default, deserialize_with = "wire::lenient_u64")]
    pub offset: Option<u64>,
    /// How long it is.
    #[serde(default, deserialize_with = "wire::lenient_u64")]
    pub length: Option<u64>,
    /// Its styles.
    #[serde(default, deserialize_with = "wire::items")]
    pub styling_info: Vec<TextStyle>,
}

open_enum! {
    /// A style of attached text.
    pub enum TextStyle {
        /// Bold.
        Bold = "bold",
        /// Italic.
        Italic = "italic",
        /// With a coloured ground.
        Highlight = "highlight",
        /// Underlined.
        Underline = "underline",
        /// Struck through.
        Strikethrough = "strikethrough",
    }
}
