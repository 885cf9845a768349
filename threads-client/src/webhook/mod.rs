//! Webhooks: proving a callback address to Meta, and believing what arrives there.
//!
//! Meta has no call that subscribes: topics, callback address and verify token are entered in the app's
//! dashboard. Nothing here keeps state or reads a clock: a notification says when it was sent and has a
//! [key](WebhookNotification::key) by which its repetitions are known, and the caller decides.

mod event;
mod notification;
mod subscription;

pub use event::{DeletedPost, RootPost, WebhookEvent, WebhookPost};
pub use notification::{NotificationKey, WebhookNotification, WebhookTopic};
pub use subscription::VerifyToken;

use crate::signature::SigningSecrets;
use crate::{AppSecret, CallbackError, Result};

/// Larger bodies are refused unread; Meta's notifications are a few kilobytes long.
const LARGEST_BODY: usize = 1024 * 1024;

const SCHEME: &str = "sha256=";

/// Tells what Meta sent to a webhook from what somebody else sent.
///
/// Meta does not say with which of an app's two secrets it signs the notifications of Threads. Give both, or
/// one only after having seen that it is the right one.
///
/// ```
/// # fn run(body: &[u8], header: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
/// use threads_client::{AppSecret, WebhookEvent, WebhookVerifier};
///
/// let verifier = WebhookVerifier::new(AppSecret::new("secret of the Threads app"))?
///     .or_secret(AppSecret::new("secret of the Meta app"))?;
///
/// // `header` is the value of `X-Hub-Signature-256`, `body` the bytes as they came.
/// for notification in verifier.notifications(body, header)? {
///     if let WebhookEvent::Reply(reply) = &notification.event {
///         println!("{} has a new reply", reply.replied_to.as_ref().map_or("?", |post| post.as_str()));
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct WebhookVerifier {
    secrets: SigningSecrets,
}

impl WebhookVerifier {
    /// Believes what was signed with this secret.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the secret is empty: anybody could sign.
    pub fn new(secret: AppSecret) -> Result<Self> {
        SigningSecrets::new(secret).map(|secrets| Self { secrets })
    }

    /// Also believes what was signed with the app's other secret.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the secret is empty, or if there are two
    /// already.
    pub fn or_secret(self, secret: AppSecret) -> Result<Self> {
        self.secrets.or(secret).map(|secrets| Self { secrets })
    }

    /// Checks the `X-Hub-Signature-256` header over the bytes of the body as they came.
    ///
    /// Do not parse and write the body again before: Meta signs its own way of escaping. The older
    /// `X-Hub-Signature` header is of no use.
    ///
    /// See [Meta's page](https://developers.facebook.com/docs/threads/webhooks).
    ///
    /// # Errors
    ///
    /// [`CallbackError::TooLarge`] for more than 1 MiB, else a [`CallbackError`] about the signature.
    pub fn verify(&self, body: &[u8], signature: Option<&str>) -> Result<(), CallbackError> {
        if body.len() > LARGEST_BODY {
            return Err(CallbackError::TooLarge {
                limit: LARGEST_BODY,
            });
        }
        let signature = signature.ok_or(CallbackError::SignatureMissing)?;
        let signature = signature
            .strip_prefix(SCHEME)
            .and_then(digits)
            .ok_or(CallbackError::SignatureMalformed)?;
        if self.secrets.have_signed(body, &signature) {
            Ok(())
        } else {
            Err(CallbackError::SignatureMismatch)
        }
    }

    /// What the body of a request to the webhook says, if Meta signed it.
    ///
    /// Threads sends one notification at a time; a body of the older Graph form can hold several. A field
    /// that this version does not know is [`WebhookEvent::Unknown`], not an error.
    ///
    /// Answer with 200 as soon as the notifications are stored. Otherwise Meta sends them again, for up to
    /// about 36 hours; it may send them twice, or in another order, in any case.
    ///
    /// Scopes: `threads_basic`, and `threads_read_replies` for replies, `threads_manage_mentions` for
    /// mentions, `threads_delete` for deletions. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/webhooks).
    ///
    /// # Errors
    ///
    /// Those of [`verify`](Self::verify), and [`CallbackError::Payload`] if what was signed is not a
    /// notification.
    pub fn notifications(
        &self,
        body: &[u8],
        signature: Option<&str>,
    ) -> Result<Vec<WebhookNotification>, CallbackError> {
        self.verify(body, signature)?;
        notification::parse(body)
    }
}

/// The bytes of 64 hexadecimal digits.
fn digits(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let value = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
        *byte = u8::try_from(value).ok()?;
    }
    Some(bytes)
}
