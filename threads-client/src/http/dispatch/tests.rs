//! An outage of Meta, in virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::quota_counter::Quota;
use super::*;
use crate::error::{ApiError, TransportError, TransportStep};

const ENDPOINT: Cow<'static, str> = Cow::Borrowed("GET /me");

fn task(class: Class, repeat: Repeat) -> Task<'static> {
    static NAME: Cow<'static, str> = ENDPOINT;
    Task {
        endpoint: &NAME,
        repeat,
        sending: Sending {
            class,
            quota: None,
            turn: None,
        },
        meter: None,
    }
}

fn dispatch() -> Dispatch {
    Dispatch::new(RetryPolicy::default(), ThrottlePolicy::default())
}

fn answer(status: u16) -> Result<()> {
    match status {
        200 => Ok(()),
        other => Err(ApiError::from_response(other, b"").into()),
    }
}

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// What was sent in each second, and what the callers got.
struct Outcome {
    sent: Vec<u32>,
    succeeded: Vec<u32>,
}

/// Offers `per_second` calls a second for `seconds`; `status` says what Meta answers at a millisecond, after
/// `latency`. The loop below is the one of the transport, with a queue of events in place of a runtime.
fn offer(
    dispatch: &Dispatch,
    per_second: u64,
    seconds: u64,
    latency: u64,
    status: impl Fn(u64) -> u16,
) -> Outcome {
    enum Step {
        Send,
        Answer,
    }
    let start = now();
    let horizon = usize::try_from(seconds + 60).unwrap();
    let mut outcome = Outcome {
        sent: vec![0; horizon],
        succeeded: vec![0; horizon],
    };
    let calls = usize::try_from(per_second * seconds).unwrap();
    let mut running: Vec<_> = (0..calls)
        .map(|_| Some((dispatch.begin(task(Class::Read, Repeat::Safely)), None)))
        .collect();
    let mut events = BinaryHeap::new();
    for (number, at) in (0..calls).zip((0..).map(|number| number * 1_000 / per_second)) {
        events.push(Reverse((at, number, false)));
    }
    while let Some(Reverse((at, number, is_answer))) = events.pop() {
        let step = if is_answer { Step::Answer } else { Step::Send };
        let Some((attempts, permit)) = &mut running[number] else {
            panic!("an event of a call that is over");
        };
        let second = usize::try_from(at / 1_000).unwrap();
        let moment = start + milliseconds(at);
        match step {
            Step::Send => match attempts.admit(moment) {
                Ok(leave) => {
                    *permit = leave;
                    outcome.sent[second] += 1;
                    events.push(Reverse((at + latency, number, true)));
                }
                Err(_) => running[number] = None,
            },
            Step::Answer => match attempts.settle(permit.take(), answer(status(at)), moment) {
                ControlFlow::Break(result) => {
                    outcome.succeeded[second] += u32::from(result.is_ok());
                    running[number] = None;
                }
                ControlFlow::Continue(pause) => {
                    let again = at + u64::try_from(pause.as_millis()).unwrap();
                    events.push(Reverse((again, number, false)));
                }
            },
        }
    }
    outcome
}

/// The part of an outage that reaches Meta, and the time after it.
#[test]
fn retry_storm() {
    const PER_SECOND: u32 = 1_000;
    let dispatch = dispatch();

    let outcome = offer(&dispatch, u64::from(PER_SECOND), 100, 50, |at| {
        if (10_000..70_000).contains(&at) {
            503
        } else {
            200
        }
    });

    // It opens once half of the last ten seconds failed, which takes five after ten good ones.
    let sent: u32 = outcome.sent[10..70].iter().sum();
    assert!(sent <= 60 * PER_SECOND * 12 / 10, "{sent}");
    assert!(
        sent < 6 * PER_SECOND,
        "the breaker keeps most of it away: {sent}"
    );
    let recovered = (70..100)
        .find(|second| outcome.succeeded[*second] >= PER_SECOND * 95 / 100)
        .unwrap();
    assert!(recovered <= 75, "{recovered}");
    for (second, sent) in outcome.sent.iter().enumerate().skip(70) {
        assert!(*sent <= 2 * PER_SECOND, "a herd at {second}: {sent}");
    }
}

#[test]
fn without_a_breaker_the_budget_alone_keeps_an_outage_from_being_multiplied() {
    let dispatch = Dispatch::new(RetryPolicy::default(), ThrottlePolicy::none());

    let outcome = offer(&dispatch, 1_000, 60, 50, |_| 503);

    let sent: u32 = outcome.sent.iter().sum();
    assert!((60_000..=60_100).contains(&sent), "{sent}");
}

#[test]
fn a_few_failures_are_repeated_as_ever() {
    // Without a pause a repetition is answered 50 ms after the failure, and so never meets the next one.
    let retry = RetryPolicy::default().base_delay(Duration::ZERO);
    let dispatch = Dispatch::new(retry, ThrottlePolicy::default());

    let outcome = offer(&dispatch, 100, 30, 50, |at| {
        if at % 100 == 0 { 503 } else { 200 }
    });

    let succeeded: u32 = outcome.succeeded.iter().sum();
    assert_eq!(succeeded, 3_000);
}

#[test]
fn a_refusal_is_never_a_failure_of_meta() {
    let dispatch = dispatch();

    for status in [400, 401, 403, 404, 429, 499] {
        let outcome = offer(&dispatch, 100, 10, 10, |_| status);
        let sent: u32 = outcome.sent.iter().sum();
        assert!(sent >= 1_000, "{status}: {sent}");
    }
}

fn fail(dispatch: &Dispatch, class: Class, times: usize, error: impl Fn() -> Error) {
    for _ in 0..times {
        let mut attempts = dispatch.begin(task(class, Repeat::Never));
        let permit = attempts.admit(now()).unwrap();
        let _ = attempts.settle::<()>(permit, Err(error()), now());
    }
}

fn is_open(dispatch: &Dispatch, class: Class) -> bool {
    let admitted = dispatch.begin(task(class, Repeat::Never)).admit(now());
    matches!(
        admitted.err(),
        Some(Error::Throttled {
            reason: HeldBack::Outage,
            ..
        })
    )
}

#[test]
fn every_failure_on_the_way_opens_the_breaker_of_its_class_alone() {
    let timeout = || Error::Timeout { endpoint: ENDPOINT };
    let broken = || {
        Error::Transport(TransportError::new(
            ENDPOINT,
            TransportStep::Connect,
            "refused".into(),
        ))
    };
    let failing = || ApiError::from_response(500, b"").into();
    let errors: [&dyn Fn() -> Error; 3] = [&timeout, &broken, &failing];

    for error in errors {
        let dispatch = dispatch();
        fail(&dispatch, Class::Publish, 20, error);

        assert!(is_open(&dispatch, Class::Publish));
        for class in [
            Class::Read,
            Class::Verify,
            Class::Token,
            Class::Write,
            Class::Create,
        ] {
            assert!(!is_open(&dispatch, class), "{class:?}");
        }
    }
}

#[test]
fn a_failing_server_that_refuses_for_a_reason_is_no_outage() {
    let dispatch = dispatch();
    let dead = || {
        let body = br#"{"error": {"message": "Session has expired", "code": 190}}"#;
        ApiError::from_response(500, body).into()
    };
    let missing = || {
        let body = br#"{"error": {"message": "Application does not have permission", "code": 10}}"#;
        ApiError::from_response(500, body).into()
    };
    let throttled = || ApiError::from_response(500, br#"{"error": {"code": 4}}"#).into();

    let errors: [&dyn Fn() -> Error; 3] = [&dead, &missing, &throttled];
    for error in errors {
        fail(&dispatch, Class::Read, 40, error);
        assert!(!is_open(&dispatch, Class::Read), "{}", error());
    }
}

#[test]
fn a_call_that_the_meter_holds_back_does_not_use_up_the_probe() {
    let (meter, dispatch) = (Meter::new(), dispatch());
    fail(&dispatch, Class::Publish, 20, || {
        ApiError::from_response(503, b"").into()
    });
    let wait = Duration::from_hours(1);
    let reading = crate::http::usage::Reading::default();
    meter.keep(&dispatch.throttle, &reading, Some(wait), now());
    let held = Task {
        meter: Some(&meter),
        ..task(Class::Publish, Repeat::Never)
    };
    let probe = now() + Duration::from_secs(5);

    let error = dispatch.begin(held).admit(probe).err();

    assert!(
        matches!(
            error,
            Some(Error::Throttled {
                reason: HeldBack::Asked,
                ..
            })
        ),
        "{error:?}"
    );
    let free = dispatch.begin(task(Class::Publish, Repeat::Never));
    assert!({ free }.admit(probe).is_ok(), "the probe is still there");
}

#[test]
fn a_call_that_the_breaker_holds_back_counts_as_nothing() {
    let (meter, dispatch) = (Meter::new(), dispatch());
    fail(&dispatch, Class::Publish, 20, || {
        ApiError::from_response(503, b"").into()
    });
    let publish = Task {
        sending: Sending {
            quota: Some(Quota::Posts),
            ..task(Class::Publish, Repeat::Never).sending
        },
        meter: Some(&meter),
        ..task(Class::Publish, Repeat::Never)
    };

    for _ in 0..3 {
        assert!(dispatch.begin(publish).admit(now()).is_err());
    }

    assert_eq!(meter.used(Quota::Posts), 0);
    assert_eq!(meter.used(Quota::Calls), 0);
}

#[test]
fn an_attempt_that_is_held_back_after_one_that_was_sent_is_not_told_as_unsent() {
    let dispatch = dispatch();
    let mut attempts = dispatch.begin(task(Class::Publish, Repeat::Once));
    let permit = attempts.admit(now()).unwrap();
    let next = attempts.settle(permit, answer(503), now());
    assert!(next.is_continue());
    fail(&dispatch, Class::Publish, 19, || {
        ApiError::from_response(503, b"").into()
    });
    assert!(is_open(&dispatch, Class::Publish));

    let error = attempts.admit(now()).err().unwrap();

    assert!(error.api().is_some(), "{error:?}");
}

#[test]
fn what_is_certain_not_to_have_happened_does_not_count_against_its_quota() {
    let meter = Meter::new();
    let dispatch = dispatch();
    let delete = Task {
        sending: Sending {
            class: Class::Write,
            quota: Some(Quota::Deletes),
            turn: None,
        },
        meter: Some(&meter),
        ..task(Class::Write, Repeat::Never)
    };
    let used = || {
        let pace = meter.pace(&dispatch.throttle);
        let deletes = pace.quotas.iter().find(|use_| use_.quota == Quota::Deletes);
        deletes.map(|use_| use_.used)
    };

    for (status, expected) in [(400, 0), (200, 1), (503, 2), (404, 2)] {
        let mut attempts = dispatch.begin(delete);
        let permit = attempts.admit(now()).unwrap();
        let _ = attempts.settle(permit, answer(status), now());
        assert_eq!(used(), Some(expected), "{status}");
    }
}
