//! What the platform sends to an app: notifications, the challenge, and signed requests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::content::MediaKind;
use crate::endpoints::wire_time;
use crate::error::SandboxError;
use crate::id::{PostId, UserId};
use crate::post::Post;
use crate::state::State;
use crate::user::User;

/// What a notification is about.
///
/// As JSON (for `/__sandbox/webhooks`): `{"field": "replies", "post_id": "179…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "field", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Notification {
    /// Somebody replied to a post of the app's user; the post is the reply.
    Replies {
        /// The id of the reply.
        post_id: String,
    },
    /// A post mentions an account.
    Mentions {
        /// The id of the post.
        post_id: String,
        /// The id or user name of the account.
        user: String,
    },
    /// The user deleted a post; it has to be deleted already.
    Delete {
        /// The id of the post.
        post_id: String,
    },
    /// The user published a post or reply.
    Publish {
        /// The id of the post.
        post_id: String,
    },
}

/// The exact bytes of a notification and the header that signs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignedBody {
    /// The JSON body; characters beyond ASCII are `\uXXXX`, in lower-case hex.
    pub body: String,
    /// The value of `X-Hub-Signature-256`: `sha256=` and 64 digits of lower-case hex.
    pub signature: String,
}

/// The id of the made-up subscription.
const SUBSCRIPTION_ID: &str = "234567000000001";

impl State {
    /// Writes a notification and signs it with the app's secret.
    pub(crate) fn notification(&self, about: &Notification) -> Result<SignedBody, SandboxError> {
        let now = self.now();
        let (topic, target, field, value) = match about {
            Notification::Replies { post_id } => {
                let post = self.notified_post(post_id)?;
                let parent = post.content.reply_to.ok_or_else(|| {
                    SandboxError::Setting(format!("the post {post_id} is no reply"))
                })?;
                let value = self.reply_value(post, parent);
                ("moderate", parent.to_string(), "replies", value)
            }
            Notification::Mentions { post_id, user } => {
                let post = self.notified_post(post_id)?;
                let user = self.find_user(user)?.id;
                let value = self.mention_value(post);
                ("interaction", user.to_string(), "mentions", value)
            }
            Notification::Delete { post_id } => {
                let post = self.any_post(post_id)?;
                let deleted_at = post.deleted_at.ok_or_else(|| {
                    SandboxError::Setting(format!("the post {post_id} is not deleted"))
                })?;
                let value = json!({
                    "id": post.id.to_string(),
                    "owner": { "owner_id": post.author.to_string() },
                    "deleted_at": wire_time(deleted_at),
                    "timestamp": wire_time(post.published_at),
                    "username": self.username(post.author),
                });
                ("moderate", post.id.to_string(), "delete", value)
            }
            Notification::Publish { post_id } => {
                let post = self.notified_post(post_id)?;
                let value = json!({
                    "id": post.id.to_string(),
                    "media_type": post.content.kind.as_field(),
                    "permalink": self.permalink(post),
                    "timestamp": wire_time(post.published_at),
                    "username": self.username(post.author),
                });
                ("interaction", post.id.to_string(), "publish", value)
            }
        };
        let envelope = json!({
            "app_id": self.app.id,
            "topic": topic,
            "target_id": target,
            "time": now.timestamp(),
            "subscription_id": SUBSCRIPTION_ID,
            "has_uid_field": false,
            "values": { "field": field, "value": value },
        });
        let body = escape_non_ascii(&envelope.to_string());
        let signature = format!("sha256={}", hex(&sign(&self.app.secret, body.as_bytes())?));
        Ok(SignedBody { body, signature })
    }

    /// A `signed_request` about an account, as deauthorize and data-deletion callbacks get it.
    pub(crate) fn signed_request(&self, user: UserId) -> Result<String, SandboxError> {
        let payload = json!({
            "algorithm": "HMAC-SHA256",
            "issued_at": self.now().timestamp(),
            "user_id": user.to_string(),
        });
        let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
        // The signature is over the encoded payload, not over the JSON.
        let signature = sign(&self.app.secret, payload.as_bytes())?;
        Ok(format!("{}.{payload}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn any_post(&self, id: &str) -> Result<&Post, SandboxError> {
        id.parse::<PostId>()
            .ok()
            .and_then(|id| self.posts.get(&id))
            .ok_or_else(|| SandboxError::UnknownPost(id.to_owned()))
    }

    fn notified_post(&self, id: &str) -> Result<&Post, SandboxError> {
        self.any_post(id)
            .ok()
            .filter(|post| post.is_live())
            // Nothing is told about what private profiles write.
            .filter(|post| self.users.get(&post.author).is_some_and(User::is_public))
            .ok_or_else(|| SandboxError::UnknownPost(id.to_owned()))
    }

    fn username(&self, user: UserId) -> &str {
        self.users.get(&user).map_or("", |user| &user.username)
    }

    fn permalink(&self, post: &Post) -> String {
        let username = self.username(post.author);
        format!(
            "https://www.threads.com/@{username}/post/{}",
            post.shortcode
        )
    }

    fn reply_value(&self, post: &Post, parent: PostId) -> Value {
        let mut value = self.base_value(post);
        value["replied_to"] = json!({ "id": parent.to_string() });
        if let Some(root) = post.root.and_then(|root| self.posts.get(&root)) {
            value["root_post"] = self.root_value(root);
        }
        value
    }

    fn mention_value(&self, post: &Post) -> Value {
        let content = &post.content;
        let mut value = self.base_value(post);
        let has_replies = self
            .posts
            .values()
            .any(|reply| reply.content.reply_to == Some(post.id) && reply.is_live());
        value["has_replies"] = json!(has_replies);
        value["is_reply"] = json!(content.reply_to.is_some());
        value["is_quote_post"] = json!(content.quotes.is_some());
        value["media_product_type"] = json!("THREADS");
        if let Some(alt_text) = &content.alt_text {
            value["alt_text"] = json!(alt_text);
        }
        if let Some(gif) = &content.gif_id {
            value["gif_url"] = json!(format!("https://media.example/gif/{gif}.gif"));
        }
        if let Some(url) = &content.media_url {
            value["media_url"] = json!(url);
            if content.kind == MediaKind::Video {
                let thumbnail = format!("https://media.example/thumbnail/{}.jpg", post.id);
                value["thumbnail_url"] = json!(thumbnail);
            }
        }
        for (name, id) in [
            ("quoted_post", content.quotes),
            ("replied_to", content.reply_to),
        ] {
            if let Some(id) = id {
                value[name] = json!({ "id": id.to_string() });
            }
        }
        if let Some(root) = post.root.and_then(|root| self.posts.get(&root)) {
            value["root_post"] = self.root_value(root);
        }
        value
    }

    /// What replies and mentions both tell.
    fn base_value(&self, post: &Post) -> Value {
        let mut value = json!({
            "id": post.id.to_string(),
            "username": self.username(post.author),
            "media_type": post.content.kind.as_field(),
            "permalink": self.permalink(post),
            "shortcode": post.shortcode,
            "timestamp": wire_time(post.published_at),
        });
        if let Some(text) = &post.content.text {
            value["text"] = json!(text);
        }
        if let Some(user) = self.users.get(&post.author) {
            value["is_verified"] = json!(user.is_verified);
            let picture = format!("https://media.example/profile/{}.jpg", user.id);
            value["profile_picture_url"] = json!(picture);
        }
        value
    }

    fn root_value(&self, root: &Post) -> Value {
        json!({
            "id": root.id.to_string(),
            "owner_id": root.author.to_string(),
            "username": self.username(root.author),
        })
    }
}

/// HMAC-SHA256 of some bytes.
fn sign(secret: &str, bytes: &[u8]) -> Result<Vec<u8>, SandboxError> {
    // HMAC takes a key of any length, so this does not fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| SandboxError::Setting(error.to_string()))?;
    mac.update(bytes);
    Ok(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// JSON with every character beyond ASCII as `\uXXXX`, in UTF-16 and lower-case hex.
fn escape_non_ascii(json: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a string does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_beyond_ascii_are_escaped_in_lower_case_hex() {
        assert_eq!(
            escape_non_ascii("a\u{e9}\u{1f600}/"),
            "a\\u00e9\\ud83d\\ude00/"
        );
    }

    #[test]
    fn the_signature_is_that_of_the_published_test_case() {
        // RFC 4231, test case 2.
        let signature = sign("Jefe", b"what do ya want for nothing?").unwrap();

        assert_eq!(
            hex(&signature),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
