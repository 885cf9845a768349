//! The program that is killed: the real monitor on real stores.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use threads_monitor::scheduler::{JobKind, JobQuery, WorkerId};
use threads_monitor::{Monitor, MonitorError, Storage};
use tokio::signal::unix::{SignalKind, signal};

use crate::broken::Careless;
use crate::chores;
use crate::config::Config;
use crate::crashing::{Crashing, phase};
use crate::pace::pause;

/// How often a child looks whether anything is left to do.
const LOOK: Duration = Duration::from_millis(150);

/// Tells the parent something, in a line that is out when this returns.
///
/// # Errors
///
/// When the parent is gone.
pub(crate) fn say(words: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{words}\n").as_bytes())?;
    Ok(out.flush()?)
}

/// Publishes until it is killed, or told to end.
///
/// # Errors
///
/// When the stores cannot be opened, or do nothing any more.
pub async fn work(config: Config) -> Result<()> {
    let mut told = signal(SignalKind::terminate())?;
    let mut storage = Storage::open(&config.storage).await.context("opening")?;
    storage.scheduler = Arc::new(Crashing::new(storage.scheduler, config.point()?, &config));
    storage.tokens = Arc::new(Careless {
        inner: storage.tokens,
        mistake: config.mistake,
    });
    let monitor = Monitor::builder(storage)
        .client(config.client()?)
        .clock(Arc::new(config.clock()))
        .post_policy(config.policy())
        .worker(WorkerId::new(format!("child-{}", std::process::id())))
        .lease(config.lease)
        .concurrency(config.concurrency)
        .build()?;
    say("open")?;
    let mut handle = monitor.start();
    let chore = tokio::spawn(chores::run(monitor.clone(), config));
    let ended = tokio::select! {
        _ = told.recv() => None,
        ended = handle.ended() => Some(ended),
    };
    chore.abort();
    if let Some(ended) = ended {
        return ended.context("the background run ended");
    }
    handle.shutdown().await;
    say("shut down")
}

/// Schedules its share of the posts, and says when nothing is left to do.
pub(crate) async fn schedule(monitor: Monitor, config: Config) -> Result<()> {
    for number in config.schedule.clone() {
        let post = config
            .plan
            .post(number)
            .context("a plan without accounts")?;
        loop {
            match monitor.schedule(post.clone()).await {
                Ok(_) => break,
                // The database may be gone for a moment.
                Err(MonitorError::Store(_)) => pause(LOOK).await,
                Err(error) => {
                    say(&format!("refused {number}: {error}"))?;
                    return Err(error.into());
                }
            }
        }
        say(&format!("scheduled {number}"))?;
    }
    let query = JobQuery {
        kind: Some(JobKind::PublishPost),
        open_only: true,
        ..JobQuery::default()
    };
    loop {
        if let Ok(open) = monitor.storage().scheduler.list(&query).await {
            // What needs a person is looked at for ever.
            let left = open
                .iter()
                .filter(|job| phase(&job.state) != "needs_attention")
                .count();
            say(&format!("left {left}"))?;
        }
        pause(LOOK).await;
    }
}
