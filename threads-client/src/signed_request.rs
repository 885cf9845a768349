//! The signed requests by which Meta tells that a user removed the app, or wants their data deleted.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use crate::http::decode_with_path;
use crate::signature::{SigningSecrets, hash_of, write_hex};
use crate::{AppSecret, CallbackError, Error, Result, UserId, wire};

/// Larger ones are refused unread; Meta's are a few hundred bytes long.
const LARGEST_REQUEST: usize = 4 * 1024;

const FIELD: &str = "signed_request";

/// Tells the deauthorize and data-deletion callbacks of Meta from those of somebody else.
///
/// Both are a `POST` of a form with one field, `signed_request`. Meta does not say with which of an app's two
/// secrets it signs those of Threads, so give both. Nothing here keeps state or reads a clock: a request has
/// an [age](SignedRequest::age) and a [key](SignedRequest::key), and the caller decides.
///
/// ```
/// # fn run(form: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// use threads_client::{AppSecret, SignedRequestVerifier};
///
/// let verifier = SignedRequestVerifier::new(AppSecret::new("secret of the Threads app"))?
///     .or_secret(AppSecret::new("secret of the Meta app"))?;
///
/// let request = verifier.verify_form(form)?;
/// println!("erase {}", request.user_id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SignedRequestVerifier {
    secrets: SigningSecrets,
}

impl SignedRequestVerifier {
    /// Believes what was signed with this secret.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the secret is empty: anybody could sign.
    pub fn new(secret: AppSecret) -> Result<Self> {
        SigningSecrets::new(secret).map(|secrets| Self { secrets })
    }

    /// Also believes what was signed with the app's other secret.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the secret is empty, or if there are two already.
    pub fn or_secret(self, secret: AppSecret) -> Result<Self> {
        self.secrets.or(secret).map(|secrets| Self { secrets })
    }

    /// Reads the body of the callback: a form with the field `signed_request`.
    ///
    /// See
    /// [Meta's page](https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback).
    ///
    /// # Errors
    ///
    /// [`CallbackError::Form`] if the field is missing or comes twice, else those of
    /// [`verify`](Self::verify).
    pub fn verify_form(&self, body: &[u8]) -> Result<SignedRequest, CallbackError> {
        check_size(body.len())?;
        let form_error = |rule| CallbackError::Form { field: FIELD, rule };
        let mut values = form_urlencoded::parse(body).filter(|(name, _)| name == FIELD);
        let (_, value) = values.next().ok_or_else(|| form_error("is missing"))?;
        if values.next().is_some() {
            return Err(form_error("comes more than once"));
        }
        self.verify(&value)
    }

    /// Reads a signed request: two parts in base64url with a `.` between them, signature and payload.
    ///
    /// The signature is over the second part as it came, before it is decoded.
    ///
    /// See
    /// [Meta's page](https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback).
    ///
    /// # Errors
    ///
    /// [`CallbackError::TooLarge`] for more than 4 KiB; a [`CallbackError`] about the signature;
    /// [`CallbackError::Algorithm`] for any algorithm but HMAC-SHA256; [`CallbackError::Payload`] if what was
    /// signed is not a payload with a user.
    pub fn verify(&self, signed_request: &str) -> Result<SignedRequest, CallbackError> {
        check_size(signed_request.len())?;
        if signed_request.is_empty() {
            return Err(CallbackError::SignatureMissing);
        }
        let (signature, payload) = signed_request
            .split_once('.')
            .ok_or(CallbackError::SignatureMalformed)?;
        let signature = decode(signature).ok_or(CallbackError::SignatureMalformed)?;
        if !self.secrets.have_signed(payload.as_bytes(), &signature) {
            return Err(CallbackError::SignatureMismatch);
        }
        let json = decode(payload).ok_or(CallbackError::SignatureMalformed)?;
        let body: Payload = serde_json::from_slice(&json)
            .or_else(|_| decode_with_path(&json, &[]))
            .map_err(|(path, source)| CallbackError::Payload { path, source })?;
        if !body.algorithm.eq_ignore_ascii_case("HMAC-SHA256") {
            return Err(CallbackError::Algorithm);
        }
        Ok(SignedRequest {
            user_id: body.user_id,
            issued_at: body.issued_at,
            expires: body.expires,
            content: hash_of(&[payload.as_bytes()]),
        })
    }
}

/// A deauthorization or a request for deletion that Meta signed.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{AppSecret, SignedRequestVerifier};
///
/// let verifier = SignedRequestVerifier::new(AppSecret::new("secret of the Threads app"))?;
/// let request = verifier.verify(
///     "9IRIc5rLYdhWpcmvFgYei8qQsEA4UwkGeRPK96ULsN0.eyJ1c2VyX2lkIjoiMTc4NDE0MDAwMDAwMDAwMDEiLCJhbGdv\
///      cml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc2NzIyNTYwMH0",
/// )?;
///
/// let now = "2026-01-01T00:05:00Z".parse()?;
/// assert_eq!(request.user_id.as_str(), "17841400000000001");
/// assert_eq!(request.age(now), Some(Duration::from_secs(5 * 60)));
/// assert!(!request.is_expired(now));
/// println!("to be kept: {}", request.key());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedRequest {
    /// The user, scoped to the app. Meta does not say whether it is the same id as that of
    /// [`Profile`](crate::Profile); a user who is not known is answered like any other.
    pub user_id: UserId,
    /// When Meta made the request.
    pub issued_at: Option<DateTime<Utc>>,
    /// When the request ends, where Meta says so.
    pub expires: Option<DateTime<Utc>>,
    /// Hash over the payload as it came.
    content: [u8; 32],
}

impl SignedRequest {
    /// How long before `now` Meta made the request; zero if its clock is ahead of ours.
    ///
    /// What is older than 48 hours is better refused: somebody else may have recorded it.
    pub fn age(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.issued_at
            .map(|issued| (now - issued).to_std().unwrap_or(Duration::ZERO))
    }

    /// Whether the request says of itself that it has ended.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// What is the same for all deliveries of one request.
    ///
    /// It depends on what was signed alone: the same signature can be written in more than one way.
    pub fn key(&self) -> SignedRequestKey {
        SignedRequestKey(self.content)
    }
}

/// What identifies a signed request; `Display` writes 64 hexadecimal digits.
///
/// ```
/// use std::collections::HashSet;
/// use threads_client::SignedRequestKey;
/// # let verifier = threads_client::SignedRequestVerifier::new(
/// #     threads_client::AppSecret::new("secret of the Threads app"),
/// # )?;
/// # let received = "9IRIc5rLYdhWpcmvFgYei8qQsEA4UwkGeRPK96ULsN0.eyJ1c2VyX2lkIjoiMTc4NDE0MDAwMDAwMDAwMDEiLCJhbGdv\
/// #     cml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc2NzIyNTYwMH0";
///
/// let mut processed: HashSet<SignedRequestKey> = HashSet::new();
/// assert!(processed.insert(verifier.verify(received)?.key()));
/// assert!(!processed.insert(verifier.verify(received)?.key()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignedRequestKey([u8; 32]);

impl fmt::Display for SignedRequestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, formatter)
    }
}

/// What a data-deletion callback is answered with, as JSON.
///
/// The deauthorize callback needs no body: any answer with status 200 will do.
///
/// See
/// [Meta's page](https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback).
///
/// ```
/// use threads_client::DataDeletionResponse;
///
/// let page = "https://app.example/deletion/7Q2M".parse()?;
/// let response = DataDeletionResponse::new(page, "7Q2M")?;
///
/// assert_eq!(
///     serde_json::to_string(&response)?,
///     r#"{"url":"https://app.example/deletion/7Q2M","confirmation_code":"7Q2M"}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DataDeletionResponse {
    /// A page where the user reads how far the deletion is.
    pub url: Url,
    /// What the user can ask with.
    pub confirmation_code: String,
}

impl DataDeletionResponse {
    /// An answer with a page for the user, and a code that stands for this request.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the page is not an `https` address (`http` is enough on the own machine),
    /// or if the code is anything but 1 to 128 letters, digits, `_` or `-`.
    pub fn new(url: Url, confirmation_code: impl Into<String>) -> Result<Self> {
        let confirmation_code = confirmation_code.into();
        let is_web =
            url.scheme() == "https" || url.scheme() == "http" && crate::http::is_loopback(&url);
        if !is_web || !url.username().is_empty() || url.password().is_some() {
            return Err(Error::invalid(
                "url",
                "must be an https address without credentials",
            ));
        }
        if confirmation_code.len() > 128 {
            return Err(Error::invalid(
                "confirmation_code",
                "must be at most 128 characters",
            ));
        }
        crate::http::path_id("confirmation_code", &confirmation_code)?;
        Ok(Self {
            url,
            confirmation_code,
        })
    }
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    algorithm: String,
    user_id: UserId,
    #[serde(default, deserialize_with = "wire::unix_seconds")]
    issued_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::unix_seconds")]
    expires: Option<DateTime<Utc>>,
}

fn check_size(bytes: usize) -> Result<(), CallbackError> {
    if bytes > LARGEST_REQUEST {
        return Err(CallbackError::TooLarge {
            limit: LARGEST_REQUEST,
        });
    }
    Ok(())
}

/// Meta writes no padding; what adds it on the way is forgiven.
fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}
