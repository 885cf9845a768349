//! The campaigns by name, with their full sizes, seeds and goals.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::figures::{figure, ms, progress, quantile};
use threads_reliability::kills::{self, Size};
use threads_reliability::matrix;
use threads_reliability::pace::Pace;
use threads_reliability::postgres::{Database, Server};
use threads_reliability::verdict::Tally;
use threads_reliability::world::{PACE, Setup, five_per_cent};
use threads_sandbox::FaultPlan;
use url::Url;

/// The parts of the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// SIGKILL at random moments while posts are published (R2, R15).
    Kills,
    /// A crash at every point with every answer (R3).
    CrashMatrix,
    /// What the judge has to convict.
    Controls,
}

const ALL: [Part; 3] = [Part::Kills, Part::CrashMatrix, Part::Controls];

/// Runs parts of the campaign, or all of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Campaign {
    /// Which parts; all of them unless given.
    parts: Vec<Part>,
    /// The stores; all of them unless given.
    #[arg(long)]
    backend: Vec<Backend>,
    /// Where the dice start.
    #[arg(long, default_value_t = 20_261_128)]
    seed: u64,
    /// How many kills, cells, pauses: the full number unless given.
    #[arg(long)]
    count: Option<usize>,
    /// A PostgreSQL server that may be filled; a private one is made unless given.
    #[arg(long, env = "THREADS_TEST_POSTGRES_URL", hide_env_values = true)]
    postgres: Option<Url>,
    /// How many cells of the crash matrix are under way at one time.
    #[arg(long, default_value_t = 12)]
    at_a_time: usize,
}

/// What a part works with.
struct Bench {
    program: PathBuf,
    pace: Pace,
    database: Option<Database>,
}

impl Bench {
    fn setup(&self, backend: Backend, accounts: usize) -> Setup<'_> {
        Setup {
            program: self.program.clone(),
            backend,
            database: self.database.as_ref(),
            pace: self.pace,
            accounts,
            lead: TimeDelta::seconds(60),
            step: TimeDelta::seconds(1),
            faults: FaultPlan::default(),
        }
    }
}

impl Campaign {
    pub(crate) async fn run(mut self) -> Result<ExitCode> {
        if self.backend.is_empty() {
            self.backend = vec![Backend::File, Backend::Sqlite, Backend::Postgres];
        }
        if self.parts.is_empty() {
            self.parts = ALL.to_vec();
        }
        let needs_server = self.postgres.is_none() && self.backend.contains(&Backend::Postgres);
        let server = needs_server.then(Server::start).transpose()?;
        if let Some(server) = &server {
            self.postgres = Some(server.url.clone());
        }
        let mut faults = 0;
        for part in self.parts.clone() {
            progress(format!("{part:?}"));
            faults += match part {
                Part::Kills => self.kills().await?,
                Part::CrashMatrix => self.crash_matrix().await?,
                Part::Controls => self.controls().await?,
            };
        }
        Ok(if faults == 0 {
            ExitCode::SUCCESS
        } else {
            progress(format!("{faults} faults"));
            ExitCode::FAILURE
        })
    }

    async fn bench(&self) -> Result<Bench> {
        let pace = Pace::starting_now(PACE);
        let database = match &self.postgres {
            Some(server) => Some(Database::new(server, pace).await?),
            None => None,
        };
        Ok(Bench {
            program: std::env::current_exe()?,
            pace,
            database,
        })
    }

    fn report(&self, campaign: &str, what: &str, tally: &Tally) -> usize {
        figure(campaign, self.seed, what, tally, "0 of each, all live");
        let mut late = tally.lateness.clone();
        late.sort();
        let quantiles = [500, 990, 1000].map(|part| ms(quantile(&late, part)));
        progress(format!("virtual lateness p50, p99, max: {quantiles:?}"));
        tally.faults() + usize::from(!tally.is_clean())
    }

    async fn kills(&self) -> Result<usize> {
        let mut faults = 0;
        for backend in &self.backend {
            let (kills, posts) = match backend {
                Backend::File => (300, 1_000),
                _ => (1_000, 10_000),
            };
            let size = match self.count {
                Some(count) => Size {
                    kills: count,
                    posts: posts * count / kills,
                },
                None => Size { kills, posts },
            };
            let bench = self.bench().await?;
            let setup = Setup {
                step: kills::step(size, PACE),
                faults: five_per_cent(self.seed),
                ..bench.setup(*backend, 100)
            };
            let tally = kills::run(&setup, self.seed, size, None).await?;
            let what = format!("{backend}, {} kills", size.kills);
            faults += self.report("kills", &what, &tally);
        }
        Ok(faults)
    }

    async fn crash_matrix(&self) -> Result<usize> {
        let mut faults = 0;
        for backend in &self.backend {
            let bench = self.bench().await?;
            let mut cells = matrix::cells();
            fastrand::Rng::with_seed(self.seed).shuffle(&mut cells);
            cells.truncate(self.count.unwrap_or(usize::MAX));
            let all = cells.len();
            let setup = bench.setup(*backend, 1);
            let outcomes = matrix::run(&setup, cells, self.at_a_time, None).await;
            let mut right = 0;
            for outcome in outcomes {
                match outcome {
                    Ok(outcome) if outcome.is_right() => right += 1,
                    Ok(outcome) => progress(format!("NOT AS PREDICTED {outcome}")),
                    Err(error) => progress(format!("FAILED {error:#}")),
                }
            }
            let what = format!("{backend}, {all} cells as predicted");
            figure("crash-matrix", self.seed, what, right, &all.to_string());
            faults += all - right;
        }
        Ok(faults)
    }

    async fn controls(&self) -> Result<usize> {
        let mut faults = 0;
        let bench = self.bench().await?;
        let size = Size {
            kills: 30,
            posts: 100,
        };
        for mistake in [Mistake::Rerun, Mistake::Fail] {
            let setup = Setup {
                step: kills::step(size, PACE),
                faults: five_per_cent(self.seed),
                ..bench.setup(Backend::Sqlite, 20)
            };
            let tally = kills::run(&setup, self.seed, size, Some(mistake))
                .await
                .context("a control")?;
            figure(
                "controls",
                self.seed,
                format!("{mistake:?}"),
                &tally,
                "convicted",
            );
            faults += usize::from(tally.faults() == 0);
        }
        Ok(faults)
    }
}
