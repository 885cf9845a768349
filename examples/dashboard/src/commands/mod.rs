//! What the program does besides showing pages: export, import, backup, restore.
//!
//! They work on the stores alone: they ask Meta nothing, and publish nothing.

mod progress;

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use threads_client::UserId;
use threads_monitor::archive::{
    ArchiveError, Existing, ExportOptions, NewFile, TokensAs, back_up, export_account,
    import_account, restore,
};
use threads_monitor::publishing::ScheduledPost;
use threads_monitor::snapshot_store::{Reading, Subject};
use threads_monitor::{Clock, Storage, StoreError, SystemClock};

use self::progress::Display;
use crate::format::{grouped, shortened};
use crate::keys;
use crate::options::Options;
use crate::run::say;

/// Accounts that are looked at together.
const PAGE: usize = 500;

/// Something else to do than showing the pages.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Write everything that is kept about an account to a ZIP file, for its owner
    ///
    /// JSON and CSV, and a README that says what each field means. No access token is in it.
    Export {
        /// The account: @NAME, or its id
        account: String,
        /// The file to make; one that is there is not overwritten
        file: PathBuf,
        /// Begin CSV files with the mark by which some spreadsheets know UTF-8
        #[arg(long)]
        bom: bool,
    },
    /// Take over the history of an account from an export
    ///
    /// Posts that wait in the other installation are listed, and not scheduled here: that
    /// installation publishes them. Import first, then connect the account.
    Import {
        /// The export
        file: PathBuf,
        /// Add to what is kept of the account already, instead of refusing
        #[arg(long)]
        add: bool,
    },
    /// Copy everything to one file, also while the dashboard runs
    ///
    /// Access tokens are copied as they are kept: sealed ones stay sealed, and are of no use
    /// without the keys, which are not in the backup. A data directory (file:) is locked by
    /// a running dashboard: end that first.
    Backup {
        /// The file to make; one that is there is not overwritten
        file: PathBuf,
    },
    /// Put a backup into an empty store, of the same kind or another one
    ///
    /// No post is published twice: what the original has published since the backup is
    /// looked for first, and what cannot be found out is left to you. End the original for
    /// good before you start the restored one.
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Seal the access tokens with a new key, while dashboards on the same database go on
    RotateKey,
}

/// Does what the options name, and tells what came of it.
///
/// # Errors
///
/// Why it was not done, and what to do about it.
pub(crate) async fn run(command: Command, options: &Options) -> anyhow::Result<()> {
    let (address, _) = options.store_address()?;
    let address = address.as_str();
    let now = SystemClock.now();
    match command {
        Command::Export { account, file, bom } => export(address, &account, file, bom, now).await,
        Command::Import { file, add } => import(address, &file, add).await,
        Command::Backup { file } => backup(address, file, now).await,
        Command::Restore { file } => put_back(address, &file, now).await,
        Command::RotateKey => say(&keys::rotate(options).await?),
    }
}

async fn export(
    address: &str,
    account: &str,
    file: PathBuf,
    byte_order_mark: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let storage = open_existing(address).await?;
    let user = find(&storage, account).await?;
    let out = NewFile::create(file)?;
    let options = ExportOptions { byte_order_mark };
    let mut display = Display::new();
    let exported = export_account(&storage, &user, options, now, out, |progress| {
        display.show(progress);
    })
    .await?;
    display.end();
    let path = keep(exported.out).await?;
    say(&format!(
        "Exported account {user} to {}: {} rows. No access token is in it.",
        path.display(),
        grouped(exported.rows)
    ))
}

async fn import(address: &str, file: &Path, add: bool) -> anyhow::Result<()> {
    let archive = open_file(file)?;
    let storage = open(address).await?;
    let existing = if add { Existing::Add } else { Existing::Refuse };
    let mut display = Display::new();
    let imported = import_account(&storage, archive, existing, |progress| {
        display.show(progress);
    })
    .await
    .map_err(|error| match error {
        ArchiveError::NotEmpty { .. } => {
            anyhow::Error::from(error).context("say --add to add to what is there")
        }
        error => error.into(),
    })?;
    display.end();
    say(&format!(
        "Imported account {}, as it was on {}: {} readings and {} past posts.",
        imported.account,
        imported.exported_at.format("%Y-%m-%d"),
        grouped(imported.observations),
        grouped(imported.posts)
    ))?;
    if !imported.waiting.is_empty() {
        say(
            "These scheduled posts were open there. They are NOT scheduled here, because that installation publishes them:",
        )?;
        list(&imported.waiting)?;
    }
    say("Start the dashboard and connect the account to see it and to go on.")
}

async fn backup(address: &str, file: PathBuf, now: DateTime<Utc>) -> anyhow::Result<()> {
    let storage = open_existing(address).await?;
    let out = NewFile::create(file)?;
    let mut display = Display::new();
    let made = back_up(&storage, now, out, |progress| display.show(progress)).await?;
    display.end();
    let path = keep(made.out).await?;
    say(&format!(
        "Backed up {} accounts to {}: {} rows.",
        grouped(made.accounts),
        path.display(),
        grouped(made.rows)
    ))?;
    say(match made.tokens {
        TokensAs::None => "There are no access tokens in it.",
        TokensAs::Sealed => {
            "Its access tokens are sealed. Keep the keys, too: they are not in it, and without them every account has to be connected again."
        }
        _ => {
            "It holds access tokens in PLAIN TEXT: whoever can read it can publish. Keep it as you keep passwords."
        }
    })
}

async fn put_back(address: &str, file: &Path, now: DateTime<Utc>) -> anyhow::Result<()> {
    let archive = open_file(file)?;
    let storage = open(address).await?;
    let mut display = Display::new();
    let restored = restore(&storage, archive, now, |progress| display.show(progress)).await?;
    display.end();
    say(&format!(
        "Restored the backup of {}: {} accounts, {} rows.",
        restored.backed_up_at.format("%Y-%m-%d %H:%M UTC"),
        grouped(restored.accounts),
        grouped(restored.rows)
    ))?;
    if restored.tokens == TokensAs::Sealed {
        say(
            "Its access tokens are sealed: start the dashboard with the keys that the original had.",
        )?;
    }
    if !restored.open_posts.is_empty() {
        say("These scheduled posts were open then:")?;
        list(&restored.open_posts)?;
        say(
            "Those whose time has passed when the dashboard starts are looked for on Threads, and not published. Those whose time is still to come are published: call off what you called off in the original since.",
        )?;
    }
    say(
        "End the original for good before you start this one: two of them publish everything twice.",
    )
}

/// The id of an account that is kept here.
async fn find(storage: &Storage, wanted: &str) -> anyhow::Result<UserId> {
    let Some(name) = wanted.strip_prefix('@') else {
        return Ok(UserId::new(wanted));
    };
    let mut after: Option<UserId> = None;
    let mut names = Vec::new();
    loop {
        let page = storage.snapshots.accounts(after.as_ref(), PAGE).await?;
        for user in &page {
            let newest = storage.snapshots.latest(user, &[Subject::Account]).await?;
            for snapshot in newest {
                if let Reading::Profile(profile) = snapshot.reading
                    && let Some(username) = profile.username
                {
                    if username == name {
                        return Ok(user.clone());
                    }
                    names.push(format!("@{username}"));
                }
            }
        }
        match page.last() {
            Some(last) => after = Some(last.clone()),
            None => break,
        }
    }
    if names.is_empty() {
        bail!("no account is kept here");
    }
    bail!("{wanted} is not kept here; there are: {}", names.join(", "))
}

/// A store that has to be there: a wrong address must not look like an empty one.
async fn open_existing(address: &str) -> anyhow::Result<Storage> {
    let path = address
        .strip_prefix("file:")
        .or_else(|| address.strip_prefix("sqlite:"))
        .map(|path| path.strip_prefix("//").unwrap_or(path));
    if let Some(path) = path
        && !Path::new(path).exists()
    {
        bail!("there is no data at {path}: name the store with --store");
    }
    open(address).await
}

async fn open(address: &str) -> anyhow::Result<Storage> {
    Storage::open(address).await.map_err(|error| {
        let advice = match &error {
            StoreError::Locked { .. } => {
                "end the dashboard that runs on it first; an account can also be downloaded from its page"
            }
            _ => "nothing was changed",
        };
        anyhow::Error::from(error).context(format!("the data cannot be opened: {advice}"))
    })
}

fn open_file(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

async fn keep(file: NewFile) -> anyhow::Result<PathBuf> {
    // Making it durable takes the time that the disk takes.
    tokio::task::spawn_blocking(move || file.keep())
        .await
        .map_err(|_| anyhow!("the file could not be finished"))?
        .map_err(Into::into)
}

fn list(posts: &[ScheduledPost]) -> anyhow::Result<()> {
    for scheduled in posts {
        let text = scheduled.post.draft.text.as_deref().unwrap_or("(media)");
        say(&format!(
            "  {}  account {}  {:<15}  {}",
            scheduled.post.due_at.format("%Y-%m-%d %H:%M UTC"),
            scheduled.account,
            scheduled.post.phase.name(),
            shortened(text, 60)
        ))?;
    }
    Ok(())
}
