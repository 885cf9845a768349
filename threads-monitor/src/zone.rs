//! Time zones of people, and Meta's days.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// An IANA time zone, such as `Asia/Jakarta`.
///
/// The zone data is bundled, so a machine without any works the same. Bundled
/// version: see [`Zone::DATA_VERSION`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

/// A name that is not an IANA time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not an IANA time zone such as `Asia/Jakarta` or `Europe/Berlin`")]
pub struct UnknownZone {
    name: String,
}

/// A wall-clock time on the way to an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalInstant {
    /// Exactly one instant has this wall time.
    Unique(DateTime<Utc>),
    /// The clocks were turned back: two instants have it, this is the first.
    First(DateTime<Utc>),
    /// The clocks were turned forward over it: the first valid minute after.
    MovedForward(DateTime<Utc>),
}

impl LocalInstant {
    /// The instant, however it came about.
    pub const fn instant(self) -> DateTime<Utc> {
        match self {
            Self::Unique(instant) | Self::First(instant) | Self::MovedForward(instant) => instant,
        }
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of Meta's insights days: US Pacific.
    pub const META: Self = Self(Tz::America__Los_Angeles);

    /// The version of the bundled zone data.
    pub const DATA_VERSION: &'static str = chrono_tz::IANA_TZDB_VERSION;

    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// All zones, by name, for a list to choose from.
    pub fn all() -> impl Iterator<Item = Self> {
        chrono_tz::TZ_VARIANTS.iter().copied().map(Self)
    }

    /// The wall-clock time of an instant.
    pub fn local(self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.0).naive_local()
    }

    /// The calendar date of an instant.
    pub fn date(self, instant: DateTime<Utc>) -> NaiveDate {
        self.local(instant).date()
    }

    /// The zone's abbreviation at an instant, such as `WIB`.
    pub fn abbreviation(self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&self.0).format("%Z").to_string()
    }

    /// The instant of a wall-clock time.
    ///
    /// A time that the clocks skip becomes the first valid minute after it; a time
    /// that comes twice means the first. The answer says which, so that a person
    /// can be told. `None` only outside the range of representable dates.
    pub fn instant(self, local: NaiveDateTime) -> Option<LocalInstant> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(instant) => Some(LocalInstant::Unique(instant.to_utc())),
            LocalResult::Ambiguous(first, _) => Some(LocalInstant::First(first.to_utc())),
            LocalResult::None => {
                // Gaps are whole minutes and shorter than two days, everywhere and always.
                let minute = local.with_second(0)?.with_nanosecond(0)?;
                (1..=2 * 24 * 60).find_map(|minutes| {
                    let later = minute.checked_add_signed(TimeDelta::minutes(minutes))?;
                    self.0
                        .from_local_datetime(&later)
                        .earliest()
                        .map(|instant| LocalInstant::MovedForward(instant.to_utc()))
                })
            }
        }
    }

    /// The first instant of a calendar date.
    pub fn start_of_day(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        self.instant(date.and_time(NaiveTime::MIN))
            .map(LocalInstant::instant)
    }

    /// The first instant after a calendar date: the start of the next one.
    pub fn end_of_day(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        self.start_of_day(date.checked_add_days(Days::new(1))?)
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| UnknownZone {
            name: name.chars().take(64).collect(),
        })
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_skipped_wall_time_moves_to_the_first_valid_minute() {
        let zone: Zone = "America/New_York".parse().unwrap();

        let instant = zone.instant(local("2027-03-14T02:30:00")).unwrap();

        assert_eq!(
            instant,
            LocalInstant::MovedForward(utc("2027-03-14T07:00:00Z"))
        );
    }

    #[test]
    fn a_wall_time_that_comes_twice_means_the_first() {
        let zone: Zone = "America/New_York".parse().unwrap();

        let instant = zone.instant(local("2026-11-01T01:30:00")).unwrap();

        assert_eq!(instant, LocalInstant::First(utc("2026-11-01T05:30:00Z")));
    }

    #[test]
    fn meta_days_end_at_pacific_midnight_in_summer_and_in_winter() {
        let end = |date: &str| Zone::META.end_of_day(date.parse().unwrap()).unwrap();

        assert_eq!(end("2026-07-09"), utc("2026-07-10T07:00:00Z"));
        assert_eq!(end("2026-12-09"), utc("2026-12-10T08:00:00Z"));
    }

    #[test]
    fn an_unknown_zone_is_refused_by_name() {
        let error = "Mars/Olympus".parse::<Zone>().unwrap_err();

        assert!(error.to_string().contains("`Mars/Olympus`"));
    }

    #[test]
    fn zones_are_stored_by_name() {
        let zone: Zone = "Asia/Jakarta".parse().unwrap();

        let json = serde_json::to_string(&zone).unwrap();

        assert_eq!(json, "\"Asia/Jakarta\"");
        assert_eq!(serde_json::from_str::<Zone>(&json).unwrap(), zone);
    }
}
