//! Where chains stand.

use pyo3::prelude::*;
use threads_monitor::publishing::{
    ChainChoice, ChainStanding, ChainStatus, PartState, PartStatus, RestDecided, StopReason,
    Stopped,
};

use super::{ToPython, by_name, dataclass, model, unknown};
use crate::draft::PyDraft;

by_name!(ChainChoice, ChainStanding, StopReason);

model!("threads_monitor.chains", Stopped, { at, reason });

impl ToPython for RestDecided {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (name, at, to) = match self {
            Self::Discarded { at } => ("discarded", at, None),
            Self::Moved { to, at } => ("moved", at, Some(to)),
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.chains", "RestDecided", self, {
            name: name,
            at: at,
            to: to,
        })
    }
}

impl ToPython for PartStatus {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (state, media_id, moved_to) = match &self.state {
            PartState::Published { media_id } => ("published", media_id.as_ref(), None),
            PartState::Current => ("current", None, None),
            PartState::Waiting => ("waiting", None, None),
            PartState::Blocked => ("blocked", None, None),
            PartState::Cancelled => ("cancelled", None, None),
            PartState::Discarded => ("discarded", None, None),
            PartState::Moved { to } => ("moved", None, Some(to)),
            other => return Err(unknown(other)),
        };
        dataclass!(py, "threads_monitor.chains", "PartStatus", self, {
            draft: PyDraft::from(self.draft.clone()),
            state: state,
            media_id: media_id,
            moved_to: moved_to,
        })
    }
}

model!("threads_monitor.chains", ChainStatus, {
    standing,
    published,
    of,
    stopped,
    decided,
    parts,
    choices,
});
