//! A post as Meta describes it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use super::{
    GhostPostStatus, HideStatus, MediaProductType, MediaType, Poll, ReplyApprovalStatus,
    ReplyAudience, TextAttachment, TextEntity,
};
use crate::{Location, LocationId, PostId, UserId, wire};

/// A published post, reply or repost, as Meta describes it.
///
/// What Meta leaves out is `None`, and so is what was not asked for: every call has its own set of fields, and
/// [`PostField`](crate::PostField) names the others.
///
/// ```
/// use threads_client::{MediaType, Post};
///
/// let answer = r#"{
///     "id": 17900000000000001,
///     "media_type": "TEXT_POST",
///     "text": "Hello",
///     "timestamp": "2026-05-17T05:42:03+0000",
///     "owner": {"id": "17841400000000001"}
/// }"#;
/// let post: Post = serde_json::from_str(answer)?;
///
/// assert_eq!(post.id.as_str(), "17900000000000001");
/// assert_eq!(post.media_type, Some(MediaType::TextPost));
/// assert_eq!(post.timestamp.map(|time| time.timestamp()), Some(1_778_996_523));
/// assert_eq!(post.has_replies, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Post {
    /// Id of the post.
    pub id: PostId,
    /// On which of Meta's products it is.
    pub media_product_type: Option<MediaProductType>,
    /// What kind of post it is.
    pub media_type: Option<MediaType>,
    /// Text; absent on media without a caption.
    pub text: Option<String>,
    /// Address on the web; absent if the media is flagged for copyright.
    #[serde(default, deserialize_with = "wire::url")]
    pub permalink: Option<Url>,
    /// When it was published.
    #[serde(default, deserialize_with = "wire::timestamp")]
    pub timestamp: Option<DateTime<Utc>>,
    /// Handle of the author.
    pub username: Option<String>,
    /// Short form of the id in web addresses.
    pub shortcode: Option<String>,
    /// Address of the image or video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub media_url: Option<Url>,
    /// Address of a still of the video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub thumbnail_url: Option<Url>,
    /// Author; only on own top-level posts.
    #[serde(default, deserialize_with = "wire::user_reference")]
    pub owner: Option<UserId>,
    /// Whether the author is verified.
    pub is_verified: Option<bool>,
    /// Address of the author's picture; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub profile_picture_url: Option<Url>,
    /// Items of a carousel, in order.
    #[serde(default, deserialize_with = "wire::items")]
    pub children: Vec<CarouselItem>,
    /// Whether this post quotes another one.
    pub is_quote_post: Option<bool>,
    /// The post that is quoted.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub quoted_post: Option<PostId>,
    /// The post that is reposted.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub reposted_post: Option<PostId>,
    /// Link shown as a card; called `link_attachment` when publishing.
    #[serde(default, deserialize_with = "wire::url")]
    pub link_attachment_url: Option<Url>,
    /// Topic, without `#`.
    pub topic_tag: Option<String>,
    /// Description of the media for people who do not see it.
    pub alt_text: Option<String>,
    /// Address of the GIF; called `gif_attachment` when publishing.
    #[serde(default, deserialize_with = "wire::url")]
    pub gif_url: Option<Url>,
    /// Poll, with the votes so far.
    #[serde(rename = "poll_attachment")]
    pub poll: Option<Box<Poll>>,
    /// Special parts of the text.
    #[serde(default, deserialize_with = "wire::items")]
    pub text_entities: Vec<TextEntity>,
    /// Long text attached to the post.
    pub text_attachment: Option<Box<TextAttachment>>,
    /// Whether the media is blurred until it is tapped.
    pub is_spoiler_media: Option<bool>,
    /// Whether there are replies that this account can see.
    pub has_replies: Option<bool>,
    /// Whether it is a reply.
    pub is_reply: Option<bool>,
    /// Whether it is a reply of this account.
    pub is_reply_owned_by_me: Option<bool>,
    /// The post at the top of the conversation that this reply is in.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub root_post: Option<PostId>,
    /// The post or reply that this reply answers.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub replied_to: Option<PostId>,
    /// Whether the reply is hidden.
    pub hide_status: Option<HideStatus>,
    /// How far the approval of the reply is; only on pending replies.
    pub reply_approval_status: Option<ReplyApprovalStatus>,
    /// Who may reply; needs `threads_read_replies`, so no call asks for it unless told to.
    pub reply_audience: Option<ReplyAudience>,
    /// Id of the tagged place; needs `threads_location_tagging`.
    pub location_id: Option<LocationId>,
    /// The tagged place; needs `threads_location_tagging`.
    pub location: Option<Box<Location>>,
    /// Countries (ISO 3166-1 alpha-2) the post is shown in.
    pub allowlisted_country_codes: Option<Vec<String>>,
    /// Whether the ghost post is still to be seen.
    pub ghost_post_status: Option<GhostPostStatus>,
    /// When the ghost post ends, or ended.
    #[serde(default, deserialize_with = "wire::timestamp")]
    pub ghost_post_expiration_timestamp: Option<DateTime<Utc>>,
}

/// One image or video of a carousel.
///
/// ```
/// use threads_client::{CarouselItem, Post};
///
/// let answer = r#"{"id": "1", "children": {"data": [{"id": "2", "alt_text": "A crane"}, {"id": "3"}]}}"#;
/// let post: Post = serde_json::from_str(answer)?;
///
/// let without_text = |item: &&CarouselItem| item.alt_text.is_none();
/// assert_eq!(post.children.iter().filter(without_text).count(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CarouselItem {
    /// Id of the item.
    pub id: PostId,
    /// Whether it is an image or a video.
    pub media_type: Option<MediaType>,
    /// Address of the image or video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub media_url: Option<Url>,
    /// Address of a still of the video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub thumbnail_url: Option<Url>,
    /// Description for people who do not see it.
    pub alt_text: Option<String>,
}
