//! Chains against the sandbox: in order, below the right part, and honest where they stop.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use chrono::TimeDelta;
use threads_client::{Draft, Scope, UserId};
use threads_monitor::MonitorError;
use threads_monitor::publishing::{
    ChainDecision, ChainStanding, ChainStatus, Due, NewChain, Phase, RestPlace, ScheduledPost,
    StopReason,
};
use threads_monitor::scheduler::{EventCursor, JobId};
use threads_sandbox::{Endpoint, Fault, FaultRule, Sandbox, Switches, When};

use crate::world::{ALL_SCOPES, CHAIN_SCOPES, World, minutes, settle};

fn drafts(texts: &[&str]) -> Vec<Draft> {
    texts.iter().map(|text| Draft::text(*text)).collect()
}

async fn connected(world: &World) -> UserId {
    let name = world.username(0);
    world.connect_with(&name, &CHAIN_SCOPES).await.user
}

fn new_chain(world: &World, user: &UserId, texts: &[&str]) -> NewChain {
    let due = Due::At(world.monitor.now() + minutes(2));
    NewChain::new(user.clone(), drafts(texts), due)
}

async fn scheduled(world: &World, user: &UserId, texts: &[&str]) -> ScheduledPost {
    let chain = new_chain(world, user, texts);
    world.monitor.schedule_chain(chain).await.unwrap()
}

async fn status(world: &World, id: &JobId) -> ChainStatus {
    world.post(id).await.post.chain_status().unwrap()
}

/// The texts that became visible, each with the text above it.
fn tree(world: &World) -> Vec<(String, Option<String>)> {
    let published = world.published();
    let text = |id: &Option<String>| {
        published
            .iter()
            .find(|entry| entry.post_id == *id)
            .and_then(|entry| entry.text.clone())
    };
    let entries = published.iter();
    entries
        .map(|entry| (entry.text.clone().unwrap(), text(&entry.parent)))
        .collect()
}

fn line(texts: &[&str]) -> Vec<(String, Option<String>)> {
    let above = std::iter::once(None).chain(texts.iter().map(|text| Some((*text).to_owned())));
    let texts = texts.iter().map(|text| (*text).to_owned());
    texts.zip(above).collect()
}

async fn events(world: &World, id: &JobId) -> Vec<(String, serde_json::Value)> {
    let scheduler = &world.monitor.storage().scheduler;
    let events = scheduler
        .take_events(EventCursor::START, 1000)
        .await
        .unwrap();
    events
        .into_iter()
        .filter(|event| event.job == *id)
        .map(|event| (event.event.name, event.event.data))
        .collect()
}

#[tokio::test]
async fn a_chain_goes_out_in_order_each_part_below_the_one_before() {
    let world = World::new().await;
    let user = connected(&world).await;
    let chain = scheduled(&world, &user, &["one", "two", "three"]).await;

    settle(&world).await;

    assert_eq!(tree(&world), line(&["one", "two", "three"]));
    let status = status(&world, &chain.id).await;
    assert_eq!(status.standing, ChainStanding::Complete);
    assert_eq!((status.published, status.of), (3, 3));
    let events = events(&world, &chain.id).await;
    let published: Vec<_> = events
        .iter()
        .filter(|(name, _)| name == "post.published")
        .map(|(_, data)| (data["part"].as_u64().unwrap(), data["of"].as_u64().unwrap()))
        .collect();
    assert_eq!(published, [(1, 3), (2, 3), (3, 3)]);
    let complete = events.iter().filter(|(name, _)| name == "chain.complete");
    assert_eq!(complete.count(), 1);
}

#[tokio::test]
async fn a_chain_is_scheduled_whole_or_not_at_all_and_once_by_its_key() {
    let world = World::new().await;
    let user = connected(&world).await;
    let mut chain = new_chain(&world, &user, &["one", "two"]);
    chain.idempotency_key = Some("key".to_owned());
    let mut other = chain.clone();
    other.parts[1] = Draft::text("another");
    let long = "x".repeat(501);

    let first = world.monitor.schedule_chain(chain.clone()).await.unwrap();
    let again = world.monitor.schedule_chain(chain).await.unwrap();
    let conflict = world.monitor.schedule_chain(other).await;
    let refused = new_chain(&world, &user, &["fine", &long]);
    let refused = world.monitor.schedule_chain(refused).await;
    let one = new_chain(&world, &user, &["alone"]);
    let one = world.monitor.schedule_chain(one).await;
    let mut aside = new_chain(&world, &user, &["one", "two"]);
    aside.parts[1] = Draft::text("aside").reply_to("1790".into());
    let aside = world.monitor.schedule_chain(aside).await;

    assert_eq!(first.id, again.id);
    assert!(
        matches!(conflict, Err(MonitorError::Store(_))),
        "{conflict:?}"
    );
    assert!(
        matches!(refused, Err(MonitorError::ChainPart { part: 2, .. })),
        "{refused:?}"
    );
    assert!(matches!(one, Err(MonitorError::Config(_))), "{one:?}");
    assert!(matches!(aside, Err(MonitorError::Config(_))), "{aside:?}");
    let all = world.monitor.scheduled_posts(&user).await.unwrap();
    assert_eq!(all.len(), 1);
    settle(&world).await;
    // The key still means the same chain once it has gone out.
    let mut chain = new_chain(&world, &user, &["one", "two"]);
    chain.due = Due::At(first.post.due_at);
    chain.idempotency_key = Some("key".to_owned());
    let after = world.monitor.schedule_chain(chain).await.unwrap();
    assert_eq!(after.id, first.id);
    assert_eq!(world.published().len(), 2);
}

#[tokio::test]
async fn a_missing_scope_is_told_when_the_chain_is_scheduled() {
    let world = World::new().await;
    let user = world.connect(&world.username(0)).await.user;

    let chain = new_chain(&world, &user, &["one", "two"]);
    let refused = world.monitor.schedule_chain(chain).await;

    let error = refused.unwrap_err();
    assert!(
        matches!(&error, MonitorError::MissingScope { scope, .. } if *scope == Scope::ManageReplies),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("threads_manage_replies"),
        "{error}"
    );
    assert_eq!(world.monitor.scheduled_posts(&user).await.unwrap(), []);
}

#[tokio::test]
async fn a_lost_answer_of_a_reply_is_found_again_and_the_chain_goes_on() {
    let world = World::new().await;
    let user = connected(&world).await;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::PublishContainer,
        When::Nth(2),
        Fault::DropAfterEffect,
    ));
    let chain = scheduled(&world, &user, &["one", "two", "three"]).await;

    settle(&world).await;

    assert_eq!(tree(&world), line(&["one", "two", "three"]));
    assert_eq!(
        status(&world, &chain.id).await.standing,
        ChainStanding::Complete
    );
    assert!(world.calls(Endpoint::UserReplies) > 0);
}

#[tokio::test]
async fn without_the_scope_to_read_replies_a_lost_answer_is_asked_about() {
    let world = World::new().await;
    let scopes: Vec<Scope> = ALL_SCOPES
        .into_iter()
        .chain([Scope::ManageReplies])
        .collect();
    let user = world.connect_with(&world.username(0), &scopes).await.user;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::PublishContainer,
        When::Nth(2),
        Fault::DropAfterEffect,
    ));
    let chain = scheduled(&world, &user, &["one", "two", "three"]).await;

    settle(&world).await;

    let status = status(&world, &chain.id).await;
    assert_eq!(status.standing, ChainStanding::Partial);
    assert_eq!((status.published, status.of), (2, 3));
    assert_eq!(status.stopped.unwrap().reason, StopReason::IdUnknown);
    assert_eq!(world.calls(Endpoint::UserReplies), 0);
    let events = events(&world, &chain.id).await;
    let partial: Vec<_> = events
        .iter()
        .filter(|(name, _)| name == "chain.partial")
        .collect();
    assert_eq!(partial.len(), 1, "{events:?}");
    assert_eq!(partial[0].1["published"], 2);
    // With the scope, a person lets it look again.
    let grant = world.grant(&world.username(0), &CHAIN_SCOPES, std::time::Duration::ZERO);
    world.monitor.connect(&grant, &CHAIN_SCOPES).await.unwrap();
    let decision = ChainDecision::Continue;
    world
        .monitor
        .decide_chain(&chain.id, decision)
        .await
        .unwrap();
    settle(&world).await;
    assert_eq!(tree(&world), line(&["one", "two", "three"]));
}

#[tokio::test]
async fn a_parent_deleted_at_meta_stops_the_chain_with_choices() {
    let world = World::new().await;
    let user = connected(&world).await;
    // The second part waits for its container while the first is deleted.
    for call in 2..=5 {
        let fault = Fault::status(503);
        let rule = FaultRule::new(Endpoint::CreateContainer, When::Nth(call), fault);
        world.sandbox.add_fault(rule);
    }
    let chain = scheduled(&world, &user, &["one", "two", "three"]).await;
    while world.published().is_empty() {
        world
            .live(TimeDelta::seconds(5), TimeDelta::seconds(1))
            .await;
    }
    let first = world.published()[0].post_id.clone().unwrap();
    world.sandbox.delete_post(&first).unwrap();

    world.live(TimeDelta::hours(1), minutes(1)).await;

    let after = world.post(&chain.id).await;
    let Phase::Failed { reason, .. } = &after.post.phase else {
        panic!("not failed: {:?}", after.post.phase);
    };
    assert!(reason.contains("gone"), "{reason}");
    let standing = status(&world, &chain.id).await;
    assert_eq!((standing.published, standing.of), (1, 3));
    assert_eq!(standing.stopped.unwrap().reason, StopReason::Failed);
    // The rest goes out as a chain of its own, once.
    let due = Due::At(world.monitor.now() + minutes(1));
    let rest = world
        .monitor
        .finish_chain(&chain.id, RestPlace::Apart, due)
        .await
        .unwrap();
    let again = world
        .monitor
        .finish_chain(&chain.id, RestPlace::Apart, due)
        .await
        .unwrap();
    settle(&world).await;
    assert_eq!(rest.id, again.id);
    assert_eq!(tree(&world)[1..], line(&["two", "three"])[..]);
    let discard = ChainDecision::Discard;
    let late = world.monitor.decide_chain(&chain.id, discard).await;
    assert!(
        matches!(late, Err(MonitorError::PostState { .. })),
        "{late:?}"
    );
}

#[tokio::test]
async fn the_rest_can_go_on_below_the_last_live_part() {
    let world = World::new().await;
    let user = connected(&world).await;
    world.sandbox.add_fault(FaultRule::new(
        Endpoint::CreateContainer,
        When::Nth(3),
        Fault::code(100),
    ));
    let chain = scheduled(&world, &user, &["one", "two", "three"]).await;
    settle(&world).await;
    assert_eq!(world.phase(&chain.id).await, "failed");

    let due = Due::At(world.monitor.now() + minutes(1));
    let monitor = &world.monitor;
    let rest = monitor.finish_chain(&chain.id, RestPlace::Below, due).await;
    settle(&world).await;

    assert_eq!(rest.unwrap().post.chain_status(), None);
    assert_eq!(tree(&world), line(&["one", "two", "three"]));
}

#[tokio::test]
async fn replies_count_against_their_own_quota_and_the_first_part_against_that_of_posts() {
    for (posts, replies, published) in [(0, 1000, 0), (250, 1, 2), (1, 1000, 3)] {
        let switches = Switches {
            post_quota: posts,
            reply_quota: replies,
            ..Switches::default()
        };
        let sandbox = Sandbox::builder().switches(switches).start().await.unwrap();
        let world = World::of(sandbox);
        let user = connected(&world).await;
        let chain = scheduled(&world, &user, &["one", "two", "three"]).await;

        settle(&world).await;

        assert_eq!(world.published().len(), published, "{posts}/{replies}");
        let blocked = published < 3;
        assert_eq!(world.phase(&chain.id).await == "blocked", blocked);
        // Past its lateness it is missed, and what is live is told.
        world.live(TimeDelta::hours(3), minutes(10)).await;
        let status = status(&world, &chain.id).await;
        assert_eq!(status.published, published);
        let partial = status.standing == ChainStanding::Partial;
        assert_eq!(partial, blocked, "{status:?}");
    }
}

#[tokio::test]
async fn a_called_off_part_takes_those_below_with_it() {
    let world = World::new().await;
    let user = connected(&world).await;
    let chain = scheduled(&world, &user, &["one", "two", "three", "four"]).await;
    let monitor = &world.monitor;

    monitor.cancel_part(&chain.id, 2).await.unwrap();
    settle(&world).await;

    assert_eq!(tree(&world), line(&["one", "two"]));
    let status = status(&world, &chain.id).await;
    assert_eq!((status.published, status.of), (2, 4));
    let late = monitor.cancel(&chain.id).await;
    assert!(
        matches!(late, Err(MonitorError::PostState { .. })),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_chain_is_erased_with_its_account() {
    let world = World::new().await;
    let user = connected(&world).await;
    let chain = scheduled(&world, &user, &["one", "two"]).await;

    let erased = world.monitor.disconnect(&user).await.unwrap();

    assert!(erased.jobs > 0);
    assert_eq!(world.monitor.scheduled(&chain.id).await.unwrap(), None);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_chain_goes_on_where_it_was_after_a_restart() {
    use threads_monitor::Storage;

    use crate::world::builder;

    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("chains.db").display());
    let sandbox = Sandbox::start().await.unwrap();
    let first = World {
        monitor: builder(&sandbox, Storage::open(&address).await.unwrap())
            .build()
            .unwrap(),
        sandbox: sandbox.clone(),
    };
    let user = connected(&first).await;
    let chain = scheduled(&first, &user, &["one", "two", "three"]).await;
    while first.published().len() < 2 {
        first
            .live(TimeDelta::seconds(5), TimeDelta::seconds(1))
            .await;
    }
    drop(first);

    let second = World {
        monitor: builder(&sandbox, Storage::open(&address).await.unwrap())
            .build()
            .unwrap(),
        sandbox,
    };
    settle(&second).await;

    assert_eq!(tree(&second), line(&["one", "two", "three"]));
    assert_eq!(
        status(&second, &chain.id).await.standing,
        ChainStanding::Complete
    );
}
