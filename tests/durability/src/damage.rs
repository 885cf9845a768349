//! Files that were damaged: every start ends with a committed state or with a refusal.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, ensure};
use threads_monitor::{Storage, StoreError};

use crate::backend::{Backend, chain, runtime};
use crate::crowd::contents;
use crate::disk::{Content, Image};
use crate::numbers::Numbers;
use crate::power::scratch;
use crate::workload::{JOBS, SNAPSHOTS, State, Step, TOKENS, World, of_store, states, steps};

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// One bit is another one.
    Flip,
    /// The end is missing.
    Truncation,
    /// Some pages of 512 bytes are zeros.
    Zeros,
    /// Some bytes are noise.
    Noise,
    /// Bytes are missing in the middle.
    Gap,
    /// Bytes are there twice.
    Repetition,
    /// Two pages, or two pieces, have changed places.
    Swap,
    /// The format is one that nobody knows.
    Version,
    /// Nothing is in it.
    Empty,
    /// It is not there.
    Missing,
    /// A directory is in its place.
    Directory,
}

impl Damage {
    const ALL: [Self; 11] = [
        Self::Flip,
        Self::Truncation,
        Self::Zeros,
        Self::Noise,
        Self::Gap,
        Self::Repetition,
        Self::Swap,
        Self::Version,
        Self::Empty,
        Self::Missing,
        Self::Directory,
    ];

    fn apply(self, path: &Path, bytes: &[u8], numbers: &mut Numbers) -> Option<Content> {
        let mut bytes = bytes.to_vec();
        let start = numbers.below(bytes.len());
        let end = (start + 1 + numbers.below(256)).min(bytes.len());
        match self {
            Self::Flip => *bytes.get_mut(start)? ^= 1 << numbers.below(8),
            Self::Truncation => bytes.truncate(start),
            Self::Zeros => {
                let page = start / 512 * 512;
                let end = (page + 512 * (1 + numbers.below(8))).min(bytes.len());
                bytes.get_mut(page..end)?.fill(0);
            }
            Self::Noise => {
                let noise = numbers.noise(end - start);
                bytes.get_mut(start..end)?.copy_from_slice(&noise);
            }
            Self::Gap => drop(bytes.drain(start..end)),
            Self::Repetition => {
                let piece = bytes.get(start..end)?.to_vec();
                bytes.splice(start..start, piece);
            }
            Self::Swap => {
                let page = if numbers.one_in(2) { 4_096 } else { 64 };
                let pages = bytes.len() / page;
                let (one, other) = (numbers.below(pages), numbers.below(pages));
                for at in 0..page {
                    if other * page + at < bytes.len() && one * page + at < bytes.len() {
                        bytes.swap(one * page + at, other * page + at);
                    }
                }
            }
            Self::Version => {
                let is_journal = path.ends_with("journal");
                // Where a journal, and where a database says its format.
                let at = if is_journal { 8 } else { 60 };
                let other = u8::try_from(2 + numbers.below(200)).unwrap_or(2);
                *bytes.get_mut(at)? ^= other;
            }
            Self::Empty => bytes.clear(),
            Self::Missing => return None,
            Self::Directory => return Some(Content::Directory),
        }
        Some(Content::File(Arc::new(bytes)))
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Opening was refused.
    Refused,
    /// Reading was refused.
    RefusedReading,
    /// Everything is there.
    Whole,
    /// Everything but what the last write of a store changed.
    ButTheLast,
    /// An earlier committed state.
    Earlier,
    /// A new and empty store.
    Nothing,
    /// Something that was never written.
    Changed,
    /// The program panicked.
    Panicked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "refused",
            Self::RefusedReading => "refused on reading",
            Self::Whole => "everything is there",
            Self::ButTheLast => "all but the last write",
            Self::Earlier => "an earlier state",
            Self::Nothing => "nothing is there",
            Self::Changed => "something else",
            Self::Panicked => "panic",
        })
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Figures {
    /// How often each came.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// By damage.
    pub by_damage: BTreeMap<(Damage, Outcome), usize>,
    /// Silent changes of tokens.
    pub changed_tokens: usize,
    /// Losses and changes of which nothing was said.
    pub untold: usize,
    /// Refusals after which the damaged file was another one than before.
    pub touched: usize,
    /// The different texts of refusals, without what differs from file to file.
    pub texts: BTreeMap<String, usize>,
    /// The first cases of the worst outcomes.
    pub examples: Vec<String>,
}

impl Figures {
    /// How often something came.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.get(&outcome).copied().unwrap_or(0)
    }
}

/// Damages so many copies of a store, each in one file.
///
/// # Errors
///
/// When the undamaged store cannot be made.
pub fn damaged(backend: Backend, seed: u64, cases: usize) -> Result<Figures> {
    let bases = [
        Base::new(backend, seed, 40, true)?,
        Base::new(backend, seed, 40, false)?,
    ];
    let figures = Mutex::new(Figures::default());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| -> Result<()> {
        let worker = || -> Result<()> {
            let runtime = runtime()?;
            loop {
                let case = next.fetch_add(1, Ordering::Relaxed);
                if case >= cases {
                    return Ok(());
                }
                let base = bases.get(case % 2).context("no base")?;
                runtime.block_on(base.case(seed, case, &figures))?;
            }
        };
        for worker in [scope.spawn(worker), scope.spawn(worker)] {
            worker.join().map_err(|_| anyhow!("a worker panicked"))??;
        }
        Ok(())
    })?;
    Ok(figures.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A store, and what it held after each of its writes.
struct Base {
    backend: Backend,
    image: Image,
    states: Vec<State>,
}

impl Base {
    fn new(backend: Backend, seed: u64, count: usize, is_closed: bool) -> Result<Self> {
        let runtime = runtime()?;
        let plan: Vec<Step> = steps(seed, count)
            .into_iter()
            .flatten()
            .map(|op| vec![op])
            .collect();
        let place = scratch()?;
        let states = runtime.block_on(states(&World::new(Storage::in_memory()), 1, &plan))?;
        let image = runtime.block_on(async {
            let opened = backend.open(place.path()).await?;
            let world = World::new(opened.storage.clone());
            for (number, op) in (1..).zip(plan.iter().flatten()) {
                world.run(number, *op).await?;
            }
            drop(world);
            let mut image = None;
            if !is_closed {
                image = Some(taken(place.path())?);
            }
            opened.close().await;
            image.map_or_else(|| taken(place.path()), Ok)
        })?;
        Ok(Self {
            backend,
            image,
            states,
        })
    }

    async fn case(&self, seed: u64, case: usize, figures: &Mutex<Figures>) -> Result<()> {
        let mut numbers = Numbers::new(seed.wrapping_mul(1_000_003).wrapping_add(case as u64));
        let files: Vec<(&PathBuf, &Arc<Vec<u8>>)> = self
            .image
            .0
            .iter()
            .filter_map(|(path, content)| match content {
                // Nothing is read from a lock.
                Content::File(bytes) if !bytes.is_empty() => Some((path, bytes)),
                _ => None,
            })
            .collect();
        let (path, bytes) = files
            .get(numbers.below(files.len()))
            .context("there are no files")?;
        let damage = Damage::ALL[numbers.below(Damage::ALL.len())];
        let mut image = self.image.clone();
        match damage.apply(path, bytes, &mut numbers) {
            Some(content) => image.0.insert((*path).clone(), content),
            None => image.0.remove(*path),
        };
        let scratch = scratch()?;
        let place = scratch.path().join("place");
        image.write(&place)?;
        let before = contents(&place)?;
        let backend = self.backend;
        let here = place.clone();
        // A panic ends the task, and not the test.
        let read = tokio::spawn(async move { open_and_read(backend, &here).await }).await;
        let (outcome, said, lost_tokens) = match read {
            Err(_) => (Outcome::Panicked, String::new(), false),
            Ok(Read::NotOpened(error)) => (Outcome::Refused, chain(&error), false),
            Ok(Read::Unreadable(error)) => (Outcome::RefusedReading, chain(&error), false),
            Ok(Read::State(state)) => {
                let tokens = self.histories(TOKENS);
                let is_odd = !tokens.contains(&of_store(&state, TOKENS));
                (self.outcome(&state), String::new(), is_odd)
            }
        };
        let after = contents(&place)?;
        let is_touched = matches!(outcome, Outcome::Refused | Outcome::RefusedReading)
            && after.get(*path) != before.get(*path);
        // A torn end is put aside, and the log says so.
        let is_told = after
            .keys()
            .any(|path| path.extension().is_some_and(|it| it == "torn"));
        let is_lost = matches!(
            outcome,
            Outcome::ButTheLast | Outcome::Earlier | Outcome::Nothing | Outcome::Changed
        );
        let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        *figures.outcomes.entry(outcome).or_default() += 1;
        *figures.by_damage.entry((damage, outcome)).or_default() += 1;
        figures.changed_tokens += usize::from(lost_tokens);
        figures.touched += usize::from(is_touched);
        figures.untold += usize::from(is_lost && !is_told);
        if !said.is_empty() {
            ensure!(!said.contains("THAA"), "an error shows a token: {said}");
            let text = said.replace(&*place.to_string_lossy(), "");
            let text: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
            *figures.texts.entry(text).or_default() += 1;
        }
        let is_bad = matches!(
            outcome,
            Outcome::Changed | Outcome::Panicked | Outcome::Nothing | Outcome::Earlier
        );
        if (is_bad || is_touched) && figures.examples.len() < 20 {
            let example = format!(
                "seed {seed}, case {case}: {damage:?} of {}: {outcome}",
                path.display()
            );
            figures.examples.push(example);
        }
        Ok(())
    }

    /// What a store held, after each write that changed it.
    fn histories(&self, store: &str) -> Vec<Vec<String>> {
        let mut histories: Vec<Vec<String>> = self
            .states
            .iter()
            .map(|state| of_store(state, store))
            .collect();
        histories.dedup();
        histories
    }

    fn outcome(&self, found: &State) -> Outcome {
        let mut worst = Outcome::Whole;
        for store in [TOKENS, JOBS, SNAPSHOTS] {
            let histories = self.histories(store);
            let found = of_store(found, store);
            let behind = histories.iter().rev().position(|state| *state == found);
            worst = worst.max(match behind {
                Some(0) => Outcome::Whole,
                Some(1) => Outcome::ButTheLast,
                Some(_) if found.is_empty() => Outcome::Nothing,
                Some(_) => Outcome::Earlier,
                None => Outcome::Changed,
            });
        }
        worst
    }
}

enum Read {
    NotOpened(StoreError),
    Unreadable(StoreError),
    State(State),
}

async fn open_and_read(backend: Backend, place: &Path) -> Read {
    let opened = match backend.open(place).await {
        Ok(opened) => opened,
        Err(error) => return Read::NotOpened(error),
    };
    let world = World::new(opened.storage.clone());
    let state = world.state().await;
    drop(world);
    opened.close().await;
    match state {
        Ok(state) => Read::State(state),
        Err(error) => Read::Unreadable(error),
    }
}

fn taken(place: &Path) -> Result<Image> {
    let mut image = Image::default();
    for (path, bytes) in contents(place)? {
        for parent in path.ancestors().skip(1) {
            if !parent.as_os_str().is_empty() {
                image.0.insert(parent.to_owned(), Content::Directory);
            }
        }
        image.0.insert(path, Content::File(Arc::new(bytes)));
    }
    Ok(image)
}
