//! R14: wall-clock times of every zone, against a search for the instants that show them.

use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use threads_monitor::{LocalInstant, Zone};

const TIMES: usize = 10_000;
const SEED: u64 = 20_261_128;

/// Since 1980 every offset from UTC is a whole number of quarters of an hour.
const QUARTERS: i64 = 26 * 4;

/// The instants that a wall shows this time at, earliest first.
fn shown_at(zone: Zone, local: NaiveDateTime) -> Vec<DateTime<Utc>> {
    (-QUARTERS..=QUARTERS)
        .map(|quarters| Utc.from_utc_datetime(&(local + TimeDelta::minutes(15 * quarters))))
        .filter(|instant| zone.local(*instant) == local)
        .collect()
}

fn offset(zone: Zone, instant: DateTime<Utc>) -> TimeDelta {
    zone.local(instant) - instant.naive_utc()
}

/// A time around the moment at which the clocks are turned, if they are in the next year.
fn near_a_turn(zone: Zone, from: DateTime<Utc>, random: &mut fastrand::Rng) -> NaiveDateTime {
    let day = TimeDelta::days(1);
    let mut days = (0..365).map(|number| from + day * number);
    let turn = days.find(|instant| offset(zone, *instant) != offset(zone, *instant + day));
    let mut before = turn.unwrap_or(from);
    let old = offset(zone, before);
    for minutes in [720, 360, 180, 90, 45, 23, 12, 6, 3, 2, 1] {
        let later = before + TimeDelta::minutes(minutes);
        if offset(zone, later) == old {
            before = later;
        }
    }
    zone.local(before) + TimeDelta::minutes(random.i64(-90..150))
}

#[test]
fn tz_property() {
    let zones: Vec<Zone> = Zone::all().collect();
    let mut random = fastrand::Rng::with_seed(SEED);
    let (mut unique, mut doubled, mut skipped) = (0, 0, 0);
    for number in 0..TIMES {
        let zone = *random.choice(&zones).unwrap();
        let start = Utc.with_ymd_and_hms(1980, 1, 3, 0, 0, 0).unwrap();
        let instant = start + TimeDelta::minutes(random.i64(0..57 * 365 * 24 * 60));
        let local = if number % 2 == 0 {
            zone.local(instant)
        } else {
            near_a_turn(zone, instant, &mut random)
        };
        let case = format!("{local} in {}", zone.name());
        let found = zone.instant(local).unwrap();
        match (shown_at(zone, local).as_slice(), found) {
            ([only], LocalInstant::Unique(instant)) => {
                assert_eq!(*only, instant, "{case}");
                unique += 1;
            }
            ([first, _], LocalInstant::First(instant)) => {
                assert_eq!(*first, instant, "{case}");
                doubled += 1;
            }
            ([], LocalInstant::MovedForward(instant)) => {
                // The clocks were turned at that instant, and over this time.
                assert!(zone.local(instant) > local, "{case}: {found:?}");
                let before = instant - TimeDelta::seconds(1);
                assert!(zone.local(before) < local, "{case}: {found:?}");
                skipped += 1;
            }
            (shown, found) => panic!("{case}: shown at {shown:?}, but {found:?}"),
        }
    }
    assert!(doubled > 100 && skipped > 100, "{doubled}, {skipped}");
    println!(
        "tz_property: {TIMES} times of {} zones ({}), seed {SEED}: {unique} unique, {doubled} doubled, {skipped} skipped",
        zones.len(),
        Zone::DATA_VERSION
    );
}
