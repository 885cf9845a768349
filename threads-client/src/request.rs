//! Reads that this crate has no method for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::http::Fields;
use crate::{Client, Error, Result};

/// A read of any path; made by [`Client::get`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::{GetRequest, Profile};
///
/// let request: GetRequest<'_, Profile> = client.get("me");
/// let profile = request.query(&[("fields", "id,username")]).send().await?;
/// println!("@{}", profile.username);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct GetRequest<'a, T> {
    client: &'a Client,
    path: String,
    query: Vec<(String, String)>,
    answer: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> GetRequest<'a, T> {
    pub(crate) fn new(client: &'a Client, path: String) -> Self {
        Self {
            client,
            path,
            query: Vec::new(),
            answer: PhantomData,
        }
    }

    /// Adds query parameters.
    pub fn query<K: AsRef<str>, V: AsRef<str>>(mut self, parameters: &[(K, V)]) -> Self {
        let owned = parameters
            .iter()
            .map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned()));
        self.query.extend(owned);
        self
    }

    /// Sends the read.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the path is empty or contains more than a path, or if a parameter would
    /// put a secret into the URL; any other [`Error`] of a call.
    pub async fn send(self) -> Result<T> {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        let segments: Vec<&str> = path.split('/').collect();
        let is_plain = segments
            .iter()
            .all(|segment| !matches!(*segment, "" | "." | ".."));
        if !is_plain || path.contains(['?', '#', '\\', ':']) || path.contains(char::is_control) {
            return Err(Error::invalid(
                "path",
                "must be a path below the API version, without a query",
            ));
        }
        let mut query = Fields::new();
        for (name, value) in &self.query {
            if matches!(name.as_str(), "access_token" | "client_secret") {
                return Err(Error::invalid(
                    "query",
                    "must not carry a secret; the client adds the token",
                ));
            }
            query.add(name, value);
        }
        self.client
            .read(Cow::Owned(format!("GET /{path}")), &segments, query)
            .await
    }
}

impl<T> fmt::Debug for GetRequest<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GetRequest")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
