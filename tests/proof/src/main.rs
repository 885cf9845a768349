//! The wide bounds and the many seeds of the README, and the speed of the reducer.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a command that prints, and measures real time"
)]

mod speed;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::{Parser, Subcommand};
use threads_monitor::publishing::{PublishMode, Remedy};
use threads_proof::design::{Design, Mutant};
use threads_proof::model::{Bounds, Invariant, Report, Until, search};
use threads_proof::platform::{Standing, World};
use threads_proof::simulator::{Trace, run};

#[derive(Debug, Parser)]
#[command(about = "Proves the publish protocol within bounds")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Searches everything that can happen to one post, in every mode and world.
    Model {
        /// Containers at most, up to four.
        #[arg(long, default_value_t = 2)]
        containers: u8,
        /// Publish calls at most.
        #[arg(long, default_value_t = 2)]
        attempts: u8,
        /// With a container that fails, and every kind of refusal.
        #[arg(long)]
        all: bool,
        /// Only this mode: safe, paranoid or auto-replace.
        #[arg(long)]
        mode: Option<String>,
    },
    /// The shortest trace to what each mistake breaks.
    Mutants,
    /// Runs seeds, and stops at the first one that breaks something.
    Simulate {
        /// How many.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
        /// The first one; with `--seeds 1` its trace is printed.
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// In this mode: safe, paranoid or auto-replace.
        #[arg(long, default_value = "safe")]
        mode: String,
    },
    /// How many seeds the simulator needs to find each mistake, of the number given.
    SimulateMutants {
        /// Seeds at most.
        #[arg(long, default_value_t = 5_000)]
        seeds: u64,
    },
    /// Measures the reducer.
    Speed,
}

fn main() -> ExitCode {
    let is_sound = match Arguments::parse().command {
        Command::Model {
            containers,
            attempts,
            all,
            mode,
        } => {
            let mut bounds = Bounds {
                containers,
                attempts,
                ..Bounds::SMALL
            };
            if all {
                bounds.ends = &[Standing::Expired, Standing::Lost, Standing::Failed];
                bounds.refusals = &[
                    Remedy::NewContainer,
                    Remedy::Nothing,
                    Remedy::Quota,
                    Remedy::Reconnect,
                ];
            }
            model(bounds, mode.as_deref())
        }
        Command::Mutants => mutants(),
        Command::Simulate { seeds, first, mode } => simulate(first, seeds, &mode),
        Command::SimulateMutants { seeds } => simulate_mutants(seeds),
        Command::Speed => {
            speed::print();
            true
        }
    };
    if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

const MODES: [(&str, PublishMode); 3] = [
    ("safe", PublishMode::Safe),
    ("paranoid", PublishMode::Paranoid),
    ("auto-replace", PublishMode::AutoReplace),
];

fn model(bounds: Bounds, only: Option<&str>) -> bool {
    println!("| mode | world | states | moves | posts | result | time |");
    println!("|---|---|--:|--:|--:|---|--:|");
    let mut is_sound = true;
    for (name, mode) in MODES {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        for lags in [false, true] {
            for world in World::four(mode != PublishMode::Paranoid, lags) {
                let started = Instant::now();
                let report = search(world, mode.into(), bounds, Until::Exhausted);
                let seconds = started.elapsed().as_secs_f64();
                is_sound &= report.violations.is_empty() && report.stuck == 0;
                row(name, world, &report, seconds);
            }
        }
    }
    is_sound
}

fn row(name: &str, world: World, report: &Report, seconds: f64) {
    let broken: Vec<_> = report
        .violations
        .iter()
        .map(|one| format!("{} in {} steps", one.invariant.name(), one.trace.len()))
        .collect();
    println!(
        "| {name} | {} | {} | {} | {} | {} violations, {} stuck {} | {:.1} s |",
        world.name(),
        report.states,
        report.moves,
        report.posts,
        report.violations.len(),
        report.stuck,
        broken.join(", "),
        seconds,
    );
    for violation in &report.violations {
        println!("{}", violation.trace.join("\n"));
    }
}

fn mutants() -> bool {
    let mut is_sound = true;
    let worlds = [
        World::KIND,
        World {
            gone_after_publish: true,
            ..World::KIND
        },
        World::HARSH,
    ];
    println!("| mistake | world | S1 | S2 | S4 |");
    println!("|---|---|--:|--:|--:|");
    for mutant in Mutant::ALL {
        let mut is_caught = false;
        for world in worlds {
            let report = search(world, mutant.into(), Bounds::SMALL, Until::Exhausted);
            is_caught |= !report.violations.is_empty();
            let length = |invariant| {
                let found = report
                    .violations
                    .iter()
                    .find(|one| one.invariant == invariant);
                found.map_or("-".to_owned(), |one| one.trace.len().to_string())
            };
            println!(
                "| {} | {} | {} | {} | {} |",
                mutant.name(),
                world.name(),
                length(Invariant::OnePost),
                length(Invariant::NotLive),
                length(Invariant::Content),
            );
        }
        is_sound &= is_caught;
    }
    is_sound
}

fn simulate(first: u64, seeds: u64, mode: &str) -> bool {
    let Some((_, mode)) = MODES.iter().find(|(name, _)| *name == mode) else {
        println!("there is no mode {mode}");
        return false;
    };
    let started = Instant::now();
    let next = AtomicU64::new(first);
    let (events, calls, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while failed.load(Ordering::Relaxed) == 0 {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let trace = if seeds == 1 {
                        Trace::Kept
                    } else {
                        Trace::Forgotten
                    };
                    let outcome = run(seed, Design::from(*mode), trace);
                    events.fetch_add(outcome.events, Ordering::Relaxed);
                    calls.fetch_add(outcome.calls, Ordering::Relaxed);
                    if seeds == 1 {
                        println!("{}", outcome.trace.join("\n"));
                    }
                    if let Some(broken) = outcome.broken {
                        failed.fetch_add(1, Ordering::Relaxed);
                        println!("seed {seed}: {broken}");
                    }
                }
            });
        }
    });
    println!(
        "{seeds} seeds, {} events, {} calls, {} failed, {:.1} s",
        events.into_inner(),
        calls.into_inner(),
        failed.load(Ordering::Relaxed),
        started.elapsed().as_secs_f64(),
    );
    failed.into_inner() == 0
}

fn simulate_mutants(seeds: u64) -> bool {
    let mut is_sound = true;
    for mutant in Mutant::ALL {
        let found = (0..seeds).find_map(|seed| {
            let broken = run(seed, mutant.into(), Trace::Forgotten).broken?;
            Some(format!("seed {seed}, {broken}"))
        });
        is_sound &= found.is_some();
        let found = found.unwrap_or_else(|| "not found".to_owned());
        println!("| {} | {found} |", mutant.name());
    }
    is_sound
}
