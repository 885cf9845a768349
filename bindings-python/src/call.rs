//! One operation, to be waited for in either way.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::ToException;
use crate::models::ToPython;
use crate::runtime::{self, Pending, Reply, guard};

/// An operation that was not started yet.
///
/// Start it once: with `wait()`, which blocks, or with `await`, inside asyncio.
#[pyclass(frozen, generic, module = "threads_monitor._native")]
pub(crate) struct Call(Mutex<Option<Pending>>);

impl Call {
    /// The operation that a future carries out.
    pub(crate) fn new<T, E>(future: impl Future<Output = Result<T, E>> + Send + 'static) -> Self
    where
        T: ToPython + Send + 'static,
        E: ToException + Send + 'static,
    {
        Self(Mutex::new(Some(Box::pin(async move {
            let outcome = future.await;
            let reply: Reply = Box::new(move |py| match outcome {
                Ok(value) => Ok(value.to_python(py)?.unbind()),
                Err(error) => Err(error.to_exception(py)),
            });
            reply
        }))))
    }

    fn start(&self) -> PyResult<Pending> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or_else(|| PyRuntimeError::new_err("this operation was started before"))
    }
}

#[pymethods]
impl Call {
    /// Runs the operation and waits for its outcome. Other threads go on meanwhile.
    pub(crate) fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        guard(|| runtime::block(py, self.start()?))
    }

    fn __await__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| runtime::awaitable(py, self.start()?)?.call_method0("__await__"))
    }
}
