//! One call: where it goes, what it carries, and how often it may be sent.

use std::borrow::Cow;

use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::error::Error;
use crate::{Result, token::AccessToken};

/// Whether a call may be sent again after a failure that leaves its outcome unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or repeating it changes nothing.
    Safely,
    /// Repeating leaves an orphan that nobody sees: the creation of a container.
    Once,
    /// Repeating may do it twice, or spend a one-time code.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A call that is ready to be sent. Its URL and form may hold secrets, so it has no `Debug`.
pub(crate) struct Call<'a> {
    /// Method and path template: all that errors and logs may show.
    pub(super) endpoint: Cow<'static, str>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) form: Option<String>,
    pub(super) repeat: Repeat,
    /// Whether to use the connections of the publication step.
    pub(super) fresh_connection: bool,
    pub(super) bearer: Option<&'a reqwest::header::HeaderValue>,
    /// What must not come back out in an error.
    pub(super) secrets: [Option<&'a str>; 3],
}

/// Query or form fields, percent-encoded as they are added.
pub(crate) struct Fields(String);

impl Fields {
    pub(crate) fn new() -> Self {
        Self(String::new())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name, value);
        self
    }

    pub(crate) fn with_some(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.add(name, value);
        }
        self
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(byte_serialize(name.as_bytes()));
        self.0.push('=');
        self.0.extend(byte_serialize(value.as_bytes()));
    }
}

impl<'a> Call<'a> {
    /// A read that may be repeated.
    pub(crate) fn get(endpoint: impl Into<Cow<'static, str>>, url: Url, query: &Fields) -> Self {
        let mut url = url;
        url.set_query((!query.0.is_empty()).then_some(query.0.as_str()));
        Self::new(endpoint.into(), Method::Get, url, None, Repeat::Safely)
    }

    /// A write that is sent once.
    pub(crate) fn post(endpoint: impl Into<Cow<'static, str>>, url: Url, form: Fields) -> Self {
        Self::new(
            endpoint.into(),
            Method::Post,
            url,
            Some(form.0),
            Repeat::Never,
        )
    }

    /// A removal that is sent once.
    pub(crate) fn delete(endpoint: &'static str, url: Url, query: &Fields) -> Self {
        let mut url = url;
        url.set_query((!query.0.is_empty()).then_some(query.0.as_str()));
        Self::new(endpoint.into(), Method::Delete, url, None, Repeat::Never)
    }

    fn new(
        endpoint: Cow<'static, str>,
        method: Method,
        url: Url,
        form: Option<String>,
        repeat: Repeat,
    ) -> Self {
        Self {
            endpoint,
            method,
            url,
            form,
            repeat,
            fresh_connection: false,
            bearer: None,
            secrets: [None; 3],
        }
    }

    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    pub(crate) fn on_fresh_connection(mut self) -> Self {
        self.fresh_connection = true;
        self
    }

    pub(crate) fn bearer(mut self, header: Option<&'a reqwest::header::HeaderValue>) -> Self {
        self.bearer = header;
        self
    }

    pub(crate) fn secrets(mut self, secrets: [Option<&'a str>; 3]) -> Self {
        self.secrets = secrets;
        self
    }
}

/// `base` with path segments appended, each encoded as a whole.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Result<Url> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::invalid("base_url", "cannot carry a path"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// The id as a path segment, if it can be one.
///
/// An id with `/`, `..` or nothing at all would turn the call into another one.
pub(crate) fn path_id<'i>(field: &'static str, id: &'i str) -> Result<&'i str> {
    let is_plain = !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_plain {
        Ok(id)
    } else {
        Err(Error::invalid(field, "must be letters, digits, `_` or `-`"))
    }
}

/// The `Authorization` header of a token, marked as sensitive.
pub(crate) fn bearer(token: &AccessToken) -> Result<reqwest::header::HeaderValue> {
    let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
    let usable =
        !token.expose().is_empty() && token.expose().bytes().all(|byte| byte.is_ascii_graphic());
    let header = if usable {
        reqwest::header::HeaderValue::from_str(&text).ok()
    } else {
        None
    };
    let mut header = header.ok_or_else(|| {
        Error::invalid(
            "access_token",
            "must be printable characters without blanks",
        )
    })?;
    header.set_sensitive(true);
    Ok(header)
}
