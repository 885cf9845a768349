//! A post before it is sent.

use serde::{Deserialize, Serialize};
use url::Url;

use super::check;
use super::rules::DraftError;
use super::text::in_text_tags;
use super::warnings::{self, DraftWarning};
use super::{
    DraftGif, DraftPoll, DraftSpoiler, DraftTextAttachment, InstagramShare, Media, ReplyControl,
};
use crate::{LocationId, PostId};

/// A post to be published.
///
/// The setters take anything; [`validate`](Self::validate) names what Meta would refuse, and nothing is sent
/// before it passes. The JSON form is stable, and unknown members are refused: a draft that was kept by a
/// newer version is never published with a part missing.
///
/// ```
/// use threads_client::{Draft, ReplyControl};
///
/// let draft = Draft::text("Hello").reply_control(ReplyControl::FollowersOnly).topic_tag("Rust");
/// draft.validate()?;
/// # Ok::<(), threads_client::DraftError>(())
/// ```
///
/// What a text can have, and what media can have:
///
/// ```
/// use threads_client::{Draft, DraftSpoiler, InstagramShare, LocationId};
///
/// let text = Draft::text("It was the gardener")
///     .link_attachment("https://acme.example/plot".parse()?)
///     .spoiler(DraftSpoiler::new(7, 12))
///     .enable_reply_approvals();
/// assert_eq!(text.warnings(), []);
///
/// let image = Draft::image("https://media.example/crane.jpg".parse()?)
///     .with_text("Seen today")
///     .alt_text("A crane over a roof")
///     .location(LocationId::new("12345"))
///     .countries(["DE", "ID"])
///     .spoiler_media()
///     .share_to_instagram(InstagramShare::Standard);
/// image.validate()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Draft {
    /// What the post consists of, besides its text.
    pub content: DraftContent,
    /// Text, or caption of media; up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Description of the one image or video of this draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
    /// Link to show as a card; only on text posts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_attachment: Option<Url>,
    /// Topic, without `#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_tag: Option<String>,
    /// Who may reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_control: Option<ReplyControl>,
    /// The post this one replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<PostId>,
    /// The post this one quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<PostId>,
    /// Place to tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// Countries (ISO 3166-1 alpha-2) the post is shown in; empty means everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Whether to blur the media until it is tapped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_spoiler_media: bool,
    /// Parts of the text to blur until they are tapped; up to ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spoilers: Vec<DraftSpoiler>,
    /// Whether replies wait for the author's approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enable_reply_approvals: bool,
    /// Whether, and in which look, to share it to the author's Instagram story, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_to_instagram: Option<InstagramShare>,
}

/// What a post consists of, besides its text.
///
/// A text post has at most one of a poll, a GIF and a text attachment, and a ghost post has none of them.
///
/// ```
/// use threads_client::{Draft, DraftContent};
///
/// let drafts = [
///     Draft::ghost_post("Gone tomorrow"),
///     Draft::video("https://media.example/crane.mp4".parse()?),
/// ];
/// let kinds = drafts.map(|draft| match draft.content {
///     DraftContent::GhostPost => "ghost post",
///     content if content.is_text() => "text",
///     _ => "media",
/// });
/// assert_eq!(kinds, ["ghost post", "media"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DraftContent {
    /// Nothing else.
    Text,
    /// A poll about the text.
    Poll(DraftPoll),
    /// A GIF.
    Gif(DraftGif),
    /// A longer text with styles.
    TextAttachment(DraftTextAttachment),
    /// Nothing else, and it is archived after 24 hours.
    #[doc(alias = "is_ghost_post")]
    GhostPost,
    /// One image or video.
    Single(Media),
    /// Two to twenty images or videos, in order.
    Carousel(Vec<Media>),
}

impl DraftContent {
    /// Whether Meta takes the post as `TEXT`: it has no image and no video.
    pub fn is_text(&self) -> bool {
        match self {
            Self::Text
            | Self::Poll(_)
            | Self::Gif(_)
            | Self::TextAttachment(_)
            | Self::GhostPost => true,
            Self::Single(_) | Self::Carousel(_) => false,
        }
    }
}

impl Draft {
    /// A text post.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(DraftContent::Text).with_text(text)
    }

    /// A poll, with its question.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/create-posts/polls).
    pub fn poll(question: impl Into<String>, poll: DraftPoll) -> Self {
        Self::new(DraftContent::Poll(poll)).with_text(question)
    }

    /// A post of one GIF.
    pub fn gif(gif: DraftGif) -> Self {
        Self::new(DraftContent::Gif(gif))
    }

    /// A post with a longer text attached.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/create-posts/text-attachments).
    pub fn text_attachment(attachment: DraftTextAttachment) -> Self {
        Self::new(DraftContent::TextAttachment(attachment))
    }

    /// A text that is archived after 24 hours; it takes text spoilers and nothing else.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/create-posts/ghost-posts).
    pub fn ghost_post(text: impl Into<String>) -> Self {
        Self::new(DraftContent::GhostPost).with_text(text)
    }

    /// A post of one image.
    pub fn image(url: Url) -> Self {
        Self::new(DraftContent::Single(Media::image(url)))
    }

    /// A post of one video.
    pub fn video(url: Url) -> Self {
        Self::new(DraftContent::Single(Media::video(url)))
    }

    /// A post of two to twenty images and videos.
    pub fn carousel(items: Vec<Media>) -> Self {
        Self::new(DraftContent::Carousel(items))
    }

    fn new(content: DraftContent) -> Self {
        Self {
            content,
            text: None,
            alt_text: None,
            link_attachment: None,
            topic_tag: None,
            reply_control: None,
            reply_to: None,
            quote: None,
            location: None,
            countries: Vec::new(),
            is_spoiler_media: false,
            spoilers: Vec::new(),
            enable_reply_approvals: false,
            share_to_instagram: None,
        }
    }

    /// Sets the text, or the caption of media; up to 500 characters.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Describes the one image or video; items of a carousel have [their own](Media::alt_text).
    pub fn alt_text(mut self, text: impl Into<String>) -> Self {
        self.alt_text = Some(text.into());
        self
    }

    /// Shows a link as a card; only on text posts.
    pub fn link_attachment(mut self, link: Url) -> Self {
        self.link_attachment = Some(link);
        self
    }

    /// Sets the topic: 1 to 50 characters without `#`, `.` and `&`.
    pub fn topic_tag(mut self, tag: impl Into<String>) -> Self {
        self.topic_tag = Some(tag.into());
        self
    }

    /// Sets who may reply.
    pub fn reply_control(mut self, control: ReplyControl) -> Self {
        self.reply_control = Some(control);
        self
    }

    /// Makes it a reply; needs `threads_manage_replies`.
    ///
    /// ```
    /// use threads_client::{Draft, PostId};
    ///
    /// let reply = Draft::text("Well said").reply_to(PostId::new("17900000000000001"));
    /// let quote = Draft::text("Well said").quote(PostId::new("17900000000000001"));
    /// # assert_ne!(reply, quote);
    /// ```
    pub fn reply_to(mut self, post: PostId) -> Self {
        self.reply_to = Some(post);
        self
    }

    /// Makes it a quote.
    pub fn quote(mut self, post: PostId) -> Self {
        self.quote = Some(post);
        self
    }

    /// Tags a place; needs `threads_location_tagging`.
    pub fn location(mut self, location: LocationId) -> Self {
        self.location = Some(location);
        self
    }

    /// Shows the post in these countries only; the account must be eligible.
    pub fn countries(mut self, countries: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.countries = countries.into_iter().map(Into::into).collect();
        self
    }

    /// Blurs the media until it is tapped; on a carousel, all of it.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/create-posts/spoilers).
    pub fn spoiler_media(mut self) -> Self {
        self.is_spoiler_media = true;
        self
    }

    /// Blurs a part of the text until it is tapped; there are at most ten.
    pub fn spoiler(mut self, spoiler: DraftSpoiler) -> Self {
        self.spoilers.push(spoiler);
        self
    }

    /// Lets replies wait for the author's approval.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/reply-management).
    pub fn enable_reply_approvals(mut self) -> Self {
        self.enable_reply_approvals = true;
        self
    }

    /// Shares it to the author's Instagram story, too; needs `threads_share_to_instagram`.
    pub fn share_to_instagram(mut self, share: InstagramShare) -> Self {
        self.share_to_instagram = Some(share);
        self
    }

    /// The topic that the post will have: its topic tag, or else the first [tag](in_text_tags) in its text.
    ///
    /// ```
    /// use threads_client::Draft;
    ///
    /// let draft = Draft::text("We are #1 in #Tea");
    /// assert_eq!(draft.topic(), Some("Tea"));
    /// assert_eq!(draft.topic_tag("Coffee").topic(), Some("Coffee"));
    /// ```
    pub fn topic(&self) -> Option<&str> {
        let tags = in_text_tags(self.text.as_deref().unwrap_or_default());
        self.topic_tag.as_deref().or(tags.first().copied())
    }

    /// Checks everything that Meta is certain to refuse.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// The first rule that is broken, with the field that breaks it.
    pub fn validate(&self) -> Result<(), DraftError> {
        check::check(self)
    }

    /// What Meta may or may not refuse, because its documentation and what was seen of it do not agree, or
    /// because it does not say.
    pub fn warnings(&self) -> Vec<DraftWarning> {
        warnings::warnings(self)
    }

    /// The description of the one image or video, wherever it was set.
    pub(super) fn single_alt_text<'d>(&'d self, media: &'d Media) -> Option<&'d str> {
        self.alt_text.as_deref().or(media.alt_text.as_deref())
    }
}
