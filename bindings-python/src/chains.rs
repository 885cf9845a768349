//! Chains: posts of which each answers the one before.

use std::time::Duration;

use pyo3::prelude::*;
use threads_client::UserId;
use threads_monitor::publishing::{ChainDecision, NewChain, RestPlace};

use crate::arguments::{job, named};
use crate::call::Call;
use crate::draft::PyDraft;
use crate::due::DueTime;
use crate::monitor::PyMonitor;
use crate::runtime::guard;

/// What a monitor does with chains.
#[pyclass(frozen, name = "Chains", module = "threads_monitor._native")]
pub(crate) struct PyChains(Py<PyMonitor>);

#[pymethods]
impl PyChains {
    #[new]
    fn new(monitor: Py<PyMonitor>) -> PyResult<Self> {
        guard(|| Ok(Self(monitor)))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the keyword arguments of `schedule_chain`"
    )]
    fn schedule_chain(
        &self,
        py: Python<'_>,
        user_id: String,
        parts: Vec<PyRef<'_, PyDraft>>,
        at: DueTime,
        zone: Option<&str>,
        idempotency_key: Option<String>,
        max_lateness: Option<Duration>,
        unless_warned: bool,
    ) -> PyResult<Call> {
        guard(|| {
            let parts = parts.iter().map(|part| part.0.clone()).collect();
            let mut chain = NewChain::new(UserId::new(user_id), parts, at.due(py, zone)?);
            chain.idempotency_key = idempotency_key;
            chain.max_lateness = max_lateness;
            chain.unless_warned = unless_warned;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.schedule_chain(chain).await })
        })
    }

    fn cancel_part(&self, py: Python<'_>, post_id: &str, place: usize) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "post_id", post_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.cancel_part(&id, place).await })
        })
    }

    fn decide_chain(&self, py: Python<'_>, post_id: &str, decision: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "post_id", post_id)?;
            let decision: ChainDecision = named(py, "decision", decision)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.decide_chain(&id, decision).await })
        })
    }

    fn finish_chain(
        &self,
        py: Python<'_>,
        post_id: &str,
        place: &str,
        at: DueTime,
        zone: Option<&str>,
    ) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "post_id", post_id)?;
            let place: RestPlace = named(py, "place", place)?;
            let due = at.due(py, zone)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.finish_chain(&id, place, due).await })
        })
    }
}
