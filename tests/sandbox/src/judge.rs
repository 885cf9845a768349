//! The judge: what a client says and does, against what really happened.

mod effects;
mod wire;

use std::fmt;
use std::time::Duration;

use crate::ledger::LedgerEntry;
use crate::request_log::RequestLogEntry;

/// What a client says became of one post that it was asked to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    marker: String,
    ending: Ending,
    text: Option<String>,
}

/// How a client says that a post ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It is live.
    Published,
    /// It is not live and never will be.
    Failed,
    /// The user took it back in time: it is not live and never will be.
    Cancelled,
    /// The client does not know, and says so.
    Unknown,
}

impl Claim {
    /// A claim about the post whose text has `marker` in it.
    ///
    /// No marker may be part of another post's text.
    pub fn new(marker: impl Into<String>, ending: Ending) -> Self {
        Self {
            marker: marker.into(),
            ending,
            text: None,
        }
    }

    /// The text that the client says the post has, for instance after an edit.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}

/// One thing that a client did wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Charge {
    /// Two posts with the same marker were live at the same time.
    TwoLivePosts {
        /// What the texts have in common.
        marker: String,
        /// The later post.
        post_id: String,
    },
    /// A container became two posts.
    ContainerPublishedTwice {
        /// The container.
        container_id: String,
    },
    /// An account had two reposts of the same post at the same time.
    TwoLiveReposts {
        /// The post that was reposted.
        original: String,
    },
    /// The client says failed or cancelled, but the post is live.
    LiveAfterAll {
        /// What the post's text has in it.
        marker: String,
        /// What the client says.
        ending: Ending,
    },
    /// The client says published, but no such post ever was live.
    NeverPublished {
        /// What the post's text should have in it.
        marker: String,
    },
    /// The live post has another text than the client says.
    StaleText {
        /// What the post's text has in it.
        marker: String,
    },
    /// A publish call was sent again for a container that was or may be published.
    PublishRepeated {
        /// The container.
        container_id: String,
        /// The number of the second request.
        request: u64,
    },
    /// A repost was sent again although the first may have worked.
    RepostRepeated {
        /// The path of the calls.
        path: String,
        /// The number of the second request.
        request: u64,
    },
    /// A parameter that the call does not document.
    UnknownParameter {
        /// The parameter.
        name: String,
        /// The number of the request.
        request: u64,
    },
    /// A field that the object does not have.
    UnknownField {
        /// The whole list of fields.
        fields: String,
        /// The number of the request.
        request: u64,
    },
    /// The token in the URL of a call that takes it in the header, where it gets
    /// into logs, or in the header of a call that documents the URL only.
    TokenMisplaced {
        /// The number of the request.
        request: u64,
    },
    /// A page asked for with the token in the URL: a followed `paging.next`.
    PagingLinkFollowed {
        /// The number of the request.
        request: u64,
    },
    /// An id that lost its last digits in a floating-point number.
    RoundedId {
        /// The id as it was sent.
        sent: String,
        /// The number of the request.
        request: u64,
    },
    /// A token was sent to another host.
    TokenSentElsewhere {
        /// The number of the request there.
        request: u64,
    },
}

impl fmt::Display for Charge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoLivePosts { marker, post_id } => {
                write!(
                    formatter,
                    "{marker:?} is live twice, the second is {post_id}"
                )
            }
            Self::ContainerPublishedTwice { container_id } => {
                write!(formatter, "the container {container_id} became two posts")
            }
            Self::TwoLiveReposts { original } => {
                write!(formatter, "{original} is reposted twice by one account")
            }
            Self::LiveAfterAll { marker, ending } => {
                write!(formatter, "{marker:?} is live though reported as {ending}")
            }
            Self::NeverPublished { marker } => {
                write!(
                    formatter,
                    "{marker:?} is reported as published and never was"
                )
            }
            Self::StaleText { marker } => {
                write!(
                    formatter,
                    "{marker:?} is live with another text than reported"
                )
            }
            Self::PublishRepeated {
                container_id,
                request,
            } => write!(
                formatter,
                "request {request} publishes {container_id} again, which may be live"
            ),
            Self::RepostRepeated { path, request } => {
                write!(formatter, "request {request} sends {path} again")
            }
            Self::UnknownParameter { name, request } => {
                write!(
                    formatter,
                    "request {request} has the unknown parameter {name}"
                )
            }
            Self::UnknownField { fields, request } => {
                write!(
                    formatter,
                    "request {request} asks for unknown fields: {fields}"
                )
            }
            Self::TokenMisplaced { request } => {
                write!(
                    formatter,
                    "request {request} has its token in the wrong place"
                )
            }
            Self::PagingLinkFollowed { request } => {
                write!(
                    formatter,
                    "request {request} follows a link with a token in it"
                )
            }
            Self::RoundedId { sent, request } => {
                write!(formatter, "request {request} has the rounded id {sent}")
            }
            Self::TokenSentElsewhere { request } => {
                write!(
                    formatter,
                    "request {request} brings a token to another host"
                )
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Published => "published",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        })
    }
}

/// The judge's decision: acquitted, or convicted with the reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    charges: Vec<Charge>,
}

impl Verdict {
    /// Whether nothing wrong was found.
    pub fn is_acquitted(&self) -> bool {
        self.charges.is_empty()
    }

    /// What was found, effects before requests.
    pub fn charges(&self) -> &[Charge] {
        &self.charges
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_acquitted() {
            return formatter.write_str("acquitted");
        }
        formatter.write_str("convicted:")?;
        for charge in &self.charges {
            write!(formatter, "\n- {charge}")?;
        }
        Ok(())
    }
}

/// How long a publish call without a clear answer may still act, in virtual time.
///
/// A client that sends the same container again earlier guesses.
pub const SETTLE: Duration = Duration::from_mins(6);

/// Judges a client by the ledger, by its requests and by what it says.
///
/// [`Sandbox::judge`](crate::Sandbox::judge) judges a running sandbox's client; this
/// function is for ledgers and logs that were read from a file or over HTTP.
///
/// ```
/// use threads_sandbox::{Claim, Ending, judge};
///
/// let verdict = judge(&[], &[], &[Claim::new("spring sale", Ending::Published)]);
///
/// assert!(!verdict.is_acquitted());
/// assert_eq!(
///     verdict.to_string(),
///     "convicted:\n- \"spring sale\" is reported as published and never was",
/// );
/// ```
pub fn judge(ledger: &[LedgerEntry], requests: &[RequestLogEntry], claims: &[Claim]) -> Verdict {
    let mut charges = effects::charges(ledger, claims);
    charges.extend(wire::charges(ledger, requests));
    Verdict { charges }
}

/// Judges a client by the log of a host that it had no reason to send a token to.
///
/// Redirect a client to a second sandbox and hand over the second one's log.
pub fn judge_other_host(requests: &[RequestLogEntry]) -> Verdict {
    let charges = requests
        .iter()
        .filter(|entry| entry.token_placement.is_some())
        .map(|entry| Charge::TokenSentElsewhere { request: entry.seq })
        .collect();
    Verdict { charges }
}
