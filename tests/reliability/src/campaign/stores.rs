//! The parts about what the stores keep: tokens, removed accounts, histories, and the network
//! to a database.

use anyhow::Result;
use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::figures::figure;
use threads_reliability::world::{PACE, Setup};
use threads_reliability::{half_open, history_gaps, refresh_kill, removed_midflight};
use threads_sandbox::RefreshedToken;

use super::Campaign;

/// The days of each history in `history-gaps`.
const DAYS: usize = 30;

impl Campaign {
    pub(super) async fn refresh_kill(&self) -> Result<usize> {
        let mut faults = 0;
        let platforms = [
            RefreshedToken::NewAndOldValid,
            RefreshedToken::Same,
            RefreshedToken::NewAndOldInvalid,
        ];
        let kills = self.count.unwrap_or(1_000);
        for backend in &self.backend {
            for (number, platform) in platforms.into_iter().enumerate() {
                // The full number in the world that the monitor expects.
                let kills = if number == 0 {
                    kills
                } else {
                    kills.div_ceil(5)
                };
                let size = refresh_kill::Size {
                    kills,
                    accounts: kills * 2,
                    nodes: if *backend == Backend::File { 1 } else { 2 },
                };
                let bench = self.bench_at_pace(refresh_kill::PACE).await?;
                let setup = Setup {
                    faults: refresh_kill::faults(self.seed),
                    ..bench.setup(*backend, 0)
                };
                let all = refresh_kill::run(&setup, platform, self.seed, size, None).await?;
                let what = format!("{backend}, {platform:?}, {kills} kills");
                let goal = "0 unusable, untold, concurrent, needless";
                figure("refresh-kill", self.seed, what, &all, goal);
                faults += all.faults() + usize::from(!all.is_clean());
            }
        }
        Ok(faults)
    }

    pub(super) async fn removed_midflight(&self) -> Result<usize> {
        let mut faults = 0;
        let count = self.count.unwrap_or(500);
        for backend in &self.backend {
            let bench = self.bench().await?;
            let setup = Setup {
                step: TimeDelta::milliseconds(300 * i64::from(PACE)),
                faults: removed_midflight::faults(self.seed),
                ..bench.setup(*backend, 0)
            };
            let all = removed_midflight::run(&setup, self.seed, count, None).await?;
            let what = format!("{backend}, {count} removals");
            let goal = "0 of each, 0 leaks, all removed";
            figure("removed-midflight", self.seed, what, &all, goal);
            faults += all.faults() + (count - all.removed.min(count));
        }
        Ok(faults)
    }

    pub(super) async fn half_open(&self) -> Result<usize> {
        if !self.backend.contains(&Backend::Postgres) {
            return Ok(0);
        }
        let mut faults = 0;
        let cuts = self.count.unwrap_or(100);
        for two in [false, true] {
            let bench = self.bench().await?;
            let setup = Setup {
                step: TimeDelta::milliseconds(100 * i64::from(PACE)),
                ..bench.setup(Backend::Postgres, 100)
            };
            let size = (cuts, cuts * 40);
            let all = half_open::run(&setup, self.seed, size, two, None).await?;
            let what = if two {
                format!("{cuts} cuts of one of two")
            } else {
                format!("{cuts} cuts, alone")
            };
            let mut back = all.back_after.clone();
            back.sort();
            let (middle, most) = (back.get(back.len() / 2), back.last());
            let value = format!(
                "late sends {} (in time {}), not back {}, back after p50 {middle:?}, max {most:?}; {}",
                all.late_sends, all.sends, all.dead, all.tally
            );
            figure(
                "half-open",
                self.seed,
                what,
                value,
                "0 late, 0 not back, 0 of each",
            );
            faults += all.faults();
        }
        Ok(faults)
    }

    pub(super) async fn history_gaps(&self) -> Result<usize> {
        let mut faults = 0;
        let kills = self.count.unwrap_or(1_000);
        for backend in &self.backend {
            let mut all = history_gaps::Gaps::default();
            let mut seed = self.seed;
            while all.kills < kills {
                let bench = self.bench().await?;
                let setup = Setup {
                    faults: history_gaps::faults(seed),
                    ..bench.setup(*backend, 1)
                };
                all.add(&history_gaps::run(&setup, seed, DAYS, None).await?);
                seed += 1;
            }
            let what = format!("{backend}, {} kills", all.kills);
            figure("history-gaps", self.seed, what, &all, "0 of each");
            faults += all.faults();
        }
        Ok(faults)
    }
}
