//! What Meta sends on its own: notifications, the challenge before them, and signed requests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use threads_client::{
    AppSecret, CallbackError, SignedRequestVerifier, VerifyToken, WebhookEvent, WebhookVerifier,
};

use crate::promise::{is_clean, text};

const SECRET: &str = "7c1f5e0a9b3d4826af61c0d2e8b45973";

/// A body that Meta signed: each notification names its field, an unknown one keeps its value, and the key of a
/// repeated delivery is the same. The same body without its signature, or with another one, is nothing.
pub fn webhook(bytes: &[u8]) {
    let Ok(verifier) = WebhookVerifier::new(AppSecret::new(SECRET)) else {
        return;
    };
    let mut digest = digest(bytes);
    let outcome = verifier.notifications(bytes, Some(&header(&digest)));
    match &outcome {
        Ok(notifications) => {
            assert!(notifications.len() <= bytes.len());
            for notification in notifications {
                if let WebhookEvent::Unknown { field, .. } = &notification.event {
                    assert_eq!(notification.event.field(), field);
                }
                assert_eq!(notification.key(), notification.clone().key());
            }
        }
        Err(error) => is_discreet(error, bytes),
    }

    digest[bytes.len() % 32] ^= 1;
    for forged in [None, Some(header(&digest)), Some(text(bytes))] {
        assert!(verifier.notifications(bytes, forged.as_deref()).is_err());
    }
}

/// A query to the webhook: the challenge comes back as digits, and only to who knows the token.
pub fn challenge(bytes: &[u8]) {
    let query = text(bytes);
    if let Ok(challenge) = VerifyToken::new("harbour").challenge(&query) {
        assert!(!challenge.is_empty());
        assert!(challenge.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(query.contains("subscribe"));
        assert!(VerifyToken::new("another").challenge(&query).is_err());
    }
}

/// A payload that Meta signed has a user or is refused; plain bytes are never a signed request.
pub fn signed_request(bytes: &[u8]) {
    let Ok(verifier) = SignedRequestVerifier::new(AppSecret::new(SECRET)) else {
        return;
    };
    assert!(verifier.verify(&text(bytes)).is_err());
    assert!(verifier.verify_form(bytes).is_err());

    let payload = URL_SAFE_NO_PAD.encode(bytes);
    let signature = URL_SAFE_NO_PAD.encode(digest(payload.as_bytes()));
    let request = format!("{signature}.{payload}");
    match verifier.verify(&request) {
        Ok(read) => {
            assert!(!read.user_id.as_str().is_empty());
            let form = format!("signed_request={request}");
            assert_eq!(verifier.verify_form(form.as_bytes()).ok(), Some(read));
        }
        Err(error) => is_discreet(&error, bytes),
    }
}

fn digest(message: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else {
        return [0; 32];
    };
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn header(digest: &[u8; 32]) -> String {
    let mut header = String::from("sha256=");
    for byte in digest {
        for digit in [byte >> 4, byte & 15] {
            header.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    header
}

/// An error of a callback does not show the secret, unless it came with the body: the fuzzer reads it from
/// the program, and the place of an error in a body is named by its keys.
fn is_discreet(error: &CallbackError, came: &[u8]) {
    let shown = error.to_string();
    is_clean(&shown);
    assert!(!shown.contains(SECRET) || text(came).contains(SECRET));
}
