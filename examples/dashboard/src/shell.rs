//! What surrounds every page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::assets;
use crate::problem::{Problem, chain};

/// The frame of a page: banner, notice, addresses of the assets.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) is_demo: bool,
    /// How far the demonstration's history is, while it is being collected.
    pub(crate) filling: Option<String>,
    /// What is wrong with the clock of this machine, if anything is.
    pub(crate) wrong_clock: Option<String>,
    pub(crate) reload_seconds: Option<u32>,
    pub(crate) notice: Option<Notice>,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
    pub(crate) version: &'static str,
}

impl Shell {
    pub(crate) fn new(is_demo: bool) -> Self {
        Self {
            is_demo,
            filling: None,
            wrong_clock: None,
            reload_seconds: None,
            notice: None,
            style: &assets::STYLE_ADDRESS,
            script: &assets::SCRIPT_ADDRESS,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// Something that has just happened.
///
/// It travels in the address after a redirect, so it is one of a fixed set: nobody
/// can make the page say anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    key: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) text: &'static str,
}

impl Notice {
    const ALL: &[Self] = &[
        Self {
            key: "connected",
            tone: "good",
            text: "The account is connected. Its first numbers are being collected.",
        },
        Self {
            key: "disconnected",
            tone: "good",
            text: "The account is disconnected, and everything stored about it is deleted. To take back the permission at Meta, too: open Settings, Account, Website permissions in Threads.",
        },
        Self {
            key: "disconnected-undecided",
            tone: "warn",
            text: "The account is disconnected, and everything stored about it is deleted. The outcome of at least one publish call was not known yet: look at the account on Threads to see whether that post is live.",
        },
        Self {
            key: "collected",
            tone: "good",
            text: "Everything was collected just now.",
        },
        Self {
            key: "collected-partly",
            tone: "warn",
            text: "Not everything could be collected. The section Collection says what and why.",
        },
        Self {
            key: "zone",
            tone: "good",
            text: "The time zone is saved.",
        },
        Self {
            key: "scheduled",
            tone: "good",
            text: "The post is scheduled.",
        },
        Self {
            key: "scheduled-first",
            tone: "warn",
            text: "The post is scheduled. Clocks are turned back that day, so this time comes twice: the first one counts.",
        },
        Self {
            key: "scheduled-long",
            tone: "warn",
            text: "The post is scheduled. Its text is within 500 characters, but longer than 500 bytes: Meta may count bytes and refuse it.",
        },
        Self {
            key: "scheduled-doubtful",
            tone: "warn",
            text: "The post is scheduled, but Meta may refuse it: its options below say why.",
        },
        Self {
            key: "cancelled",
            tone: "good",
            text: "The post is cancelled. Nothing was published.",
        },
        Self {
            key: "cancel-asked",
            tone: "warn",
            text: "Cancelling is recorded. A publish call may already have been under way, so what happened is checked first.",
        },
        Self {
            key: "part-cancelled",
            tone: "good",
            text: "The rest of the thread is called off. What is live stays.",
        },
        Self {
            key: "thread-continued",
            tone: "good",
            text: "Your decision is recorded. The part is looked for, and the thread goes on once it is found.",
        },
        Self {
            key: "decided",
            tone: "good",
            text: "Your decision is recorded. Nothing was sent.",
        },
        Self {
            key: "queued",
            tone: "good",
            text: "The post is in the queue, at the time below.",
        },
        Self {
            key: "drafted",
            tone: "good",
            text: "The draft is kept. Nothing is sent.",
        },
        Self {
            key: "approved",
            tone: "good",
            text: "The draft is approved and scheduled.",
        },
        Self {
            key: "draft-changed",
            tone: "good",
            text: "The draft is saved. If it was put forward, it has to be put forward again.",
        },
        Self {
            key: "draft-asked",
            tone: "good",
            text: "The draft waits for approval. Until then it is not sent.",
        },
        Self {
            key: "draft-rejected",
            tone: "good",
            text: "The draft is not approved. It can be changed and put forward again.",
        },
        Self {
            key: "draft-discarded",
            tone: "good",
            text: "The draft is discarded.",
        },
        Self {
            key: "reused",
            tone: "good",
            text: "Its words and files are a draft now. The post itself stays as it is.",
        },
        Self {
            key: "repeated",
            tone: "good",
            text: "The post is repeated from now on.",
        },
        Self {
            key: "repeat-ended",
            tone: "good",
            text: "The repetition has ended. What was scheduled of it already is called off, unless it is too late.",
        },
        Self {
            key: "queue",
            tone: "good",
            text: "The queue is saved. Posts that are scheduled already stay where they are.",
        },
        Self {
            key: "table",
            tone: "good",
            text: "All rows are scheduled.",
        },
    ];

    /// The notice of this key.
    pub(crate) fn of(key: &str) -> Option<Self> {
        Self::ALL.iter().find(|notice| notice.key == key).copied()
    }
}

/// A template as a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    match template.render() {
        Ok(html) => Ok((status, Html(html)).into_response()),
        Err(error) => {
            tracing::error!(error = %chain(&error), "a template failed");
            Err(Problem::internal())
        }
    }
}

/// The page of a problem.
#[derive(Debug, Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage {
    pub(crate) shell: Shell,
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) offers_connect: bool,
    pub(crate) status: u16,
}
