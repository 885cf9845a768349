//! The parts at real pace, which say how late posts are.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use threads_reliability::backend::Backend;
use threads_reliability::figures::{figure, ms, quantile};
use threads_reliability::world::Setup;
use threads_reliability::{poison, punctuality};

use super::Campaign;

/// The lease that a monitor has unless it is told another one.
const LEASE: Duration = Duration::from_mins(1);

impl Campaign {
    pub(super) async fn punctuality(&self) -> Result<usize> {
        let mut faults = 0;
        let posts = self.count.unwrap_or(1_000);
        for backend in &self.backend {
            for (name, step) in [("steady, 10 a second", 100), ("burst", 0)] {
                let bench = self.bench_at_pace(1).await?;
                let setup = Setup {
                    lead: punctuality::LEAD,
                    step: TimeDelta::milliseconds(step),
                    ..bench.setup(*backend, 100)
                };
                let tally = punctuality::run(&setup, posts).await?;
                let mut late = tally.lateness.clone();
                late.sort();
                let [p50, p99, most] = [500, 990, 1000].map(|part| ms(quantile(&late, part)));
                let what = format!("{backend}, {name}, {posts} posts, lateness");
                let value = format!("p50 {p50}, p99 {p99}, max {most}, early {}", tally.early);
                let goal = match step {
                    0 => "all within 15 s, 0 early",
                    _ => "250 ms, 2 s, 5 s, 0 early",
                };
                figure("punctuality", self.seed, what, value, goal);
                faults += tally.faults();
            }
        }
        Ok(faults)
    }

    pub(super) async fn poison(&self) -> Result<usize> {
        let mut faults = 0;
        // It dies five times, a lease apart.
        let posts = self.count.unwrap_or(3_900);
        for backend in &self.backend {
            if *backend == Backend::File {
                // One process at a time has a directory.
                continue;
            }
            let bench = self.bench_at_pace(1).await?;
            let setup = Setup {
                lead: punctuality::LEAD,
                step: TimeDelta::milliseconds(100),
                ..bench.setup(*backend, 100)
            };
            let poisoned = poison::run(&setup, posts, LEASE).await?;
            let late = |late: &[TimeDelta]| {
                let [p50, p99, most] = [500, 990, 1000].map(|part| ms(quantile(late, part)));
                format!("p50 {p50}, p99 {p99}, max {most}")
            };
            let what = format!("{backend}, {posts} posts, lateness on other accounts");
            let goal = "p99 5 s; left alone after 5, and no other is";
            let value = format!(
                "{}; on its own account: {}; {} deaths, the deadly one is {}, {} others were taken \
                 for it; {}",
                late(&poisoned.others),
                late(&poisoned.same_account),
                poisoned.deaths,
                poisoned.phase,
                poisoned.suspected,
                poisoned.tally
            );
            figure("poison", self.seed, what, value, goal);
            faults += poisoned.faults();
        }
        Ok(faults)
    }
}
