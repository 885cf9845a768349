//! The envelope around what happened, in the form of Threads and in the older one of Graph.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::event::{WebhookEvent, moment};
use crate::http::decode_with_path;
use crate::open_enum::open_enum;
use crate::signature::{hash_of, write_hex};
use crate::{CallbackError, PostId, wire};

/// A notification that Meta signed.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{AppSecret, WebhookNotification, WebhookTopic, WebhookVerifier};
///
/// let body = br#"{
///     "topic": "moderate",
///     "time": 1767225600,
///     "values": {"field": "replies", "value": {"id": "17900000000000002", "text": "Nice"}}
/// }"#;
/// let header = "sha256=f8f51a59aad97447fe412443bdf01cb3db321921343e16250612643abaa334dc";
/// let verifier = WebhookVerifier::new(AppSecret::new("secret of the Threads app"))?;
///
/// let now = "2026-01-01T00:05:00Z".parse()?;
/// let is_recent = |notification: &WebhookNotification| {
///     notification.age(now).is_some_and(|age| age < Duration::from_secs(48 * 60 * 60))
/// };
/// let notifications = verifier.notifications(body, Some(header))?;
/// assert!(notifications.iter().all(is_recent));
/// assert_eq!(notifications[0].topic, Some(WebhookTopic::Moderate));
/// assert_eq!(notifications[0].event.field(), "replies");
/// println!("to be kept: {}", notifications[0].key());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WebhookNotification {
    /// What happened.
    pub event: WebhookEvent,
    /// The app that subscribed.
    pub app_id: Option<String>,
    /// The topic that the app subscribed to.
    pub topic: Option<WebhookTopic>,
    /// What it is about: a post for replies and deletions, the mentioned user for mentions. Meta does not say
    /// what it is for publications.
    pub target_id: Option<String>,
    /// When Meta made the notification.
    pub time: Option<DateTime<Utc>>,
    /// The subscription.
    pub subscription_id: Option<String>,
    /// Meta sends this and does not say what it means.
    pub has_uid_field: Option<bool>,
    /// Hash over the field and its value as they came.
    content: [u8; 32],
}

impl WebhookNotification {
    /// What is the same for all deliveries of one notification.
    ///
    /// Keep the keys of what was processed for as long as deliveries are believed, and skip a notification
    /// whose key is among them.
    pub fn key(&self) -> NotificationKey {
        NotificationKey {
            subscription_id: self.subscription_id.clone(),
            target_id: self.target_id.clone(),
            time: self.time,
            content: self.content,
        }
    }

    /// How long before `now` Meta made the notification; zero if its clock is ahead of ours.
    ///
    /// Meta repeats a delivery for up to about 36 hours. What is older than 48 hours is better refused: it
    /// may have been recorded and sent again by somebody else, after its key was forgotten.
    pub fn age(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.time
            .map(|time| (now - time).to_std().unwrap_or(Duration::ZERO))
    }
}

open_enum! {
    /// A group of fields that an app subscribes to.
    ///
    /// ```
    /// use threads_client::{WebhookNotification, WebhookTopic};
    ///
    /// fn is_about_replies(notification: &WebhookNotification) -> bool {
    ///     notification.topic == Some(WebhookTopic::Moderate)
    /// }
    ///
    /// assert_eq!(WebhookTopic::Interaction.as_str(), "interaction");
    /// ```
    pub enum WebhookTopic {
        /// Replies and deletions.
        Moderate = "moderate",
        /// Mentions and publications.
        Interaction = "interaction",
    }
}

/// What identifies a notification: two deliveries of one notification have the same.
///
/// The content stands for itself rather than for the whole body, so that a body with several notifications
/// has several keys, and a delivery in another company has the same. `Display` writes 64 hexadecimal digits
/// that stand for all parts, as a key in a store.
///
/// ```
/// use std::collections::HashSet;
/// use threads_client::NotificationKey;
/// # let verifier = threads_client::WebhookVerifier::new(
/// #     threads_client::AppSecret::new("secret of the Threads app"),
/// # )?;
/// # let body = br#"{
/// #     "topic": "moderate",
/// #     "time": 1767225600,
/// #     "values": {"field": "replies", "value": {"id": "17900000000000002", "text": "Nice"}}
/// # }"#;
/// # let header = Some("sha256=f8f51a59aad97447fe412443bdf01cb3db321921343e16250612643abaa334dc");
///
/// let mut processed: HashSet<NotificationKey> = HashSet::new();
/// for delivery in 1..=2 {
///     for notification in verifier.notifications(body, header)? {
///         let is_new = processed.insert(notification.key());
///         assert_eq!(is_new, delivery == 1);
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NotificationKey {
    /// The subscription.
    pub subscription_id: Option<String>,
    /// What the notification is about.
    pub target_id: Option<String>,
    /// When Meta made the notification.
    pub time: Option<DateTime<Utc>>,
    /// SHA-256 over the field and its value as they came.
    pub content: [u8; 32],
}

impl fmt::Display for NotificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time.map(|time| time.timestamp().to_be_bytes());
        // An absent part differs from an empty one by the byte before it.
        let parts = [
            self.subscription_id.as_ref().map(String::as_bytes),
            self.target_id.as_ref().map(String::as_bytes),
            time.as_ref().map(<[u8; 8]>::as_slice),
            Some(&self.content[..]),
        ]
        .map(|part| {
            let mut bytes = vec![u8::from(part.is_some())];
            bytes.extend_from_slice(part.unwrap_or_default());
            bytes
        });
        write_hex(&hash_of(&parts.each_ref().map(Vec::as_slice)), formatter)
    }
}

/// Reads a body whose signature was right.
pub(super) fn parse(body: &[u8]) -> Result<Vec<WebhookNotification>, CallbackError> {
    let envelope: Envelope<'_> = decode(body, "")?;
    if let Some(values) = envelope.values {
        let about = About {
            app_id: id(envelope.app_id),
            topic: loose(envelope.topic),
            target_id: id(envelope.target_id),
            time: time(envelope.time),
            subscription_id: id(envelope.subscription_id),
            has_uid_field: envelope.has_uid_field,
        };
        return Ok(changes(values, "values")?
            .into_iter()
            .map(|change| about.notification(change))
            .collect());
    }
    let Some(entries) = envelope.entry else {
        return Err(CallbackError::Payload {
            path: String::from("values"),
            source: crate::DecodeFailure::Shape { line: 1, column: 1 },
        });
    };
    let mut notifications = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let about = About {
            target_id: id(entry.id),
            time: time(entry.time),
            ..About::default()
        };
        if let Some(list) = entry.changes {
            let changes = changes(list, &format!("entry[{index}].changes"))?;
            notifications.extend(changes.into_iter().map(|change| about.notification(change)));
        }
    }
    Ok(notifications)
}

/// Threads writes an object with `values`, Graph a list with `entry`.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    app_id: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    target_id: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    subscription_id: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "wire::lenient_bool")]
    has_uid_field: Option<bool>,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    #[serde(borrow)]
    entry: Option<Vec<Entry<'a>>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    changes: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Change<'a> {
    field: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// What the envelope says about all its changes.
#[derive(Default)]
struct About {
    app_id: Option<String>,
    topic: Option<WebhookTopic>,
    target_id: Option<String>,
    time: Option<DateTime<Utc>>,
    subscription_id: Option<String>,
    has_uid_field: Option<bool>,
}

impl About {
    fn notification(&self, change: Change<'_>) -> WebhookNotification {
        let content = hash_of(&[change.field.as_bytes(), change.value.get().as_bytes()]);
        WebhookNotification {
            event: WebhookEvent::read(change.field, change.value),
            app_id: self.app_id.clone(),
            topic: self.topic.clone(),
            target_id: self.target_id.clone(),
            time: self.time,
            subscription_id: self.subscription_id.clone(),
            has_uid_field: self.has_uid_field,
            content,
        }
    }
}

/// One change, or a list of changes.
fn changes<'a>(value: &'a RawValue, path: &str) -> Result<Vec<Change<'a>>, CallbackError> {
    let text = value.get().as_bytes();
    if text.first() == Some(&b'[') {
        decode(text, path)
    } else {
        decode(text, path).map(|change| vec![change])
    }
}

/// Decodes a part of the body that stands at `path`, or says where it is not what was expected.
fn decode<'a, T: Deserialize<'a>>(json: &'a [u8], path: &str) -> Result<T, CallbackError> {
    serde_json::from_slice(json)
        .or_else(|_| decode_with_path(json, &[]))
        .map_err(|(inner, source)| CallbackError::Payload {
            path: match (path, inner.as_str()) {
                ("", _) => inner,
                (_, ".") => path.to_owned(),
                (_, list) if list.starts_with('[') => format!("{path}{list}"),
                (_, key) => format!("{path}.{key}"),
            },
            source,
        })
}

/// What stands around a notification, if it can be read: what cannot is no reason to refuse what was signed, which
/// Meta would send again for hours.
fn loose<T: DeserializeOwned>(value: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(value?.get()).ok()
}

/// An id of an object of whatever kind.
fn id(value: Option<&RawValue>) -> Option<String> {
    loose::<PostId>(value).map(|id| id.as_str().to_owned())
}

fn time(value: Option<&RawValue>) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Moment(#[serde(deserialize_with = "moment")] Option<DateTime<Utc>>);

    loose::<Moment>(value)?.0
}
