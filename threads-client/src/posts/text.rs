//! What belongs to the text of a post: hidden parts and long attachments.

use serde::Deserialize;
use url::Url;

use crate::open_enum::open_enum;
use crate::wire;

/// A part of a text that is special.
///
/// Meta does not say whether it counts bytes, characters or UTF-16 units. For ASCII they are the same; beyond
/// it, a part that is cut out by these figures may be shifted.
///
/// ```
/// use threads_client::{TextEntity, TextEntityType};
///
/// let answer = r#"{"entity_type": "SPOILER", "offset": 7, "length": 12}"#;
/// let entity: TextEntity = serde_json::from_str(answer)?;
///
/// assert_eq!(entity.entity_type, TextEntityType::Spoiler);
/// assert_eq!((entity.offset, entity.length), (Some(7), Some(12)));
/// # Ok::<(), serde_json::Error>(())
/// ```
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
    ///
    /// ```
    /// use threads_client::TextEntityType;
    ///
    /// let kind: TextEntityType = serde_json::from_str(r#""spoiler""#)?;
    /// assert_eq!(kind, TextEntityType::Spoiler);
    /// assert_eq!(kind.as_str(), "SPOILER");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum TextEntityType {
        /// Hidden until it is tapped.
        Spoiler = "SPOILER" | "spoiler",
    }
}

/// A long text attached to a post.
///
/// ```
/// use threads_client::TextAttachment;
///
/// let answer = r#"{"plaintext": "First things first", "link_attachment_url": "https://acme.example/"}"#;
/// let attachment: TextAttachment = serde_json::from_str(answer)?;
///
/// assert_eq!(attachment.plaintext.as_deref(), Some("First things first"));
/// assert!(attachment.text_with_styling_info.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
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
///
/// ```
/// use threads_client::{StyledText, TextStyle};
///
/// let answer = r#"{"offset": 0, "length": 5, "styling_info": ["bold", "italic"]}"#;
/// let part: StyledText = serde_json::from_str(answer)?;
/// assert_eq!(part.styling_info, [TextStyle::Bold, TextStyle::Italic]);
/// # Ok::<(), serde_json::Error>(())
/// ```
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
    ///
    /// ```
    /// use threads_client::TextStyle;
    ///
    /// fn tag(style: &TextStyle) -> Option<&'static str> {
    ///     match style {
    ///         TextStyle::Bold => Some("strong"),
    ///         TextStyle::Italic => Some("em"),
    ///         _ => None,
    ///     }
    /// }
    ///
    /// assert_eq!(tag(&TextStyle::Bold), Some("strong"));
    /// assert_eq!(TextStyle::from("wavy").as_str(), "wavy");
    /// ```
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
