//! Every call of a workload fails once, in every way that it can.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::errno::Errno;
use threads_monitor::Storage;

use crate::backend::{Backend, runtime};
use crate::child::Mark;
use crate::crash;
use crate::disk::{Disk, Forgotten, Image};
use crate::history::{Event, History};
use crate::numbers::Numbers;
use crate::power::scratch;
use crate::trace::{Action, Ended, Verdict, run};
use crate::verdict::{Expected, judge};
use crate::workload::{Op, State, Step, World, steps};

/// What to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program that is disturbed; its first argument is `child`.
    pub program: PathBuf,
    /// The stores.
    pub backend: Backend,
    /// Decides the workload.
    pub seed: u64,
    /// Operations of the workload.
    pub operations: usize,
    /// Each call fails; or each sync and every second other call, and so on.
    pub every: usize,
    /// Crash states of the end of each run that are opened, besides a plain restart.
    pub crash_states: usize,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// With an error of the device.
    Device,
    /// For want of space, once.
    Space,
    /// For want of space, as the next calls do, too; then somebody makes room.
    FullDisk,
    /// Because of a signal.
    Interrupted,
    /// Only a part is written.
    Short,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Device => "EIO",
            Self::Space => "ENOSPC",
            Self::FullDisk => "ENOSPC for a while",
            Self::Interrupted => "EINTR",
            Self::Short => "short write",
        })
    }
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::Device,
        Self::Space,
        Self::FullDisk,
        Self::Interrupted,
        Self::Short,
    ];

    /// The calls after the first one that a full disk refuses, too.
    const WHILE: usize = 25;

    /// What becomes of a call; `None` if it cannot fail like this.
    fn verdict(self, action: Action) -> Option<Verdict> {
        let takes_space = matches!(action, Action::Make | Action::Write(_) | Action::Name);
        match self {
            Self::Device => Some(Verdict::Fail(Errno::EIO)),
            Self::Space | Self::FullDisk => takes_space.then_some(Verdict::Fail(Errno::ENOSPC)),
            Self::Interrupted => {
                let is_slow = matches!(action, Action::Write(_) | Action::Sync);
                is_slow.then_some(Verdict::Fail(Errno::EINTR))
            }
            Self::Short => match action {
                Action::Write(length) if length > 1 => Some(Verdict::Short(length / 2)),
                _ => None,
            },
        }
    }
}

/// How the stores took it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Runs with this fault.
    pub runs: usize,
    /// Nobody noticed: it was tried again, or did not matter.
    pub unnoticed: usize,
    /// An operation failed with an error, and the next ones went on.
    pub went_on: usize,
    /// The store stopped for good, and said so.
    pub stopped: usize,
    /// It could not be opened, and said so.
    pub not_opened: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Figures {
    /// Calls of the workload that change the disk.
    pub calls: usize,
    /// By fault, and whether a sync or another call failed.
    pub taken: BTreeMap<(Fault, bool), Taken>,
    /// Operations that failed, over all runs.
    pub failed: usize,
    /// Those among them that were applied all the same, as their caller could see.
    pub applied: usize,
    /// Restarts, and crash states of the end, that were opened.
    pub opened: usize,
    /// What was wrong.
    pub bad: Vec<String>,
}

/// Makes every call fail in turn.
///
/// # Errors
///
/// When the workload fails without a fault.
pub fn nth(settings: &Settings) -> Result<Figures> {
    let plan = steps(settings.seed, settings.operations);
    // One operation at a time, so that it is known which one failed.
    let plan: Vec<Step> = plan
        .into_iter()
        .flatten()
        .take(settings.operations)
        .map(|op| vec![op])
        .collect();
    let mut calls = Vec::new();
    let (_, _, ended) = attempt(settings, &plan, &mut |action| {
        calls.push(action);
        Verdict::Pass
    })?;
    ensure!(ended == Ended::With(0), "without a fault: {ended:?}");
    let mut work = Vec::new();
    for (number, action) in calls.iter().enumerate() {
        if *action != Action::Sync && number % settings.every != 0 {
            continue;
        }
        for fault in Fault::ALL {
            if fault.verdict(*action).is_some() {
                work.push((number, fault));
            }
        }
    }
    let figures = Mutex::new(Figures {
        calls: calls.len(),
        ..Figures::default()
    });
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| -> Result<()> {
        let worker = || -> Result<()> {
            while let Some((number, fault)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                let one = Run::new(settings, &plan, *number, *fault);
                let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
                one.count(&mut figures);
            }
            Ok(())
        };
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        for worker in workers {
            worker.join().map_err(|_| anyhow!("a worker panicked"))??;
        }
        Ok(())
    })?;
    Ok(figures.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Runs the program on a new disk.
fn attempt(
    settings: &Settings,
    plan: &[Step],
    decide: &mut dyn FnMut(Action) -> Verdict,
) -> Result<(History, Vec<Mark>, Ended)> {
    let place = scratch()?;
    let outside = scratch()?;
    let marks = outside.path().join("marks");
    fs::write(&marks, "")?;
    let file = outside.path().join("plan");
    fs::write(&file, crate::plan::write(plan))?;
    let mut command = Command::new(&settings.program);
    command
        .arg("endure")
        .arg(settings.backend.name())
        .args([place.path(), &marks, &file])
        .stdin(Stdio::null())
        .stderr(fs::File::create(outside.path().join("errors"))?);
    let (history, ended) = run(&mut command, place.path(), &marks, decide)?;
    if ended != Ended::With(0) {
        let said = fs::read_to_string(outside.path().join("errors"))?;
        bail!("{ended:?}: {}", said.trim());
    }
    let marks = history
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Mark(text) => Some(Mark::parse(text)),
            _ => None,
        })
        .collect::<Result<_>>()?;
    Ok((history, marks, ended))
}

/// One run with one fault.
struct Run {
    fault: Fault,
    was_sync: bool,
    end: Option<Mark>,
    failed: usize,
    applied: usize,
    opened: usize,
    bad: Option<String>,
}

impl Run {
    fn new(settings: &Settings, plan: &[Step], number: usize, fault: Fault) -> Self {
        let mut run = Self {
            fault,
            was_sync: false,
            end: None,
            failed: 0,
            applied: 0,
            opened: 0,
            bad: None,
        };
        let mut count = 0;
        let mut was_sync = false;
        let attempted = attempt(settings, plan, &mut |action| {
            let place = count;
            count += 1;
            let is_hit = match fault {
                Fault::FullDisk => (number..=number + Fault::WHILE).contains(&place),
                _ => place == number,
            };
            if !is_hit {
                return Verdict::Pass;
            }
            was_sync |= place == number && action == Action::Sync;
            // The threads may have come in another order than they did without a fault.
            fault.verdict(action).unwrap_or(Verdict::Pass)
        });
        run.was_sync = was_sync;
        let verdict = match attempted {
            Ok((history, marks, _)) => run.judge(settings, plan, &history, &marks),
            Err(error) => Err(error),
        };
        if let Err(error) = verdict {
            run.bad = Some(format!(
                "{} seed {}, call {number}, {fault}: {error:#}",
                settings.backend.name(),
                settings.seed
            ));
        }
        run
    }

    /// Compares what was told with what is there after a restart, and after a power loss.
    fn judge(
        &mut self,
        settings: &Settings,
        plan: &[Step],
        history: &History,
        marks: &[Mark],
    ) -> Result<()> {
        let runtime = runtime()?;
        let expected = runtime.block_on(self.expected(plan, marks))?;
        self.end = marks.last().cloned();
        let stops_for_good = self.was_sync || self.fault == Fault::Device;
        ensure!(
            stops_for_good || self.end != Some(Mark::Stopped),
            "it stopped for good, although nothing was lost"
        );
        let mut disk = Disk::new(Forgotten::Nothing);
        for (index, event) in history.events.iter().enumerate() {
            disk.apply(index, event);
        }
        let mut numbers = Numbers::new(settings.seed);
        let mut images = vec![crash::kept(&disk)];
        if settings.crash_states > 0 {
            let moment = crash::states(&disk, &mut numbers, 0, settings.crash_states);
            images.extend(moment.images);
        }
        for image in images {
            self.opened += 1;
            runtime.block_on(open(settings.backend, &image, &expected))?;
        }
        Ok(())
    }

    /// What has to be there, by what the program was told.
    async fn expected(&mut self, plan: &[Step], marks: &[Mark]) -> Result<Expected> {
        let twin = World::new(Storage::in_memory());
        let op = |number: usize| -> Result<Op> {
            let op = plan.iter().flatten().nth(number);
            op.copied().context("no such operation")
        };
        let mut version = 0;
        let mut last: Option<(State, Op)> = None;
        for mark in marks {
            match mark {
                Mark::Done(number, _, told) => {
                    version = version.max(told.unwrap_or(0));
                    twin.run(*number, op(*number)?).await?;
                }
                Mark::Failed(number, is_applied, _) => {
                    self.failed += 1;
                    self.applied += usize::from(*is_applied);
                    let before = twin.state().await?;
                    if *is_applied || marks.last() == Some(&Mark::Stopped) {
                        // Of the last one before a stop it is not known.
                        last = Some((before, op(*number)?));
                        twin.run(*number, op(*number)?).await?;
                    }
                    twin.forget();
                }
                _ => {}
            }
        }
        let now = Arc::new(twin.state().await?);
        Ok(match last {
            Some((before, op)) if marks.last() == Some(&Mark::Stopped) => Expected {
                floor: Arc::new(before),
                next: Some((now, vec![op], vec![false])),
                version,
                moment: String::new(),
            },
            _ => Expected {
                floor: now,
                next: None,
                version,
                moment: String::new(),
            },
        })
    }

    fn count(self, figures: &mut Figures) {
        let taken = figures
            .taken
            .entry((self.fault, self.was_sync))
            .or_default();
        taken.runs += 1;
        match self.end {
            Some(Mark::Stopped) => taken.stopped += 1,
            Some(Mark::NotOpened(_)) => taken.not_opened += 1,
            _ if self.failed > 0 => taken.went_on += 1,
            _ => taken.unnoticed += 1,
        }
        figures.failed += self.failed;
        figures.applied += self.applied;
        figures.opened += self.opened;
        figures.bad.extend(self.bad);
    }
}

async fn open(backend: Backend, image: &Image, expected: &Expected) -> Result<()> {
    let place = scratch()?;
    let place: &Path = &place.path().join("place");
    image.write(place)?;
    judge(backend, place, expected, false).await
}
