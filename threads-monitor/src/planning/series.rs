//! A repeated post and what has come of it so far.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use threads_client::{Draft, UserId};

use super::repeat::{Occurrence, Repeat};
use super::unwritable;
use crate::error::StoreError;
use crate::publishing::KEY;
use crate::scheduler::{JobId, JobRecord};

/// So long before its time an occurrence becomes a scheduled post: enough to prepare a video.
const AHEAD: TimeDelta = TimeDelta::minutes(15);

/// A post to repeat.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The account that will publish it.
    pub account: UserId,
    /// What is published each time.
    pub draft: Draft,
    /// When.
    pub repeat: Repeat,
    /// The same key of one account never makes a second series.
    pub idempotency_key: Option<String>,
    /// How late an occurrence may still go out; past that it is missed. Default: half an
    /// hour.
    pub max_lateness: Option<Duration>,
}

impl NewSeries {
    /// A series with the default lateness and no idempotency key.
    pub fn new(account: UserId, draft: Draft, repeat: Repeat) -> Self {
        Self {
            account,
            draft,
            repeat,
            idempotency_key: None,
            max_lateness: None,
        }
    }
}

/// A series with the job that carries it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepeatedPost {
    /// The job's id, which is the series' id here.
    pub id: JobId,
    /// The account that publishes it.
    pub account: UserId,
    /// The series.
    #[serde(flatten)]
    pub series: Series,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When something happens to it next; `None` at its end.
    pub next_wake_at: Option<DateTime<Utc>>,
}

/// What is repeated, when, and how far it has come.
///
/// Stored as JSON in the job's state; the field names are a storage format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Series {
    /// What is published each time.
    pub draft: Draft,
    /// When.
    pub repeat: Repeat,
    /// How late an occurrence may still go out, in seconds.
    pub max_lateness_seconds: u64,
    /// Goes up with every change.
    pub revision: u32,
    /// Every occurrence up to this instant has become a post, or was missed.
    pub through: DateTime<Utc>,
    /// How many became posts.
    pub made: u64,
    /// How many were missed, because nothing ran at their time.
    pub missed: u64,
    /// The last one that was missed.
    pub last_missed_at: Option<DateTime<Utc>>,
    /// When it ended, if it did.
    pub ended_at: Option<DateTime<Utc>>,
    /// Posts of earlier revisions are to be called off, from this instant on.
    #[serde(default)]
    pub(crate) changed_at: Option<DateTime<Utc>>,
    /// It comes from a backup: what the original has made since is not known.
    #[serde(default)]
    pub(crate) is_restored: bool,
}

/// What a series has to do now.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn {
    /// Occurrences went by, and one may have to be made.
    Pass {
        missed: u64,
        last_missed_at: Option<DateTime<Utc>>,
        make: Option<Occurrence>,
        through: DateTime<Utc>,
    },
    /// Nothing until then.
    Wait(DateTime<Utc>),
    /// Nothing any more.
    End,
}

impl Series {
    pub(crate) fn new(new: &NewSeries, now: DateTime<Utc>) -> Self {
        const MAX_LATENESS: Duration = Duration::from_mins(30);
        Self {
            draft: new.draft.clone(),
            repeat: new.repeat.clone(),
            max_lateness_seconds: new.max_lateness.unwrap_or(MAX_LATENESS).as_secs(),
            revision: 0,
            through: now,
            made: 0,
            missed: 0,
            last_missed_at: None,
            ended_at: None,
            changed_at: None,
            is_restored: false,
        }
    }

    /// The occurrences that are still to come.
    ///
    /// Empty once it has ended.
    pub fn upcoming(&self) -> impl Iterator<Item = Occurrence> + '_ {
        self.repeat
            .after(self.through)
            .take_while(|_| self.ended_at.is_none())
    }

    /// What is to be done at `now`.
    ///
    /// Of the occurrences that went by, at most the last one is made, and only if it is
    /// not too late for it: what was missed never comes out in a burst.
    pub(crate) fn turn(&self, now: DateTime<Utc>) -> Turn {
        let mut missed = 0;
        let mut last_missed_at = None;
        let mut passed: Option<Occurrence> = None;
        for occurrence in self.upcoming() {
            if occurrence.at() <= now {
                if let Some(earlier) = passed.replace(occurrence) {
                    missed += 1;
                    last_missed_at = Some(earlier.at());
                }
                continue;
            }
            if passed.is_some() {
                break;
            }
            let make_at = occurrence.at() - AHEAD;
            if make_at > now {
                return Turn::Wait(make_at);
            }
            return Turn::Pass {
                missed: 0,
                last_missed_at: None,
                make: Some(occurrence),
                through: occurrence.at(),
            };
        }
        let Some(last) = passed else {
            return Turn::End;
        };
        let lateness = i64::try_from(self.max_lateness_seconds)
            .ok()
            .and_then(TimeDelta::try_seconds);
        let is_too_late = lateness.is_some_and(|lateness| now - last.at() > lateness);
        if is_too_late {
            missed += 1;
            last_missed_at = Some(last.at());
        }
        Turn::Pass {
            missed,
            last_missed_at,
            make: (!is_too_late).then_some(last),
            through: last.at(),
        }
    }

    /// What it becomes in a restored copy: what the original may have made since is left out.
    #[cfg(feature = "archive")]
    pub(crate) const fn restored(mut self) -> Self {
        self.is_restored = true;
        self
    }

    pub(crate) const fn lateness(&self) -> Duration {
        Duration::from_secs(self.max_lateness_seconds)
    }

    pub(crate) fn read(job: &JobRecord) -> Result<Self, StoreError> {
        super::read("repeated post", job)
    }

    pub(crate) fn state(&self) -> Result<Value, StoreError> {
        serde_json::to_value(self).map_err(unwritable)
    }

    /// What was asked for, by which a repetition is told from a conflict.
    pub(crate) fn request(&self) -> Result<Value, StoreError> {
        Ok(json!({
            "draft": serde_json::to_value(&self.draft).map_err(unwritable)?,
            "repeat": serde_json::to_value(&self.repeat).map_err(unwritable)?,
            "max_lateness_seconds": self.max_lateness_seconds,
        }))
    }

    /// The key of the post that an occurrence becomes: by it there is never a second one.
    pub(crate) fn key(&self, id: &JobId, occurrence: Occurrence) -> String {
        let local = occurrence.local.format("%Y-%m-%dT%H:%M");
        format!("{}{}:{local}", key_of(id), self.revision)
    }

    /// The revision of a series that a post was made for.
    pub(crate) fn revision_of(id: &JobId, key: &str) -> Option<u32> {
        let (revision, _) = key.strip_prefix(&key_of(id))?.split_once(':')?;
        revision.parse().ok()
    }
}

fn key_of(id: &JobId) -> String {
    format!("{KEY}series:{id}:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::Every;
    use crate::zone::Zone;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    /// At eight every day, from the 25th on.
    fn series() -> Series {
        let repeat = Repeat::new(
            Zone::UTC,
            Every::Day,
            "08:00:00".parse().unwrap(),
            "2026-11-25".parse().unwrap(),
        );
        let new = NewSeries::new(UserId::new("1"), Draft::text("good morning"), repeat);
        Series::new(&new, at("24T12:00"))
    }

    fn made(turn: &Turn) -> Option<DateTime<Utc>> {
        match turn {
            Turn::Pass { make, .. } => make.map(Occurrence::at),
            _ => None,
        }
    }

    #[test]
    fn an_occurrence_is_made_a_quarter_of_an_hour_before_its_time() {
        let series = series();

        assert_eq!(series.turn(at("25T07:44")), Turn::Wait(at("25T07:45")));
        assert_eq!(made(&series.turn(at("25T07:45"))), Some(at("25T08:00")));
    }

    #[test]
    fn a_little_late_is_made_and_later_is_missed() {
        let series = series();

        assert_eq!(made(&series.turn(at("25T08:30"))), Some(at("25T08:00")));
        assert_eq!(
            series.turn(at("25T08:31")),
            Turn::Pass {
                missed: 1,
                last_missed_at: Some(at("25T08:00")),
                make: None,
                through: at("25T08:00"),
            }
        );
    }

    #[test]
    fn of_what_went_by_at_most_the_last_is_made() {
        let mut series = series();

        let turn = series.turn(at("29T08:10"));
        assert_eq!(
            turn,
            Turn::Pass {
                missed: 4,
                last_missed_at: Some(at("28T08:00")),
                make: series.repeat.occurrences().nth(4),
                through: at("29T08:00"),
            }
        );

        // Even if all of them may be so late.
        series.max_lateness_seconds = u64::MAX;
        assert_eq!(series.turn(at("29T08:10")), turn);
    }

    #[test]
    fn it_ends_with_its_rule() {
        let mut series = series();
        series.repeat.count = Some(1);
        series.through = at("25T08:00");

        assert_eq!(series.turn(at("25T08:00")), Turn::End);
    }

    #[test]
    fn a_key_tells_its_revision_and_belongs_to_one_series() {
        let mut series = series();
        series.revision = 12;
        let (id, other) = (JobId::random(), JobId::random());
        let key = series.key(&id, series.repeat.occurrences().next().unwrap());

        assert_eq!(key, format!("post:series:{id}:12:2026-11-25T08:00"));
        assert_eq!(Series::revision_of(&id, &key), Some(12));
        assert_eq!(Series::revision_of(&other, &key), None);
    }
}
