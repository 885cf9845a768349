//! Chains under faults: a thousand chains of five, each with something going wrong at a random
//! step. None may have a part twice, below the wrong part or out of order, and each that stops
//! has to say how many of its parts are live.
//!
//! Everything runs in virtual time. `THREADS_CHAINS=1000` runs them all; without it a sample
//! does. `THREADS_CHAIN_SEED=4711` runs one.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use chrono::TimeDelta;
use threads_client::{Draft, Scope};
use threads_monitor::publishing::{
    ChainStanding, ChainStatus, Due, NewChain, PartState, StopReason,
};
use threads_monitor::scheduler::{EventCursor, JobId, MemoryScheduler};
use threads_monitor::{Monitor, Storage};
use threads_sandbox::{
    Endpoint, Fault, FaultRule, LedgerEntry, ListedText, PublishedContainer, Readiness, Republish,
    Sandbox, Standing, Switches, When,
};

use crate::dying::Dying;
use crate::world::{CHAIN_SCOPES, World, builder};

const PARTS: usize = 5;
/// A sample for every run of the tests.
const SAMPLE: u64 = 60;
/// No chain takes more runs than this; with a person asked it would go on for a day.
const RUNS: usize = 600;

/// A small generator, so that a seed is a story for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(bound).unwrap()).unwrap()
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// What happens to the chain, at which of its steps.
#[derive(Debug, Clone)]
enum Trouble {
    /// A call goes wrong.
    Call(Endpoint, u32, Fault),
    /// This call and all after it go wrong for so many hours.
    Outage(Endpoint, u32, Fault, i64),
    /// The program dies at a call of its store, before or after its effect, and another comes.
    Death { calls: usize, has_effect: bool },
    /// Somebody deletes the last live part, at this run.
    ParentDeleted(usize),
    /// A person calls the chain off, at this run.
    Cancelled(usize),
    /// The account takes its permission back at this run, and gives it again hours later.
    Revoked(usize, i64),
    /// Meta restricts the account at this run.
    Restricted(usize),
}

fn trouble(random: &mut Random) -> Trouble {
    let publish = [
        Fault::DropBeforeEffect,
        Fault::DropAfterEffect,
        Fault::DropThenEffect { after_seconds: 100 },
        Fault::ResetBeforeEffect,
        Fault::ResetAfterEffect,
        Fault::status(503),
        Fault::StatusAfterEffect { status: 502 },
        Fault::code(1),
        Fault::code(2),
        Fault::code(10),
        Fault::code(100),
        Fault::subcode(24, 4_279_009),
        Fault::subcode(190, 463),
        Fault::GraphAfterEffect {
            code: 4,
            subcode: Some(2_207_051),
            status: 403,
        },
        Fault::rate_limited(30),
        Fault::TruncatedBody,
        Fault::MissingId,
        Fault::WrongJson,
        Fault::HtmlBody,
    ];
    let create = [
        Fault::DropAfterEffect,
        Fault::ResetBeforeEffect,
        Fault::status(500),
        Fault::code(1),
        Fault::code(100),
        Fault::code(10),
        Fault::subcode(24, 4_279_009),
        Fault::ContainerLost,
        Fault::ContainerError {
            message: "UNKNOWN".to_owned(),
        },
        Fault::ContainerError {
            message: "FAILED".to_owned(),
        },
        Fault::MissingId,
    ];
    let read = [
        Fault::status(500),
        Fault::DropBeforeEffect,
        Fault::code(2),
        Fault::subcode(100, 33),
        Fault::WrongJson,
    ];
    let nth = u32::try_from(random.below(PARTS) + 1).unwrap();
    match random.below(14) {
        0..=4 => Trouble::Call(Endpoint::PublishContainer, nth, random.pick(&publish)),
        5 | 6 => Trouble::Call(Endpoint::CreateContainer, nth, random.pick(&create)),
        7 => Trouble::Call(Endpoint::ContainerStatus, nth, random.pick(&read)),
        8 => {
            let endpoint = random.pick(&[Endpoint::PublishContainer, Endpoint::CreateContainer]);
            let fault = random.pick(&[Fault::status(503), Fault::code(2), Fault::code(4)]);
            Trouble::Outage(endpoint, nth, fault, random.pick(&[1, 4]))
        }
        9 | 10 => Trouble::Death {
            calls: random.below(120) + 1,
            has_effect: random.below(2) == 0,
        },
        11 => Trouble::ParentDeleted(random.below(20)),
        12 => Trouble::Cancelled(random.below(24)),
        _ => {
            let run = random.below(20);
            match random.below(3) {
                0 => Trouble::Restricted(run),
                _ => Trouble::Revoked(run, random.pick(&[1, 5])),
            }
        }
    }
}

fn switches(random: &mut Random) -> Switches {
    Switches {
        published_container: random.pick(&[
            PublishedContainer::Published,
            PublishedContainer::Published,
            PublishedContainer::NotFound,
            PublishedContainer::NonexistingField,
        ]),
        status_lag_seconds: random.pick(&[0, 0, 40]),
        listing_lag_seconds: random.pick(&[0, 0, 30, 200]),
        parent_lag_seconds: random.pick(&[0, 0, 20, 120]),
        publish_lag_seconds: random.pick(&[0, 0, 15]),
        republish: random.pick(&[
            Republish::Refused,
            Republish::SamePost,
            Republish::SecondPost,
        ]),
        listed_text: random.pick(&[ListedText::Verbatim, ListedText::Collapsed]),
        reply_quota: random.pick(&[1_000, 1_000, 1_000, 1_000, 2]),
        text_readiness: random.pick(&[
            Readiness::AT_ONCE,
            Readiness {
                polls: 2,
                seconds: 30,
            },
        ]),
        ..Switches::default()
    }
}

/// One chain on its way.
struct Story {
    seed: u64,
    trouble: Trouble,
    world: World,
    kept: MemoryScheduler,
    storage: Storage,
    scopes: Vec<Scope>,
    id: JobId,
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let mut random = Random(seed);
        let trouble = trouble(&mut random);
        let sandbox = Sandbox::builder()
            .switches(switches(&mut random))
            .start()
            .await
            .unwrap();
        let kept = MemoryScheduler::default();
        let mut storage = Storage::in_memory();
        storage.scheduler = Arc::new(kept.clone());
        let monitor = builder(&sandbox, storage.clone()).build().unwrap();
        let world = World { sandbox, monitor };
        // Some do not let their replies be read.
        let all = CHAIN_SCOPES.len() - usize::from(random.below(4) == 0);
        let scopes = CHAIN_SCOPES[..all].to_vec();
        let user = world.connect_with(&world.username(0), &scopes).await.user;
        let parts = (1..=PARTS).map(|part| Draft::text(format!("{seed}: part {part}")));
        let due = Due::At(world.monitor.now() + TimeDelta::minutes(2));
        let chain = NewChain::new(user, parts.collect(), due);
        let id = world.monitor.schedule_chain(chain).await.unwrap().id;
        Self {
            seed,
            trouble,
            world,
            kept,
            storage,
            scopes,
            id,
        }
    }

    /// A program on the same store that dies at a call, if that is the trouble.
    fn first_program(&self) -> Monitor {
        let Trouble::Death { calls, has_effect } = self.trouble else {
            return self.world.monitor.clone();
        };
        let mut storage = self.storage.clone();
        storage.scheduler = Arc::new(Dying {
            kept: self.kept.clone(),
            left: AtomicUsize::new(calls),
            has_effect,
        });
        builder(&self.world.sandbox, storage).build().unwrap()
    }

    async fn live(&self) {
        let sandbox = &self.world.sandbox;
        let mut outage_ends = None;
        match &self.trouble {
            Trouble::Call(endpoint, nth, fault) => {
                sandbox.add_fault(FaultRule::new(*endpoint, When::Nth(*nth), fault.clone()));
            }
            Trouble::Outage(endpoint, nth, fault, hours) => {
                // The calls before it go well: what happens to them is a fault that is none.
                for call in *nth..*nth + 3_000 {
                    sandbox.add_fault(FaultRule::new(*endpoint, When::Nth(call), fault.clone()));
                }
                outage_ends = Some(sandbox.now() + TimeDelta::hours(*hours));
            }
            _ => {}
        }
        let mut program = self.first_program();
        let mut again_at = None;
        for run in 0..RUNS {
            let post = self.world.post(&self.id).await;
            let Some(wake_at) = post.next_wake_at else {
                return;
            };
            // The rest depends on a person, who is asked once.
            let asked_for = match &post.post.chain_status().unwrap().stopped {
                Some(stopped) => sandbox.now() - stopped.at,
                None => TimeDelta::zero(),
            };
            if asked_for > TimeDelta::hours(2) {
                return;
            }
            sandbox.set_time(wake_at.max(sandbox.now())).unwrap();
            if outage_ends.is_some_and(|end| sandbox.now() >= end) {
                sandbox.clear_faults();
            }
            if again_at.is_some_and(|at| sandbox.now() >= at) {
                let name = self.world.username(0);
                let grant = self.world.grant(&name, &self.scopes, Duration::ZERO);
                program.connect(&grant, &self.scopes).await.unwrap();
                again_at = None;
            }
            self.happen(run, &mut again_at).await;
            if let Ok(true) = program.run_job(&self.id).await {
                continue;
            }
            // It died, or another has the lease: once that is over, a new one takes it up.
            sandbox.advance(Duration::from_secs(200));
            program = self.world.monitor.clone();
        }
        panic!("seed {}: no end after {RUNS} runs", self.seed);
    }

    async fn happen(&self, run: usize, again_at: &mut Option<chrono::DateTime<chrono::Utc>>) {
        let sandbox = &self.world.sandbox;
        match self.trouble {
            Trouble::ParentDeleted(at) if at == run => {
                if let Some(last) = self.ledger().last() {
                    sandbox.delete_post(last.post_id.as_ref().unwrap()).unwrap();
                }
            }
            Trouble::Cancelled(at) if at == run => {
                // Too late is fine, too.
                let _ = self.world.monitor.cancel(&self.id).await;
            }
            Trouble::Revoked(at, hours) if at == run => {
                sandbox.revoke(&self.world.username(0)).unwrap();
                *again_at = Some(sandbox.now() + TimeDelta::hours(hours));
            }
            Trouble::Restricted(at) if at == run => {
                let name = self.world.username(0);
                sandbox.set_standing(&name, Standing::Restricted).unwrap();
            }
            _ => {}
        }
    }

    fn ledger(&self) -> Vec<LedgerEntry> {
        self.world.published()
    }

    /// How many `chain.partial` events told of this many live parts.
    async fn told(&self, published: usize) -> usize {
        let scheduler = &self.storage.scheduler;
        let events = scheduler.take_events(EventCursor::START, 5_000).await;
        let events = events.unwrap();
        let partial = events.iter().filter(|event| {
            event.event.name == "chain.partial"
                && event.event.data["published"] == published
                && event.event.data["of"] == PARTS
        });
        partial.count()
    }

    /// Compares what the chain says with what really happened, and says how it ended.
    async fn judge(&self) -> String {
        let story = format!("seed {} ({:?})", self.seed, self.trouble);
        let post = self.world.post(&self.id).await.post;
        let status = post.chain_status().unwrap();
        let live = self.ledger();
        for (place, entry) in live.iter().enumerate() {
            let wanted = format!("{}: part {}", self.seed, place + 1);
            let text = entry.text.as_deref();
            assert_eq!(text, Some(&*wanted), "{story}: twice, or out of order");
            let above = place
                .checked_sub(1)
                .and_then(|above| live[above].post_id.clone());
            assert_eq!(entry.parent, above, "{story}: below the wrong part");
        }
        for (part, entry) in status.parts.iter().zip(&live) {
            if let PartState::Published { media_id: Some(id) } = &part.state {
                assert_eq!(Some(id.to_string()), entry.post_id, "{story}: wrong id");
            }
        }
        self.judge_status(&story, &status, live.len()).await
    }

    async fn judge_status(&self, story: &str, status: &ChainStatus, live: usize) -> String {
        match status.standing {
            ChainStanding::Complete => {
                assert_eq!(live, PARTS, "{story}");
                "complete".to_owned()
            }
            ChainStanding::Partial => {
                let reason = status.stopped.as_ref().unwrap().reason;
                // The part that nothing is known of may be live.
                let most = status.published + usize::from(reason == StopReason::Unknown);
                assert!(
                    (status.published..=most).contains(&live),
                    "{story}: {live} live, and it says {} ({reason:?})",
                    status.published
                );
                assert!(status.published < PARTS, "{story}");
                assert_eq!(self.told(status.published).await, 1, "{story}: told once");
                format!("partial, {reason:?}")
            }
            _ => panic!("{story}: neither complete nor told as partial: {status:?}"),
        }
    }
}

#[tokio::test]
async fn chain_faults() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seeds = match number("THREADS_CHAIN_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("THREADS_CHAINS").unwrap_or(SAMPLE),
    };
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    for seed in seeds.clone() {
        let story = Story::begin(seed).await;
        story.live().await;
        *endings.entry(story.judge().await).or_default() += 1;
        story.world.sandbox.shutdown().await;
    }

    println!("{} chains of {PARTS}: {endings:?}", seeds.clone().count());
    if seeds.clone().count() >= usize::try_from(SAMPLE).unwrap() {
        assert!(endings["complete"] > 0 && endings.len() > 3, "{endings:?}");
    }
}
