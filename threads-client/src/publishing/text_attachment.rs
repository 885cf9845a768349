//! A long text under a text, with styles.

use serde::{Deserialize, Serialize};
use url::Url;

/// A text of up to 10,000 characters that is to be attached to a text post.
///
/// Its members have Meta's names, in kept drafts as on the wire. See
/// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/text-attachments).
///
/// ```
/// use threads_client::{Draft, DraftStyling, DraftTextAttachment, DraftTextStyle};
///
/// let attachment = DraftTextAttachment::new("First things first")
///     .style(DraftTextStyle::new(0, 5, [DraftStyling::Bold, DraftStyling::Italic]));
/// let draft = Draft::text_attachment(attachment).with_text("A longer read");
/// draft.validate()?;
/// # Ok::<(), threads_client::DraftError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DraftTextAttachment {
    /// The text, without any mark-up.
    pub plaintext: String,
    /// Link to show below it; not together with a [link attachment](crate::Draft::link_attachment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_attachment_url: Option<Url>,
    /// Which parts of it look different; they must not overlap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text_with_styling_info: Vec<DraftTextStyle>,
}

impl DraftTextAttachment {
    /// A text in one style.
    pub fn new(plaintext: impl Into<String>) -> Self {
        Self {
            plaintext: plaintext.into(),
            link_attachment_url: None,
            text_with_styling_info: Vec::new(),
        }
    }

    /// Shows a link below the text.
    pub fn link_attachment_url(mut self, link: Url) -> Self {
        self.link_attachment_url = Some(link);
        self
    }

    /// Gives a part of the text another style.
    pub fn style(mut self, style: DraftTextStyle) -> Self {
        self.text_with_styling_info.push(style);
        self
    }
}

/// A part of a text attachment and how it looks.
///
/// Meta does not say in what `offset` and `length` count: they mean the same in bytes, code points and UTF-16
/// code units only where the text is ASCII up to the end of the part. Beyond that the draft has a
/// [warning](crate::DraftWarning::UnclearOffset).
///
/// ```
/// use threads_client::{DraftStyling, DraftTextAttachment, DraftTextStyle};
///
/// let attachment = DraftTextAttachment::new("First things first")
///     .link_attachment_url("https://acme.example/".parse()?)
///     .style(DraftTextStyle::new(0, 5, [DraftStyling::Bold]))
///     .style(DraftTextStyle::new(13, 5, [DraftStyling::Underline]));
/// assert_eq!(attachment.text_with_styling_info.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DraftTextStyle {
    /// Where the part begins; 0 is the beginning of the text.
    pub offset: u32,
    /// How long it is.
    pub length: u32,
    /// How it looks; at least one.
    pub styling_info: Vec<DraftStyling>,
}

impl DraftTextStyle {
    /// Styles for a part of a text.
    pub fn new(
        offset: u32,
        length: u32,
        styling_info: impl IntoIterator<Item = DraftStyling>,
    ) -> Self {
        Self {
            offset,
            length,
            styling_info: styling_info.into_iter().collect(),
        }
    }
}

/// How a part of a text attachment looks.
///
/// ```
/// use threads_client::DraftStyling;
///
/// // In kept drafts and on the wire it has Meta's names.
/// let styles: Vec<DraftStyling> = serde_json::from_str(r#"["bold", "strikethrough"]"#)?;
/// assert_eq!(styles, [DraftStyling::Bold, DraftStyling::Strikethrough]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DraftStyling {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Highlighted.
    Highlight,
    /// Underlined.
    Underline,
    /// Struck through.
    Strikethrough,
}
