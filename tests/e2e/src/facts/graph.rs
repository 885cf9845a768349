//! Bare calls, and what they left behind.

#![expect(
    clippy::disallowed_methods,
    reason = "errors are stripped of their addresses here, and real time passes at Meta"
)]

use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;
use url::Url;

/// What a call was answered with.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Reply {
    /// A field of the body that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// In a few words, without anything that belongs to the account.
    pub(super) fn words(&self) -> String {
        let Some(error) = self.body.get("error") else {
            return format!("HTTP {}", self.status);
        };
        let number = |name: &str| error.get(name).and_then(Value::as_i64);
        let code = number("code").map_or("no code".to_owned(), |code| format!("code {code}"));
        let subcode = number("error_subcode").map_or(String::new(), |code| format!("/{code}"));
        format!("HTTP {}, {code}{subcode}", self.status)
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status) && self.body.get("error").is_none()
    }
}

/// The platform, asked with one token.
pub(super) struct Graph {
    http: Client,
    base_url: Url,
    token: String,
    /// Posts to delete again.
    made: Vec<String>,
}

impl Graph {
    pub(super) fn new(base_url: &Url, token: &str) -> anyhow::Result<Self> {
        let http = Client::builder()
            .timeout(Duration::from_mins(4))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.clone(),
            token: token.to_owned(),
            made: Vec::new(),
        })
    }

    /// The same platform with another token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self {
            http: self.http.clone(),
            base_url: self.base_url.clone(),
            token: token.to_owned(),
            made: Vec::new(),
        }
    }

    /// A call with the token in its header.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let mut url = self.url(path)?;
        let is_form = method == Method::POST;
        if !is_form {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if is_form {
            request = request.form(parameters);
        }
        self.answer(request).await
    }

    /// A reading call with the token in the query.
    pub(super) async fn call_by_query(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let mut url = self.url(path)?;
        url.query_pairs_mut()
            .extend_pairs(parameters)
            .append_pair("access_token", &self.token);
        self.answer(self.http.get(url)).await
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        self.base_url.join(path).context("no address")
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Reply> {
        // An error of reqwest names the address, and with it a token.
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.text().await.map_err(reqwest::Error::without_url)?;
        Ok(Reply {
            status,
            headers,
            body: serde_json::from_str(&body).unwrap_or(Value::Null),
        })
    }

    /// Makes a container and waits until it is finished.
    pub(super) async fn container(&self, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
        let made = self
            .call(Method::POST, "v1.0/me/threads", parameters)
            .await?;
        let id = made.text("id").with_context(|| made.words())?.to_owned();
        for _ in 0..60 {
            let status = self.status(&id).await?;
            match status.text("status") {
                Some("FINISHED") => return Ok(id),
                Some("IN_PROGRESS") => tokio::time::sleep(Duration::from_secs(1)).await,
                _ => anyhow::bail!("the container is not finished: {}", status.words()),
            }
        }
        anyhow::bail!("the container was not finished within a minute")
    }

    pub(super) async fn status(&self, container: &str) -> anyhow::Result<Reply> {
        let path = format!("v1.0/{container}");
        self.call(Method::GET, &path, &[("fields", "id,status,error_message")])
            .await
    }

    /// Publishes a container, and remembers what has to be deleted again.
    pub(super) async fn publish(&mut self, container: &str) -> anyhow::Result<Reply> {
        let parameters = [("creation_id", container)];
        let path = "v1.0/me/threads_publish";
        let reply = self.call(Method::POST, path, &parameters).await?;
        if let Some(id) = reply.text("id") {
            let id = id.to_owned();
            if !self.made.contains(&id) {
                self.made.push(id);
            }
        }
        Ok(reply)
    }

    /// Makes and publishes a text; gives its media id.
    pub(super) async fn post(&mut self, text: &str) -> anyhow::Result<String> {
        let container = self
            .container(&[("media_type", "TEXT"), ("text", text)])
            .await?;
        let reply = self.publish(&container).await?;
        Ok(reply.text("id").with_context(|| reply.words())?.to_owned())
    }

    pub(super) async fn delete(&mut self, post: &str) -> anyhow::Result<()> {
        let reply = self
            .call(Method::DELETE, &format!("v1.0/{post}"), &[])
            .await?;
        anyhow::ensure!(reply.is_success(), "deleting: {}", reply.words());
        self.made.retain(|made| made != post);
        Ok(())
    }

    /// The newest posts of the account with one of these fields.
    pub(super) async fn newest(&self, fields: &str) -> anyhow::Result<Vec<Value>> {
        let parameters = [("fields", fields), ("limit", "25")];
        let reply = self
            .call(Method::GET, "v1.0/me/threads", &parameters)
            .await?;
        let posts = reply.body.get("data").and_then(Value::as_array);
        Ok(posts.with_context(|| reply.words())?.clone())
    }

    /// Deletes what was made; gives what is still there.
    pub(super) async fn clean_up(&mut self) -> Vec<String> {
        for post in self.made.clone() {
            // What cannot be deleted stays in the list, which is told.
            let _ = self.delete(&post).await;
        }
        std::mem::take(&mut self.made)
    }
}
