//! An answer before it is sent, and the ways in which it can get lost.

use std::time::Duration;

use serde_json::Value;

/// A complete answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: ReplyBody,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum ReplyBody {
    Json(Value),
    Html(String),
    Empty,
}

impl Reply {
    /// JSON with status 200.
    pub(crate) fn json(value: Value) -> Self {
        Self::json_with_status(200, value)
    }

    /// JSON with any status.
    pub(crate) fn json_with_status(status: u16, value: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: ReplyBody::Json(value),
        }
    }

    /// An HTML page.
    pub(crate) fn html(status: u16, page: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: ReplyBody::Html(page.into()),
        }
    }

    /// A redirect.
    pub(crate) fn redirect(status: u16, to: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("location", to.into())],
            body: ReplyBody::Empty,
        }
    }

    /// The same answer with one more header.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// How an answer reaches the client, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// All of it, at once.
    Whole,
    /// In pieces, with a pause before each.
    Slowly { pause: Duration, chunk_bytes: usize },
    /// The first half of the body, then the connection closes.
    Truncated,
    /// Not at all: the connection closes.
    Dropped,
    /// Not at all: the connection is reset.
    Reset,
    /// Not at all: the connection stays open until the client gives up.
    Hung,
    /// The start of the headers, then the connection closes.
    HeadersCut,
    /// Not at all: the connection goes silent and does not notice that the client closes.
    HalfOpen,
}

impl Delivery {
    /// Whether the client sees a status line.
    pub(crate) fn has_status(self) -> bool {
        !matches!(
            self,
            Self::Dropped | Self::Reset | Self::Hung | Self::HeadersCut | Self::HalfOpen
        )
    }
}
