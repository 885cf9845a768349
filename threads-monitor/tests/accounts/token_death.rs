//! Tokens that die under many posts: 20 accounts with 100 posts each, whose tokens die at a
//! random moment each and are replaced later. No post may be lost, each account costs one
//! refused publish call at most and is told of once, and everything goes on afterwards.
//!
//! Everything runs in virtual time. `THREADS_TOKEN_DEATHS=20` runs all accounts; without it a
//! sample does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{Draft, UserId};
use threads_monitor::publishing::{Due, NewPost, Outcome, Phase, Remedy};
use threads_monitor::scheduler::EventCursor;
use threads_monitor::{Cadence, Connection, Storage};
use threads_sandbox::{AccountSeed, Endpoint, Sandbox};

use crate::world::{ALL_SCOPES, World, builder};

const POSTS: usize = 100;
const SAMPLE: usize = 3;
/// The posts are due over so many minutes.
const SPAN: usize = 10 * 60;

struct Fate {
    user: UserId,
    name: String,
    dies_at: DateTime<Utc>,
    replaced_at: DateTime<Utc>,
}

/// Spreads numbers evenly, and is the same in each run.
fn spread(number: usize, bound: usize) -> i64 {
    i64::try_from(number.wrapping_mul(2_654_435_761).rotate_right(7) % bound).unwrap()
}

/// Several posts are due in the same minute, so that several are ready when a token dies.
fn due_minute(account: usize, post: usize) -> i64 {
    let slots = SPAN / 15;
    10 + 15 * spread(post * 31 + account, slots)
}

async fn world(accounts: usize) -> World {
    let mut builder_of_sandbox = Sandbox::builder();
    for number in 0..accounts {
        let seed = AccountSeed::new(format!("account.{number}"))
            .posts(0)
            .history_days(1);
        builder_of_sandbox = builder_of_sandbox.account(seed);
    }
    let sandbox = builder_of_sandbox.start().await.unwrap();
    let mut cadence = Cadence::default();
    // What is collected is not what this is about.
    cadence.followers = Duration::from_hours(24);
    cadence.insights = Duration::from_hours(24);
    cadence.posts = Duration::from_hours(24);
    cadence.profile = Duration::from_hours(24);
    let monitor = builder(&sandbox, Storage::in_memory())
        .cadence(cadence)
        .build()
        .unwrap();
    World { sandbox, monitor }
}

async fn fates(world: &World, accounts: usize) -> Vec<Fate> {
    let now = world.monitor.now();
    let mut fates = Vec::new();
    for number in 0..accounts {
        let name = world.username(number);
        let user = world.connect(&name).await.user;
        for post in 0..POSTS {
            let due = TimeDelta::minutes(due_minute(number, post));
            let draft = Draft::text(format!("{number}: post {post}"));
            let new = NewPost::new(user.clone(), draft, Due::At(now + due));
            world.monitor.schedule(new).await.unwrap();
        }
        // At any second; every other token right before a post that is ready to be sent.
        let dies = 600 + spread(number * 7 + 3, SPAN * 60 - 3_600);
        let at_due = 60 * due_minute(number, POSTS / 2) - 5;
        let dies = if number % 2 == 0 { at_due } else { dies };
        let dies_at = now + TimeDelta::seconds(dies);
        let pause = TimeDelta::minutes(70 + spread(number, 35));
        fates.push(Fate {
            user,
            name,
            dies_at,
            replaced_at: dies_at + pause,
        });
    }
    fates
}

/// Runs everything until `end`, each account meeting its fate on the way, and says how many
/// publish calls the sandbox refused for their token.
async fn live(world: &World, fates: &[Fate], end: DateTime<Utc>) -> usize {
    let mut refused = 0;
    let mut happenings: Vec<(DateTime<Utc>, &Fate)> = fates
        .iter()
        .flat_map(|fate| [(fate.dies_at, fate), (fate.replaced_at, fate)])
        .collect();
    happenings.sort_by_key(|(at, _)| *at);
    let mut happenings = happenings.into_iter().peekable();
    for _ in 0..200_000 {
        let now = world.sandbox.now();
        if now >= end {
            return refused;
        }
        let scheduler = &world.monitor.storage().scheduler;
        let mut next = scheduler.next_due().await.unwrap().unwrap_or(end);
        next = next.clamp(now + TimeDelta::milliseconds(1), end);
        if let Some((at, fate)) = happenings.next_if(|(at, _)| *at <= next) {
            world.sandbox.set_time(at.max(now)).unwrap();
            if at == fate.dies_at {
                world.sandbox.revoke(&fate.name).unwrap();
            } else {
                let grant = world.grant(&fate.name, &ALL_SCOPES, Duration::ZERO);
                world
                    .monitor
                    .connect_as(&fate.user, &grant, &ALL_SCOPES)
                    .await
                    .unwrap();
            }
        } else {
            world.sandbox.set_time(next).unwrap();
        }
        world.monitor.run_due_once().await.unwrap();
        // The sandbox remembers the newest requests only.
        let requests = world.sandbox.requests();
        let calls = requests.iter().filter(|request| {
            request.endpoint == Some(Endpoint::PublishContainer) && request.error_code == Some(190)
        });
        refused += calls.count();
        world.sandbox.clear_requests();
    }
    panic!("it does not end");
}

fn is_refused(outcome: &Outcome) -> bool {
    let remedy = match outcome {
        Outcome::Rejected { remedy, .. } => Some(*remedy),
        Outcome::Ineffective { remedy, .. } => *remedy,
        _ => None,
    };
    remedy == Some(Remedy::Reconnect)
}

#[tokio::test]
async fn token_death() {
    let accounts =
        std::env::var("THREADS_TOKEN_DEATHS").map_or(SAMPLE, |number| number.parse().unwrap());
    let world = world(accounts).await;
    let fates = fates(&world, accounts).await;

    let end = world.monitor.now() + TimeDelta::minutes(i64::try_from(SPAN + 180).unwrap());
    let refused_by_sandbox = live(&world, &fates, end).await;

    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in world.published() {
        *texts.entry(entry.text.unwrap()).or_default() += 1;
    }
    let events = &world.monitor.storage().scheduler;
    let events = events
        .take_events(EventCursor::START, 1_000_000)
        .await
        .unwrap();
    let (mut refused_calls, mut alerts, mut latest) = (0, 0, TimeDelta::zero());
    for (number, fate) in fates.iter().enumerate() {
        let posts = world.monitor.scheduled_posts(&fate.user).await.unwrap();
        let attempts = posts.iter().flat_map(|post| post.post.all_attempts());
        let refused = attempts.filter(|attempt| is_refused(&attempt.outcome));
        let refused = refused.count();
        assert!(
            refused <= 1,
            "{}: {refused} refused publish calls",
            fate.name
        );
        refused_calls += refused;
        let told = events.iter().filter(|event| {
            event.account == fate.user && event.event.name == "account.needs_reconnect"
        });
        assert_eq!(told.count(), 1, "{}: one alert", fate.name);
        alerts += 1;
        for scheduled in posts {
            let Phase::Published { at, .. } = scheduled.post.phase else {
                panic!("{}: {:?}", fate.name, scheduled.post);
            };
            latest = latest.max(at - scheduled.post.due_at);
        }
        for post in 0..POSTS {
            assert_eq!(texts.get(&format!("{number}: post {post}")), Some(&1));
        }
        let account = world.account(&fate.user).await;
        assert_eq!(account.connection, Connection::Connected);
        assert_eq!(account.notice, None);
    }
    // Every one of them is written down, and there are some.
    assert_eq!(refused_by_sandbox, refused_calls);
    assert!(refused_calls > 0);
    println!(
        "{accounts} accounts, {} posts: {} live once each, {refused_calls} refused publish calls, \
         {alerts} alerts, the latest {} minutes late",
        accounts * POSTS,
        texts.len(),
        latest.num_minutes()
    );
    assert_eq!(texts.len(), accounts * POSTS);
}
