//! Many processes on one store.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta};
use threads_client::{AccessToken, UserId};
use threads_monitor::StoreError;
use threads_monitor::token_store::{Credential, Token};

use crate::backend::{Backend, chain, runtime};

/// Rows that everybody counts on.
const ROWS: usize = 4;

/// What eight processes did.
#[derive(Debug, Default)]
pub struct Counted {
    /// Increments that were acknowledged.
    pub acknowledged: usize,
    /// Increments that are there at the end.
    pub found: usize,
    /// How often somebody else was faster.
    pub conflicts: usize,
    /// The longest that one call took.
    pub longest: Duration,
    /// How long it took.
    pub took: Duration,
}

impl Counted {
    /// Increments in a second.
    pub fn each_second(&self) -> f64 {
        let commits = u32::try_from(self.acknowledged).unwrap_or(u32::MAX);
        f64::from(commits) / self.took.as_secs_f64().max(0.001)
    }
}

fn row(number: usize, counted: i64) -> Token {
    let instant = DateTime::UNIX_EPOCH;
    Token {
        user: UserId::new(format!("2000{}", number % ROWS)),
        credential: Credential {
            access_token: AccessToken::new("THAA-counted"),
            obtained_at: instant,
            expires_at: instant,
            expiry_assumed: false,
        },
        candidate: None,
        scopes: Vec::new(),
        connected_at: instant + TimeDelta::seconds(counted),
    }
}

/// Starts processes that count the same rows on, by compare-and-set.
///
/// # Errors
///
/// When one of them fails.
pub fn count(program: &Path, backend: Backend, processes: usize, rounds: usize) -> Result<Counted> {
    // On a disk: in memory a sync costs nothing.
    let place = tempfile::tempdir()?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let opened = backend.open(place.path()).await?;
        for number in 0..ROWS {
            opened.storage.tokens.save(&row(number, 0), None).await?;
        }
        opened.close().await;
        Ok::<_, StoreError>(())
    })?;
    let begun = now();
    let children: Vec<Child> = (0..processes)
        .map(|name| start(program, "count", backend, place.path(), &[name, rounds]))
        .collect::<Result<_>>()?;
    let mut counted = Counted::default();
    for mut child in children {
        let mut said = String::new();
        let output = child.stdout.as_mut().context("no output")?;
        output.read_to_string(&mut said)?;
        ensure!(child.wait()?.success(), "a process failed");
        let numbers: Vec<usize> = said
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let [done, conflicts, longest] = numbers[..] else {
            anyhow::bail!("a process said {said:?}");
        };
        counted.acknowledged += done;
        counted.conflicts += conflicts;
        counted.longest = counted
            .longest
            .max(Duration::from_millis(longest.try_into()?));
    }
    counted.took = begun.elapsed();
    counted.found = runtime.block_on(async {
        let opened = backend.open(place.path()).await?;
        let mut found = 0;
        for number in 0..ROWS {
            let zero = row(number, 0);
            let stored = opened.storage.tokens.load(&zero.user).await?;
            let stored = stored.context("a row is gone")?;
            let counted = stored.token.connected_at - zero.connected_at;
            found += usize::try_from(counted.num_seconds())?;
        }
        opened.close().await;
        Ok::<_, anyhow::Error>(found)
    })?;
    Ok(counted)
}

/// One of these processes. Gives what it did, for its output.
///
/// # Errors
///
/// When the store fails.
pub async fn count_on(
    backend: Backend,
    place: &Path,
    name: usize,
    rounds: usize,
) -> Result<String> {
    let opened = backend.open(place).await?;
    let tokens = &opened.storage.tokens;
    let (mut conflicts, mut longest) = (0_usize, Duration::ZERO);
    for round in 0..rounds {
        let user = row(name + round, 0).user;
        loop {
            let begun = now();
            let stored = tokens.load(&user).await?.context("a row is gone")?;
            let mut token = stored.token;
            token.connected_at += TimeDelta::seconds(1);
            let saved = tokens.save(&token, Some(stored.version)).await;
            longest = longest.max(begun.elapsed());
            match saved {
                Ok(_) => break,
                Err(StoreError::Conflict { .. }) => conflicts += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
    opened.close().await;
    Ok(format!("{rounds} {conflicts} {}", longest.as_millis()))
}

/// What processes said that opened a directory which is open, or all at once.
#[derive(Debug)]
pub struct Held {
    /// Those that have it open.
    pub open: usize,
    /// What the others said.
    pub refused: Vec<String>,
    /// Whether any file changed since the first one had it open.
    pub is_changed: bool,
}

/// One process opens a directory, then others try to.
///
/// # Errors
///
/// When they cannot be started.
pub fn hold(program: &Path, backend: Backend, others: usize) -> Result<Held> {
    let place = crate::power::scratch()?;
    let (first, said) = holder(program, backend, place.path())?;
    let before = contents(place.path())?;
    let mut held = Held {
        open: usize::from(said == "open"),
        refused: Vec::new(),
        is_changed: false,
    };
    let mut children = vec![first];
    for _ in 0..others {
        let (child, said) = holder(program, backend, place.path())?;
        children.push(child);
        held.note(said);
    }
    held.is_changed = contents(place.path())? != before;
    end(children)?;
    Ok(held)
}

/// Processes that open a new directory all at once.
///
/// # Errors
///
/// When they cannot be started.
pub fn rush(program: &Path, backend: Backend, processes: usize) -> Result<Held> {
    let place = crate::power::scratch()?;
    let mut held = Held {
        open: 0,
        refused: Vec::new(),
        is_changed: false,
    };
    let mut children: Vec<Child> = (0..processes)
        .map(|_| start(program, "hold", backend, place.path(), &[]))
        .collect::<Result<_>>()?;
    for child in &mut children {
        held.note(line(child)?);
    }
    end(children)?;
    Ok(held)
}

impl Held {
    fn note(&mut self, said: String) {
        if said == "open" {
            self.open += 1;
        } else {
            self.refused.push(said);
        }
    }
}

/// One of these processes: says whether it has the stores open, and keeps them until its
/// input ends.
///
/// # Errors
///
/// When it cannot speak.
pub async fn hold_open(backend: Backend, place: &Path) -> Result<()> {
    let opened = backend.open(place).await;
    let said = match &opened {
        Ok(_) => "open".to_owned(),
        Err(error) => chain(error),
    };
    std::io::Write::write_all(&mut std::io::stdout(), format!("{said}\n").as_bytes())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    if let Ok(opened) = opened {
        opened.close().await;
    }
    Ok(())
}

fn holder(program: &Path, backend: Backend, place: &Path) -> Result<(Child, String)> {
    let mut child = start(program, "hold", backend, place, &[])?;
    let said = line(&mut child)?;
    Ok((child, said))
}

fn line(child: &mut Child) -> Result<String> {
    let output = child.stdout.as_mut().context("no output")?;
    let mut said = String::new();
    BufReader::new(output).read_line(&mut said)?;
    Ok(said.trim_end().to_owned())
}

fn end(children: Vec<Child>) -> Result<()> {
    for mut child in children {
        drop(child.stdin.take());
        ensure!(child.wait()?.success(), "a process failed");
    }
    Ok(())
}

fn start(
    program: &Path,
    command: &str,
    backend: Backend,
    place: &Path,
    numbers: &[usize],
) -> Result<Child> {
    Command::new(program)
        .args([command, backend.name()])
        .arg(place)
        .args(numbers.iter().map(ToString::to_string))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting a process")
}

/// Every file below a directory.
///
/// # Errors
///
/// When one cannot be read.
pub fn contents(place: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![place.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            match fs::read(&path) {
                Ok(bytes) => drop(found.insert(path.strip_prefix(place)?.to_owned(), bytes)),
                // SQLite removes files when the last connection is closed.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(found)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long others wait is what is measured here"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
