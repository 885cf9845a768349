//! How long what was collected is kept.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::MonitorError;

const DAY: Duration = Duration::from_hours(24);

/// How long what was collected is kept while an account stays connected.
///
/// The default keeps everything, because what is removed cannot be measured again; whoever
/// runs the monitor chooses. [`standard`](Retention::standard) is what a privacy policy
/// can promise without taking anything from the charts of two years.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Retention {
    /// Every number is kept for so long; of an older day, in the account's zone, only the
    /// last one of each series. `None` keeps them all.
    pub raw: Option<Duration>,
    /// Numbers are kept for so long. `None` keeps them for ever.
    pub daily: Option<Duration>,
    /// The attempts of a post and the evidence about it are kept for so long after it was
    /// due, or tried last; what became of it stays. `None` keeps them for ever.
    pub attempts: Option<Duration>,
}

impl Retention {
    /// Every number for 35 days, one a day for 25 months, attempts for 90 days.
    pub const fn standard() -> Self {
        Self {
            raw: Some(DAY.saturating_mul(35)),
            // The longest 25 months, so that none are cut short.
            daily: Some(DAY.saturating_mul(762)),
            attempts: Some(DAY.saturating_mul(90)),
        }
    }

    pub(crate) const fn removes_something(&self) -> bool {
        self.raw.is_some() || self.daily.is_some() || self.attempts.is_some()
    }

    pub(crate) fn check(&self) -> Result<(), MonitorError> {
        let refused = |why: &str| Err(MonitorError::Config(why.to_owned()));
        if self.raw.is_some_and(|raw| raw < DAY * 3) {
            // Numbers of the last days are measured again, and shown by the hour.
            return refused("every number has to be kept for at least 3 days");
        }
        if self.daily.is_some_and(|daily| daily < DAY * 3) {
            return refused("numbers have to be kept for at least 3 days");
        }
        if let (Some(raw), Some(daily)) = (self.raw, self.daily)
            && daily < raw
        {
            return refused("one number a day cannot be kept for less long than every number");
        }
        if self.attempts.is_some_and(|attempts| attempts < DAY * 3) {
            // Until then a post may still be looked for.
            return refused("attempts have to be kept for at least 3 days");
        }
        Ok(())
    }
}

/// The instant so long ago.
pub(crate) fn ago(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(span)
        .ok()
        .and_then(|span| now.checked_sub_signed(span))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let days = |days: u32| Some(DAY * days);
        let with = |raw, daily, attempts| Retention {
            raw,
            daily,
            attempts,
        };

        assert!(Retention::standard().check().is_ok());
        assert!(Retention::default().check().is_ok());
        assert!(!Retention::default().removes_something());
        for refused in [
            with(days(2), None, None),
            with(None, days(2), None),
            with(days(35), days(34), None),
            with(None, None, days(2)),
        ] {
            assert!(refused.check().is_err(), "{refused:?}");
            assert!(refused.removes_something());
        }
        assert!(with(days(35), days(35), None).check().is_ok());
    }
}
