//! Arguments from Python that need more than PyO3's own conversion.

use chrono::{DateTime, NaiveDateTime, Utc};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyString, PyTzInfo, PyTzInfoAccess};
use serde::de::DeserializeOwned;
use serde_json::Value;
use threads_monitor::scheduler::JobId;
use threads_monitor::{UnknownZone, Zone};
use url::Url;

use crate::error;

/// An instant: an aware `datetime`, of whatever zone.
#[derive(Clone, Copy)]
pub(crate) struct Instant(pub(crate) DateTime<Utc>);

/// What a `datetime` can mean.
pub(crate) enum PointInTime {
    /// It has a zone.
    Aware(DateTime<Utc>),
    /// It has none.
    Naive(NaiveDateTime),
}

impl<'py> FromPyObject<'_, 'py> for PointInTime {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let datetime = object.cast::<PyDateTime>()?;
        if datetime.get_tzinfo().is_none() {
            return Ok(Self::Naive(datetime.extract()?));
        }
        // Python knows its own zones best, among them ambiguous times (`fold`).
        let utc = datetime.call_method1("astimezone", (PyTzInfo::utc(py)?,))?;
        Ok(Self::Aware(utc.extract()?))
    }
}

impl<'py> FromPyObject<'_, 'py> for Instant {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.extract()? {
            PointInTime::Aware(instant) => Ok(Self(instant)),
            PointInTime::Naive(_) => Err(error::invalid(
                object.py(),
                "datetime",
                "needs a time zone, as in datetime.now(timezone.utc)",
            )),
        }
    }
}

/// Several texts: any iterable of `str` that is not itself a `str`.
pub(crate) struct Texts(pub(crate) Vec<String>);

impl<'py> FromPyObject<'_, 'py> for Texts {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        // A text is an iterable of its letters, which nobody means.
        if object.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err(
                "expected an iterable of str, not one str",
            ));
        }
        object
            .try_iter()?
            .map(|item| item?.extract())
            .collect::<PyResult<_>>()
            .map(Self)
    }
}

impl Texts {
    /// The texts as names of some kind.
    pub(crate) fn names<T: for<'n> From<&'n str>>(&self) -> Vec<T> {
        self.0.iter().map(|name| T::from(name.as_str())).collect()
    }
}

/// An address given as text.
pub(crate) fn url(py: Python<'_>, field: &str, text: &str) -> PyResult<Url> {
    // The text is not repeated: it may hold a secret.
    Url::parse(text).map_err(|reason| error::invalid(py, field, &reason.to_string()))
}

/// A name out of a fixed list, as it is stored.
pub(crate) fn named<T: DeserializeOwned>(py: Python<'_>, field: &str, name: &str) -> PyResult<T> {
    serde_json::from_value(Value::from(name))
        .map_err(|reason| error::invalid(py, field, &reason.to_string()))
}

/// An IANA time zone.
pub(crate) fn zone(py: Python<'_>, name: &str) -> PyResult<Zone> {
    name.parse()
        .map_err(|reason: UnknownZone| error::invalid(py, "zone", &reason.to_string()))
}

/// The id of a post, or of something else that a job carries.
pub(crate) fn job(py: Python<'_>, field: &str, id: &str) -> PyResult<JobId> {
    id.parse()
        .map_err(|reason| error::invalid(py, field, &ToString::to_string(&reason)))
}
