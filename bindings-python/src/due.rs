//! When something is due.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use threads_monitor::publishing::Due;

use crate::arguments::{PointInTime, zone};
use crate::error::invalid;

/// What stands for the next free time of the queue.
pub(crate) const NEXT_SLOT: &str = "next_slot";

/// A `datetime`, or the next free time of the queue.
pub(crate) enum DueTime {
    Time(PointInTime),
    NextSlot,
}

impl<'py> FromPyObject<'_, 'py> for DueTime {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Ok(name) = object.cast::<PyString>() else {
            return match object.extract() {
                Ok(time) => Ok(Self::Time(time)),
                Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => {
                    Err(PyTypeError::new_err(format!(
                        "expected a datetime or \"{NEXT_SLOT}\", not {}",
                        object.get_type().name()?
                    )))
                }
                Err(error) => Err(error),
            };
        };
        if name.to_cow()? == NEXT_SLOT {
            return Ok(Self::NextSlot);
        }
        Err(invalid(
            object.py(),
            "at",
            &format!("must be a datetime or \"{NEXT_SLOT}\""),
        ))
    }
}

impl DueTime {
    /// With the zone of a time that has none of its own.
    pub(crate) fn due(self, py: Python<'_>, zone_name: Option<&str>) -> PyResult<Due> {
        match (self, zone_name) {
            (Self::Time(PointInTime::Aware(at)), None) => Ok(Due::At(at)),
            (Self::Time(PointInTime::Naive(time)), Some(name)) => Ok(Due::Local {
                time,
                zone: zone(py, name)?,
            }),
            (Self::NextSlot, None) => Ok(Due::NextSlot),
            (Self::Time(PointInTime::Naive(_)), None) => Err(invalid(
                py,
                "at",
                "needs a time zone: an aware datetime, or `zone`",
            )),
            (Self::Time(PointInTime::Aware(_)), Some(_)) => Err(invalid(
                py,
                "zone",
                "goes with a naive `at`, which has no zone itself",
            )),
            (Self::NextSlot, Some(_)) => Err(invalid(
                py,
                "zone",
                "goes with a naive `at`; the queue has a zone of its own",
            )),
        }
    }
}
