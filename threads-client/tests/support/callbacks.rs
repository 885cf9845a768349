//! Bodies that Meta could have signed, and the secrets they were signed with.
//!
//! The signatures come from `fixtures/sign.py`, not from the code under test.

use std::collections::BTreeMap;

use threads_client::{AppSecret, SignedRequestVerifier, WebhookVerifier};

use super::fixture;

/// The secret of the Threads app that `fixtures/sign.py` signs with.
pub(crate) const THREADS_SECRET: &str = "7c1f5e0a9b3d4826af61c0d2e8b45973";
/// The secret of the Meta app that `fixtures/sign.py` signs with.
pub(crate) const META_SECRET: &str = "e3b07a6c54d218f90d7be1a84c6f2935";

/// A body and a signature for it.
pub(crate) fn signed(name: &str, by: &str) -> (Vec<u8>, String) {
    let signatures: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_slice(&fixture("signatures.json")).unwrap();
    (fixture(name), signatures[name][by].clone())
}

pub(crate) fn signed_request(name: &str) -> String {
    let requests: BTreeMap<String, String> =
        serde_json::from_slice(&fixture("signed_requests.json")).unwrap();
    requests[name].clone()
}

pub(crate) fn webhook_verifier() -> WebhookVerifier {
    WebhookVerifier::new(AppSecret::new(THREADS_SECRET))
        .unwrap()
        .or_secret(AppSecret::new(META_SECRET))
        .unwrap()
}

pub(crate) fn request_verifier() -> SignedRequestVerifier {
    SignedRequestVerifier::new(AppSecret::new(THREADS_SECRET))
        .unwrap()
        .or_secret(AppSecret::new(META_SECRET))
        .unwrap()
}
