//! The client of the Threads API.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, StreamExt};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use threads_client::{
    AccountMetric, Breakdown, Client, ContainerId, Cursor, Error, Post, PostId, PostListRequest,
    PostMetric, Result as ClientResult, RetryPolicy, Timeouts, TokenPlacement, WaitPolicy,
};

use crate::arguments::{Instant, Texts, url};
use crate::call::Call;
use crate::draft::{PyDraft, PyMedia};
use crate::error::{ToException, invalid};
use crate::models::ToPython;
use crate::runtime::{self, guard};
use crate::secrets::AccessTokenArgument;

/// The client beneath `ThreadsClient` and `AsyncThreadsClient`.
#[pyclass(frozen, name = "Client", module = "threads_monitor._native")]
pub(crate) struct PyClient(Mutex<Option<Client>>);

impl Drop for PyClient {
    fn drop(&mut self) {
        if runtime::is_forked() {
            // As of a monitor: its connections have locks.
            std::mem::forget(self.0.get_mut().map(Option::take));
        }
    }
}

impl PyClient {
    fn open(&self) -> PyResult<Client> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| PyRuntimeError::new_err("the client is closed"))
    }

    fn call<T, W, F>(&self, work: W) -> PyResult<Call>
    where
        T: ToPython + Send + 'static,
        W: FnOnce(Client) -> F,
        F: Future<Output = ClientResult<T>> + Send + 'static,
    {
        guard(|| Ok(Call::new(work(self.open()?))))
    }
}

#[pymethods]
impl PyClient {
    #[new]
    #[pyo3(signature = (*, access_token=None, base_url=None, timeout=None, attempts=None,
        token_placement="header", user_agent=None))]
    fn new(
        py: Python<'_>,
        access_token: Option<AccessTokenArgument>,
        base_url: Option<&str>,
        timeout: Option<Duration>,
        attempts: Option<u32>,
        token_placement: &str,
        user_agent: Option<String>,
    ) -> PyResult<Self> {
        guard(|| {
            let mut builder = Client::builder().token_placement(match token_placement {
                "header" => TokenPlacement::Header,
                "query" => TokenPlacement::Query,
                _ => {
                    return Err(invalid(
                        py,
                        "token_placement",
                        "must be `header` or `query`",
                    ));
                }
            });
            if let Some(token) = access_token {
                builder = builder.access_token(token.0);
            }
            if let Some(base_url) = base_url {
                builder = builder.base_url(url(py, "base_url", base_url)?);
            }
            if let Some(timeout) = timeout {
                builder = builder.timeouts(Timeouts::default().total(timeout).publish(timeout));
            }
            if let Some(attempts) = attempts {
                builder = builder.retry(RetryPolicy::default().attempts(attempts));
            }
            if let Some(user_agent) = user_agent {
                builder = builder.user_agent(user_agent);
            }
            let client = builder.build().map_err(|error| error.to_exception(py))?;
            Ok(Self(Mutex::new(Some(client))))
        })
    }

    /// The same client for another account.
    fn with_access_token(&self, access_token: AccessTokenArgument) -> PyResult<Self> {
        guard(|| {
            let client = self.open()?.with_access_token(access_token.0);
            Ok(Self(Mutex::new(Some(client))))
        })
    }

    /// Gives up the connections.
    fn close(&self) -> PyResult<()> {
        guard(|| {
            let client = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            if runtime::is_forked() {
                std::mem::forget(client);
            }
            Ok(())
        })
    }

    /// The latest use of the call limit that Meta reported.
    fn usage<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| self.open()?.usage().to_python(py))
    }

    /// Own counts, what Meta has said, and what is still sent.
    fn pace<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| self.open()?.pace().to_python(py))
    }

    /// The same client for reads that nobody waits for.
    fn background(&self) -> PyResult<Self> {
        guard(|| Ok(Self(Mutex::new(Some(self.open()?.background())))))
    }

    fn refresh_access_token(&self) -> PyResult<Call> {
        self.call(|client| async move { client.refresh_access_token().await })
    }

    fn profile(&self) -> PyResult<Call> {
        self.call(|client| async move { client.profile().get().await })
    }

    fn lookup_profile(&self, username: String) -> PyResult<Call> {
        self.call(|client| async move { client.profile().lookup(username).await })
    }

    fn account_insights(
        &self,
        metrics: Texts,
        since: Option<Instant>,
        until: Option<Instant>,
        breakdown: Option<String>,
    ) -> PyResult<Call> {
        self.call(|client| async move {
            let metrics: Vec<AccountMetric> = metrics.names();
            let mut request = client.insights().account().metrics(metrics);
            if let Some(since) = since {
                request = request.since(since.0);
            }
            if let Some(until) = until {
                request = request.until(until.0);
            }
            if let Some(breakdown) = breakdown {
                request = request.breakdown(Breakdown::from(breakdown.as_str()));
            }
            request.send().await
        })
    }

    fn post_insights(&self, post_id: String, metrics: Texts) -> PyResult<Call> {
        self.call(|client| async move {
            let metrics: Vec<PostMetric> = metrics.names();
            let post = PostId::new(post_id);
            client.insights().post(&post).metrics(metrics).send().await
        })
    }

    /// One page: its posts, and the cursor of the next.
    fn posts(
        &self,
        py: Python<'_>,
        limit: Option<i64>,
        since: Option<Instant>,
        until: Option<Instant>,
        after: Option<String>,
    ) -> PyResult<Call> {
        guard(|| {
            let limit = page_size(py, limit)?;
            self.call(|client| async move {
                post_list(&client, limit, since, until, after).send().await
            })
        })
    }

    /// All posts from a cursor on, one by one.
    fn post_stream(
        &self,
        py: Python<'_>,
        limit: Option<i64>,
        since: Option<Instant>,
        until: Option<Instant>,
        after: Option<String>,
    ) -> PyResult<PostStream> {
        guard(|| {
            let client = self.open()?;
            let list = post_list(&client, page_size(py, limit)?, since, until, after);
            Ok(PostStream(Arc::new(tokio::sync::Mutex::new(Box::pin(
                list.stream(),
            )))))
        })
    }

    fn post(&self, post_id: String) -> PyResult<Call> {
        self.call(|client| async move { client.posts().get(&PostId::new(post_id)).await })
    }

    fn publish(&self, draft: &PyDraft) -> PyResult<Call> {
        let draft = draft.0.clone();
        self.call(|client| async move { client.publishing().publish(draft).await })
    }

    fn create_container(&self, draft: &PyDraft) -> PyResult<Call> {
        let draft = draft.0.clone();
        self.call(|client| async move { client.publishing().create_container(&draft).await })
    }

    fn create_child(&self, media: &PyMedia) -> PyResult<Call> {
        let media = media.0.clone();
        self.call(|client| async move { client.publishing().create_child(&media).await })
    }

    fn create_carousel(&self, draft: &PyDraft, children: Texts) -> PyResult<Call> {
        let draft = draft.0.clone();
        self.call(|client| async move {
            let children: Vec<ContainerId> = children.names();
            client.publishing().create_carousel(&draft, &children).await
        })
    }

    fn container(&self, container_id: String) -> PyResult<Call> {
        self.call(|client| async move {
            let container = ContainerId::new(container_id);
            client.publishing().container(&container).await
        })
    }

    fn wait_until_finished(
        &self,
        container_id: String,
        give_up_after: Option<Duration>,
    ) -> PyResult<Call> {
        self.call(|client| async move {
            let mut policy = WaitPolicy::default();
            if let Some(give_up_after) = give_up_after {
                policy = policy.give_up_after(give_up_after);
            }
            let container = ContainerId::new(container_id);
            client
                .publishing()
                .wait_until_finished(&container, &policy)
                .await
        })
    }

    fn publish_container(&self, container_id: String) -> PyResult<Call> {
        self.call(|client| async move {
            let container = ContainerId::new(container_id);
            client.publishing().publish_container(&container).await
        })
    }

    fn auto_publish_text(&self, draft: &PyDraft) -> PyResult<Call> {
        let draft = draft.0.clone();
        self.call(|client| async move { client.publishing().auto_publish_text(&draft).await })
    }

    fn repost(&self, post_id: String) -> PyResult<Call> {
        self.call(|client| async move { client.publishing().repost(&PostId::new(post_id)).await })
    }

    fn publishing_quota(&self) -> PyResult<Call> {
        self.call(|client| async move { client.quota().publishing().await })
    }

    fn reply_quota(&self) -> PyResult<Call> {
        self.call(|client| async move { client.quota().replies().await })
    }

    fn __repr__(&self) -> PyResult<String> {
        guard(|| match self.open() {
            Ok(client) => Ok(format!("{client:?}")),
            Err(_) => Ok("closed".to_owned()),
        })
    }
}

/// A number of posts that Meta would refuse is refused here, in the same words as there.
fn page_size(py: Python<'_>, limit: Option<i64>) -> PyResult<Option<u8>> {
    limit
        .map(|limit| u8::try_from(limit).map_err(|_| invalid(py, "limit", "must be from 1 to 100")))
        .transpose()
}

fn post_list(
    client: &Client,
    limit: Option<u8>,
    since: Option<Instant>,
    until: Option<Instant>,
    after: Option<String>,
) -> PostListRequest<'_> {
    let mut request = client.posts().list();
    if let Some(limit) = limit {
        request = request.limit(limit);
    }
    if let Some(since) = since {
        request = request.since(since.0);
    }
    if let Some(until) = until {
        request = request.until(until.0);
    }
    if let Some(after) = after {
        request = request.after(&Cursor::new(after));
    }
    request
}

type Posts = Pin<Box<dyn Stream<Item = Result<Post, Error>> + Send>>;

/// All posts from some place on; pages are read when they are needed.
#[pyclass(frozen, generic, name = "Stream", module = "threads_monitor._native")]
pub(crate) struct PostStream(Arc<tokio::sync::Mutex<Posts>>);

#[pymethods]
impl PostStream {
    /// The next post, or `None` at the end.
    fn next(&self) -> PyResult<Call> {
        guard(|| {
            let posts = Arc::clone(&self.0);
            Ok(Call::new(async move {
                posts.lock().await.next().await.transpose()
            }))
        })
    }
}
