//! Numbers and times as people read them.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use threads_monitor::snapshot_store::Source;
use threads_monitor::{Measurement, Zone};

/// An instant, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// RFC 3339 in UTC.
    pub(crate) machine: String,
    /// In a zone, which it names.
    pub(crate) text: String,
}

impl Moment {
    /// An instant as it is read in a zone.
    pub(crate) fn new(instant: DateTime<Utc>, zone: Zone) -> Self {
        let local = zone.local(instant).format("%-d %b %Y, %H:%M");
        Self {
            machine: instant.to_rfc3339_opts(SecondsFormat::Secs, true),
            text: format!("{local} {}", zone_name(instant, zone)),
        }
    }
}

/// The abbreviation of a zone; where it has none, its distance from UTC.
pub(crate) fn zone_name(instant: DateTime<Utc>, zone: Zone) -> String {
    let name = zone.abbreviation(instant);
    if name.starts_with(['+', '-']) {
        format!("UTC{name}")
    } else {
        name
    }
}

/// A date as people write it.
pub(crate) fn date(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A difference with its sign: `+142`, `−9`, `±0`.
pub(crate) fn signed(difference: i64) -> String {
    let sign = match difference {
        0 => "±",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", grouped(difference.unsigned_abs()))
}

/// One number on a page. Its three kinds never look alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Figure {
    /// Measured, which includes 0.
    Measured {
        value: String,
        /// What it is about; ends where the time follows.
        about: String,
        at: Option<Moment>,
        source: &'static str,
    },
    /// Not measured yet.
    NotMeasured,
    /// Meta has no such number for us.
    NotProvided,
}

impl Figure {
    /// A measurement of an instant: value, source, time.
    pub(crate) fn of(measurement: &Measurement, zone: Zone) -> Self {
        match measurement {
            Measurement::Measured(point) => Self::Measured {
                value: grouped(point.value),
                about: "measured".to_owned(),
                at: Some(Moment::new(point.at, zone)),
                source: source_words(point.source),
            },
            Measurement::NotMeasured => Self::NotMeasured,
            Measurement::NotProvided => Self::NotProvided,
        }
    }

    /// A measurement of one whole Meta day, whose `at` is the end of the day.
    pub(crate) fn of_meta_day(measurement: &Measurement, zone: Zone) -> Self {
        match measurement {
            Measurement::Measured(point) => Self::Measured {
                value: grouped(point.value),
                about: format!(
                    "Meta day (US Pacific) {}, {}",
                    date(Zone::META.date(point.at - TimeDelta::milliseconds(1))),
                    if point.captured_at < point.at {
                        "not over yet when measured"
                    } else {
                        "measured"
                    },
                ),
                at: Some(Moment::new(point.captured_at, zone)),
                source: source_words(point.source),
            },
            Measurement::NotMeasured => Self::NotMeasured,
            Measurement::NotProvided => Self::NotProvided,
        }
    }
}

/// Where a number comes from, in words.
pub(crate) fn source_words(source: Source) -> &'static str {
    match source {
        Source::Insights => "Meta insights",
        Source::Api => "Meta API",
        Source::ProfileDiscovery => "public profile (fallback)",
        Source::Monitor => "counted here",
        Source::Person => "entered by a person",
        _ => "other source",
    }
}

/// The first `limit` characters, with an ellipsis when there are more.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use threads_monitor::trends::Point;

    use super::*;

    #[test]
    fn a_moment_names_its_zone_and_keeps_its_instant() {
        let instant = "2026-11-23T01:05:00Z".parse().unwrap();

        let jakarta = Moment::new(instant, "Asia/Jakarta".parse().unwrap());

        assert_eq!(jakarta.text, "23 Nov 2026, 08:05 WIB");
        assert_eq!(jakarta.machine, "2026-11-23T01:05:00Z");
    }

    #[test]
    fn a_zone_without_letters_is_named_by_its_distance() {
        let instant = "2026-11-23T01:05:00Z".parse().unwrap();

        let name = zone_name(instant, "America/Sao_Paulo".parse().unwrap());

        assert_eq!(name, "UTC-03");
    }

    #[test]
    fn differences_carry_their_sign() {
        assert_eq!(signed(1_420), "+1,420");
        assert_eq!(signed(-9), "−9");
        assert_eq!(signed(0), "±0");
        assert_eq!(signed(i64::MIN), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn a_measured_zero_is_not_the_absence_of_a_number() {
        let at = "2026-11-23T01:05:00Z".parse().unwrap();
        let zero = Measurement::Measured(Point {
            at,
            captured_at: at,
            value: 0,
            source: Source::Insights,
        });

        let figures = [zero, Measurement::NotMeasured, Measurement::NotProvided]
            .map(|measurement| Figure::of(&measurement, Zone::UTC));

        assert!(matches!(&figures[0], Figure::Measured { value, .. } if value == "0"));
        assert_eq!(figures[1], Figure::NotMeasured);
        assert_eq!(figures[2], Figure::NotProvided);
    }

    #[test]
    fn a_day_that_was_not_over_when_it_was_measured_says_so() {
        let point = |captured_at: &str| {
            Measurement::Measured(Point {
                at: "2026-11-23T08:00:00Z".parse().unwrap(),
                captured_at: captured_at.parse().unwrap(),
                value: 7,
                source: Source::Insights,
            })
        };
        let about = |measurement| match Figure::of_meta_day(&measurement, Zone::UTC) {
            Figure::Measured { about, .. } => about,
            other => panic!("{other:?}"),
        };

        assert_eq!(
            about(point("2026-11-22T18:00:00Z")),
            "Meta day (US Pacific) 22 Nov 2026, not over yet when measured"
        );
        assert_eq!(
            about(point("2026-11-23T12:00:00Z")),
            "Meta day (US Pacific) 22 Nov 2026, measured"
        );
    }

    #[test]
    fn texts_are_shortened_between_characters() {
        assert_eq!(shortened("نور تقرأ", 3), "نور…");
        assert_eq!(shortened("short", 5), "short");
    }
}
