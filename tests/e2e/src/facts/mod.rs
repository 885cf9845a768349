//! What Meta's documentation leaves open about publishing, asked of the platform itself.
//!
//! The publish protocol relies on none of these answers; knowing them only shortens waits
//! (see `threads_monitor::guarantees`). The calls are written out here, without
//! `threads-client`, whose own rules would hide some of the answers.

mod graph;
mod probes;

use std::fmt::{self, Write as _};
use std::time::Duration;

use url::Url;

use self::graph::Graph;

/// Whom to ask, and how patiently.
#[derive(Clone)]
pub struct Probe {
    /// The API's host, such as `https://graph.threads.net/`.
    pub base_url: Url,
    /// The address of the authorization window.
    pub authorize_url: Url,
    /// A long-lived token with the scopes `threads_basic`, `threads_content_publish`,
    /// `threads_manage_replies` and `threads_delete`.
    pub access_token: String,
    /// When a published container and the list are looked at, after the answer.
    pub looks: Vec<Duration>,
    /// Whether the token may be refreshed, which may end the one that was given.
    pub may_refresh: bool,
}

impl fmt::Debug for Probe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Probe")
            .field("base_url", &self.base_url)
            .field("looks", &self.looks)
            .finish_non_exhaustive()
    }
}

/// One question and what the platform answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// `P1` to `P10`.
    pub id: &'static str,
    /// The question.
    pub question: &'static str,
    /// What was seen, or why it could not be asked.
    pub answer: Answer,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What was seen.
    Seen(String),
    /// Why it was not, or could not be, asked.
    NotProbed(String),
}

/// All facts, and what the run left behind.
pub struct Facts {
    /// In the order of their numbers.
    pub facts: Vec<Fact>,
    /// Posts that were made and could not be deleted again.
    pub left_over: Vec<String>,
    /// The new token, if the given one was refreshed.
    pub refreshed_token: Option<String>,
}

impl fmt::Debug for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Facts")
            .field("facts", &self.facts)
            .field("left_over", &self.left_over)
            .finish_non_exhaustive()
    }
}

impl Facts {
    /// The answer to one question.
    pub fn answer(&self, id: &str) -> Option<&Answer> {
        let mut facts = self.facts.iter();
        facts.find(|fact| fact.id == id).map(|fact| &fact.answer)
    }

    /// A table for people. It holds no token and no id of an account.
    pub fn markdown(&self) -> String {
        let mut text = "| | Question | Seen |\n|---|---|---|\n".to_owned();
        for fact in &self.facts {
            let seen = match &fact.answer {
                Answer::Seen(seen) => seen.clone(),
                Answer::NotProbed(why) => format!("*not probed: {why}*"),
            };
            let seen = seen.replace('|', "\\|").replace('\n', " ");
            // Writing to a text does not fail.
            let _ = writeln!(text, "| {} | {} | {seen} |", fact.id, fact.question);
        }
        text
    }
}

impl Probe {
    /// Asks everything, and deletes what it published.
    ///
    /// # Errors
    ///
    /// When the account cannot be read at all. What goes wrong later is an answer.
    pub async fn run(&self) -> anyhow::Result<Facts> {
        let mut graph = Graph::new(&self.base_url, &self.access_token)?;
        probes::expect_account(&graph).await?;
        let mut facts = Vec::new();
        let mut add = |id, question, answer| {
            facts.push(Fact {
                id,
                question,
                answer,
            });
        };
        let (first, second) = probes::publish_and_look(&mut graph, &self.looks).await;
        add("P1", "What does publishing a container again do?", second);
        add(
            "P2",
            "What does the status of a published container say, and when?",
            first.status,
        );
        add(
            "P3",
            "How long after the answer is a post in the account's list?",
            first.listing,
        );
        add(
            "P4",
            "Does a text come back as it was sent?",
            probes::texts(&mut graph).await,
        );
        add(
            "P6",
            "Where is `Authorization: Bearer` taken?",
            probes::bearer(&graph).await,
        );
        add(
            "P7",
            "Does the authorization window take a `code_challenge`?",
            probes::challenge(&self.authorize_url).await,
        );
        add(
            "P8",
            "How is a publish call refused when the quota is used up?",
            probes::quota(&mut graph).await,
        );
        add(
            "P9",
            "Which headers speak of limits?",
            probes::limit_headers(&graph).await,
        );
        add(
            "P10",
            "What does publishing a reply do whose parent was deleted?",
            probes::orphan(&mut graph).await,
        );
        let left_over = graph.clean_up().await;
        // Last, because the old token may be gone after it.
        let (answer, refreshed_token) = if self.may_refresh {
            probes::old_token(&graph).await
        } else {
            let why = "it may end the token; allow it and save the new one".to_owned();
            (Answer::NotProbed(why), None)
        };
        facts.push(Fact {
            id: "P5",
            question: "Does the old token work after a refresh?",
            answer,
        });
        facts.sort_by_key(|fact| fact.id[1..].parse::<u8>().unwrap_or(u8::MAX));
        Ok(Facts {
            facts,
            left_over,
            refreshed_token,
        })
    }
}
