//! Repeated posts.

use std::time::Duration;

use pyo3::prelude::*;
use threads_client::UserId;
use threads_monitor::planning::NewSeries;

use super::PyRepeat;
use crate::arguments::job;
use crate::call::Call;
use crate::draft::PyDraft;
use crate::monitor::PyMonitor;
use crate::runtime::guard;

/// What a monitor does with repeated posts.
#[pyclass(frozen, name = "RepeatedPosts", module = "threads_monitor._native")]
pub(crate) struct PyRepeatedPosts(Py<PyMonitor>);

#[pymethods]
impl PyRepeatedPosts {
    #[new]
    fn new(monitor: Py<PyMonitor>) -> PyResult<Self> {
        guard(|| Ok(Self(monitor)))
    }

    fn repeat(
        &self,
        user_id: String,
        draft: &PyDraft,
        repeat: &PyRepeat,
        idempotency_key: Option<String>,
        max_lateness: Option<Duration>,
    ) -> PyResult<Call> {
        guard(|| {
            let user = UserId::new(user_id);
            let mut series = NewSeries::new(user, draft.0.clone(), repeat.0.clone());
            series.idempotency_key = idempotency_key;
            series.max_lateness = max_lateness;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.repeat(series).await })
        })
    }

    fn repeated(&self, py: Python<'_>, series_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "series_id", series_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.repeated(&id).await })
        })
    }

    fn repeated_posts(&self, user_id: String) -> PyResult<Call> {
        let user = UserId::new(user_id);
        let monitor = self.0.get();
        monitor.call(|monitor| async move { monitor.repeated_posts(&user).await })
    }

    fn change_repeated(
        &self,
        py: Python<'_>,
        series_id: &str,
        draft: &PyDraft,
        repeat: &PyRepeat,
    ) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "series_id", series_id)?;
            let (draft, repeat) = (draft.0.clone(), repeat.0.clone());
            let monitor = self.0.get();
            monitor
                .call(|monitor| async move { monitor.change_repeated(&id, &draft, &repeat).await })
        })
    }

    fn end_repeated(&self, py: Python<'_>, series_id: &str) -> PyResult<Call> {
        guard(|| {
            let id = job(py, "series_id", series_id)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.end_repeated(&id).await })
        })
    }
}
