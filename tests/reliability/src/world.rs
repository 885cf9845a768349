//! A sandbox with its accounts, a store that knows them, and the posts that are to come.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use threads_client::{AccessToken, Scope, UserId};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Monitor, Storage};
use threads_sandbox::{
    AccountSeed, Endpoint, Fault, FaultPlan, FaultRule, Republish, Sandbox, Switches, When,
};

use crate::backend::{Backend, Place};
use crate::chores::Chore;
use crate::config::{Config, Deed};
use crate::pace::Pace;
use crate::plan::Plan;
use crate::postgres::Database;

/// A publish call is given up after so many real milliseconds: a virtual minute at the usual
/// pace of 120.
const PUBLISH_TIMEOUT_MS: u64 = 500;
/// The usual pace.
pub const PACE: i32 = 120;

/// What a world is made of.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The program that is killed.
    pub program: PathBuf,
    /// The store.
    pub backend: Backend,
    /// The database, if the store is PostgreSQL.
    pub database: Option<&'a Database>,
    /// The time.
    pub pace: Pace,
    /// So many accounts.
    pub accounts: usize,
    /// The virtual time from now until the first post is due.
    pub lead: TimeDelta,
    /// The virtual time between two posts.
    pub step: TimeDelta,
    /// What goes wrong at the API.
    pub faults: FaultPlan,
}

/// A world.
#[derive(Debug)]
pub struct World {
    /// The API; its ledger decides.
    pub sandbox: Sandbox,
    /// The time.
    pub pace: Pace,
    /// The posts.
    pub plan: Plan,
    /// The program that is killed.
    pub program: PathBuf,
    /// The store.
    pub backend: Backend,
    /// Where the store is.
    pub place: Place,
}

/// The platform that forgives least: publishing a container again makes a second post, what
/// was published shows only a while later.
fn switches() -> Switches {
    Switches {
        republish: Republish::SecondPost,
        status_lag_seconds: 20,
        listing_lag_seconds: 60,
        ..Switches::default()
    }
}

impl World {
    /// Makes one. Its store is closed again when this returns.
    ///
    /// # Errors
    ///
    /// When the sandbox does not start, or the store cannot be written.
    pub async fn new(setup: &Setup<'_>) -> Result<Self> {
        let mut builder = Sandbox::builder()
            .start_at(setup.pace.now())
            .pace(setup.pace.factor.unsigned_abs())
            .running(true)
            .switches(switches())
            .faults(setup.faults.clone());
        for number in 0..setup.accounts {
            let name = format!("account.{number:03}");
            builder = builder.account(AccountSeed::new(name).followers(1_000));
        }
        let sandbox = builder.start().await?;
        // It began a moment after it was told the time. If it is already there, all is well.
        let now = setup.pace.now();
        if sandbox.now() < now {
            let _ = sandbox.set_time(now);
        }
        let mut world = Self {
            sandbox,
            pace: setup.pace,
            plan: Plan {
                accounts: Vec::new(),
                first_due: setup.pace.now(),
                step_micros: setup.step.num_microseconds().unwrap_or(i64::MAX),
            },
            program: setup.program.clone(),
            backend: setup.backend,
            place: Place::new(setup.backend, setup.database)?,
        };
        let storage = world.storage().await?;
        for user in world.sandbox.users() {
            let user = UserId::new(user.id);
            storage.tokens.save(&world.token(&user)?, None).await?;
            world.plan.accounts.push(user);
        }
        world.plan.first_due = setup.pace.now() + setup.lead;
        Ok(world)
    }

    /// A token as the account would have granted it now.
    fn token(&self, user: &UserId) -> Result<Token> {
        let scopes = vec![Scope::Basic, Scope::ContentPublish];
        let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
        let secret = self
            .sandbox
            .issue_token(user.as_str(), &names, Duration::ZERO)?;
        let now = self.pace.now();
        Ok(Token {
            user: user.clone(),
            credential: Credential {
                access_token: AccessToken::new(secret),
                obtained_at: now,
                expires_at: now + TimeDelta::days(60),
                expiry_assumed: false,
            },
            candidate: None,
            scopes,
            connected_at: now,
        })
    }

    /// Goes on in another time, which is later. No process may run meanwhile.
    ///
    /// # Errors
    ///
    /// When the database does not take the time.
    pub async fn move_to(&mut self, pace: Pace, database: Option<&Database>) -> Result<()> {
        self.pace = pace;
        if let Some(database) = database {
            database.set_pace(pace).await?;
        }
        let now = pace.now();
        if self.sandbox.now() < now {
            let _ = self.sandbox.set_time(now);
        }
        Ok(())
    }

    /// Schedules the first so many posts from this process, before there is another one.
    ///
    /// # Errors
    ///
    /// When the store cannot be opened, or refuses one.
    pub async fn schedule_all(&self, posts: usize) -> Result<()> {
        let config = self.config();
        let monitor = Monitor::builder(self.storage().await?)
            .client(config.client()?)
            .clock(Arc::new(config.clock()))
            .post_policy(config.policy())
            .build()?;
        for number in 0..posts {
            let post = self.plan.post(number).context("there are no accounts")?;
            monitor.schedule(post).await?;
        }
        Ok(())
    }

    /// The store, opened by this process.
    ///
    /// # Errors
    ///
    /// When it cannot be opened: a child may still have it.
    pub async fn storage(&self) -> Result<Storage> {
        Ok(Storage::open(&self.place.address).await?)
    }

    /// A child that has nothing wrong with it, and schedules nothing.
    pub fn config(&self) -> Config {
        Config {
            storage: self.place.address.clone(),
            api: self.sandbox.base_url(),
            pace: self.pace,
            ahead_seconds: 0,
            gains: 0,
            // A real second and a half; less would end whenever the machine is busy.
            lease: Duration::from_mins(3),
            concurrency: 8,
            plan: self.plan.clone(),
            schedule: 0..0,
            point: None,
            deed: Deed::Die,
            mistake: None,
            poison: None,
            publish_timeout_ms: PUBLISH_TIMEOUT_MS,
            chore: Chore::default(),
        }
    }
}

/// Calls that act as late as they may: four virtual minutes after they were sent, without an
/// answer. With a minute until it is sent, and one until it shows, that is what settling
/// waits for.
pub fn late_effects(seed: u64) -> FaultPlan {
    let rule = |fault| {
        let when = When::Probability(0.1);
        FaultRule::new(Endpoint::PublishContainer, when, fault)
    };
    FaultPlan {
        seed,
        rules: vec![
            rule(Fault::DropThenEffect { after_seconds: 230 }),
            rule(Fault::DropBeforeEffect),
            rule(Fault::DropAfterEffect),
        ],
    }
}

/// Everything goes wrong in one of twenty calls, each in every way.
pub fn five_per_cent(seed: u64) -> FaultPlan {
    let graph = |code, subcode, status| Fault::GraphAfterEffect {
        code,
        subcode,
        status,
    };
    let publish = [
        Fault::DropBeforeEffect,
        Fault::DropAfterEffect,
        Fault::DropThenEffect { after_seconds: 120 },
        Fault::ResetAfterEffect,
        Fault::HangBeforeEffect,
        Fault::HangAfterEffect,
        Fault::status(503),
        Fault::StatusAfterEffect { status: 502 },
        graph(4, Some(2_207_051), 400),
        graph(2, None, 500),
        Fault::TruncatedBody,
        Fault::MissingId,
        Fault::subcode(24, 4_279_009),
    ];
    let create = [
        Fault::DropBeforeEffect,
        Fault::DropAfterEffect,
        Fault::status(500),
    ];
    let read = [
        Fault::status(503),
        Fault::TruncatedBody,
        Fault::DropAfterEffect,
    ];
    let rules = [
        (Endpoint::PublishContainer, &publish[..]),
        (Endpoint::CreateContainer, &create[..]),
        (Endpoint::ContainerStatus, &read[..]),
        (Endpoint::Posts, &read[..]),
    ];
    FaultPlan {
        seed,
        rules: rules
            .into_iter()
            .flat_map(|(endpoint, faults)| {
                faults.iter().map(move |fault| {
                    FaultRule::new(endpoint, When::Probability(0.05), fault.clone())
                })
            })
            .collect(),
    }
}
