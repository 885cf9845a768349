//! Drafts: keeping, asking for approval, deciding.

use std::time::Duration;

use pyo3::prelude::*;
use threads_client::UserId;
use threads_monitor::planning::{DraftPlan, NewDraft};

use crate::arguments::job;
use crate::call::Call;
use crate::draft::PyDraft;
use crate::due::DueTime;
use crate::error::invalid;
use crate::monitor::PyMonitor;
use crate::runtime::guard;

/// What a monitor does with drafts.
#[pyclass(frozen, name = "Drafts", module = "threads_monitor._native")]
pub(crate) struct PyDrafts(Py<PyMonitor>);

#[pymethods]
impl PyDrafts {
    #[new]
    fn new(monitor: Py<PyMonitor>) -> PyResult<Self> {
        guard(|| Ok(Self(monitor)))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the keyword arguments of `keep_draft`"
    )]
    fn keep_draft(
        &self,
        py: Python<'_>,
        user_id: String,
        draft: &PyDraft,
        at: Option<DueTime>,
        zone: Option<&str>,
        max_lateness: Option<Duration>,
        idempotency_key: Option<String>,
    ) -> PyResult<Call> {
        guard(|| {
            let new = NewDraft {
                account: UserId::new(user_id),
                content: plan(py, draft, at, zone, max_lateness)?,
                idempotency_key,
            };
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.keep_draft(new).await })
        })
    }

    fn draft(&self, py: Python<'_>, draft_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.draft(&id).await })
        })
    }

    fn drafts(&self, user_id: String) -> PyResult<Call> {
        let user = UserId::new(user_id);
        let monitor = self.0.get();
        monitor.call(|monitor| async move { monitor.drafts(&user).await })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the keyword arguments of `change_draft`"
    )]
    fn change_draft(
        &self,
        py: Python<'_>,
        draft_id: &str,
        draft: &PyDraft,
        revision: u32,
        at: Option<DueTime>,
        zone: Option<&str>,
        max_lateness: Option<Duration>,
    ) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let content = plan(py, draft, at, zone, max_lateness)?;
            let monitor = self.0.get();
            monitor
                .call(|monitor| async move { monitor.change_draft(&id, revision, &content).await })
        })
    }

    fn discard_draft(&self, py: Python<'_>, draft_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.discard_draft(&id).await })
        })
    }

    fn ask_approval(
        &self,
        py: Python<'_>,
        draft_id: &str,
        revision: u32,
        by: String,
    ) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.ask_approval(&id, revision, &by).await })
        })
    }

    fn reject_draft(
        &self,
        py: Python<'_>,
        draft_id: &str,
        revision: u32,
        by: String,
        reason: String,
    ) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move {
                monitor.reject_draft(&id, revision, &by, &reason).await
            })
        })
    }

    fn approve_draft(
        &self,
        py: Python<'_>,
        draft_id: &str,
        revision: u32,
        by: String,
    ) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.approve_draft(&id, revision, &by).await })
        })
    }

    fn schedule_draft(&self, py: Python<'_>, draft_id: &str, revision: u32) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "draft_id", draft_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.schedule_draft(&id, revision).await })
        })
    }
}

fn plan(
    py: Python<'_>,
    draft: &PyDraft,
    at: Option<DueTime>,
    zone: Option<&str>,
    max_lateness: Option<Duration>,
) -> PyResult<DraftPlan> {
    let due = match (at, zone) {
        (Some(at), zone) => Some(at.due(py, zone)?),
        (None, None) => None,
        (None, Some(_)) => return Err(invalid(py, "zone", "goes with a naive `at`")),
    };
    let mut plan = DraftPlan::new(draft.0.clone(), due);
    plan.max_lateness_seconds = max_lateness.map(|lateness| lateness.as_secs());
    Ok(plan)
}
