//! The parts with two processes that are killed in turn.

use std::path::PathBuf;

use anyhow::Result;
use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::figures::progress;
use threads_reliability::two_nodes::{self, Clocks};
use threads_reliability::verdict::Tally;
use threads_reliability::world::{PACE, Setup, late_effects};

use super::Campaign;

impl Campaign {
    pub(super) async fn two_nodes(&self) -> Result<usize> {
        if !self.backend.contains(&Backend::Postgres) {
            return Ok(0);
        }
        let kills = self.count.unwrap_or(75);
        let tally = self.two_processes(Clocks::APART, kills, None).await?;
        Ok(self.report("two-nodes", &format!("{kills} kills"), &tally))
    }

    /// Each version schedules in turn.
    pub(super) async fn two_versions(&self) -> Result<usize> {
        let Some(other) = &self.other_version else {
            progress("not run: --other-version names no program");
            return Ok(0);
        };
        if !self.backend.contains(&Backend::Postgres) {
            return Ok(0);
        }
        let kills = self.count.unwrap_or(150);
        let this = std::env::current_exe()?;
        let mut faults = 0;
        for (who, pair) in [("this", [&this, other]), ("the other", [other, &this])] {
            let pair = Some(pair);
            let tally = self.two_processes(Clocks::RIGHT, kills, pair).await?;
            let what = format!("{kills} kills, {who} one schedules");
            faults += self.report("two-versions", &what, &tally);
        }
        Ok(faults)
    }

    /// So many kills of two processes, the first of which schedules.
    async fn two_processes(
        &self,
        clocks: Clocks,
        kills: usize,
        programs: Option<[&PathBuf; 2]>,
    ) -> Result<Tally> {
        let posts = 2_000 * kills / 75;
        let mut bench = self.bench().await?;
        if let Some([first, _]) = programs {
            bench.program.clone_from(first);
        }
        let setup = Setup {
            step: TimeDelta::milliseconds(2_000 * 75 * i64::from(PACE) / 2_000),
            faults: late_effects(self.seed),
            ..bench.setup(Backend::Postgres, 100)
        };
        let size = (kills, posts);
        let second = programs.map(|[_, second]| second.as_path());
        two_nodes::run(&setup, clocks, self.seed, size, None, second).await
    }
}
