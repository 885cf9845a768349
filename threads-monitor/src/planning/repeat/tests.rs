use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn rule(zone: &str, every: Every, time: &str, first: &str) -> Repeat {
    Repeat::new(
        zone.parse().unwrap(),
        every,
        format!("{time}:00").parse().unwrap(),
        date(first),
    )
}

fn locals(rule: &Repeat, count: usize) -> Vec<String> {
    rule.occurrences()
        .take(count)
        .map(|occurrence| occurrence.local.format("%F %R").to_string())
        .collect()
}

fn instants(rule: &Repeat, count: usize) -> Vec<String> {
    rule.occurrences()
        .take(count)
        .map(|occurrence| occurrence.at().format("%FT%RZ").to_string())
        .collect()
}

fn month(day: u32, short: ShortMonth) -> Every {
    Every::Month { day, short }
}

#[test]
fn nine_o_clock_stays_nine_o_clock_when_the_clocks_change() {
    let rule = rule("America/New_York", Every::Day, "09:00", "2027-03-13");

    assert_eq!(
        instants(&rule, 3),
        [
            "2027-03-13T14:00Z",
            "2027-03-14T13:00Z",
            "2027-03-15T13:00Z"
        ]
    );
}

#[test]
fn a_time_that_the_clocks_skip_is_the_first_minute_after() {
    let rule = rule("America/New_York", Every::Day, "02:30", "2027-03-13");

    assert_eq!(
        instants(&rule, 3),
        [
            "2027-03-13T07:30Z",
            "2027-03-14T07:00Z",
            "2027-03-15T06:30Z"
        ]
    );
    let moved = rule.occurrences().nth(1).unwrap();
    assert!(matches!(moved.instant, LocalInstant::MovedForward(_)));
    assert_eq!(moved.local.to_string(), "2027-03-14 02:30:00");
}

#[test]
fn two_times_that_a_gap_makes_one_are_one_occurrence() {
    let mut rule = rule("America/New_York", Every::Day, "02:15", "2027-03-14");
    rule.times.push(NaiveTime::from_hms_opt(2, 45, 0).unwrap());
    rule.times.push(NaiveTime::from_hms_opt(3, 0, 0).unwrap());

    assert_eq!(
        locals(&rule, 4),
        [
            "2027-03-14 02:15",
            "2027-03-15 02:15",
            "2027-03-15 02:45",
            "2027-03-15 03:00"
        ]
    );
}

#[test]
fn a_time_that_comes_twice_is_one_occurrence_the_first() {
    let rule = rule("America/New_York", Every::Day, "01:30", "2026-10-31");

    assert_eq!(
        instants(&rule, 3),
        [
            "2026-10-31T05:30Z",
            "2026-11-01T05:30Z",
            "2026-11-02T06:30Z"
        ]
    );
}

#[test]
fn clocks_may_change_by_half_an_hour() {
    // Lord Howe: forward at 02:00 on 4 October 2026, back at 02:00 on 4 April 2027.
    let forward = rule("Australia/Lord_Howe", Every::Day, "02:15", "2026-10-03");
    assert_eq!(
        instants(&forward, 3),
        [
            "2026-10-02T15:45Z",
            "2026-10-03T15:30Z",
            "2026-10-04T15:15Z"
        ]
    );

    let back = rule("Australia/Lord_Howe", Every::Day, "01:45", "2027-04-03");
    assert_eq!(
        instants(&back, 3),
        [
            "2027-04-02T14:45Z",
            "2027-04-03T14:45Z",
            "2027-04-04T15:15Z"
        ]
    );
}

#[test]
fn a_day_that_a_zone_left_out_moves_to_the_next_one() {
    // Samoa had no 30 December 2011.
    let rule = rule("Pacific/Apia", Every::Day, "09:00", "2011-12-29");

    assert_eq!(
        instants(&rule, 3),
        [
            "2011-12-29T19:00Z",
            "2011-12-30T10:00Z",
            "2011-12-30T19:00Z"
        ]
    );
}

#[test]
fn a_month_without_the_day_uses_its_last_or_none() {
    let last = rule("UTC", month(31, ShortMonth::LastDay), "08:00", "2027-01-15");
    assert_eq!(
        locals(&last, 4),
        [
            "2027-01-31 08:00",
            "2027-02-28 08:00",
            "2027-03-31 08:00",
            "2027-04-30 08:00"
        ]
    );

    let skip = rule("UTC", month(31, ShortMonth::Skip), "08:00", "2027-01-15");
    assert_eq!(
        locals(&skip, 3),
        ["2027-01-31 08:00", "2027-03-31 08:00", "2027-05-31 08:00"]
    );
}

#[test]
fn the_leap_day_comes_every_fourth_year_or_moves() {
    let mut rule = rule("UTC", month(29, ShortMonth::Skip), "08:00", "2028-02-01");
    rule.interval = 12;
    assert_eq!(locals(&rule, 2), ["2028-02-29 08:00", "2032-02-29 08:00"]);

    rule.every = month(29, ShortMonth::LastDay);
    assert_eq!(
        locals(&rule, 3),
        ["2028-02-29 08:00", "2029-02-28 08:00", "2030-02-28 08:00"]
    );
}

#[test]
fn every_second_week_counts_from_the_week_of_the_first_day() {
    let days = vec![Weekday::Mon, Weekday::Fri];
    // A Wednesday.
    let mut rule = rule("UTC", Every::Week { days }, "08:00", "2026-11-25");
    rule.interval = 2;

    assert_eq!(
        locals(&rule, 3),
        ["2026-11-27 08:00", "2026-12-07 08:00", "2026-12-11 08:00"]
    );
}

#[test]
fn it_ends_after_its_last_day_and_after_its_count() {
    let mut rule = rule("UTC", Every::Day, "08:00", "2026-11-25");
    rule.times
        .insert(0, NaiveTime::from_hms_opt(20, 0, 0).unwrap());
    rule.last = Some(date("2026-11-26"));
    assert_eq!(
        locals(&rule, 9),
        [
            "2026-11-25 08:00",
            "2026-11-25 20:00",
            "2026-11-26 08:00",
            "2026-11-26 20:00"
        ]
    );

    rule.count = Some(3);
    assert_eq!(rule.occurrences().count(), 3);
}

#[test]
fn a_rule_without_an_end_ends_with_the_calendar() {
    for every in [
        Every::Day,
        Every::Week {
            days: vec![Weekday::Sun],
        },
        month(31, ShortMonth::Skip),
    ] {
        let mut rule = rule("UTC", every, "08:00", "2190-01-01");
        rule.interval = 1000;
        assert!(rule.occurrences().count() < 20);
    }
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let good = rule("UTC", month(31, ShortMonth::Skip), "08:00", "2026-11-25");
    assert_eq!(good.check(), Ok(()));
    let changed = |change: &dyn Fn(&mut Repeat)| {
        let mut rule = good.clone();
        change(&mut rule);
        rule
    };

    for refused in [
        changed(&|rule| rule.times.clear()),
        changed(&|rule| rule.times = vec!["08:00:01".parse().unwrap()]),
        changed(&|rule| rule.interval = 0),
        changed(&|rule| rule.interval = 1001),
        changed(&|rule| rule.every = Every::Week { days: Vec::new() }),
        changed(&|rule| rule.every = month(0, ShortMonth::LastDay)),
        changed(&|rule| rule.every = month(32, ShortMonth::LastDay)),
        changed(&|rule| rule.first = date("1969-12-31")),
        changed(&|rule| rule.last = Some(date("2026-11-24"))),
        changed(&|rule| rule.count = Some(0)),
        // No 31st until then.
        changed(&|rule| rule.last = Some(date("2026-11-30"))),
    ] {
        assert!(refused.check().is_err(), "{refused:?}");
    }
}

#[test]
fn a_rule_is_stored_in_plain_words() {
    let mut rule = rule(
        "Asia/Jakarta",
        Every::Week {
            days: vec![Weekday::Mon],
        },
        "19:00",
        "2026-11-25",
    );
    rule.count = Some(4);

    let stored = serde_json::to_value(&rule).unwrap();

    assert_eq!(
        stored,
        serde_json::json!({
            "zone": "Asia/Jakarta",
            "every": { "is": "week", "days": ["Mon"] },
            "interval": 1,
            "times": ["19:00:00"],
            "first": "2026-11-25",
            "last": null,
            "count": 4
        })
    );
    assert_eq!(serde_json::from_value::<Repeat>(stored).unwrap(), rule);
}
