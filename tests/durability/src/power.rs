//! Power loss: a workload is recorded, every moment of it becomes crash states, and each
//! of them is opened with the real store.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, ensure};
use tempfile::TempDir;
use threads_monitor::Storage;

use crate::backend::{Backend, runtime};
use crate::child::Mark;
use crate::crash;
use crate::disk::{Content, Disk, Forgotten, Image};
use crate::history::{Event, History};
use crate::numbers::Numbers;
use crate::trace::{Ended, Verdict, run};
use crate::verdict::{Expected, judge};
use crate::workload::{Op, State, Step, World, intents, states, steps};

/// What to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The program that is watched; its first argument is `child`.
    pub program: PathBuf,
    /// The stores.
    pub backend: Backend,
    /// Decides everything that is random.
    pub seed: u64,
    /// At least so many crash states.
    pub states: usize,
    /// Operations of one life; it ends with a power loss, and the next one begins there.
    pub steps: usize,
    /// So many lives in one directory.
    pub lives: usize,
    /// More crash states of each moment, chosen at random.
    pub at_random: usize,
    /// At most so many crash states of each moment, chosen at random.
    pub at_most: usize,
    /// One moment in so many is tried, chosen at random.
    pub one_in: usize,
    /// Which syncs the disk forgets: anything but nothing has to be found out.
    pub forgotten: Forgotten,
}

/// What was found.
#[derive(Debug, Default, Clone)]
pub struct Figures {
    /// Workloads that were recorded.
    pub lives: usize,
    /// Moments between two calls.
    pub moments: usize,
    /// Those of which every crash state was tried.
    pub exhaustive: usize,
    /// Crash states that were opened, no two of them equal at the same moment.
    pub states: usize,
    /// Those in which a publish request may have been on its way.
    pub with_intents: usize,
    /// What was lost, or was there by half, and where.
    pub bad: Vec<String>,
    /// How many that were.
    pub bad_count: usize,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.lives += other.lives;
        self.moments += other.moments;
        self.exhaustive += other.exhaustive;
        self.states += other.states;
        self.with_intents += other.with_intents;
        self.bad_count += other.bad_count;
        self.bad.extend(other.bad.iter().cloned());
        self.bad.truncate(10);
    }
}

/// Records workloads until there are enough crash states.
///
/// # Errors
///
/// When a workload fails, or cannot be recorded.
pub fn power_loss(settings: &Settings) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut seed = settings.seed;
    while figures.states < settings.states {
        let plan: Vec<Vec<Step>> = (0..settings.lives)
            .map(|life| steps(seed.wrapping_add(life as u64 * 1_000), settings.steps))
            .collect();
        figures.add(&one(settings, seed, &plan, 0)?);
        seed = seed.wrapping_add(1);
    }
    Ok(figures)
}

/// Every sequence of `length` operations, each with all its crash states.
///
/// Shorter sequences are the beginnings of longer ones, and so are among them.
///
/// # Errors
///
/// As [`power_loss`].
pub fn small(settings: &Settings, length: u32) -> Result<Figures> {
    let kinds = [
        Op::Save(0),
        Op::DeleteToken(0),
        Op::Enqueue(0, 1, 40),
        Op::Claim(0, 0),
        Op::Intent(0, 0),
        Op::Done(0, 0),
        Op::Update(0, 0),
        Op::Evidence(0, 0),
        Op::Append(0, 2),
        Op::Prune,
        Op::EraseJobs(0),
        Op::EraseSnapshots(0),
    ];
    // So that there is something to change.
    let before: Vec<Step> = [
        Op::Save(0),
        Op::Enqueue(0, 0, 40),
        Op::Claim(0, 0),
        Op::Append(0, 1),
    ]
    .map(|op| vec![op])
    .into();
    let mut figures = Figures::default();
    for number in 0..kinds.len().pow(length) {
        let mut rest = number;
        let mut plan = before.clone();
        for _ in 0..length {
            plan.push(vec![kinds[rest % kinds.len()]]);
            rest /= kinds.len();
        }
        let seed = settings.seed.wrapping_add(number as u64);
        // How it begins is the same for all of them.
        let skipped = if number == 0 { 0 } else { before.len() };
        figures.add(&one(settings, seed, &[plan], skipped)?);
    }
    Ok(figures)
}

/// Some lives in one directory, each ended by a power loss. Moments of the first `skipped`
/// steps are not tried.
fn one(settings: &Settings, seed: u64, plan: &[Vec<Step>], skipped: usize) -> Result<Figures> {
    let runtime = runtime()?;
    let mut numbers = Numbers::new(seed);
    let mut figures = Figures::default();
    let mut base = Image::default();
    let world = World::new(Storage::in_memory());
    let (mut first, mut version) = (1, 0);
    for steps in plan {
        let scratch = scratch()?;
        base.write(scratch.path())?;
        let history = record(settings, scratch.path(), seed, first, steps)?;
        let expected = runtime.block_on(states(&world, first, steps))?;
        let life = Life {
            history: &history,
            states: expected.into_iter().map(Arc::new).collect(),
            first,
            steps,
            version,
            skipped,
        };
        let (found, end) = life.judge(settings, seed, &mut numbers)?;
        figures.add(&found);
        figures.lives += 1;
        (base, version) = (end.image, end.version);
        first += steps.len();
        world.forget();
    }
    Ok(figures)
}

/// Runs the program and sees what it does.
fn record(
    settings: &Settings,
    place: &Path,
    seed: u64,
    first: usize,
    steps: &[Step],
) -> Result<History> {
    let outside = scratch()?;
    let marks = outside.path().join("marks");
    fs::write(&marks, "")?;
    let plan = outside.path().join("plan");
    fs::write(&plan, crate::plan::write(steps))?;
    let mut command = Command::new(&settings.program);
    command
        .arg("child")
        .arg(settings.backend.name())
        .args([place, &marks, &plan])
        .arg(first.to_string())
        .stdin(Stdio::null());
    let (history, ended) = run(&mut command, place, &marks, &mut |_| Verdict::Pass)?;
    ensure!(
        ended == Ended::With(0),
        "the workload of seed {seed} failed: {ended:?}"
    );
    Ok(history)
}

struct Life<'a> {
    history: &'a History,
    states: Vec<Arc<State>>,
    first: usize,
    steps: &'a [Step],
    /// The newest version of a token that was told in earlier lives.
    version: u64,
    skipped: usize,
}

/// Where the next life goes on: everything was acknowledged, nothing was closed.
#[derive(Debug, Default)]
struct End {
    image: Image,
    version: u64,
}

impl Life<'_> {
    /// Tries the crash states of every moment.
    fn judge(
        &self,
        settings: &Settings,
        seed: u64,
        numbers: &mut Numbers,
    ) -> Result<(Figures, End)> {
        let (sender, receiver) = sync_channel(8);
        let judge = Judge {
            backend: settings.backend,
            work: Mutex::new(receiver),
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| judge.work())).collect();
            let made = self.moments(settings, seed, numbers, &sender);
            // So that the workers end.
            drop(sender);
            let mut figures = Figures::default();
            for worker in workers {
                let bad = worker.join().map_err(|_| anyhow!("a worker panicked"))??;
                figures.add(&bad);
            }
            let (moments, end) = made?;
            figures.add(&moments);
            Ok((figures, end))
        })
    }

    fn moments(
        &self,
        settings: &Settings,
        seed: u64,
        numbers: &mut Numbers,
        sender: &SyncSender<(Image, Expected)>,
    ) -> Result<(Figures, End)> {
        let mut figures = Figures::default();
        let mut disk = Disk::new(settings.forgotten);
        let (initial, events) = self.history.events.split_at(self.history.initial);
        for (index, event) in initial.iter().enumerate() {
            disk.apply(index, event);
        }
        disk.settle();
        let mut told = Told {
            version: self.version,
            ..Told::default()
        };
        let mut known = BTreeSet::new();
        let mut end = End::default();
        let last = self.first + self.steps.len() - 1;
        let ops = self.steps.last().map_or(0, Vec::len);
        for (index, event) in (initial.len()..).zip(events) {
            if let Event::Mark(text) = event {
                told.take(&Mark::parse(text)?);
            } else {
                disk.apply(index, event);
            }
            let is_end = told.is_all_done(last, ops) && end.image == Image::default();
            let is_skipped = told.finished < self.skipped;
            if is_skipped || !is_end && !numbers.one_in(settings.one_in) {
                continue;
            }
            let expected = self.expected(&told, || format!("seed {seed}, event {index}"))?;
            let moment = crash::states(&disk, numbers, settings.at_random, settings.at_most);
            figures.moments += 1;
            figures.exhaustive += usize::from(moment.is_exhaustive);
            let has_intents = intents(&expected.floor) > 0;
            for image in moment.images {
                // The same bytes with the same promises are one crash state.
                if !known.insert((image.digest(), told.progress())) {
                    continue;
                }
                figures.states += 1;
                figures.with_intents += usize::from(has_intents);
                if told.is_all_done(last, ops) {
                    end.image = image.clone();
                }
                // The workers end early only by an error, which is reported instead.
                if sender.send((image, expected.clone())).is_err() {
                    return Ok((figures, end));
                }
            }
        }
        end.version = told.version;
        Ok((figures, end))
    }

    fn expected(&self, told: &Told, moment: impl FnOnce() -> String) -> Result<Expected> {
        let at = told.finished.max(self.first - 1) - (self.first - 1);
        let state = |at: usize| self.states.get(at).cloned().context("no such step");
        let next = match &told.under_way {
            None => None,
            Some((_, done)) => {
                let step = self.steps.get(at).cloned().context("no such step")?;
                let done = (0..step.len()).map(|op| done.contains(&op)).collect();
                Some((state(at + 1)?, step, done))
            }
        };
        Ok(Expected {
            floor: state(at)?,
            next,
            version: told.version,
            moment: moment(),
        })
    }
}

/// What the program was told up to a moment.
#[derive(Debug, Default)]
struct Told {
    finished: usize,
    under_way: Option<(usize, BTreeSet<usize>)>,
    version: u64,
    marks: usize,
}

impl Told {
    fn take(&mut self, mark: &Mark) {
        self.marks += 1;
        match mark {
            Mark::Begin(step) => {
                // All operations of a step are done before the next one begins.
                self.finished = step - 1;
                self.under_way = Some((*step, BTreeSet::new()));
            }
            Mark::Done(_, op, version) => {
                self.version = self.version.max(version.unwrap_or(0));
                if let Some((_, done)) = &mut self.under_way {
                    done.insert(*op);
                }
            }
            Mark::End => {
                if let Some((step, _)) = self.under_way.take() {
                    self.finished = step;
                }
            }
            Mark::Opened | Mark::Failed(..) | Mark::Stopped | Mark::NotOpened(_) => {}
        }
    }

    fn progress(&self) -> usize {
        self.marks
    }

    /// Whether the last step is acknowledged, and the stores are open still.
    fn is_all_done(&self, last: usize, ops: usize) -> bool {
        matches!(&self.under_way, Some((step, done)) if *step == last && done.len() == ops)
    }
}

/// Opens crash states.
struct Judge {
    backend: Backend,
    work: Mutex<Receiver<(Image, Expected)>>,
}

impl Judge {
    fn work(&self) -> Result<Figures> {
        let runtime = runtime()?;
        let scratch = scratch()?;
        let mut figures = Figures::default();
        let mut count = 0_usize;
        loop {
            let next = self
                .work
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((image, expected)) = next else {
                return Ok(figures);
            };
            let place = scratch.path().join("place");
            image.write(&place)?;
            count += 1;
            let work = judge(self.backend, &place, &expected, count.is_multiple_of(8));
            let verdict = runtime.block_on(work);
            if let Err(error) = verdict {
                figures.bad_count += 1;
                figures.bad.push(format!("{}: {error:#}", expected.moment));
                figures.bad.truncate(10);
            }
            fs::remove_dir_all(&place)?;
        }
    }
}

impl Image {
    /// Puts it onto the disk.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn write(&self, place: &Path) -> Result<()> {
        let make = |path: &Path| {
            fs::DirBuilder::new()
                .mode(0o700)
                .recursive(true)
                .create(path)
        };
        make(place)?;
        for (path, content) in &self.0 {
            let path = place.join(path);
            match content {
                Content::Directory => make(&path)?,
                Content::File(bytes) => {
                    let mut options = fs::OpenOptions::new();
                    options.write(true).create_new(true).mode(0o600);
                    let mut file = options.open(path)?;
                    std::io::Write::write_all(&mut file, bytes)?;
                }
            }
        }
        Ok(())
    }
}

/// A directory in memory, if the system has one: nothing here has to be durable.
///
/// # Errors
///
/// When none can be made.
pub fn scratch() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(directory) = TempDir::with_prefix_in("threads-durability-", memory)
    {
        return Ok(directory);
    }
    TempDir::new().context("making a directory")
}
