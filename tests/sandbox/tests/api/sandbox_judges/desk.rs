//! What every client has: an account, an HTTP client without retries, and patience.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use threads_sandbox::Sandbox;

use super::worlds::Case;

/// What the one text of a trial has in it.
pub(super) const MARKER: &str = "marker-4711";
/// The text.
pub(super) const TEXT: &str = "spring sale marker-4711";

/// What a client can make of the answer to a publish call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Published,
    /// A Graph error that says no.
    Refused,
    /// Anything else.
    Unclear,
}

/// What a client can make of a container's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Published,
    Waiting,
    Gone,
}

/// One client's view of one world.
pub(super) struct Desk {
    pub(super) sandbox: Sandbox,
    http: Client,
    token: String,
}

/// How long a client waits for the answer to a publish call, in real time.
///
/// Some worlds never answer. A good client that gives up too early loses nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// An HTTP client with a connection per request: a lost one tells nothing about the next.
pub(super) fn http() -> Client {
    Client::builder()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

impl Desk {
    pub(super) async fn open(case: &Case, http: Client) -> Self {
        let sandbox = Sandbox::builder()
            .seed("empty")
            .switches(case.switches.clone())
            .start()
            .await
            .unwrap();
        if let Some((endpoint, fault)) = &case.fault {
            sandbox.fail_next(*endpoint, fault.clone());
        }
        let user = sandbox.users()[0].id.clone();
        let token = sandbox
            .issue_token(&user, Sandbox::all_scopes(), Duration::ZERO)
            .unwrap();
        Self {
            sandbox,
            http,
            token,
        }
    }

    /// Lets virtual time pass.
    pub(super) fn wait(&self, seconds: u64) {
        self.sandbox.advance(Duration::from_secs(seconds));
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.sandbox.base_url()))
            .bearer_auth(&self.token)
    }

    /// Sends a request: status and JSON, or nothing if no whole answer came.
    async fn send(&self, request: RequestBuilder) -> Option<(u16, Value)> {
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    async fn read(&self, path: &str) -> (u16, Value) {
        for _ in 0..5 {
            if let Some((status, json)) = self.send(self.request(Method::GET, path)).await
                && status < 500
            {
                return (status, json);
            }
        }
        panic!("{path} could not be read")
    }

    /// A finished container; making one shows nothing, so trying again is safe.
    pub(super) async fn container(&self, text: &str) -> String {
        for _ in 0..5 {
            let form = [("media_type", "TEXT"), ("text", text)];
            let request = self.request(Method::POST, "me/threads").form(&form);
            let answer = self.send(request).await;
            let id = answer.and_then(|(_, json)| json["id"].as_str().map(ToOwned::to_owned));
            if let Some(id) = id
                && self.status(&id).await == Status::Waiting
            {
                return id;
            }
        }
        panic!("no container could be made")
    }

    pub(super) async fn publish(&self, container: &str) -> Sent {
        let request = self
            .request(Method::POST, "me/threads_publish")
            .form(&[("creation_id", container)])
            .timeout(PATIENCE);
        let Some((status, json)) = self.send(request).await else {
            return Sent::Unclear;
        };
        let code = json["error"]["code"].as_i64();
        match (status, code) {
            (200, None) if json["id"].is_string() => Sent::Published,
            (400..=499, Some(24 | 100 | 190)) => Sent::Refused,
            _ => Sent::Unclear,
        }
    }

    pub(super) async fn status(&self, container: &str) -> Status {
        let (status, json) = self.read(&format!("{container}?fields=id,status")).await;
        match (status, json["status"].as_str()) {
            (200, Some("PUBLISHED")) => Status::Published,
            (200, Some(_)) => Status::Waiting,
            _ => Status::Gone,
        }
    }

    /// The posts in the list whose text has the marker in it.
    pub(super) async fn listed(&self) -> Vec<String> {
        let (_, json) = self.read("me/threads?fields=id,text&limit=100").await;
        let posts = json["data"].as_array().unwrap();
        posts
            .iter()
            .filter(|post| post["text"].as_str().unwrap().contains(MARKER))
            .map(|post| post["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Whether status or list say at this moment that the post is live.
    pub(super) async fn is_live(&self, container: &str) -> bool {
        self.status(container).await == Status::Published || !self.listed().await.is_empty()
    }

    pub(super) async fn delete(&self, post: &str) {
        let answer = self.send(self.request(Method::DELETE, post)).await;
        assert_eq!(answer.unwrap().0, 200);
    }
}
