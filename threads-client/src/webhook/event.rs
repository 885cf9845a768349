//! What happened, as a notification tells it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;
use url::Url;

use crate::{MediaType, Poll, PostId, RawJson, UserId, wire};

/// What a webhook notification is about.
///
/// Meta has no webhook for likes, for insights, or for a user who withdraws the app's access; the last one is
/// a [signed request](crate::SignedRequestVerifier) to another address.
///
/// ```
/// use threads_client::{WebhookEvent, WebhookNotification};
///
/// fn tell(notification: &WebhookNotification) {
///     match &notification.event {
///         WebhookEvent::Reply(reply) => println!("@{:?}: {:?}", reply.username, reply.text),
///         WebhookEvent::Delete(post) => println!("{} is gone", post.id),
///         WebhookEvent::Unknown { field, value } => println!("{field}: {}", value.as_str()),
///         other => println!("{}", other.field()),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WebhookEvent {
    /// Somebody replied to media of the account.
    #[doc(alias = "replies")]
    Reply(Box<WebhookPost>),
    /// A public post mentions the account.
    ///
    /// Without the scope `threads_read_replies` Meta leaves out `has_replies`, `is_reply`, `replied_to` and
    /// `root_post`.
    #[doc(alias = "mentions")]
    Mention(Box<WebhookPost>),
    /// The account deleted a post.
    Delete(DeletedPost),
    /// The account published a post or a reply. Meta sends `id`, `media_type`, `permalink`, `timestamp` and
    /// `username`.
    Publish(Box<WebhookPost>),
    /// A field that this version of the crate does not know, or one whose value it cannot read.
    Unknown {
        /// The field, as Meta wrote it.
        field: String,
        /// Its value, as Meta wrote it.
        value: RawJson,
    },
}

impl WebhookEvent {
    /// The field of the subscription, as Meta calls it.
    pub fn field(&self) -> &str {
        match self {
            Self::Reply(_) => "replies",
            Self::Mention(_) => "mentions",
            Self::Delete(_) => "delete",
            Self::Publish(_) => "publish",
            Self::Unknown { field, .. } => field,
        }
    }

    /// A value that cannot be read is kept as it is: refusing it would have Meta send it again for hours.
    pub(super) fn read(field: String, value: &RawValue) -> Self {
        let text = value.get();
        let read = match field.as_str() {
            "replies" => serde_json::from_str(text).map(Self::Reply),
            "mentions" => serde_json::from_str(text).map(Self::Mention),
            "delete" => serde_json::from_str(text).map(Self::Delete),
            "publish" => serde_json::from_str(text).map(Self::Publish),
            _ => Err(serde_json::Error::custom("an unknown field")),
        };
        read.unwrap_or_else(|_| Self::Unknown {
            field,
            value: value.into(),
        })
    }
}

/// A post as notifications describe it. What Meta leaves out is `None`.
///
/// ```
/// use threads_client::WebhookPost;
///
/// let value = r#"{"id": "17900000000000002", "text": "Nice", "replied_to": {"id": "17900000000000001"}}"#;
/// let post: WebhookPost = serde_json::from_str(value)?;
///
/// assert_eq!(post.text.as_deref(), Some("Nice"));
/// assert_eq!(post.replied_to.map(|post| post.to_string()), Some("17900000000000001".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct WebhookPost {
    /// Id of the post.
    pub id: PostId,
    /// Handle of the author.
    pub username: Option<String>,
    /// Whether the author is verified.
    #[serde(default, deserialize_with = "wire::lenient_bool")]
    pub is_verified: Option<bool>,
    /// Picture of the author; the address expires. The account's own profile calls it
    /// `threads_profile_picture_url`.
    #[serde(default, deserialize_with = "wire::url")]
    pub profile_picture_url: Option<Url>,
    /// Text; absent on media without a caption.
    pub text: Option<String>,
    /// What kind of post it is.
    pub media_type: Option<MediaType>,
    /// Where it was published, such as `THREADS`.
    pub media_product_type: Option<String>,
    /// Address on the web.
    #[serde(default, deserialize_with = "wire::url")]
    pub permalink: Option<Url>,
    /// Short form of the id in web addresses.
    pub shortcode: Option<String>,
    /// When it was published.
    #[serde(default, deserialize_with = "wire::timestamp")]
    pub timestamp: Option<DateTime<Utc>>,
    /// Description of the media for people who do not see it.
    pub alt_text: Option<String>,
    /// Address of the GIF.
    #[serde(default, deserialize_with = "wire::url")]
    pub gif_url: Option<Url>,
    /// Address of the image or video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub media_url: Option<Url>,
    /// Address of a still of the video; it expires.
    #[serde(default, deserialize_with = "wire::url")]
    pub thumbnail_url: Option<Url>,
    /// Whether it has replies.
    #[serde(default, deserialize_with = "wire::lenient_bool")]
    pub has_replies: Option<bool>,
    /// Whether it is a reply.
    #[serde(default, deserialize_with = "wire::lenient_bool")]
    pub is_reply: Option<bool>,
    /// Whether this post quotes another one.
    #[serde(default, deserialize_with = "wire::lenient_bool")]
    pub is_quote_post: Option<bool>,
    /// The post that is quoted.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub quoted_post: Option<PostId>,
    /// The post that is reposted.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub reposted_post: Option<PostId>,
    /// The post that this one replies to.
    #[serde(default, deserialize_with = "wire::post_reference")]
    pub replied_to: Option<PostId>,
    /// The post at the top of the conversation.
    pub root_post: Option<RootPost>,
    /// The poll.
    #[serde(rename = "poll_attachment")]
    pub poll: Option<Box<Poll>>,
}

/// The post at the top of a conversation.
///
/// ```
/// use threads_client::RootPost;
///
/// let value = r#"{"id": "17900000000000001", "owner_id": 17841400000000001, "username": "acme.lab"}"#;
/// let root: RootPost = serde_json::from_str(value)?;
/// assert_eq!(root.owner_id.map(|owner| owner.to_string()), Some("17841400000000001".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RootPost {
    /// Id of the post.
    pub id: Option<PostId>,
    /// Its author.
    pub owner_id: Option<UserId>,
    /// Handle of its author.
    pub username: Option<String>,
}

/// A post that its author deleted.
///
/// ```
/// use threads_client::DeletedPost;
///
/// let value = r#"{"id": "17900000000000001", "deleted_at": "2026-01-02T08:00:00+0000"}"#;
/// let post: DeletedPost = serde_json::from_str(value)?;
/// assert_eq!(post.deleted_at.map(|time| time.to_rfc3339()), Some("2026-01-02T08:00:00+00:00".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct DeletedPost {
    /// Id of the post.
    pub id: PostId,
    /// Its author.
    #[serde(default, deserialize_with = "owner")]
    pub owner: Option<UserId>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "moment")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// When it was published.
    #[serde(default, deserialize_with = "moment")]
    pub timestamp: Option<DateTime<Utc>>,
    /// Handle of the author.
    pub username: Option<String>,
}

fn owner<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<UserId>, D::Error> {
    #[derive(Deserialize)]
    struct Owner {
        owner_id: Option<UserId>,
    }

    Ok(Option::<Owner>::deserialize(deserializer)?.and_then(|owner| owner.owner_id))
}

/// A timestamp, or seconds since 1970: Meta does not say which of them `deleted_at` is.
pub(super) fn moment<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(text) = wire::lenient_text(deserializer)? else {
        return Ok(None);
    };
    let time = match text.parse() {
        Ok(0) => return Ok(None),
        Ok(seconds) => DateTime::from_timestamp(seconds, 0),
        Err(_) => wire::parse_timestamp(&text),
    };
    time.map(Some).ok_or_else(|| D::Error::custom("not a time"))
}
