//! The life of a token.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use threads_client::{AccessToken, TokenGrant};
use threads_monitor::token_store::Credential;
use threads_monitor::{Connection, MonitorError, RefreshDecision, RefreshPolicy};
use threads_sandbox::{Endpoint, Fault, FaultRule, RefreshedToken, Sandbox, Switches, When};

use crate::world::{ALL_SCOPES, World};

const DAY: Duration = Duration::from_hours(24);

fn credential(age_hours: i64, left_hours: i64, now: DateTime<Utc>) -> Credential {
    Credential {
        access_token: AccessToken::new("THQWexample"),
        obtained_at: now - TimeDelta::hours(age_hours),
        expires_at: now + TimeDelta::hours(left_hours),
        expiry_assumed: false,
    }
}

#[rstest]
#[case::new(1, 59 * 24, RefreshDecision::Fresh { due_at: DateTime::UNIX_EPOCH + TimeDelta::days(29) })]
#[case::half_way(30 * 24, 30 * 24, RefreshDecision::Due)]
#[case::last_hour(1439, 1, RefreshDecision::Due)]
#[case::over(1440, 0, RefreshDecision::Expired)]
#[case::short_and_young(1, 48, RefreshDecision::TooYoung { until: DateTime::UNIX_EPOCH + TimeDelta::hours(23) })]
fn the_decision_follows_from_the_dates(
    #[case] age: i64,
    #[case] left: i64,
    #[case] expected: RefreshDecision,
) {
    let now = DateTime::UNIX_EPOCH;

    let decision = RefreshPolicy::default().decide(&credential(age, left, now), now);

    assert_eq!(decision, expected);
}

#[test]
fn an_assumed_expiry_is_always_due_and_never_death() {
    let now = DateTime::UNIX_EPOCH;
    let assumed = |age, left| Credential {
        expiry_assumed: true,
        ..credential(age, left, now)
    };
    let policy = RefreshPolicy::default();

    assert_eq!(policy.decide(&assumed(25, 1000), now), RefreshDecision::Due);
    assert_eq!(
        policy.decide(&assumed(2000, -500), now),
        RefreshDecision::Due
    );
    assert!(matches!(
        policy.decide(&assumed(2, 1000), now),
        RefreshDecision::TooYoung { .. }
    ));
}

#[test]
fn a_grant_without_expiry_is_marked_as_assumed() {
    let now = DateTime::UNIX_EPOCH;
    let grant = TokenGrant::new(AccessToken::new("THQWexample"));

    let credential = RefreshPolicy::default().credential(&grant, now);

    assert!(credential.expiry_assumed);
    assert_eq!(credential.expires_at, now + TimeDelta::days(60));
}

/// An account whose token is `age` days old.
async fn connected(world: &World, age: u32) -> threads_client::UserId {
    let name = world.username(0);
    let grant = world.grant(&name, &ALL_SCOPES, DAY * age);
    world
        .monitor
        .connect(&grant, &ALL_SCOPES)
        .await
        .unwrap()
        .user
}

#[tokio::test]
async fn a_token_past_half_of_its_life_is_refreshed_once_a_day_old() {
    let world = World::new().await;
    connected(&world, 40).await;

    // We got it just now, so as far as we know it may be too young for Meta.
    world.live(TimeDelta::hours(23), TimeDelta::hours(1)).await;
    assert_eq!(world.refreshes(), 0);
    world.live(TimeDelta::hours(3), TimeDelta::hours(1)).await;
    assert_eq!(world.refreshes(), 1);
    world.live(TimeDelta::days(10), TimeDelta::hours(6)).await;
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn an_outage_of_a_week_disconnects_nobody() {
    let world = World::new().await;
    let user = connected(&world, 40).await;
    world
        .sandbox
        .add_fault(FaultRule::everywhere(When::Always, Fault::status(502)));

    world.live(TimeDelta::days(5), TimeDelta::hours(1)).await;
    let during = world.account(&user).await.connection;
    world.sandbox.clear_faults();
    world.live(TimeDelta::days(1), TimeDelta::hours(1)).await;

    assert_eq!(world.refreshes(), 1);
    assert!(
        !matches!(during, Connection::NeedsReconnect { .. }),
        "{during:?}"
    );
    assert_eq!(world.account(&user).await.connection, Connection::Connected);
}

#[rstest]
#[case(1)]
#[case(2)]
#[case(4)]
#[case(17)]
#[case(100)]
#[case(10)]
#[tokio::test]
async fn a_refused_refresh_of_a_working_token_disconnects_nobody(#[case] code: i64) {
    let world = World::new().await;
    let user = connected(&world, 40).await;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::RefreshToken,
        When::Always,
        Fault::code(code),
    ));

    world.live(TimeDelta::days(4), TimeDelta::hours(1)).await;

    let connection = world.account(&user).await.connection;
    assert!(
        !matches!(connection, Connection::NeedsReconnect { .. }),
        "{connection:?}"
    );
    assert!(world.account(&user).await.followers.value().is_some());
}

#[tokio::test]
async fn a_token_refused_twice_an_hour_apart_needs_a_person() {
    let world = World::new().await;
    let name = world.username(0);
    let user = connected(&world, 1).await;
    world.monitor.run_due_once().await.unwrap();
    world.sandbox.revoke(&name).unwrap();

    // The first refusal comes with the next collection, the second an hour later.
    world
        .live(TimeDelta::hours(1), TimeDelta::minutes(10))
        .await;
    let after_one = world.account(&user).await.connection;
    world
        .live(TimeDelta::hours(3), TimeDelta::minutes(10))
        .await;

    assert_eq!(after_one, Connection::Connected);
    let Connection::NeedsReconnect { reason, .. } = world.account(&user).await.connection else {
        panic!("still connected");
    };
    assert!(!reason.is_empty());
    let grant = world.grant(&name, &ALL_SCOPES, Duration::ZERO);
    let again = world
        .monitor
        .connect_as(&user, &grant, &ALL_SCOPES)
        .await
        .unwrap();
    assert_eq!(again.connection, Connection::Connected);
}

#[tokio::test]
async fn one_wrong_refusal_is_forgiven() {
    let world = World::new().await;
    let user = connected(&world, 1).await;
    for _ in 0..3 {
        world
            .sandbox
            .fail_next(Endpoint::AccountInsights, Fault::subcode(190, 463));
        world
            .sandbox
            .fail_next(Endpoint::Profile, Fault::subcode(190, 463));
    }

    world
        .live(TimeDelta::hours(12), TimeDelta::minutes(30))
        .await;

    assert_eq!(world.account(&user).await.connection, Connection::Connected);
}

#[tokio::test]
async fn fifty_callers_make_one_refresh() {
    let world = World::new().await;
    let user = connected(&world, 40).await;
    world.advance(TimeDelta::hours(25));

    let refreshes = (0..50).map(|_| world.monitor.tokens().refresh(&user));
    let outcomes = futures::future::join_all(refreshes).await;

    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn a_refreshed_token_that_does_not_answer_never_replaces_the_working_one() {
    let world = World::new().await;
    let user = connected(&world, 40).await;
    world.monitor.run_due_once().await.unwrap();
    world.advance(TimeDelta::hours(25));
    // The refresh works, and then the first call with the new token is not answered.
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::Profile,
        When::Next(3),
        Fault::status(500),
    ));

    assert!(world.monitor.tokens().refresh(&user).await.is_err());
    let between = world.monitor.tokens().load(&user).await.unwrap().token;
    world.sandbox.clear_faults();
    world.monitor.tokens().refresh(&user).await.unwrap();
    let after = world.monitor.tokens().load(&user).await.unwrap().token;

    let candidate = between
        .candidate
        .expect("the new token waits beside the old one");
    assert_ne!(
        candidate.access_token.expose(),
        between.credential.access_token.expose()
    );
    assert_eq!(
        after.credential.access_token.expose(),
        candidate.access_token.expose()
    );
    assert!(after.candidate.is_none());
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn a_refresh_that_ends_the_old_token_at_once_is_survived() {
    let sandbox = Sandbox::builder()
        .switches(Switches {
            refresh: RefreshedToken::NewAndOldInvalid,
            ..Switches::default()
        })
        .start()
        .await
        .unwrap();
    let world = World::of(sandbox);
    let user = connected(&world, 40).await;

    world.live(TimeDelta::days(40), TimeDelta::hours(12)).await;

    let account = world.account(&user).await;
    assert_eq!(account.connection, Connection::Connected);
    assert!(world.refreshes() >= 2);
    assert!(account.followers.value().is_some());
}

#[tokio::test]
async fn another_account_s_token_is_refused_on_reconnect_with_both_ids() {
    let world = World::new().await;
    let user = connected(&world, 1).await;
    let other = world.grant(&world.username(1), &ALL_SCOPES, Duration::ZERO);

    let refused = world.monitor.connect_as(&user, &other, &ALL_SCOPES).await;

    let Err(MonitorError::AccountMismatch { expected, found }) = refused else {
        panic!("accepted");
    };
    assert_eq!(expected, user);
    assert_ne!(found, user);
    assert!(world.monitor.account(&found).await.unwrap().is_none());
}

#[tokio::test]
async fn a_wrong_token_connects_nothing() {
    let world = World::new().await;
    let grant = TokenGrant::new(AccessToken::new("THQWnonsense"));

    let refused = world.monitor.connect(&grant, &ALL_SCOPES).await;

    assert!(matches!(refused, Err(MonitorError::Client(error)) if error.is_auth()));
    assert!(world.monitor.accounts().await.unwrap().is_empty());
}
