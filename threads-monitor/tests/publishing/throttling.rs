//! What the monitor does when its own client holds calls back.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::TimeDelta;
use threads_client::{Draft, UserId};
use threads_monitor::publishing::Outcome;
use threads_monitor::scheduler::{JobKind, JobQuery};
use threads_sandbox::{Endpoint, Fault};

use crate::world::{World, minutes};

/// Lets Meta ask the account to wait for an hour. The client's clock is the real one, so that hour does not
/// end within a test.
async fn ask_to_wait(world: &World, user: &UserId) {
    world
        .sandbox
        .fail_next(Endpoint::Profile, Fault::rate_limited(3_600));
    let client = world.monitor.tokens().client(user).await.unwrap();
    client.profile().get().await.unwrap_err();
}

#[tokio::test]
async fn collecting_that_is_held_back_is_put_off_and_is_no_failure() {
    let world = World::with_limits().await;
    let user = world.connect(&world.username(0)).await.user;
    ask_to_wait(&world, &user).await;
    let before = world.sandbox.requests().len();

    world.monitor.run_due_once().await.unwrap();

    assert_eq!(world.sandbox.requests().len(), before, "nothing was sent");
    let account = world.account(&user).await;
    assert!(!account.collection.is_empty());
    for health in &account.collection {
        assert_eq!(health.failures, 0, "{:?}", health.kind);
        assert_eq!(health.last_error, None, "{:?}", health.kind);
        assert!(health.next_at.unwrap() >= world.sandbox.now() + minutes(1));
    }
}

#[tokio::test]
async fn a_publication_that_is_held_back_leaves_the_post_ready_and_costs_no_attempt() {
    let world = World::with_limits().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("soon"), 5).await;
    // From here on only verification is sent; the container is made before.
    world.live(minutes(4), TimeDelta::seconds(10)).await;
    assert_eq!(world.phase(&post.id).await, "ready");
    ask_to_wait(&world, &user).await;

    world.live(minutes(30), TimeDelta::seconds(30)).await;

    assert_eq!(world.phase(&post.id).await, "ready");
    assert_eq!(world.calls(Endpoint::PublishContainer), 0);
    let after = world.post(&post.id).await;
    assert_eq!(
        after.post.attempts.len(),
        1,
        "it waits as long as it is told to"
    );
    let Outcome::NotSent { why } = &after.post.attempts[0].outcome else {
        panic!("{:?}", after.post.attempts);
    };
    assert!(why.contains("was not sent: Meta asked to wait"), "{why}");
    assert!(!after.post.may_be_live());
}

#[tokio::test]
async fn a_post_that_is_held_back_past_its_last_moment_is_missed_and_never_sent() {
    let world = World::with_limits().await;
    let user = world.connect(&world.username(0)).await.user;
    let post = world.schedule_in(&user, Draft::text("too late"), 5).await;
    world.live(minutes(4), TimeDelta::seconds(10)).await;
    ask_to_wait(&world, &user).await;

    world.live(TimeDelta::hours(26), minutes(10)).await;

    assert_eq!(world.phase(&post.id).await, "missed");
    assert_eq!(world.calls(Endpoint::PublishContainer), 0);
}

#[tokio::test]
async fn the_token_is_looked_after_however_short_the_limit_is() {
    let world = World::with_limits().await;
    let user = world.connect(&world.username(0)).await.user;
    world.advance(TimeDelta::days(40));
    ask_to_wait(&world, &user).await;

    let query = JobQuery::account(user.clone()).kind(JobKind::RefreshToken);
    for job in world
        .monitor
        .storage()
        .scheduler
        .list(&query)
        .await
        .unwrap()
    {
        world.monitor.run_job(&job.id).await.unwrap();
    }

    assert_eq!(world.refreshes(), 1);
    let account = world.account(&user).await;
    assert!(account.token.obtained_at > world.sandbox.now() - minutes(1));
}
