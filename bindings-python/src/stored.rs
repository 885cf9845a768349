//! What is kept as JSON, as a `dict` of plain values.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::invalid;

/// Out of what [`to_dict`] gave.
pub(crate) fn from_dict<T: DeserializeOwned>(values: &Bound<'_, PyDict>) -> PyResult<T> {
    let py = values.py();
    let json: String = py
        .import("json")?
        .call_method1("dumps", (values,))?
        .extract()?;
    // The reason names members and types, which is all that a person can act on.
    serde_json::from_str(&json).map_err(|reason| invalid(py, "values", &reason.to_string()))
}

/// Ready for ``json.dumps``.
pub(crate) fn to_dict<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let json =
        serde_json::to_string(value).map_err(|reason| PyValueError::new_err(reason.to_string()))?;
    py.import("json")?.call_method1("loads", (json,))
}
