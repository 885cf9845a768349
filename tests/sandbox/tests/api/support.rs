//! One sandbox per test, and a plain HTTP client with a token for its first account.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use threads_sandbox::{Sandbox, SandboxBuilder};

pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// A sandbox, a client and a token with every scope.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) token: String,
    pub(crate) user: String,
}

/// An answer, read completely.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> i64 {
        assert!(self.json["error"]["fbtrace_id"].is_string(), "{self:?}");
        assert!(self.json["error"]["message"].is_string(), "{self:?}");
        assert!(self.json["error"]["type"].is_string(), "{self:?}");
        self.json["error"]["code"].as_i64().unwrap()
    }

    pub(crate) fn codes(&self) -> (i64, i64) {
        (
            self.code(),
            self.json["error"]["error_subcode"].as_i64().unwrap(),
        )
    }

    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json
    }

    pub(crate) fn id(self) -> String {
        self.ok()["id"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Sandbox::builder()).await
    }

    pub(crate) async fn with(builder: SandboxBuilder) -> Self {
        let sandbox = builder.start().await.unwrap();
        let user = sandbox.users()[0].id.clone();
        let token = sandbox
            .issue_token(&user, Sandbox::all_scopes(), Duration::ZERO)
            .unwrap();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self {
            sandbox,
            http,
            token,
            user,
        }
    }

    /// The world of `studio.lab`, which has conversations.
    pub(crate) async fn rich() -> Self {
        Self::with(Sandbox::builder().seed("rich")).await
    }

    /// The id of the first account's post that begins with this text.
    pub(crate) fn post_like(&self, text: &str) -> String {
        self.written_by(&self.user, text)
    }

    /// The id of somebody's post that begins with this text.
    pub(crate) fn written_by(&self, person: &str, text: &str) -> String {
        let posts = self.sandbox.posts(person).unwrap();
        let found = posts
            .into_iter()
            .find(|post| post.text.as_ref().is_some_and(|own| own.starts_with(text)));
        found.unwrap().id
    }

    /// A token of the first account with some scopes only.
    pub(crate) fn token_with(&self, scopes: &[&str]) -> String {
        self.sandbox
            .issue_token(&self.user, scopes, Duration::ZERO)
            .unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// A GET with the token in the header.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.get_as(&self.token, path).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Reply {
        send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    /// A form with the token in the header.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        send(
            self.request(Method::POST, path)
                .bearer_auth(&self.token)
                .form(form),
        )
        .await
    }

    /// Publishes a text the two-step way and says its id.
    pub(crate) async fn publish(&self, text: &str) -> String {
        let container = self.create(text).await;
        self.post("me/threads_publish", &[("creation_id", &container)])
            .await
            .id()
    }

    /// Creates a TEXT container and says its id.
    pub(crate) async fn create(&self, text: &str) -> String {
        self.post("me/threads", &[("media_type", "TEXT"), ("text", text)])
            .await
            .id()
    }

    /// A container's status; asking counts as a poll.
    pub(crate) async fn status(&self, container: &str) -> String {
        let answer = self
            .get(&format!("{container}?fields=id,status,error_message"))
            .await
            .ok();
        answer["status"].as_str().unwrap().to_owned()
    }

    /// How many posts the ledger says became visible.
    pub(crate) fn published(&self) -> usize {
        self.sandbox
            .ledger()
            .iter()
            .filter(|entry| entry.kind == threads_sandbox::LedgerKind::PostPublished)
            .count()
    }
}

/// The objects of a list.
pub(crate) fn data(page: &Value) -> &[Value] {
    page["data"].as_array().unwrap()
}

/// One member of each object of a list, as far as it is a text.
pub(crate) fn each<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    data(page)
        .iter()
        .filter_map(|item| item[name].as_str())
        .collect()
}

/// Sends a request and reads its answer.
pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await.unwrap();
    Reply {
        status,
        headers,
        json: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
    }
}
