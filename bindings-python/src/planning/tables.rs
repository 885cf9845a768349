//! Many posts from a table, and the plan as one.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use threads_client::UserId;
use threads_monitor::planning::{BulkMode, BulkOptions};

use crate::arguments;
use crate::call::Call;
use crate::error::invalid;
use crate::monitor::PyMonitor;
use crate::runtime::guard;

/// What a monitor does with tables of posts.
#[pyclass(frozen, name = "Tables", module = "threads_monitor._native")]
pub(crate) struct PyTables(Py<PyMonitor>);

#[pymethods]
impl PyTables {
    #[new]
    fn new(monitor: Py<PyMonitor>) -> PyResult<Self> {
        guard(|| Ok(Self(monitor)))
    }

    fn import_posts(
        &self,
        py: Python<'_>,
        user_id: String,
        table: Table,
        zone: &str,
        mode: &str,
        accept_warnings: bool,
    ) -> PyResult<Call> {
        guard(|| {
            let user = UserId::new(user_id);
            let zone = arguments::zone(py, zone)?;
            let options = BulkOptions {
                mode: match mode {
                    "dry_run" => BulkMode::DryRun,
                    "all_or_nothing" => BulkMode::AllOrNothing,
                    "good_rows" => BulkMode::GoodRows,
                    _ => {
                        return Err(invalid(
                            py,
                            "mode",
                            "is one of dry_run, all_or_nothing, good_rows",
                        ));
                    }
                },
                accept_warnings,
            };
            let monitor = self.0.get();
            monitor.call(|monitor| async move {
                monitor.import_posts(&user, zone, &table.0, options).await
            })
        })
    }

    fn export_posts(&self, py: Python<'_>, user_id: String, zone: &str) -> PyResult<Call> {
        guard(|| {
            let user = UserId::new(user_id);
            let zone = arguments::zone(py, zone)?;
            let monitor = self.0.get();
            monitor.call(|monitor| async move { monitor.export_posts(&user, zone).await })
        })
    }
}

/// The bytes of a file, or its text.
struct Table(Vec<u8>);

impl<'py> FromPyObject<'_, 'py> for Table {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self(text.to_cow()?.into_owned().into_bytes()));
        }
        let bytes = object.cast::<PyBytes>().map_err(|_| {
            PyTypeError::new_err("expected the bytes of a CSV file, or its text as a str")
        })?;
        Ok(Self(bytes.as_bytes().to_vec()))
    }
}
