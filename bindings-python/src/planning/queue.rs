//! How an account posts, and what speaks against a post.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use threads_client::UserId;
use threads_monitor::planning::{PostingPlan, Slot};
use threads_monitor::publishing::NewPost;

use super::repeat::{TimeOfDay, weekday};
use crate::arguments;
use crate::call::Call;
use crate::draft::PyDraft;
use crate::due::DueTime;
use crate::monitor::PyMonitor;
use crate::runtime::guard;

/// What a monitor does with the queue of an account.
#[pyclass(frozen, name = "Queue", module = "threads_monitor._native")]
pub(crate) struct PyQueue(Py<PyMonitor>);

#[pymethods]
impl PyQueue {
    #[new]
    fn new(monitor: Py<PyMonitor>) -> PyResult<Self> {
        guard(|| Ok(Self(monitor)))
    }

    fn posting_plan(&self, user_id: String) -> PyResult<Call> {
        let user = UserId::new(user_id);
        let monitor = self.0.get();
        monitor.call(|monitor| async move { monitor.posting_plan(&user).await })
    }

    fn set_posting_plan(
        &self,
        py: Python<'_>,
        user_id: String,
        plan: PlanArgument,
    ) -> PyResult<Call> {
        guard(|| {
            let user = UserId::new(user_id);
            let plan = plan.plan(py)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.set_posting_plan(&user, &plan).await })
        })
    }

    fn queue_times(&self, user_id: String, limit: usize) -> PyResult<Call> {
        let user = UserId::new(user_id);
        let monitor = self.0.get();
        monitor.call(|monitor| async move { monitor.queue_times(&user, limit).await })
    }

    fn plan_warnings(
        &self,
        py: Python<'_>,
        user_id: String,
        draft: &PyDraft,
        at: DueTime,
        zone: Option<&str>,
        idempotency_key: Option<String>,
    ) -> PyResult<Call> {
        guard(|| {
            let due = at.due(py, zone)?;
            let mut post = NewPost::new(UserId::new(user_id), draft.0.clone(), due);
            post.idempotency_key = idempotency_key;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.plan_warnings(&post).await })
        })
    }
}

/// A `PostingPlan` of Python.
struct PlanArgument {
    zone: String,
    slots: Vec<SlotArgument>,
    spacing_minutes: u32,
    duplicate_days: u32,
}

/// A `Slot` of Python.
struct SlotArgument {
    day: String,
    time: TimeOfDay,
}

impl<'py> FromPyObject<'_, 'py> for PlanArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        expect(&object, "PostingPlan")?;
        Ok(Self {
            zone: member(&object, "zone")?,
            slots: member(&object, "slots")?,
            spacing_minutes: member(&object, "spacing_minutes")?,
            duplicate_days: member(&object, "duplicate_days")?,
        })
    }
}

impl<'py> FromPyObject<'_, 'py> for SlotArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        expect(&object, "Slot")?;
        Ok(Self {
            day: member(&object, "day")?,
            time: member(&object, "time")?,
        })
    }
}

/// Refuses what is not of this class of the package.
fn expect(object: &Bound<'_, PyAny>, class: &str) -> PyResult<()> {
    let expected = object
        .py()
        .import("threads_monitor.planning")?
        .getattr(class)?;
    if object.is_instance(&expected)? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "expected a {class}, not {}",
        object.get_type().name()?
    )))
}

/// A member of a dataclass; what has the wrong type is named.
fn member<'py, T>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    object.getattr(name)?.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyTypeError>(object.py()) {
            PyTypeError::new_err(format!("`{name}`: {}", error.value(object.py())))
        } else {
            error
        }
    })
}

impl PlanArgument {
    fn plan(self, py: Python<'_>) -> PyResult<PostingPlan> {
        let mut plan = PostingPlan::new(arguments::zone(py, &self.zone)?);
        plan.spacing_minutes = self.spacing_minutes;
        plan.duplicate_days = self.duplicate_days;
        plan.slots = self
            .slots
            .iter()
            .map(|slot| {
                Ok(Slot {
                    day: weekday(py, "slots", &slot.day)?,
                    time: slot.time.0,
                })
            })
            .collect::<PyResult<_>>()?;
        Ok(plan)
    }
}
