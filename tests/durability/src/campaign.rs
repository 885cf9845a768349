//! The full campaign: prints the tables of the README.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use threads_durability::backend::Backend;
use threads_durability::damage::{Outcome, damaged};
use threads_durability::disk::Forgotten;
use threads_durability::{crowd, faults, power};

/// A part of the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// D1: crash states of recorded workloads.
    PowerLoss,
    /// D1: disks that forget syncs have to be found out.
    Controls,
    /// D2: every short sequence of operations.
    Small,
    /// D3: every call fails once.
    Faults,
    /// D4: eight processes.
    Crowd,
    /// D5: damaged files.
    Damage,
}

/// What to run, and how much of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Campaign {
    /// Only these parts.
    parts: Vec<Part>,
    /// Only these backends.
    #[arg(long)]
    backend: Vec<Backend>,
    /// Decides everything that is random.
    #[arg(long, env = "SEED", default_value_t = 20_261_124)]
    seed: u64,
    /// Crash states of each backend.
    #[arg(long, env = "STATES", default_value_t = 20_000)]
    states: usize,
    /// Crash states of each moment; 40, and 12 of SQLite, which takes longer to open.
    #[arg(long)]
    at_most: Option<usize>,
    /// One moment in so many is tried; every one, and one in 6 of SQLite.
    #[arg(long)]
    one_in: Option<usize>,
    /// Operations of the workload whose every call fails.
    #[arg(long, default_value_t = 200)]
    operations: usize,
    /// Each sync fails, and every so many calls another one; every call, and every 97th of
    /// SQLite, which makes many more.
    #[arg(long)]
    every: Option<usize>,
    /// Damaged stores of each backend.
    #[arg(long, env = "DAMAGED", default_value_t = 10_000)]
    damaged: usize,
    /// Increments of each of the eight processes.
    #[arg(long, default_value_t = 500)]
    rounds: usize,
    /// Operations of a short sequence; 3, and 2 on SQLite.
    #[arg(long)]
    length: Option<u32>,
}

impl Campaign {
    pub(crate) fn run(self) -> Result<()> {
        let program = std::env::current_exe()?;
        let all = [
            Part::Controls,
            Part::PowerLoss,
            Part::Small,
            Part::Faults,
            Part::Crowd,
            Part::Damage,
        ];
        let backends = if self.backend.is_empty() {
            Backend::ALL.to_vec()
        } else {
            self.backend.clone()
        };
        say(&format!("seed {}", self.seed))?;
        let mut bad = 0;
        for part in all {
            if !self.parts.is_empty() && !self.parts.contains(&part) {
                continue;
            }
            for backend in &backends {
                bad += match part {
                    Part::Controls => self.controls(&program, *backend)?,
                    Part::PowerLoss => self.power_loss(&program, *backend)?,
                    Part::Small => self.small(&program, *backend)?,
                    Part::Faults => self.faults(&program, *backend)?,
                    Part::Crowd => self.crowd(&program, *backend)?,
                    Part::Damage => self.damage(*backend)?,
                };
            }
        }
        ensure!(bad == 0, "{bad} findings");
        Ok(())
    }

    fn settings(&self, program: &Path, backend: Backend) -> power::Settings {
        power::Settings {
            program: program.to_owned(),
            backend,
            seed: self.seed,
            states: self.states,
            steps: 30,
            lives: 3,
            at_random: 6,
            at_most: self.at_most.unwrap_or(per(backend, 40, 12)),
            one_in: self.one_in.unwrap_or(per(backend, 1, 6)),
            forgotten: Forgotten::Nothing,
        }
    }

    fn power_loss(&self, program: &Path, backend: Backend) -> Result<usize> {
        let figures = power::power_loss(&self.settings(program, backend))?;
        told("D1 power loss", backend, &figures)?;
        Ok(figures.bad_count)
    }

    fn controls(&self, program: &Path, backend: Backend) -> Result<usize> {
        let mut missed = 0;
        for forgotten in [Forgotten::Files, Forgotten::Directories] {
            let figures = power::power_loss(&power::Settings {
                forgotten,
                states: 500,
                lives: 1,
                ..self.settings(program, backend)
            })?;
            told(
                &format!("D1 control, {forgotten:?} forgotten"),
                backend,
                &figures,
            )?;
            missed += usize::from(figures.bad_count == 0);
        }
        Ok(missed)
    }

    fn small(&self, program: &Path, backend: Backend) -> Result<usize> {
        let settings = power::Settings {
            at_random: 0,
            at_most: self.at_most.unwrap_or(per(backend, usize::MAX, 12)),
            ..self.settings(program, backend)
        };
        let figures = power::small(&settings, self.length.unwrap_or(per(backend, 3, 2)))?;
        told("D2 short sequences", backend, &figures)?;
        Ok(figures.bad_count)
    }

    fn faults(&self, program: &Path, backend: Backend) -> Result<usize> {
        let figures = faults::nth(&faults::Settings {
            program: program.to_owned(),
            backend,
            seed: self.seed,
            operations: self.operations,
            every: self.every.unwrap_or(per(backend, 1, 97)),
            crash_states: 2,
        })?;
        let runs: usize = figures.taken.values().map(|taken| taken.runs).sum();
        say(&format!(
            "D3 {}: {} calls, {runs} runs, {} operations failed ({} of them were applied), {} \
             images opened, {} bad",
            backend.name(),
            figures.calls,
            figures.failed,
            figures.applied,
            figures.opened,
            figures.bad.len()
        ))?;
        for ((fault, was_sync), taken) in &figures.taken {
            let at = if *was_sync { "sync" } else { "other call" };
            say(&format!("  {fault} at a {at}: {taken:?}"))?;
        }
        for bad in figures.bad.iter().take(10) {
            say(&format!("  bad: {bad}"))?;
        }
        Ok(figures.bad.len())
    }

    fn crowd(&self, program: &Path, backend: Backend) -> Result<usize> {
        if backend == Backend::File {
            let held = crowd::hold(program, backend, 7)?;
            let rush = crowd::rush(program, backend, 8)?;
            say(&format!(
                "D4 file: one at a time: {} open, {} refused, files changed: {}; all at once: {} \
                 open, {} refused",
                held.open,
                held.refused.len(),
                held.is_changed,
                rush.open,
                rush.refused.len()
            ))?;
            say(&format!(
                "  {}",
                held.refused.first().context("nobody was refused")?
            ))?;
            let is_fine = (held.open, held.is_changed, rush.open) == (1, false, 1);
            return Ok(usize::from(!is_fine));
        }
        let counted = crowd::count(program, backend, 8, self.rounds)?;
        say(&format!(
            "D4 {}: {} increments acknowledged, {} found; {:.0} in a second, {} conflicts, longest \
             {:?}",
            backend.name(),
            counted.acknowledged,
            counted.found,
            counted.each_second(),
            counted.conflicts,
            counted.longest
        ))?;
        Ok(usize::from(counted.acknowledged != counted.found))
    }

    fn damage(&self, backend: Backend) -> Result<usize> {
        let figures = damaged(backend, self.seed, self.damaged)?;
        say(&format!("D5 {}: {} damaged", backend.name(), self.damaged))?;
        for (outcome, count) in &figures.outcomes {
            say(&format!("  {outcome}: {count}"))?;
        }
        for ((damage, outcome), count) in &figures.by_damage {
            say(&format!("    {damage:?}, {outcome}: {count}"))?;
        }
        say(&format!(
            "  not told at all: {}; tokens changed: {}; files touched by a refusal: {}",
            figures.untold, figures.changed_tokens, figures.touched
        ))?;
        for (text, count) in &figures.texts {
            say(&format!("    {count} x {text}"))?;
        }
        for example in &figures.examples {
            say(&format!("    {example}"))?;
        }
        // What SQLite does not see is a figure of the report, not a finding.
        let changed = match backend {
            Backend::File => figures.count(Outcome::Changed),
            Backend::Sqlite | Backend::SqliteSealed => 0,
        };
        Ok(changed + figures.count(Outcome::Panicked))
    }
}

/// A size for the file store, and one for SQLite.
const fn per<A: Copy>(backend: Backend, file: A, sqlite: A) -> A {
    match backend {
        Backend::File => file,
        Backend::Sqlite | Backend::SqliteSealed => sqlite,
    }
}

fn told(what: &str, backend: Backend, figures: &power::Figures) -> Result<()> {
    say(&format!(
        "{what}, {}: {} workloads, {} moments ({} exhaustive), {} crash states, {} with an open \
         publish intent, {} bad",
        backend.name(),
        figures.lives,
        figures.moments,
        figures.exhaustive,
        figures.states,
        figures.with_intents,
        figures.bad_count
    ))?;
    for bad in figures.bad.iter().take(3) {
        say(&format!("  bad: {bad}"))?;
    }
    Ok(())
}

fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").context("writing the report")
}
