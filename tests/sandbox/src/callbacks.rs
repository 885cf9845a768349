//! Calling an app back: from Rust and, under `/__sandbox/`, over HTTP.

use axum::http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use crate::delivery::{ATTEMPTS, CallbackReport, Outgoing};
use crate::error::SandboxError;
use crate::reply::Reply;
use crate::request::Request;
use crate::sandbox::Sandbox;
use crate::shared::Shared;
use crate::webhook::{Notification, SignedBody};

impl Sandbox {
    /// A notification as the platform would send it, with its signature.
    ///
    /// # Errors
    ///
    /// Fails if there is no such post or account, or the post is not what the
    /// notification says (a reply, a deleted post).
    pub fn webhook(&self, about: &Notification) -> Result<SignedBody, SandboxError> {
        self.shared().state().notification(about)
    }

    /// Sends a notification to a callback on this computer, up to three times
    /// until it answers 200.
    ///
    /// # Errors
    ///
    /// Fails like [`webhook`](Self::webhook), and for a URL of another computer.
    pub async fn deliver_webhook(
        &self,
        about: &Notification,
        callback: &Url,
    ) -> Result<CallbackReport, SandboxError> {
        deliver_webhook(self.shared(), about, callback).await
    }

    /// Asks a callback on this computer for the challenge of a new subscription,
    /// and says whether it answered as it should.
    ///
    /// # Errors
    ///
    /// Fails for a URL of another computer.
    pub async fn verify_callback(
        &self,
        callback: &Url,
        verify_token: &str,
    ) -> Result<bool, SandboxError> {
        verify_callback(self.shared(), callback, verify_token).await
    }

    /// The `signed_request` that tells of an account which removed the app or
    /// wants its data deleted.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub fn signed_request(&self, id_or_username: &str) -> Result<String, SandboxError> {
        signed_request(self.shared(), id_or_username)
    }

    /// Sends a `signed_request` as a form to a deauthorize or data-deletion
    /// callback on this computer, once.
    ///
    /// # Errors
    ///
    /// Fails like [`signed_request`](Self::signed_request), and for a URL of
    /// another computer.
    pub async fn deliver_signed_request(
        &self,
        id_or_username: &str,
        callback: &Url,
    ) -> Result<CallbackReport, SandboxError> {
        deliver_signed_request(self.shared(), id_or_username, callback).await
    }
}

/// Answers the control requests that make or send something; none for all others.
pub(crate) async fn answer(shared: &Shared, request: &Request) -> Option<Reply> {
    if request.method != Method::POST {
        return None;
    }
    let outcome = match request.path.trim_end_matches('/') {
        "/__sandbox/webhooks" => webhooks(shared, request).await,
        "/__sandbox/challenges" => challenges(shared, request).await,
        "/__sandbox/signed_requests" => signed_requests(shared, request).await,
        _ => return None,
    };
    Some(match outcome {
        Ok(value) => Reply::json(value),
        Err(error) => Reply::json_with_status(400, json!({ "error": error.to_string() })),
    })
}

/// `{"notification": {"field": "replies", "post_id": "…"}, "deliver_to": "http://127.0.0.1:…"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendWebhook {
    notification: Notification,
    deliver_to: Option<Url>,
}

async fn webhooks(shared: &Shared, request: &Request) -> Result<Value, SandboxError> {
    let wanted: SendWebhook = body(request)?;
    if let Some(callback) = &wanted.deliver_to {
        let report = deliver_webhook(shared, &wanted.notification, callback).await?;
        return Ok(json!(report));
    }
    let signed = shared.state().notification(&wanted.notification)?;
    Ok(json!(signed))
}

/// `{"deliver_to": "http://127.0.0.1:…", "verify_token": "…"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendChallenge {
    deliver_to: Url,
    verify_token: String,
}

async fn challenges(shared: &Shared, request: &Request) -> Result<Value, SandboxError> {
    let wanted: SendChallenge = body(request)?;
    let is_verified = verify_callback(shared, &wanted.deliver_to, &wanted.verify_token).await?;
    Ok(json!({ "verified": is_verified }))
}

/// `{"user": "kedai.senja", "deliver_to": "http://127.0.0.1:…"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendSignedRequest {
    user: String,
    deliver_to: Option<Url>,
}

async fn signed_requests(shared: &Shared, request: &Request) -> Result<Value, SandboxError> {
    let wanted: SendSignedRequest = body(request)?;
    if let Some(callback) = &wanted.deliver_to {
        let report = deliver_signed_request(shared, &wanted.user, callback).await?;
        return Ok(json!(report));
    }
    let signed = signed_request(shared, &wanted.user)?;
    Ok(json!({ "signed_request": signed }))
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, SandboxError> {
    let json = request.json.clone().unwrap_or(Value::Null);
    serde_json::from_value(json).map_err(|error| SandboxError::Setting(error.to_string()))
}

async fn deliver_webhook(
    shared: &Shared,
    about: &Notification,
    callback: &Url,
) -> Result<CallbackReport, SandboxError> {
    let signed = shared.state().notification(about)?;
    let outgoing = Outgoing {
        url: callback.clone(),
        method: "POST",
        headers: vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-Hub-Signature-256", signed.signature),
        ],
        body: signed.body,
    };
    outgoing.send(ATTEMPTS).await
}

async fn verify_callback(
    shared: &Shared,
    callback: &Url,
    verify_token: &str,
) -> Result<bool, SandboxError> {
    let challenge = shared.state().new_challenge();
    let mut url = callback.clone();
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", verify_token);
    let outgoing = Outgoing {
        url,
        method: "GET",
        headers: Vec::new(),
        body: String::new(),
    };
    let report = outgoing.send(1).await?;
    Ok(report.is_accepted() && report.body == challenge)
}

fn signed_request(shared: &Shared, id_or_username: &str) -> Result<String, SandboxError> {
    let state = shared.state();
    let user = state.find_user(id_or_username)?.id;
    state.signed_request(user)
}

async fn deliver_signed_request(
    shared: &Shared,
    id_or_username: &str,
    callback: &Url,
) -> Result<CallbackReport, SandboxError> {
    let signed = signed_request(shared, id_or_username)?;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("signed_request", &signed)
        .finish();
    let outgoing = Outgoing {
        url: callback.clone(),
        method: "POST",
        headers: vec![(
            "Content-Type",
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body,
    };
    outgoing.send(1).await
}
