use super::*;

const READ: Sending<'static> = Sending {
    class: Class::Read,
    quota: None,
    turn: None,
};
const PUBLISH: Sending<'static> = Sending {
    class: Class::Publish,
    quota: Some(Quota::Posts),
    turn: None,
};
const VERIFY: Sending<'static> = Sending {
    class: Class::Verify,
    quota: None,
    turn: None,
};

fn app(percent: u32) -> Reading {
    let mut headers = reqwest::header::HeaderMap::new();
    let header = format!(r#"{{"call_count":{percent},"total_time":1,"total_cputime":2}}"#);
    headers.insert("x-app-usage", header.parse().unwrap());
    Reading::of(&headers)
}

fn regain(minutes: u64) -> Reading {
    let mut headers = reqwest::header::HeaderMap::new();
    let header = format!(r#"{{"1":[{{"estimated_time_to_regain_access":{minutes}}}]}}"#);
    headers.insert("x-business-use-case-usage", header.parse().unwrap());
    Reading::of(&headers)
}

fn policy() -> ThrottlePolicy {
    ThrottlePolicy::default()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_share_fades_over_an_hour_and_says_when_it_will_have() {
    let (meter, start) = (Meter::new(), now());
    meter.keep(&policy(), &app(100), None, start);

    let (reason, wait) = meter.admit(&policy(), &PUBLISH, start).unwrap_err();
    assert_eq!(reason, HeldBack::Usage);
    assert_eq!(wait, seconds(181), "5 of 100 % fade in 180 s");
    assert!(meter.admit(&policy(), &VERIFY, start).is_ok());

    let before = start + seconds(180);
    assert!(meter.admit(&policy(), &PUBLISH, before).is_err());
    assert!(meter.admit(&policy(), &PUBLISH, start + wait).is_ok());
    let (_, wait) = meter.admit(&policy(), &READ, before).unwrap_err();
    assert_eq!(wait, seconds(541 - 180));
    assert!(meter.admit(&policy(), &READ, before + wait).is_ok());
}

#[test]
fn a_new_figure_replaces_the_old_one_and_a_missing_one_does_not() {
    let (meter, start) = (Meter::new(), now());
    meter.keep(&policy(), &app(99), None, start);
    meter.keep(&policy(), &Reading::default(), None, start);
    assert!(meter.admit(&policy(), &READ, start).is_err());

    meter.keep(&policy(), &app(12), None, start);

    assert!(meter.admit(&policy(), &READ, start).is_ok());
}

#[test]
fn the_own_count_stands_beside_the_figure_of_meta() {
    let (meter, start) = (Meter::new(), now());
    let policy = policy().calls_per_day(100);
    let sent = (0..200)
        .filter(|_| meter.admit(&policy, &READ, start).is_ok())
        .count();
    assert_eq!(sent, 85);
    assert!(meter.admit(&policy, &PUBLISH, start).is_ok());

    meter.keep(&policy, &app(3), None, start);
    assert!(
        meter.admit(&policy, &READ, start).is_err(),
        "a low figure does not undo what was counted"
    );

    let tomorrow = start + Duration::from_hours(25);
    assert!(meter.admit(&policy, &READ, tomorrow).is_ok());
}

#[test]
fn while_meta_asks_to_wait_only_verification_is_sent() {
    let asked = [
        (Reading::default(), Some(seconds(120)), 120),
        (regain(2), None, 120),
        (regain(2), Some(seconds(5)), 120),
        (Reading::default(), Some(Duration::MAX), 3_600),
        (regain(99_999_999), None, 3_600),
    ];

    for (reading, retry_after, expected) in asked {
        let (meter, start) = (Meter::new(), now());
        meter.keep(&policy(), &reading, retry_after, start);

        for sending in [READ, PUBLISH] {
            assert_eq!(
                meter.admit(&policy(), &sending, start).unwrap_err(),
                (HeldBack::Asked, seconds(expected))
            );
        }
        assert!(meter.admit(&policy(), &VERIFY, start).is_ok());
        let end = start + seconds(expected);
        assert!(meter.admit(&policy(), &PUBLISH, end).is_ok());
    }
}

#[test]
fn no_wait_overflows_the_clock() {
    let (meter, start) = (Meter::new(), now());
    let patient = policy().longest_wait(Duration::MAX);

    meter.keep(&patient, &Reading::default(), Some(Duration::MAX), start);

    assert!(meter.admit(&patient, &READ, start).is_err());
}

#[test]
fn a_shorter_wait_does_not_end_a_longer_one() {
    let (meter, start) = (Meter::new(), now());
    meter.keep(&policy(), &regain(10), None, start);
    meter.keep(&policy(), &Reading::default(), Some(seconds(1)), start);

    let (_, wait) = meter.admit(&policy(), &READ, start).unwrap_err();

    assert_eq!(wait, seconds(600));
}

#[test]
fn one_of_four_turns_is_taken_and_each_as_a_whole() {
    let (meter, start) = (Meter::new(), now());
    meter.keep(&policy(), &app(80), None, start);
    let poll = |turn, at| {
        let sending = Sending {
            turn: Some(turn),
            ..READ
        };
        meter.admit(&policy(), &sending, at)
    };

    let turns: Vec<Turn> = (0..40).map(|_| Turn::default()).collect();
    let taken: Vec<bool> = turns.iter().map(|turn| poll(turn, start).is_ok()).collect();
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 10);
    for (turn, taken) in turns.iter().zip(&taken) {
        for second in [1, 30, 59] {
            assert_eq!(poll(turn, start + seconds(second)).is_ok(), *taken);
        }
    }

    // A client that is kept for long draws again every minute that it waits.
    let kept = Turn::default();
    let minutes = (0..8)
        .filter(|minute| poll(&kept, start + seconds(60 * minute)).is_ok())
        .count();
    assert_eq!(minutes, 2);
    assert!(meter.admit(&policy(), &READ, start).is_ok(), "not a poll");
}

#[test]
fn a_turn_lasts_as_long_as_the_run_but_not_for_ever() {
    let (meter, start) = (Meter::new(), now());
    let turn = Turn::default();
    let poll = |minute: u64| {
        // Meta's figure stays where it is all the time.
        let at = start + seconds(30 * minute);
        meter.keep(&policy(), &app(80), None, at);
        let sending = Sending {
            turn: Some(&turn),
            ..READ
        };
        meter.admit(&policy(), &sending, at).is_ok()
    };

    assert!((0..30).all(poll), "a run of fifteen minutes");

    let after: Vec<bool> = (30..36).map(poll).collect();
    assert_eq!(after, [false; 6], "then three others have theirs");
    assert!(poll(36));
}

#[test]
fn a_token_that_was_refreshed_goes_on_with_the_count_of_the_one_before() {
    let meters = Meters::default();
    let (old, new) = (AccessToken::new("THQ-old"), AccessToken::new("THQ-new"));
    let meter = meters.of(&old);
    meter.admit(&policy(), &PUBLISH, now()).unwrap();

    meters.carry_over(&meter, &new);

    assert_eq!(meters.of(&new).used(Quota::Posts), 1);
    assert!(Arc::ptr_eq(&meters.of(&new), &meters.of(&old)));
}

#[test]
fn meters_of_refreshed_tokens_are_dropped_like_others() {
    let meters = Meters::default();
    for number in 0..MANY {
        let old = meters.of(&AccessToken::new(format!("THQ-{number}")));
        meters.carry_over(&old, &AccessToken::new(format!("THQ-{number}-refreshed")));
    }

    meters.of(&AccessToken::new("THQ-one-more"));

    assert_eq!(meters.by_token.lock().unwrap().meters.len(), 1);
}

#[test]
fn a_counter_takes_room_only_when_something_was_counted() {
    let meter = Meter::new();
    let made = || {
        let state = meter.state();
        state.counters.iter().filter(|made| made.is_some()).count()
    };

    let _ = meter.pace(&policy());
    meter.refused(Quota::Posts, now());
    meter.not_sent(&PUBLISH, now());
    assert_eq!(made(), 0);

    meter.admit(&policy(), &READ, now()).unwrap();
    assert_eq!(made(), 1);
    meter.admit(&policy(), &PUBLISH, now()).unwrap();
    assert_eq!(made(), 2);
}

#[test]
fn an_account_with_another_limit_is_held_to_that() {
    let (meter, start) = (Meter::new(), now());
    let policy = policy().limit_of(Quota::Posts, 2).calls_per_day(10);

    for _ in 0..2 {
        meter.admit(&policy, &PUBLISH, start).unwrap();
    }
    let (reason, _) = meter.admit(&policy, &PUBLISH, start).unwrap_err();
    assert_eq!(reason, HeldBack::Quota(Quota::Posts));

    for _ in 0..7 {
        meter.admit(&policy, &READ, start).unwrap();
    }
    let (reason, _) = meter.admit(&policy, &READ, start).unwrap_err();
    assert_eq!(reason, HeldBack::Usage, "nine of ten calls are used");
    let pace = meter.pace(&policy);
    assert_eq!((pace.used, pace.step), (90, PaceStep::PublishOnly));
}

#[test]
fn a_quota_that_is_used_up_holds_back_only_what_it_counts() {
    let (meter, start) = (Meter::new(), now());
    let delete = Sending {
        class: Class::Write,
        quota: Some(Quota::Deletes),
        turn: None,
    };
    for _ in 0..100 {
        meter.admit(&policy(), &delete, start).unwrap();
    }

    let (reason, wait) = meter.admit(&policy(), &delete, start).unwrap_err();

    assert_eq!(reason, HeldBack::Quota(Quota::Deletes));
    assert!(wait >= Duration::from_hours(24) && wait <= Duration::from_mins(24 * 60 + 30));
    assert!(meter.admit(&policy(), &PUBLISH, start).is_ok());
    assert!(meter.admit(&policy(), &READ, start).is_ok());
    assert!(meter.admit(&policy(), &delete, start + wait).is_ok());
}

#[test]
fn a_refusal_gives_its_place_back() {
    let (meter, start) = (Meter::new(), now());
    for _ in 0..250 {
        meter.admit(&policy(), &PUBLISH, start).unwrap();
    }
    assert!(meter.admit(&policy(), &PUBLISH, start).is_err());

    meter.refused(Quota::Posts, start);

    assert!(meter.admit(&policy(), &PUBLISH, start).is_ok());
    assert!(meter.admit(&policy(), &PUBLISH, start).is_err());
}

#[test]
fn without_a_policy_nothing_is_held_back_and_everything_is_counted() {
    let (meter, start) = (Meter::new(), now());
    let policy = ThrottlePolicy::none();
    meter.keep(&policy, &app(100), Some(seconds(600)), start);

    for _ in 0..300 {
        meter.admit(&policy, &PUBLISH, start).unwrap();
    }

    let pace = meter.pace(&policy);
    assert_eq!(pace.step, PaceStep::Full);
    let posts = pace.quotas.iter().find(|used| used.quota == Quota::Posts);
    assert_eq!(posts.map(|used| (used.used, used.limit)), Some((300, 250)));
}

#[test]
fn a_container_that_answers_a_post_is_remembered_by_its_id() {
    let meter = Meter::new();

    meter.remember_reply(br#"{"id": 18000000000000001}"#);
    meter.remember_reply(b"{}");

    assert!(meter.publishes_a_reply("creation_id=18000000000000001&access_token=x"));
    assert!(!meter.publishes_a_reply("creation_id=1800000000000000"));
    assert!(!meter.publishes_a_reply(""));
    for id in 0..REMEMBERED_REPLIES {
        meter.remember_reply(format!(r#"{{"id":"{id}"}}"#).as_bytes());
    }
    assert!(!meter.publishes_a_reply("creation_id=18000000000000001"));
    assert!(meter.publishes_a_reply("creation_id=0"));
}

#[test]
fn clients_of_one_token_share_a_meter_and_idle_ones_are_dropped() {
    let meters = Meters::default();
    let token = AccessToken::new("THQ-one");
    let held = meters.of(&token);
    assert!(Arc::ptr_eq(&held, &meters.of(&token)));
    assert!(!Arc::ptr_eq(
        &held,
        &meters.of(&AccessToken::new("THQ-two"))
    ));

    let counted = meters.of(&AccessToken::new("THQ-counted"));
    counted.admit(&policy(), &READ, now()).unwrap();
    drop(counted);
    for number in 0..MANY * 2 {
        meters.of(&AccessToken::new(format!("THQ-{number}")));
    }

    assert!(meters.by_token.lock().unwrap().meters.len() <= MANY);
    assert!(Arc::ptr_eq(&held, &meters.of(&token)));
    let counted = meters.of(&AccessToken::new("THQ-counted"));
    assert!(!counted.is_idle(now()));
}
