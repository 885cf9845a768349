//! The pages, one module a topic.

pub(crate) mod account;
pub(crate) mod api;
pub(crate) mod archive;
pub(crate) mod chain;
pub(crate) mod connect;
pub(crate) mod disconnect;
pub(crate) mod home;
pub(crate) mod legal;
pub(crate) mod plan;
pub(crate) mod posts;
mod queue;
pub(crate) mod reuse;
mod series;

use serde::Deserialize;
use threads_client::UserId;
use threads_monitor::planning::{PlanWarning, Planned};
use threads_monitor::{AccountSummary, Connection, Monitor, TokenNotice, Zone};

use crate::format::Moment;
use crate::problem::{Problem, capitalised};
use crate::shell::Notice;

/// The parameters that any page may have.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PageQuery {
    notice: Option<String>,
    range: Option<String>,
    media: Option<usize>,
}

impl PageQuery {
    fn notice(&self) -> Option<Notice> {
        self.notice.as_deref().and_then(Notice::of)
    }
}

/// Who an account is, as a page says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) handle: Option<String>,
    pub(crate) initial: String,
    pub(crate) is_verified: bool,
}

impl Person {
    fn of(account: &AccountSummary) -> Self {
        let profile = account.profile.as_ref();
        let handle = profile.and_then(|profile| profile.username.clone());
        let name = profile
            .and_then(|profile| profile.name.clone())
            .filter(|name| !name.trim().is_empty())
            .or_else(|| handle.clone())
            .unwrap_or_else(|| format!("Account {}", account.user));
        Self {
            initial: name
                .chars()
                .find(|character| character.is_alphanumeric())
                .map_or_else(|| "?".to_owned(), |first| first.to_uppercase().to_string()),
            name,
            handle,
            is_verified: profile.and_then(|profile| profile.is_verified) == Some(true),
        }
    }
}

/// Whether an account's access works, as a page says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionWords {
    pub(crate) word: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) trouble: Option<String>,
    /// How many scheduled posts need a new token, and the first of them.
    pub(crate) stake: Option<Stake>,
}

/// The scheduled posts that cannot go out without a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stake {
    pub(crate) words: String,
    pub(crate) first: Vec<StakePost>,
    pub(crate) more: usize,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StakePost {
    pub(crate) id: String,
    pub(crate) due: Moment,
}

impl Stake {
    fn of(notice: &TokenNotice, zone: Zone) -> Option<Self> {
        let posts = &notice.posts;
        let first = posts.first.iter().map(|post| StakePost {
            id: post.id.to_string(),
            due: Moment::new(post.due_at, zone),
        });
        (posts.count > 0).then(|| Self {
            words: match posts.count {
                1 => "1 scheduled post needs it:".to_owned(),
                count => format!("{count} scheduled posts need it:"),
            },
            more: posts.count.saturating_sub(posts.first.len()),
            first: first.collect(),
        })
    }
}

impl ConnectionWords {
    fn of(account: &AccountSummary) -> Self {
        let zone = account.zone;
        let notice = account.notice.as_ref();
        Self {
            stake: notice.and_then(|notice| Stake::of(notice, zone)),
            ..Self::of_connection(&account.connection, zone)
        }
    }

    fn of_connection(connection: &Connection, zone: Zone) -> Self {
        match connection {
            Connection::Connected => Self {
                word: "Connected",
                tone: "good",
                trouble: None,
                stake: None,
            },
            Connection::Expiring { expires_at } => Self {
                word: "Access ends soon",
                tone: "warn",
                trouble: Some(format!(
                    "Refreshing the access token has failed for many days. It ends {}. It is still tried daily; connecting the account again settles it at once.",
                    Moment::new(*expires_at, zone).text
                )),
                stake: None,
            },
            Connection::NeedsReconnect { since, reason } => Self {
                word: "Connect again",
                tone: "bad",
                trouble: Some(format!(
                    "The access token has not worked since {}, so nothing is measured and nothing is published. What was measured before is kept. Reason: {}",
                    Moment::new(*since, zone).text,
                    capitalised(reason)
                )),
                stake: None,
            },
            _ => Self {
                word: "Unknown",
                tone: "warn",
                trouble: None,
                stake: None,
            },
        }
    }
}

/// What speaks against a post, in words.
fn warning_words(warning: &PlanWarning, zone: Zone) -> String {
    let what = |planned: &Planned| match planned {
        Planned::Post(_) => "Another scheduled post".to_owned(),
        Planned::Repeated(_) => "A repeated post".to_owned(),
        Planned::Live(_) => "A post that is on Threads already".to_owned(),
        Planned::Line(line) => format!("Line {line}"),
        _ => "Something else".to_owned(),
    };
    match warning {
        PlanWarning::Duplicate { of, at } => format!(
            "{} has the same content ({}).",
            what(of),
            Moment::new(*at, zone).text
        ),
        PlanWarning::TooClose { to, at } => format!(
            "{} is nearer than this account wants ({}).",
            what(to),
            Moment::new(*at, zone).text
        ),
        other => capitalised(&other.to_string()),
    }
}

/// Does work to its end, even when the browser goes away meanwhile.
///
/// Half a disconnect would leave data behind that a person wanted gone.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.unwrap_or_else(|_| {
        tracing::error!("work for a request ended in a panic");
        Err(Problem::internal())
    })
}

/// The account, or the page that says that there is none.
async fn account(monitor: &Monitor, user: &UserId) -> Result<AccountSummary, Problem> {
    monitor.account(user).await?.ok_or_else(Problem::no_account)
}
