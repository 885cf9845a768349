//! The campaigns by name, with their full sizes, seeds and goals.

mod lateness;
mod pairs;
mod stores;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::broken::Mistake;
use threads_reliability::figures::{figure, ms, progress, quantile};
use threads_reliability::kills::{self, Size};
use threads_reliability::pace::Pace;
use threads_reliability::paused::{self, Meanwhile};
use threads_reliability::postgres::{Database, Server};
use threads_reliability::verdict::Tally;
use threads_reliability::world::{PACE, Setup, five_per_cent};
use threads_reliability::{matrix, postgres_killed, terminate};
use threads_sandbox::FaultPlan;
use url::Url;

/// The parts of the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// SIGKILL at random moments while posts are published (R2, R15).
    Kills,
    /// A crash at every point with every answer (R3).
    CrashMatrix,
    /// Two nodes whose clocks are minutes apart (R4).
    TwoNodes,
    /// Two versions of the program, of which --other-version names one (R11).
    TwoVersions,
    /// A process that stands still (R7).
    Paused,
    /// PostgreSQL itself is killed (R6).
    PostgresKilled,
    /// SIGTERM (C9).
    Terminate,
    /// How late posts are (R9).
    Punctuality,
    /// A post that kills whoever works on it (R12).
    Poison,
    /// SIGKILL around the refresh of tokens (X6).
    RefreshKill,
    /// Accounts removed while their posts are on their way (X7).
    RemovedMidflight,
    /// A network to the database that swallows everything (R5).
    HalfOpen,
    /// Numbers collected by processes that are killed (R16).
    HistoryGaps,
    /// What the judge has to convict.
    Controls,
}

const ALL: [Part; 14] = [
    Part::Kills,
    Part::CrashMatrix,
    Part::TwoNodes,
    Part::TwoVersions,
    Part::Paused,
    Part::PostgresKilled,
    Part::Terminate,
    Part::Punctuality,
    Part::Poison,
    Part::RefreshKill,
    Part::RemovedMidflight,
    Part::HalfOpen,
    Part::HistoryGaps,
    Part::Controls,
];

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
    /// This program as another version of the project builds it, for `two-versions`.
    #[arg(long)]
    other_version: Option<PathBuf>,
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
                Part::TwoNodes => self.two_nodes().await?,
                Part::TwoVersions => self.two_versions().await?,
                Part::Paused => self.paused().await?,
                Part::PostgresKilled => self.postgres_killed().await?,
                Part::Terminate => self.terminate().await?,
                Part::Punctuality => self.punctuality().await?,
                Part::Poison => self.poison().await?,
                Part::RefreshKill => self.refresh_kill().await?,
                Part::RemovedMidflight => self.removed_midflight().await?,
                Part::HalfOpen => self.half_open().await?,
                Part::HistoryGaps => self.history_gaps().await?,
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
        self.bench_at_pace(PACE).await
    }

    async fn bench_at_pace(&self, factor: i32) -> Result<Bench> {
        let pace = Pace::starting_now(factor);
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

    async fn paused(&self) -> Result<usize> {
        let mut faults = 0;
        let count = self.count.unwrap_or(500);
        for backend in &self.backend {
            let bench = self.bench().await?;
            let setup = bench.setup(*backend, 1);
            let mut cases = vec![("send-before", Meanwhile::Nobody, count)];
            if *backend != Backend::File {
                // One process at a time has a directory.
                let points = [
                    "intent-before",
                    "send-before",
                    "answer-before",
                    "ready-before",
                ];
                let each = count.div_ceil(10);
                cases.extend(points.map(|point| (point, Meanwhile::AnotherNode, each)));
            }
            for (point, meanwhile, count) in cases {
                let size = (count, self.at_a_time);
                let pauses = paused::run(&setup, point, meanwhile, size, None).await;
                let (mut late, mut over, mut bad) = (0, 0, 0);
                for pause in &pauses {
                    match pause {
                        Ok(pause) => {
                            late += pause.late_sends;
                            over += usize::from(pause.overwrote);
                            bad += usize::from(!pause.tally.is_clean());
                        }
                        Err(error) => {
                            bad += 1;
                            progress(format!("FAILED {error:#}"));
                        }
                    }
                }
                let what = format!("{backend}, {count} at {point}, meanwhile {meanwhile:?}");
                let value = format!("late sends {late}, overwritten {over}, other faults {bad}");
                figure("paused", self.seed, what, value, "0 of each");
                faults += late + over + bad;
            }
        }
        Ok(faults)
    }

    async fn postgres_killed(&self) -> Result<usize> {
        if !self.backend.contains(&Backend::Postgres) {
            return Ok(0);
        }
        let kills = self.count.unwrap_or(50);
        let posts = 2_000 * kills / 50;
        let server = Server::start()?;
        let pace = Pace::starting_now(PACE);
        let bench = Bench {
            program: std::env::current_exe()?,
            pace,
            database: Some(Database::new(&server.url, pace).await?),
        };
        let setup = Setup {
            // Posts fall due from the first kill to the last one, which are so far apart.
            step: TimeDelta::milliseconds(4_000 * 50 * i64::from(PACE) / 2_000),
            faults: five_per_cent(self.seed),
            ..bench.setup(Backend::Postgres, 100)
        };
        let killed = postgres_killed::run(&setup, &server, self.seed, (kills, posts)).await?;
        let mut back = killed.back_after;
        back.sort();
        let (middle, most) = (back.get(back.len() / 2), back.last());
        let what = format!(
            "a post goes out after the server is back, {} times",
            back.len()
        );
        let value = format!("p50 {middle:?}, max {most:?}");
        figure("postgres-killed", self.seed, what, value, "5 s");
        Ok(self.report("postgres-killed", &format!("{kills} kills"), &killed.tally))
    }

    async fn terminate(&self) -> Result<usize> {
        let mut faults = 0;
        for backend in &self.backend {
            let kills = self.count.unwrap_or(200);
            let size = Size {
                kills,
                posts: kills * 4,
            };
            let bench = self.bench().await?;
            let setup = Setup {
                step: kills::step(size, PACE),
                faults: five_per_cent(self.seed),
                ..bench.setup(*backend, 100)
            };
            let ended = terminate::run(&setup, self.seed, size).await?;
            let value = format!(
                "{} not clean, the longest {:?}",
                ended.bad_exits, ended.longest
            );
            let what = format!("{backend}, {kills} ends");
            figure("terminate", self.seed, &what, value, "0, 10 s");
            faults += ended.bad_exits + self.report("terminate", &what, &ended.tally);
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
        faults += self.convict_cells(&bench).await?;
        Ok(faults)
    }

    /// Controls of single posts: sent again after a crash, sent late, written over.
    async fn convict_cells(&self, bench: &Bench) -> Result<usize> {
        let mut faults = 0;
        let setup = bench.setup(Backend::Sqlite, 1);
        let acted = matrix::cells()
            .into_iter()
            .find(|cell| cell.point.name == "publish-acted")
            .context("there is such a cell")?;
        for outcome in matrix::run(&setup, vec![acted], 1, Some(Mistake::Rerun)).await {
            let tally = outcome?.tally;
            figure(
                "controls",
                self.seed,
                "Rerun at publish-acted",
                &tally,
                "convicted",
            );
            faults += usize::from(tally.duplicates == 0);
        }
        let cases = [
            (Mistake::NoDeadline, "send-before", Meanwhile::Nobody),
            (Mistake::NoFence, "answer-before", Meanwhile::AnotherNode),
        ];
        for (mistake, point, meanwhile) in cases {
            for pause in paused::run(&setup, point, meanwhile, (1, 1), Some(mistake)).await {
                let pause = pause?;
                let (late, over) = (pause.late_sends, pause.overwrote);
                let value = format!("late sends {late}, overwritten {over}");
                figure(
                    "controls",
                    self.seed,
                    format!("{mistake:?}"),
                    value,
                    "convicted",
                );
                faults += usize::from(late == 0 && !over);
            }
        }
        Ok(faults)
    }
}
