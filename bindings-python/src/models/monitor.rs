//! Answers of the monitor.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use threads_monitor::publishing::{Attempt, Outcome, Phase, ScheduledPost};
use threads_monitor::scheduler::JobKind;
use threads_monitor::snapshot_store::{PostReading, ProfileReading, Source};
use threads_monitor::trends::Point;
use threads_monitor::{
    AccountSummary, AffectedPost, AffectedPosts, CollectionHealth, Connection, Erased, Measurement,
    PostSummary, Thinned, TokenDates, TokenNotice, Zone,
};

use super::{ToPython, by_name, by_text, dataclass, instance, model, unknown};
use crate::draft::PyDraft;

by_text!(JobKind);

impl ToPython for Zone {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.name().to_python(py)
    }
}

by_name!(Source);

fn point<'py>(py: Python<'py>, class: &str, point: &Point) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("at", point.at)?;
    fields.set_item("captured_at", point.captured_at)?;
    fields.set_item("value", point.value)?;
    fields.set_item("source", point.source.to_python(py)?)?;
    instance(py, "threads_monitor.measurements", class, &fields)
}

impl ToPython for Point {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        point(py, "Point", self)
    }
}

impl ToPython for Measurement {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let state = match self {
            Self::Measured(measured) => return point(py, "Measured", measured),
            Self::NotMeasured => "NotMeasured",
            Self::NotProvided => "NotProvided",
        };
        instance(py, "threads_monitor.measurements", state, &PyDict::new(py))
    }
}

model!("threads_monitor.accounts", ProfileReading, {
    username,
    name,
    picture_url,
    biography,
    is_verified,
});

impl ToPython for Connection {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let fields = PyDict::new(py);
        let class = match self {
            Self::Connected => "Connected",
            Self::Expiring { expires_at } => {
                fields.set_item("expires_at", expires_at)?;
                "Expiring"
            }
            Self::NeedsReconnect { since, reason } => {
                fields.set_item("since", since)?;
                fields.set_item("reason", reason)?;
                "NeedsReconnect"
            }
            other => return Err(unknown(other)),
        };
        instance(py, "threads_monitor.accounts", class, &fields)
    }
}

model!("threads_monitor.accounts", TokenDates, {
    obtained_at,
    expires_at,
    expiry_assumed,
    connected_at,
    scopes,
});

model!("threads_monitor.accounts", CollectionHealth, {
    kind,
    last_success_at,
    next_at,
    failures,
    last_error,
});

model!("threads_monitor.accounts", AccountSummary, {
    user,
    profile,
    profile_measured_at,
    zone,
    connection,
    token,
    notice,
    followers,
    following,
    media_count,
    posts_seen,
    views_last_day,
    collection,
    thinned,
});

model!("threads_monitor.accounts", TokenNotice, { stage, ends_at, posts });

model!("threads_monitor.accounts", AffectedPosts, { count, first });

model!("threads_monitor.accounts", AffectedPost, { id, due_at });

model!("threads_monitor.accounts", Thinned, { numbers, attempts, last_success_at, last_error });

model!("threads_monitor.accounts", PostReading, { text, media_type, permalink, topic_tag, is_repost });

model!("threads_monitor.accounts", PostSummary, {
    id,
    published_at,
    post,
    views,
    likes,
    replies,
    reposts,
    quotes,
    shares,
});

model!("threads_monitor.accounts", Erased, { jobs, undecided_posts, snapshots, token });

impl ToPython for Attempt {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (outcome, why) = match &self.outcome {
            Outcome::Pending => ("pending", None),
            Outcome::Effective { answer } => ("effective", answer.as_ref()),
            Outcome::NotSent { why } => ("not_sent", Some(why)),
            Outcome::Rejected { why, .. } => ("rejected", Some(why)),
            Outcome::Unknown { why } => ("unknown", Some(why)),
            Outcome::Ineffective { why, .. } => ("ineffective", Some(why)),
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.accounts", "Attempt", self, {
            container,
            authorised_at,
            outcome: outcome,
            why: why,
        })
    }
}

impl ToPython for Phase {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (at, reason): (Option<&DateTime<Utc>>, Option<&str>) = match self {
            Self::Preparing { since, .. }
            | Self::Ready { since, .. }
            | Self::Verifying { since, .. } => (Some(since), None),
            Self::Restored { backed_up_at, .. } => (Some(backed_up_at), None),
            Self::Blocked { detail, .. } => (None, Some(detail)),
            Self::NeedsAttention { since, reason, .. } => (Some(since), Some(reason)),
            Self::Failed { at, reason } => (Some(at), Some(reason)),
            Self::Published { at, .. }
            | Self::Abandoned { at }
            | Self::Cancelled { at }
            | Self::Missed { at } => (Some(at), None),
            _ => (None, None),
        };
        let container = match self {
            Self::Preparing { container, .. } | Self::NeedsAttention { container, .. } => {
                container.as_ref()
            }
            Self::Ready { container, .. }
            | Self::Publishing { container, .. }
            | Self::Verifying { container, .. } => Some(container),
            _ => None,
        };
        let media_id = match self {
            Self::Published { media_id, .. } => media_id.as_ref(),
            _ => None,
        };
        dataclass!(py, "threads_monitor.accounts", "Phase", self, {
            name: self.name(),
            is_final: self.is_final(),
            at: at,
            reason: reason,
            container: container,
            media_id: media_id,
        })
    }
}

impl ToPython for ScheduledPost {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let post = &self.post;
        dataclass!(py, "threads_monitor.accounts", "ScheduledPost", self, {
            id,
            account,
            draft: PyDraft::from(post.draft.clone()),
            due_at: post.due_at,
            zone: post.zone,
            max_lateness: Duration::from_secs(post.max_lateness_seconds),
            phase: post.phase,
            is_over: post.is_over(),
            chain: post.chain_status(),
            attempts: post.all_attempts().collect::<Vec<_>>(),
            cancel_requested_at: post.cancel_requested_at,
            created_at,
            next_wake_at,
        })
    }
}

/// The outcomes of collecting at once: per kind `None`, or what went wrong.
impl ToPython for Vec<(JobKind, Result<(), String>)> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let outcomes = PyDict::new(py);
        for (kind, outcome) in self {
            outcomes.set_item(kind.as_str(), outcome.as_ref().err())?;
        }
        Ok(outcomes.into_any())
    }
}
