//! Accounts are removed while posts of them are being published, and some of the processes that
//! remove them are killed meanwhile.
//!
//! A removal that its caller heard of as done must have left nothing: no row, no byte of the
//! token or of a post in any file, and no call for the account later than one that had been
//! authorised before could be sent. A post that goes out nevertheless has to have been counted
//! as undecided in what the removal answered. Whose removal was cut short is asked for again,
//! as a person would; what the first try would have answered is lost with its process then.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use threads_client::UserId;
use threads_monitor::Storage;
use threads_monitor::scheduler::JobQuery;
use threads_monitor::snapshot_store::SnapshotQuery;
use threads_sandbox::{Endpoint, Fault, FaultPlan, FaultRule, LedgerKind, When};

use crate::backend::Backend;
use crate::broken::Mistake;
use crate::chores::Chore;
use crate::config::Config;
use crate::figures::progress;
use crate::node::Node;
use crate::pace::pause;
use crate::plan::{number, text};
use crate::verdict::{Tally, judge};
use crate::world::{Setup, World, five_per_cent};

/// Posts of each account.
const POSTS: usize = 2;
/// One account in so many stays.
const STAYS: usize = 5;
/// During one removal in so many the process is killed, or a moment after it.
const CUT: usize = 2;
/// A call begins within a minute of its authorisation here, and takes a moment to arrive.
const SEND_WITHIN: TimeDelta = TimeDelta::seconds(60 + 12);
/// As late as the API acts on a call that was sent in time.
const ACTS_WITHIN: TimeDelta = TimeDelta::seconds(120);
/// Without a word of the process for so long, or a removal, it is given up.
const PATIENCE: Duration = Duration::from_secs(100);

/// How it went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removals {
    /// Accounts that were removed.
    pub removed: usize,
    /// Removals during which the process was killed.
    pub cut: usize,
    /// Removals that did not succeed at once, and did later.
    pub again: usize,
    /// Posts of removed accounts that are live.
    pub live: usize,
    /// Posts of which the removals said that nobody knows.
    pub undecided: u64,
    /// Posts that are live more than once.
    pub duplicates: usize,
    /// Containers made, or posts that went out, later than the account's removal allows.
    pub late: usize,
    /// Posts that went out after a removal that was not cut short and did not count them.
    pub unreported: usize,
    /// Accounts of which the stores still have a row.
    pub rows: usize,
    /// Files with a byte sequence that must not be there.
    pub leaks: Vec<String>,
    /// Accounts that were not removed before patience ended.
    pub stuck: usize,
    /// The accounts that stay: everything about them is as always.
    pub others: Tally,
}

impl Removals {
    /// Everything that must not be.
    pub fn faults(&self) -> usize {
        self.duplicates
            + self.late
            + self.unreported
            + self.rows
            + self.leaks.len()
            + self.stuck
            + self.others.faults()
            + usize::from(!self.others.is_clean())
    }
}

impl fmt::Display for Removals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} removed, {} of them cut short, {} tried again; duplicates {}, late calls {}, \
             unreported {}, with rows {}, leaks {}, not removed {}; {} posts live, {} undecided; \
             the others: {}",
            self.removed,
            self.cut,
            self.again,
            self.duplicates,
            self.late,
            self.unreported,
            self.rows,
            self.leaks.len(),
            self.stuck,
            self.live,
            self.undecided,
            self.others,
        )?;
        for leak in self.leaks.iter().take(5) {
            write!(formatter, "\n  {leak}")?;
        }
        Ok(())
    }
}

/// What the API does: everything goes wrong now and then, and the right answers take a while.
pub fn faults(seed: u64) -> FaultPlan {
    let mut plan = five_per_cent(seed);
    plan.rules.push(FaultRule::new(
        Endpoint::PublishContainer,
        When::Probability(0.5),
        Fault::SlowBody {
            delay_ms: 60,
            chunk_bytes: 40,
        },
    ));
    plan
}

/// What is known of one removal.
#[derive(Debug, Clone, Default)]
struct Removal {
    began: bool,
    is_cut: bool,
    done_at: Option<DateTime<Utc>>,
    undecided: u64,
}

/// Removes so many accounts and judges what is left.
///
/// # Errors
///
/// When the machinery fails. What the monitor does wrong is in the result.
pub async fn run(
    setup: &Setup<'_>,
    seed: u64,
    count: usize,
    mistake: Option<Mistake>,
) -> Result<Removals> {
    let accounts = count + count.div_ceil(STAYS - 1);
    let world = World::new(&Setup {
        accounts,
        program: setup.program.clone(),
        faults: setup.faults.clone(),
        ..*setup
    })
    .await?;
    let mut dice = fastrand::Rng::with_seed(seed);
    let storage = world.storage().await?;
    let mut secrets = Vec::new();
    for user in &world.plan.accounts {
        let stored = storage.tokens.load(user).await?.context("no token")?;
        secrets.push(stored.token.credential.access_token.expose().to_owned());
    }
    let posts = accounts * POSTS;
    drop(storage);
    world.schedule_all(posts).await?;
    let goes: Vec<usize> = (0..accounts).filter(|number| number % STAYS != 0).collect();
    let mut removals: Vec<(UserId, DateTime<Utc>)> = Vec::new();
    for number in &goes {
        // Around the first post's publication; the others of the account come later.
        let at = world.plan.due(*number) + TimeDelta::milliseconds(dice.i64(-5_000..90_000));
        removals.push((world.plan.accounts[*number].clone(), at));
    }
    removals.sort_by_key(|(_, at)| *at);

    let mut known: BTreeMap<UserId, Removal> = BTreeMap::new();
    let mut all = Removals::default();
    remove(&world, &removals, &mut dice, mistake, &mut known, &mut all).await?;

    let storage = world.storage().await?;
    let stay: BTreeSet<usize> = (0..posts)
        .filter(|number| (number % accounts).is_multiple_of(STAYS))
        .collect();
    judge_removals(&world, &storage, &known, &mut all).await?;
    all.others = judge_others(&world, &storage, &stay).await?;
    drop(storage);
    let mut marks = Vec::new();
    for number in &goes {
        marks.push(secrets[*number].clone());
        for post in 0..POSTS {
            marks.push(text(number + post * accounts));
        }
    }
    let files = world.place.bytes().await?;
    ensure!(!files.is_empty(), "the store has no files");
    for (name, content) in files {
        // One letter a byte: texts are searched faster than slices.
        let content: String = content.iter().map(|byte| char::from(*byte)).collect();
        let found = marks.iter().filter(|mark| content.contains(*mark)).count();
        if found > 0 {
            all.leaks.push(format!("{found} in {name}"));
        }
    }
    Ok(all)
}

/// Runs the process that removes, and starts it again whenever it was killed; where more than
/// one process may have the store, another one publishes all the time.
async fn remove(
    world: &World,
    removals: &[(UserId, DateTime<Utc>)],
    dice: &mut fastrand::Rng,
    mistake: Option<Mistake>,
    known: &mut BTreeMap<UserId, Removal>,
    all: &mut Removals,
) -> Result<()> {
    let worker = Config {
        chore: Chore::Nothing,
        ..world.config()
    };
    let other = match world.backend {
        Backend::File => None,
        _ => Some(Node::start(&world.program, &worker)?),
    };
    'lives: loop {
        let left: Vec<_> = removals
            .iter()
            .filter(|(user, _)| known.get(user).is_none_or(|known| known.done_at.is_none()))
            .cloned()
            .collect();
        let config = Config {
            chore: Chore::Remove(left),
            mistake,
            ..world.config()
        };
        let mut node = Node::start(&world.program, &config)?;
        loop {
            let Some(line) = node.line(PATIENCE).await else {
                let complaints = node.complaints();
                all.stuck =
                    removals.len() - known.values().filter(|one| one.done_at.is_some()).count();
                if all.stuck > 0 {
                    progress(format!("it ended, or hangs: {complaints}"));
                    break 'lives;
                }
                bail!("the process ended, or hangs: {complaints}");
            };
            if line == "left 0" {
                node.kill().await?;
                break 'lives;
            }
            let was_begun = hear(&line, known, all);
            if was_begun && known.len().is_multiple_of(CUT) {
                pause(Duration::from_millis(dice.u64(0..=25))).await;
                for line in node.kill().await? {
                    hear(&line, known, all);
                }
                for removal in known.values_mut() {
                    if removal.began && removal.done_at.is_none() && !removal.is_cut {
                        removal.is_cut = true;
                        all.cut += 1;
                    }
                }
                break;
            }
        }
    }
    if let Some(other) = other {
        other.kill().await?;
    }
    Ok(())
}

/// Notes what the process says; whether it begins a removal for the first time.
fn hear(line: &str, known: &mut BTreeMap<UserId, Removal>, all: &mut Removals) -> bool {
    if let Some(user) = line.strip_prefix("removing ") {
        let removal = known.entry(UserId::new(user)).or_default();
        return !std::mem::replace(&mut removal.began, true);
    }
    if let Some(rest) = line.strip_prefix("removed ") {
        let mut parts = rest.split(' ');
        let user = UserId::new(parts.next().unwrap_or(""));
        let removal = known.entry(user).or_default();
        removal.undecided = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let micros = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        removal.done_at = DateTime::from_timestamp_micros(micros);
        all.removed += 1;
        if all.removed.is_multiple_of(50) {
            progress(format!("{} removed, {} cut short", all.removed, all.cut));
        }
    }
    if line.starts_with("not removed ") {
        all.again += 1;
        progress(line);
    }
    false
}

async fn judge_removals(
    world: &World,
    storage: &Storage,
    known: &BTreeMap<UserId, Removal>,
    all: &mut Removals,
) -> Result<()> {
    let mut live: BTreeMap<(String, usize), Vec<DateTime<Utc>>> = BTreeMap::new();
    for entry in world.sandbox.ledger() {
        if entry.kind == LedgerKind::PostPublished
            && let Some(number) = entry.text.as_deref().and_then(number)
        {
            let account = entry.account.unwrap_or_default();
            live.entry((account, number)).or_default().push(entry.at);
        }
    }
    let requests = world.sandbox.requests();
    for (user, removal) in known {
        let Some(done_at) = removal.done_at else {
            continue;
        };
        all.undecided += removal.undecided;
        // Calls name no account; the text of a container, and what came of it, tell.
        all.late += requests
            .iter()
            .filter(|request| request.endpoint == Some(Endpoint::CreateContainer))
            .filter(|request| request.at > done_at + SEND_WITHIN)
            .filter_map(|request| number(request.parameter("text")?))
            .filter(|number| owner(world, *number) == Some(user))
            .count();
        let mut after = 0;
        for times in live
            .iter()
            .filter(|((account, _), _)| account == user.as_str())
            .map(|(_, times)| times)
        {
            all.live += 1;
            all.duplicates += usize::from(times.len() > 1);
            after += u64::from(times[0] > done_at);
            all.late += usize::from(times[0] > done_at + SEND_WITHIN + ACTS_WITHIN);
        }
        if !removal.is_cut && after > removal.undecided {
            all.unreported += 1;
        }
        let jobs = storage
            .scheduler
            .list(&JobQuery::account(user.clone()))
            .await?;
        let numbers = SnapshotQuery::account(user.clone());
        let has_rows = !jobs.is_empty()
            || storage.tokens.load(user).await?.is_some()
            || !storage.snapshots.query(&numbers).await?.is_empty();
        all.rows += usize::from(has_rows);
    }
    Ok(())
}

/// Whose post it is.
fn owner(world: &World, post: usize) -> Option<&UserId> {
    let accounts = &world.plan.accounts;
    accounts.get(post.checked_rem(accounts.len())?)
}

/// Judges the posts of accounts that stay; of the others the store knows nothing any more.
async fn judge_others(world: &World, storage: &Storage, stay: &BTreeSet<usize>) -> Result<Tally> {
    let mut tally = judge(world, storage, stay).await?;
    let goes = tally.live;
    tally.live = stay
        .iter()
        .filter(|number| is_live(world, **number))
        .count();
    progress(format!(
        "{goes} posts live in all, {} of those who stay",
        tally.live
    ));
    Ok(tally)
}

fn is_live(world: &World, post: usize) -> bool {
    world.sandbox.ledger().iter().any(|entry| {
        entry.kind == LedgerKind::PostPublished
            && entry.text.as_deref().and_then(number) == Some(post)
    })
}
