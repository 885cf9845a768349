//! Answers as the frozen dataclasses of the Python package.
//!
//! The classes live in Python, where type checkers, `match` and people read them; here
//! they are only filled. A field that one side has and the other has not is a
//! `TypeError` at the first use, and every class is used in the tests.

mod chains;
mod client;
mod monitor;
mod planning;

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde::Serialize;
use threads_client::{ContainerId, PostId, UserId};
use threads_monitor::scheduler::JobId;
use url::Url;

/// A value that has a Python counterpart.
pub(crate) trait ToPython {
    /// The counterpart.
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// Makes an instance of a dataclass; a bare name is the field of that name of `$value`.
macro_rules! dataclass {
    ($py:expr, $module:literal, $class:expr, $value:expr, { $($field:ident $(: $other:expr)?),* $(,)? }) => {{
        let fields = pyo3::types::PyDict::new($py);
        $(
            fields.set_item(
                pyo3::intern!($py, stringify!($field)),
                $crate::models::dataclass!(@value $py, $value, $field $(, $other)?),
            )?;
        )*
        $crate::models::instance($py, $module, $class, &fields)
    }};
    (@value $py:expr, $value:expr, $field:ident) => {
        $crate::models::ToPython::to_python(&$value.$field, $py)?
    };
    (@value $py:expr, $value:expr, $field:ident, $other:expr) => {
        $crate::models::ToPython::to_python(&$other, $py)?
    };
}
pub(crate) use dataclass;

/// Converts a struct into the dataclass of the same name and fields.
macro_rules! model {
    ($module:literal, $kind:ident $(<$parameter:ident>)?, { $($field:ident),+ $(,)? }) => {
        impl$(<$parameter: $crate::models::ToPython>)? $crate::models::ToPython for $kind$(<$parameter>)? {
            fn to_python<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::models::dataclass!(py, $module, stringify!($kind), self, { $($field),+ })
            }
        }
    };
}
pub(crate) use model;

/// An instance of a class of this package.
pub(crate) fn instance<'py>(
    py: Python<'py>,
    module: &str,
    class: &str,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    py.import(module)?.getattr(class)?.call((), Some(fields))
}

/// Values that PyO3 converts.
macro_rules! by_pyo3 {
    ($($kind:ty),+ $(,)?) => {$(
        impl ToPython for $kind {
            fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                Ok(self.into_pyobject(py)?.to_owned().into_any())
            }
        }
    )+};
}
by_pyo3!(
    bool,
    u16,
    u32,
    u64,
    usize,
    i64,
    str,
    String,
    DateTime<Utc>,
    NaiveDateTime,
    NaiveTime,
    Duration
);

/// Values that are texts in Python.
macro_rules! by_text {
    ($($kind:ty),+ $(,)?) => {$(
        impl ToPython for $kind {
            fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                self.as_str().to_python(py)
            }
        }
    )+};
}
pub(crate) use by_text;
by_text!(UserId, PostId, ContainerId, Url);

/// Values that are stored as their name alone, which is a text in Python.
macro_rules! by_name {
    ($($kind:ty),+ $(,)?) => {$(
        impl $crate::models::ToPython for $kind {
            fn to_python<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::models::stored_name(self)
                    .ok_or_else(|| $crate::models::unknown(self))?
                    .to_python(py)
            }
        }
    )+};
}
pub(crate) use by_name;

/// The name of a variant that is stored as its name alone.
fn stored_name(value: &impl Serialize) -> Option<String> {
    let value = serde_json::to_value(value).ok()?;
    value.as_str().map(str::to_owned)
}

/// A variant that was added to the monitor and not here.
pub(crate) fn unknown(variant: &impl std::fmt::Debug) -> PyErr {
    pyo3::exceptions::PyNotImplementedError::new_err(format!(
        "no Python counterpart of {variant:?}"
    ))
}

impl ToPython for JobId {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.to_string().to_python(py)
    }
}

impl ToPython for () {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(py.None().into_bound(py))
    }
}

impl<T: ToPython + ?Sized> ToPython for &T {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        (**self).to_python(py)
    }
}

impl<T: ToPython> ToPython for Option<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Some(value) => value.to_python(py),
            None => ().to_python(py),
        }
    }
}

impl<T: ToPython> ToPython for Vec<T> {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let items = self
            .iter()
            .map(|item| item.to_python(py))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(PyTuple::new(py, items)?.into_any())
    }
}
