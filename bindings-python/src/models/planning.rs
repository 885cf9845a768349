//! What was planned.

use std::time::Duration;

use pyo3::prelude::*;
use threads_monitor::LocalInstant;
use threads_monitor::planning::{
    BulkOutcome, BulkReport, BulkRow, DraftPlan, KeptDraft, Occurrence, PlanWarning, Planned,
    PostingPlan, QueueTime, RepeatedPost, Said, Slot, Stage,
};
use threads_monitor::publishing::Due;

use super::{ToPython, dataclass, model, unknown};
use crate::draft::PyDraft;
use crate::due::NEXT_SLOT;
use crate::planning::{PyRepeat, weekday_name};

// --- Repeated posts ---

impl ToPython for Occurrence {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let kind = match self.instant {
            LocalInstant::Unique(_) => "unique",
            LocalInstant::First(_) => "first",
            LocalInstant::MovedForward(_) => "moved_forward",
            other => return Err(unknown(&other)),
        };
        dataclass!(py, "threads_monitor.planning", "Occurrence", self, {
            local,
            at: self.at(),
            kind: kind,
        })
    }
}

impl ToPython for RepeatedPost {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let series = &self.series;
        dataclass!(py, "threads_monitor.planning", "RepeatedPost", self, {
            id,
            account,
            draft: PyDraft::from(series.draft.clone()),
            repeat: PyRepeat(series.repeat.clone()),
            max_lateness: Duration::from_secs(series.max_lateness_seconds),
            revision: series.revision,
            through: series.through,
            made: series.made,
            missed: series.missed,
            last_missed_at: series.last_missed_at,
            ended_at: series.ended_at,
            created_at,
            next_wake_at,
        })
    }
}

// --- The queue ---

impl ToPython for Slot {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dataclass!(py, "threads_monitor.planning", "Slot", self, {
            day: weekday_name(self.day),
            time,
        })
    }
}

model!("threads_monitor.planning", PostingPlan, { zone, slots, spacing_minutes, duplicate_days });
model!("threads_monitor.planning", QueueTime, { at, is_free });

impl ToPython for Planned {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (kind, id, line) = match self {
            Self::Post(id) => ("post", Some(id.to_string()), None),
            Self::Repeated(id) => ("repeated", Some(id.to_string()), None),
            Self::Live(id) => ("live", Some(id.to_string()), None),
            Self::Line(line) => ("line", None, Some(line)),
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.planning", "Planned", self, {
            kind: kind,
            id: id,
            line: line,
        })
    }
}

impl ToPython for PlanWarning {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (kind, other, at) = match self {
            Self::Duplicate { of, at } => ("duplicate", of, at),
            Self::TooClose { to, at } => ("too_close", to, at),
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.planning", "PlanWarning", self, {
            kind: kind,
            other: other,
            at: at,
            message: self.to_string(),
        })
    }
}

// --- Drafts ---

/// The time alone; the zone of one on a wall is told apart.
impl ToPython for Due {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::At(at) => at.to_python(py),
            Self::Local { time, .. } => time.to_python(py),
            Self::NextSlot => NEXT_SLOT.to_python(py),
            other => Err(unknown(other)),
        }
    }
}

impl ToPython for DraftPlan {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let zone = match &self.due {
            Some(Due::Local { zone, .. }) => Some(*zone),
            _ => None,
        };
        dataclass!(py, "threads_monitor.planning", "DraftPlan", self, {
            draft: PyDraft::from(self.draft.clone()),
            at: self.due,
            zone: zone,
            max_lateness: self.max_lateness_seconds.map(Duration::from_secs),
        })
    }
}

model!("threads_monitor.planning", Said, { by, at });

impl ToPython for Stage {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (mut said, mut reason, mut post, mut due_at, mut at) = (None, None, None, None, None);
        let name = match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Rejected {
                said: by,
                reason: why,
            } => {
                (said, reason) = (Some(by), Some(why));
                "rejected"
            }
            Self::Scheduled {
                approved,
                post: id,
                due_at: due,
                ..
            } => {
                (said, post, due_at) = (approved.as_ref(), Some(id), Some(due));
                "scheduled"
            }
            Self::Discarded { at: when } => {
                at = Some(when);
                "discarded"
            }
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.planning", "Stage", self, {
            name: name,
            said: said,
            reason: reason,
            post_id: post,
            due_at: due_at,
            discarded_at: at,
        })
    }
}

impl ToPython for KeptDraft {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let entry = &self.entry;
        dataclass!(py, "threads_monitor.planning", "KeptDraft", self, {
            id,
            account,
            content: entry.content,
            revision: entry.revision,
            stage: entry.stage,
            asked: entry.asked,
            created_at,
        })
    }
}

// --- Tables ---

impl ToPython for BulkOutcome {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (name, post, problem) = match self {
            Self::Fine => ("fine", None, None),
            Self::Scheduled(id) => ("scheduled", Some(id), None),
            Self::AlreadyThere(id) => ("already_there", Some(id), None),
            Self::Problem(problem) => ("problem", None, Some(problem)),
            Self::Unconfirmed => ("unconfirmed", None, None),
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.planning", "BulkOutcome", self, {
            name: name,
            post_id: post,
            problem: problem,
        })
    }
}

model!("threads_monitor.planning", BulkRow, { line, text, due_at, warnings, outcome });
model!("threads_monitor.planning", BulkReport, { rows });
