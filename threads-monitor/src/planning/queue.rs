//! The queue of an account: weekly times, each for one post.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Timelike, Utc, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::unwritable;
use crate::error::StoreError;
use crate::scheduler::{JobId, JobRecord};
use crate::zone::Zone;

/// So far ahead a free slot is looked for.
pub(crate) const HORIZON: TimeDelta = TimeDelta::days(366);
/// A slot that was given to a post is kept for it until the post is there, or for so long.
const RESERVED_FOR: TimeDelta = TimeDelta::minutes(5);
const SLOTS: usize = 7 * 24;
const LONGEST_SPACING: u32 = 7 * 24 * 60;
const LONGEST_WINDOW: u32 = 366;

/// How an account posts: at which times its queue goes out, and what it is warned of.
///
/// The times are on the wall of the zone, with the rules for changing clocks of
/// [`Repeat`](super::Repeat).
///
/// ```
/// use chrono::Weekday;
/// use threads_monitor::planning::{PostingPlan, Slot};
///
/// let mut plan = PostingPlan::new("Asia/Jakarta".parse()?);
/// plan.slots = vec![
///     Slot { day: Weekday::Mon, time: "08:00:00".parse()? },
///     Slot { day: Weekday::Thu, time: "19:30:00".parse()? },
/// ];
/// let now = "2026-11-24T12:00:00Z".parse()?;
/// let taken = ["2026-11-26T12:30:00Z".parse()?];
/// // The one of Thursday is taken, so it is Monday.
/// assert_eq!(plan.next_free(now, &taken), Some("2026-11-30T01:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PostingPlan {
    /// Whose wall the times are on.
    pub zone: Zone,
    /// The weekly times of the queue.
    pub slots: Vec<Slot>,
    /// Minutes between two posts at least. The queue keeps to it; a post at a time of its
    /// own is warned of.
    pub spacing_minutes: u32,
    /// For so many days a post with the same content is warned of; 0 warns of open ones only.
    pub duplicate_days: u32,
}

/// A weekly time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// On which day.
    pub day: Weekday,
    /// When on that day.
    pub time: NaiveTime,
}

/// A time of the queue that is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueTime {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether a post could take it: no other one is planned so near.
    pub is_free: bool,
}

/// A plan that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an account cannot post like this: {reason}")]
pub struct InvalidPlan {
    reason: &'static str,
}

impl PostingPlan {
    /// No slots, no gap between posts, and a week for duplicates.
    pub const fn new(zone: Zone) -> Self {
        Self {
            zone,
            slots: Vec::new(),
            spacing_minutes: 0,
            duplicate_days: 7,
        }
    }

    /// Checks that it can be kept to.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), InvalidPlan> {
        let refused = |reason| Err(InvalidPlan { reason });
        if self.slots.len() > SLOTS {
            return refused("it has more than 168 times a week");
        }
        let is_whole = |slot: &Slot| slot.time.second() == 0 && slot.time.nanosecond() == 0;
        if !self.slots.iter().all(is_whole) {
            return refused("a time must be a whole minute");
        }
        if self.spacing_minutes > LONGEST_SPACING {
            return refused("the gap between posts may be a week at most");
        }
        if self.duplicate_days > LONGEST_WINDOW {
            return refused("duplicates may be looked for in a year at most");
        }
        Ok(())
    }

    /// The next time of the queue at which nothing else is planned, within a year.
    pub fn next_free(
        &self,
        now: DateTime<Utc>,
        planned: &[DateTime<Utc>],
    ) -> Option<DateTime<Utc>> {
        self.times(now)
            .find(|at| !planned.iter().any(|other| self.is_too_close(*at, *other)))
    }

    /// The times of the queue that are still to come, within a year.
    pub(crate) fn times(&self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let mut slots = self.slots.clone();
        slots.sort_by_key(|slot| slot.time);
        self.zone
            .date(now)
            .iter_days()
            .take(usize::try_from(HORIZON.num_days()).unwrap_or_default())
            .flat_map(move |date| {
                let of_day = move |slot: &Slot| slot.day == date.weekday();
                let slots: Vec<Slot> = slots.iter().copied().filter(of_day).collect();
                slots.into_iter().map(move |slot| date.and_time(slot.time))
            })
            .filter_map(|local| Some(self.zone.instant(local)?.instant()))
            .filter(move |at| *at > now)
    }

    /// Whether two posts would be nearer to each other than the account wants.
    pub(crate) fn is_too_close(&self, one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
        let gap = TimeDelta::minutes(self.spacing_minutes.max(1).into());
        (one - other).abs() < gap
    }
}

/// What the store keeps of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) plan: PostingPlan,
    /// Slots of posts that are being scheduled at this moment.
    pub(crate) reserved: Vec<Reserved>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) at: DateTime<Utc>,
    pub(crate) post: JobId,
    pub(crate) since: DateTime<Utc>,
}

impl Reserved {
    pub(crate) fn is_over(&self, now: DateTime<Utc>) -> bool {
        now - self.since > RESERVED_FOR
    }
}

impl Queue {
    pub(crate) fn read(job: &JobRecord) -> Result<Self, StoreError> {
        super::read("queue", job)
    }

    pub(crate) fn state(&self) -> Result<Value, StoreError> {
        serde_json::to_value(self).map_err(unwritable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn plan(zone: &str, slots: &[(Weekday, &str)]) -> PostingPlan {
        let mut plan = PostingPlan::new(zone.parse().unwrap());
        plan.slots = slots
            .iter()
            .map(|(day, time)| Slot {
                day: *day,
                time: format!("{time}:00").parse().unwrap(),
            })
            .collect();
        plan
    }

    #[test]
    fn the_next_slot_is_the_first_that_nothing_is_near() {
        let mut plan = plan("UTC", &[(Weekday::Tue, "18:00"), (Weekday::Tue, "09:00")]);
        // A Tuesday.
        let now = at("2026-11-24T09:00:00Z");

        assert_eq!(plan.next_free(now, &[]), Some(at("2026-11-24T18:00:00Z")));
        let near = [at("2026-11-24T17:31:00Z")];
        assert_eq!(plan.next_free(now, &near), Some(at("2026-11-24T18:00:00Z")));
        plan.spacing_minutes = 30;
        assert_eq!(plan.next_free(now, &near), Some(at("2026-12-01T09:00:00Z")));
        plan.spacing_minutes = 29;
        assert_eq!(plan.next_free(now, &near), Some(at("2026-11-24T18:00:00Z")));
    }

    #[test]
    fn slots_stay_on_the_wall_when_the_clocks_change() {
        let plan = plan("Europe/Berlin", &[(Weekday::Sun, "02:30")]);

        // The clocks skip 02:30 on 28 March 2027.
        assert_eq!(
            plan.times(at("2027-03-20T00:00:00Z"))
                .take(3)
                .collect::<Vec<_>>(),
            [
                at("2027-03-21T01:30:00Z"),
                at("2027-03-28T01:00:00Z"),
                at("2027-04-04T00:30:00Z")
            ]
        );
    }

    #[test]
    fn a_queue_without_slots_or_without_room_has_no_next_one() {
        let now = at("2026-11-24T09:00:00Z");
        let one = plan("UTC", &[(Weekday::Tue, "18:00")]);
        let all: Vec<_> = one.times(now).collect();

        assert_eq!(plan("UTC", &[]).next_free(now, &[]), None);
        assert_eq!(all.len(), 53);
        assert_eq!(one.next_free(now, &all), None);
        assert_eq!(one.next_free(now, &all[..52]), Some(all[52]));
    }

    #[test]
    fn plans_that_make_no_sense_are_refused() {
        let good = plan("UTC", &[(Weekday::Tue, "18:00")]);
        assert_eq!(good.check(), Ok(()));

        let mut refused = vec![good.clone(); 4];
        refused[0].slots = vec![good.slots[0]; 169];
        refused[1].slots[0].time = "18:00:30".parse().unwrap();
        refused[2].spacing_minutes = 7 * 24 * 60 + 1;
        refused[3].duplicate_days = 367;
        for plan in refused {
            assert!(plan.check().is_err(), "{plan:?}");
        }
    }
}
