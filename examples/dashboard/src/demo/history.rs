//! From an empty store to months of history, through the product's own front door.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use threads_client::{AppSecret, Client, Draft, Media, OAuthClient, RetryPolicy, Scope, UserId};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::{Cadence, Clock, Monitor, MonitorError, Storage, SystemClock, Zone};
use threads_sandbox::{Endpoint, Fault, Sandbox, SandboxError};
use tokio::sync::watch;
use url::Url;

use super::clock::SandboxClock;
use super::login::{self, LoginError};
use super::plan::{AccountPlan, PLANS};
use crate::app::{Activity, SCOPES};

/// How far back the demonstration begins.
const DAYS: i64 = 90;
/// How far virtual time moves at once while nothing is to be published.
const STEP: TimeDelta = TimeDelta::hours(12);
/// A post is scheduled about so long before it is due.
const AHEAD: TimeDelta = TimeDelta::hours(20);
/// As if the machine had been off: so many days ago, for so long. Charts show the gap.
const OFF_DAYS_AGO: i64 = 34;
const OFF_FOR: TimeDelta = TimeDelta::days(3);
/// The answer of this post's publish call gets lost, to show what happens then.
const LOST_ANSWER: usize = 11;

/// A sandbox with the product connected to it.
#[derive(Debug)]
pub struct Demo {
    sandbox: Sandbox,
    oauth: OAuthClient,
    client: Client,
    storage: Storage,
}

/// Why a demonstration cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The sandbox.
    #[error("the sandbox failed")]
    Sandbox(#[from] SandboxError),
    /// A login.
    #[error("an account could not be connected")]
    Login(#[from] LoginError),
    /// The product.
    #[error(transparent)]
    Monitor(#[from] MonitorError),
    /// The client.
    #[error(transparent)]
    Client(#[from] threads_client::Error),
    /// A constant of the plan is wrong.
    #[error("the plan is wrong: {0}")]
    Plan(String),
}

/// A post of the plan with its time.
struct Planned {
    account: UserId,
    zone: Zone,
    due: DateTime<Utc>,
    text: &'static str,
    loses_answer: bool,
}

impl Demo {
    /// Starts a sandbox that lets browsers come back to `public_url`.
    ///
    /// With history its clock begins months ago and stands still; otherwise it is the
    /// real time.
    ///
    /// # Errors
    ///
    /// No free loopback port, or an address that cannot be used.
    pub async fn start(
        storage: Storage,
        redirect_uri: Url,
        with_history: bool,
    ) -> Result<Self, DemoError> {
        let now = SystemClock.now();
        let mut builder = Sandbox::builder().redirect_uri(redirect_uri.clone());
        for plan in &PLANS {
            builder = builder.account(plan.account());
        }
        let builder = if with_history {
            builder.start_at(now - TimeDelta::days(DAYS))
        } else {
            builder.start_at(now).running(true)
        };
        let sandbox = builder.start().await?;
        let oauth = OAuthClient::builder(
            sandbox.app_id(),
            AppSecret::new(sandbox.app_secret()),
            redirect_uri,
        )
        .base_url(sandbox.base_url())
        .authorize_base(sandbox.authorize_url())
        .build()?;
        // A retry waits in real time, and the sandbox has no passing faults but ours.
        let client = Client::builder()
            .base_url(sandbox.base_url())
            .retry(RetryPolicy::none())
            .build()?;
        Ok(Self {
            sandbox,
            oauth,
            client,
            storage,
        })
    }

    /// The sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Logs accounts of the sandbox in.
    pub fn oauth(&self) -> &OAuthClient {
        &self.oauth
    }

    /// The monitor that the dashboard uses.
    ///
    /// # Errors
    ///
    /// None with these settings.
    pub fn monitor(&self) -> Result<Monitor, MonitorError> {
        self.monitor_with(Cadence::default())
    }

    fn monitor_with(&self, cadence: Cadence) -> Result<Monitor, MonitorError> {
        Monitor::builder(self.storage.clone())
            .client(self.client.clone())
            .clock(Arc::new(SandboxClock::new(self.sandbox.clone())))
            .cadence(cadence)
            .build()
    }

    /// Connects the accounts and lives through the months until now.
    ///
    /// Tells `activity` how far it is. Afterwards the sandbox runs in real time.
    ///
    /// # Errors
    ///
    /// See [`DemoError`].
    pub async fn fill(&self, activity: &watch::Sender<Activity>) -> Result<(), DemoError> {
        // The history of three accounts in seconds: measure less often than in real life.
        let mut cadence = Cadence::default();
        cadence.followers = Duration::from_hours(12);
        cadence.insights = Duration::from_hours(24);
        cadence.posts = Duration::from_hours(24);
        cadence.profile = Duration::from_hours(7 * 24);
        let monitor = self.monitor_with(cadence)?;
        let begin = self.sandbox.now();
        let end = SystemClock.now();
        tell(activity, "connecting the accounts");
        let accounts = self.connect(&monitor).await?;
        let mut plan = planned(&accounts, begin, end);
        let off = end - TimeDelta::days(OFF_DAYS_AGO);
        plan.retain(|post| {
            post.due < off - TimeDelta::hours(3) || post.due > off + OFF_FOR + TimeDelta::hours(1)
        });
        monitor.run_due_once().await?;
        let mut plan = plan.into_iter().peekable();
        while self.sandbox.now() < end {
            let now = self.sandbox.now();
            while let Some(post) = plan.next_if(|post| post.due - AHEAD <= now) {
                if post.loses_answer {
                    self.sandbox
                        .fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
                }
                monitor
                    .schedule(NewPost::new(
                        post.account,
                        Draft::text(post.text),
                        Due::Local {
                            time: post.zone.local(post.due),
                            zone: post.zone,
                        },
                    ))
                    .await?;
            }
            if now >= off && now < off + OFF_FOR {
                self.sandbox.set_time(off + OFF_FOR)?;
                continue;
            }
            let next = self.next_step(&accounts, &monitor, now).await?;
            self.sandbox.set_time(next.min(end))?;
            monitor.run_due_once().await?;
            let day = (self.sandbox.now() - begin).num_days().min(DAYS);
            tell(activity, &format!("day {day} of {DAYS}"));
        }
        self.prepare_queue(&monitor, &accounts, end).await?;
        self.sandbox.set_time(SystemClock.now().max(end))?;
        monitor.run_due_once().await?;
        for (user, ..) in &accounts {
            monitor.collect_now(user).await?;
        }
        self.sandbox.run();
        Ok(())
    }

    /// Connects every account of the plan, and chooses its time zone.
    async fn connect(
        &self,
        monitor: &Monitor,
    ) -> Result<Vec<(UserId, Zone, &'static AccountPlan)>, DemoError> {
        let scopes: Vec<Scope> = SCOPES.iter().map(|(scope, _)| scope.clone()).collect();
        let mut accounts = Vec::new();
        for plan in &PLANS {
            let zone: Zone = plan
                .zone
                .parse()
                .map_err(|error: threads_monitor::UnknownZone| {
                    DemoError::Plan(error.to_string())
                })?;
            let id = self.sandbox.user(plan.username)?.id;
            let grant = login::allow(&self.oauth, &id, &scopes).await?;
            let account = monitor.connect(&grant, &scopes).await?;
            monitor.set_zone(&account.user, zone).await?;
            accounts.push((account.user, zone, plan));
        }
        Ok(accounts)
    }

    /// A whole step, or less when a post needs something before that.
    async fn next_step(
        &self,
        accounts: &[(UserId, Zone, &'static AccountPlan)],
        monitor: &Monitor,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, DemoError> {
        let mut next = now + STEP;
        for (user, ..) in accounts {
            for scheduled in monitor.scheduled_posts(user).await? {
                if let Some(wake) = scheduled.next_wake_at {
                    next = next.min(wake.max(now + TimeDelta::seconds(1)));
                }
            }
        }
        Ok(next)
    }

    /// What waits in the queues when the page is opened.
    async fn prepare_queue(
        &self,
        monitor: &Monitor,
        accounts: &[(UserId, Zone, &'static AccountPlan)],
        end: DateTime<Utc>,
    ) -> Result<(), DemoError> {
        for (index, (user, zone, plan)) in accounts.iter().enumerate() {
            let at = |days| local_time(*zone, end, days, plan.hour);
            if let Some(due) = at(1) {
                let draft = Draft::text(plan.tomorrow);
                monitor
                    .schedule(NewPost::new(user.clone(), draft, due))
                    .await?;
            }
            if index > 0 {
                continue;
            }
            if let Some(due) = at(3) {
                let draft = Draft::carousel(vec![
                    photo("teras")?.alt_text("Teras kedai saat matahari terbenam"),
                    photo("roti")?.alt_text("Roti sobek di atas loyang"),
                ])
                .with_text("Album akhir pekan: teras, roti, dan hujan.")
                .topic_tag("kopi");
                monitor
                    .schedule(NewPost::new(user.clone(), draft, due))
                    .await?;
            }
            if let Some(due) = at(2) {
                let draft = Draft::text("Promo tengah pekan: dua kopi, satu harga.");
                let post = monitor
                    .schedule(NewPost::new(user.clone(), draft, due))
                    .await?;
                monitor.cancel(&post.id).await?;
            }
        }
        Ok(())
    }
}

fn photo(name: &str) -> Result<Media, DemoError> {
    format!("https://media.example/{name}.jpg")
        .parse()
        .map(Media::image)
        .map_err(|error: url::ParseError| DemoError::Plan(error.to_string()))
}

/// The posts of the months between, in the order of their time.
fn planned(
    accounts: &[(UserId, Zone, &'static AccountPlan)],
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (index, (user, zone, plan)) in accounts.iter().enumerate() {
        for (number, text) in plan.texts.iter().enumerate() {
            // Backwards from yesterday, so that the page shows fresh posts.
            let back = i64::try_from(plan.texts.len() - number).unwrap_or(1);
            let days = -1 - i64::from(plan.every_days) * (back - 1);
            let Some(Due::Local { time, .. }) = local_time(*zone, end, days, plan.hour) else {
                continue;
            };
            let minute = i64::try_from((number * 17 + index * 5) % 50).unwrap_or(0);
            let Some(due) = zone.instant(time + TimeDelta::minutes(minute)) else {
                continue;
            };
            let due = due.instant();
            if due > begin + TimeDelta::days(1) && due < end - TimeDelta::minutes(20) {
                planned.push(Planned {
                    account: user.clone(),
                    zone: *zone,
                    due,
                    text,
                    loses_answer: index == 0 && number == LOST_ANSWER,
                });
            }
        }
    }
    planned.sort_by_key(|post| post.due);
    planned
}

/// An hour of the day `days` after `instant` in a zone.
fn local_time(zone: Zone, instant: DateTime<Utc>, days: i64, hour: u32) -> Option<Due> {
    let today = zone.date(instant);
    let distance = Days::new(days.unsigned_abs());
    let date = if days < 0 {
        today.checked_sub_days(distance)?
    } else {
        today.checked_add_days(distance)?
    };
    Some(Due::Local {
        time: date.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?),
        zone,
    })
}

fn tell(activity: &watch::Sender<Activity>, progress: &str) {
    activity.send_if_modified(|activity| {
        let next = Activity::Filling {
            progress: progress.to_owned(),
        };
        let is_news = *activity != next;
        *activity = next;
        is_news
    });
}
