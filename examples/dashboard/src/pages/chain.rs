//! A thread: how much of it is live, and what a person can decide.

use std::sync::Arc;

use axum::extract::{Path, RawForm, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use threads_monitor::publishing::{
    ChainChoice, ChainDecision, ChainStanding, Due, PartState, Post, RestPlace, StopReason,
};

use super::posts::read_id;
use super::queue;
use crate::app::AppState;
use crate::fields::pairs;
use crate::format::shortened;
use crate::problem::Problem;

/// How much of a thread is live, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChainWords {
    pub(super) word: String,
    pub(super) tone: &'static str,
}

impl ChainWords {
    pub(super) fn of(post: &Post) -> Option<Self> {
        let status = post.chain_status()?;
        let word = format!("{} of {} live", status.published, status.of);
        Some(match status.standing {
            ChainStanding::Complete => Self { word, tone: "good" },
            ChainStanding::Partial => Self {
                word: format!("Partial: {word}"),
                tone: if status.choices.is_empty() { "" } else { "bad" },
            },
            _ => Self { word, tone: "busy" },
        })
    }
}

/// A thread on the page of its post.
pub(super) struct ChainView {
    pub(super) words: ChainWords,
    /// Why it does not go on.
    pub(super) trouble: Option<&'static str>,
    pub(super) parts: Vec<PartView>,
    pub(super) choices: Vec<ChoiceView>,
}

pub(super) struct PartView {
    pub(super) number: usize,
    pub(super) text: String,
    pub(super) word: &'static str,
    pub(super) tone: &'static str,
    /// Its place, if it can be called off.
    pub(super) cancel: Option<usize>,
    /// The post that it goes out with instead.
    pub(super) moved_to: Option<String>,
}

pub(super) struct ChoiceView {
    pub(super) value: &'static str,
    pub(super) word: &'static str,
    pub(super) meaning: &'static str,
}

impl ChainView {
    pub(super) fn of(post: &Post) -> Option<Self> {
        let status = post.chain_status()?;
        let parts = status.parts.iter().enumerate().map(|(place, part)| {
            let (word, tone) = part_words(&part.state);
            PartView {
                number: place + 1,
                text: shortened(queue::text(&part.draft), 140),
                word,
                tone,
                cancel: (part.state == PartState::Waiting).then_some(place),
                moved_to: match &part.state {
                    PartState::Moved { to } => Some(to.to_string()),
                    _ => None,
                },
            }
        });
        Some(Self {
            words: ChainWords::of(post)?,
            trouble: status
                .stopped
                .as_ref()
                .filter(|_| !status.choices.is_empty())
                .map(|stopped| trouble(stopped.reason)),
            parts: parts.collect(),
            choices: status
                .choices
                .iter()
                .filter_map(|choice| words(*choice))
                .collect(),
        })
    }
}

const fn part_words(state: &PartState) -> (&'static str, &'static str) {
    match state {
        PartState::Published { .. } => ("Live", "good"),
        PartState::Current => ("The part it is at", "busy"),
        PartState::Waiting => ("Waits for the part above", "busy"),
        PartState::Blocked => ("Held back", "warn"),
        PartState::Cancelled => ("Called off", ""),
        PartState::Discarded => ("Let be", ""),
        PartState::Moved { .. } => ("Goes out elsewhere", ""),
        _ => ("Unknown", "warn"),
    }
}

const fn trouble(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Failed => {
            "A part was not published, so nothing was sent below it. Its state above says why."
        }
        StopReason::Cancelled => "You called the rest off.",
        StopReason::Missed => "The time of a part passed before it could be sent.",
        StopReason::Unknown => {
            "Whether a part is live cannot be known from here, so nothing is sent below it. It goes on by itself if the part turns out to be live."
        }
        StopReason::IdUnknown => {
            "A part is live, but it was not found in the account's list of replies, so nothing can answer it yet."
        }
        _ => "It does not go on by itself.",
    }
}

const fn words(choice: ChainChoice) -> Option<ChoiceView> {
    Some(match choice {
        ChainChoice::Continue => ChoiceView {
            value: "continue",
            word: "The part is live: go on",
            meaning: "Look at the account on Threads first. The part is looked for again, and the next is sent once it is found.",
        },
        ChainChoice::FinishBelow => ChoiceView {
            value: "below",
            word: "Go on below the last live part",
            meaning: "The parts that are not live are sent now, below the last part that is.",
        },
        ChainChoice::FinishApart => ChoiceView {
            value: "apart",
            word: "Send the rest as a new thread",
            meaning: "The parts that are surely not live are sent now, as a thread of their own.",
        },
        ChainChoice::Discard => ChoiceView {
            value: "discard",
            word: "Let the rest be",
            meaning: "Nothing more is sent. What is live stays.",
        },
        _ => return None,
    })
}

/// What a person decided about a thread.
pub(crate) async fn decide(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> Result<Redirect, Problem> {
    state.accept_changes()?;
    let monitor = &state.settings.monitor;
    let id = read_id(&id)?;
    let now = Due::At(monitor.now());
    let pairs = pairs(&body);
    let one = |wanted: &str| {
        let found = pairs.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let (at, notice) = match (one("choice"), one("cancel")) {
        (Some("continue"), _) => {
            monitor.decide_chain(&id, ChainDecision::Continue).await?;
            (id, "thread-continued")
        }
        (Some("discard"), _) => {
            monitor.decide_chain(&id, ChainDecision::Discard).await?;
            (id, "decided")
        }
        (Some("below"), _) => {
            let rest = monitor.finish_chain(&id, RestPlace::Below, now).await?;
            (rest.id, "scheduled")
        }
        (Some("apart"), _) => {
            let rest = monitor.finish_chain(&id, RestPlace::Apart, now).await?;
            (rest.id, "scheduled")
        }
        (None, Some(place)) => {
            let place = place.parse().map_err(|_| unknown())?;
            monitor.cancel_part(&id, place).await?;
            (id, "part-cancelled")
        }
        _ => return Err(unknown()),
    };
    Ok(Redirect::to(&format!("/posts/{at}?notice={notice}")))
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "That is no decision",
        "Choose one of the buttons on the thread's page. Nothing was changed.",
    )
}
