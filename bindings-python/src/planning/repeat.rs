//! The rule of a repeated post, checked when it is made.

use chrono::{NaiveDate, NaiveTime, Weekday};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyDateTime, PyDict, PyTime, PyTzInfoAccess};
use threads_monitor::planning::{Every, InvalidRepeat, Repeat, ShortMonth};

use crate::arguments::{Instant, Texts, named, zone};
use crate::error::{invalid, refused};
use crate::models::{ToPython, unknown};
use crate::runtime::guard;
use crate::stored::{from_dict, to_dict};

/// When a post is repeated, on somebody's wall.
#[pyclass(frozen, eq, name = "Repeat", module = "threads_monitor")]
#[derive(Clone, PartialEq)]
pub(crate) struct PyRepeat(pub(crate) Repeat);

#[pymethods]
impl PyRepeat {
    /// Every day, or every so many days.
    #[staticmethod]
    #[pyo3(signature = (*, zone, times, first, interval=1, last=None, count=None))]
    fn daily(
        py: Python<'_>,
        zone: &str,
        times: Times,
        first: Day,
        interval: u32,
        last: Option<Day>,
        count: Option<u32>,
    ) -> PyResult<Self> {
        guard(|| Self::new(py, Every::Day, zone, times, first, interval, last, count))
    }

    /// On these days of the week, in every week or every so many weeks.
    #[staticmethod]
    #[pyo3(signature = (days, *, zone, times, first, interval=1, last=None, count=None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the keyword arguments of `weekly`"
    )]
    fn weekly(
        py: Python<'_>,
        days: Texts,
        zone: &str,
        times: Times,
        first: Day,
        interval: u32,
        last: Option<Day>,
        count: Option<u32>,
    ) -> PyResult<Self> {
        guard(|| {
            let days = days.0.iter();
            let days = days
                .map(|name| weekday(py, "days", name))
                .collect::<PyResult<_>>()?;
            let every = Every::Week { days };
            Self::new(py, every, zone, times, first, interval, last, count)
        })
    }

    /// On this day of the month, in every month or every so many months.
    #[staticmethod]
    #[pyo3(signature = (day, *, zone, times, first, short="last_day", interval=1, last=None, count=None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the keyword arguments of `monthly`"
    )]
    fn monthly(
        py: Python<'_>,
        day: u32,
        zone: &str,
        times: Times,
        first: Day,
        short: &str,
        interval: u32,
        last: Option<Day>,
        count: Option<u32>,
    ) -> PyResult<Self> {
        guard(|| {
            let short = named(py, "short", short)?;
            let every = Every::Month { day, short };
            Self::new(py, every, zone, times, first, interval, last, count)
        })
    }

    /// The rule that :meth:`to_dict` gave.
    #[staticmethod]
    fn from_dict(py: Python<'_>, values: &Bound<'_, PyDict>) -> PyResult<Self> {
        guard(|| Self::checked(py, from_dict(values)?))
    }

    /// The rule as plain values, ready for ``json.dumps``.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| to_dict(py, &self.0))
    }

    /// The times of this rule, in order.
    #[pyo3(signature = (*, after=None, limit=10))]
    fn occurrences<'py>(
        &self,
        py: Python<'py>,
        after: Option<Instant>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            // A rule ends in the year 2200 at the latest, but its days are looked at one by one.
            let occurrences: Vec<_> = py.detach(|| match after {
                Some(after) => self.0.after(after.0).take(limit).collect(),
                None => self.0.occurrences().take(limit).collect(),
            });
            occurrences.to_python(py)
        })
    }

    /// The IANA time zone of the times.
    #[getter]
    fn zone(&self) -> PyResult<&'static str> {
        guard(|| Ok(self.0.zone.name()))
    }

    /// ``"day"``, ``"week"`` or ``"month"``.
    #[getter]
    fn every(&self) -> PyResult<&'static str> {
        guard(|| match &self.0.every {
            Every::Day => Ok("day"),
            Every::Week { .. } => Ok("week"),
            Every::Month { .. } => Ok("month"),
            other => Err(unknown(other)),
        })
    }

    /// The days of the week; none unless it is weekly.
    #[getter]
    fn days<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| {
            let days: Vec<&str> = match &self.0.every {
                Every::Week { days } => days.iter().map(|day| weekday_name(*day)).collect(),
                _ => Vec::new(),
            };
            days.to_python(py)
        })
    }

    /// The day of the month, if it is monthly.
    #[getter]
    fn day(&self) -> PyResult<Option<u32>> {
        guard(|| {
            Ok(match &self.0.every {
                Every::Month { day, .. } => Some(*day),
                _ => None,
            })
        })
    }

    /// What becomes of that day in shorter months, if it is monthly.
    #[getter]
    fn short(&self) -> PyResult<Option<&'static str>> {
        guard(|| {
            Ok(match &self.0.every {
                Every::Month { short, .. } => Some(match short {
                    ShortMonth::LastDay => "last_day",
                    ShortMonth::Skip => "skip",
                }),
                _ => None,
            })
        })
    }

    /// Every how many days, weeks or months.
    #[getter]
    fn interval(&self) -> PyResult<u32> {
        guard(|| Ok(self.0.interval))
    }

    /// At which times of these days.
    #[getter]
    fn times<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guard(|| self.0.times.to_python(py))
    }

    /// The first day that it may be on.
    #[getter]
    fn first(&self) -> PyResult<NaiveDate> {
        guard(|| Ok(self.0.first))
    }

    /// The last day that it may be on.
    #[getter]
    fn last(&self) -> PyResult<Option<NaiveDate>> {
        guard(|| Ok(self.0.last))
    }

    /// How many occurrences there are at most.
    #[getter]
    fn count(&self) -> PyResult<Option<u32>> {
        guard(|| Ok(self.0.count))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        guard(|| Ok(format!("Repeat.from_dict({})", self.to_dict(py)?.repr()?)))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyAny>,))> {
        guard(|| {
            let values = slf.get().to_dict(slf.py())?;
            Ok((slf.getattr("from_dict")?, (values,)))
        })
    }
}

impl PyRepeat {
    #[expect(
        clippy::too_many_arguments,
        reason = "what the three kinds of rules have in common"
    )]
    fn new(
        py: Python<'_>,
        every: Every,
        zone_name: &str,
        times: Times,
        first: Day,
        interval: u32,
        last: Option<Day>,
        count: Option<u32>,
    ) -> PyResult<Self> {
        let mut repeat = Repeat::new(zone(py, zone_name)?, every, NaiveTime::MIN, first.0);
        repeat.times = times.0;
        repeat.interval = interval;
        repeat.last = last.map(|day| day.0);
        repeat.count = count;
        Self::checked(py, repeat)
    }

    fn checked(py: Python<'_>, repeat: Repeat) -> PyResult<Self> {
        let checked = repeat.check();
        checked.map_err(|reason: InvalidRepeat| refused(py, "repeat", &reason.to_string()))?;
        Ok(Self(repeat))
    }
}

impl ToPython for PyRepeat {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, self.clone())?.into_any())
    }
}

/// A `date` that is no `datetime`, of which the time would be lost.
#[derive(Clone, Copy)]
struct Day(NaiveDate);

impl<'py> FromPyObject<'_, 'py> for Day {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyDateTime>() {
            return Err(PyTypeError::new_err("expected a date, not a datetime"));
        }
        Ok(Self(object.cast::<PyDate>()?.extract()?))
    }
}

/// A `time` on a wall: without a zone, which the rule has.
#[derive(Clone, Copy)]
pub(super) struct TimeOfDay(pub(super) NaiveTime);

impl<'py> FromPyObject<'_, 'py> for TimeOfDay {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let time = object.cast::<PyTime>()?;
        if time.get_tzinfo().is_some() {
            return Err(PyTypeError::new_err(
                "expected a time without a time zone: that is given apart",
            ));
        }
        Ok(Self(time.extract()?))
    }
}

/// Any iterable of times.
struct Times(Vec<NaiveTime>);

impl<'py> FromPyObject<'_, 'py> for Times {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object
            .try_iter()?
            .map(|item| Ok(item?.extract::<TimeOfDay>()?.0))
            .collect::<PyResult<_>>()
            .map(Self)
    }
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "monday"),
    (Weekday::Tue, "tuesday"),
    (Weekday::Wed, "wednesday"),
    (Weekday::Thu, "thursday"),
    (Weekday::Fri, "friday"),
    (Weekday::Sat, "saturday"),
    (Weekday::Sun, "sunday"),
];

/// The day of a name.
pub(super) fn weekday(py: Python<'_>, field: &str, name: &str) -> PyResult<Weekday> {
    let known = WEEKDAYS.iter().find(|(_, known)| *known == name);
    known.map(|(day, _)| *day).ok_or_else(|| {
        let names: Vec<_> = WEEKDAYS.iter().map(|(_, name)| *name).collect();
        invalid(
            py,
            field,
            &format!("a day of the week is one of {}", names.join(", ")),
        )
    })
}

/// The name of a day.
pub(crate) fn weekday_name(day: Weekday) -> &'static str {
    let known = WEEKDAYS.iter().find(|(known, _)| *known == day);
    known.map_or("", |(_, name)| *name)
}
