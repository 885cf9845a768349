//! Everything about one account, for its owner.

use std::collections::HashMap;
use std::io::Write;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use threads_client::{PostId, UserId};

use super::csv::Csv;
use super::error::ArchiveError;
use super::manifest::{Format, Manifest};
use super::pages::Pages;
use super::write::{ArchiveWriter, Size};
use super::{Counter, Progress, kept_tokens};
use crate::account::{Measurement, PostSummary, dates, zone};
use crate::error::StoreError;
use crate::scheduler::{JobId, JobKind, JobQuery, JobRecord};
use crate::snapshot_store::{Metric, PostReading, Snapshot, SnapshotQuery, Source, Subject};
use crate::storage::Storage;
use crate::zone::Zone;

pub(super) const FORMAT: Format = Format {
    name: "threads-account-export",
    words: "an export of an account",
    version: 1,
    most_bytes: 8 << 30,
};

pub(super) const PROFILE: &str = "profile.json";
pub(super) const TOKENS: &str = "tokens.json";
pub(super) const FOLLOWERS: &str = "followers.csv";
pub(super) const INSIGHTS: &str = "insights.csv";
pub(super) const POSTS: &str = "posts.json";
pub(super) const SCHEDULE: &str = "schedule.json";
const PLANS: &str = "plans.json";
const README: &str = "README.txt";

pub(super) const FOLLOWERS_COLUMNS: [&str; 4] = ["at", "followers", "captured_at", "source"];
pub(super) const INSIGHTS_COLUMNS: [&str; 7] = [
    "post_id",
    "metric",
    "day",
    "at",
    "value",
    "captured_at",
    "source",
];

/// Jobs that are read together.
const JOBS: usize = 256;

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Whether CSV files begin with the mark by which spreadsheets know UTF-8.
    pub byte_order_mark: bool,
}

/// What was exported.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exported<W> {
    /// Rows of all files.
    pub rows: u64,
    /// Where it was written.
    pub out: W,
}

/// Writes everything about an account as a ZIP file; see the module for what is in it.
///
/// It reads a page at a time, so it may run beside everything else, for any length of
/// history. What is measured meanwhile may be in it or not. Dropping the future leaves a
/// file without a manifest, which no import takes. Must be called within a Tokio runtime.
///
/// # Errors
///
/// `NothingOf` when the account is not known here, `Io` when `out` fails, or what a store
/// said.
pub async fn export_account<W: Write + Send + 'static>(
    storage: &Storage,
    account: &UserId,
    options: ExportOptions,
    now: DateTime<Utc>,
    out: W,
    mut tell: impl FnMut(Progress) + Send,
) -> Result<Exported<W>, ArchiveError> {
    let source = Exporting::of(storage, account).await?;
    let mut counter = Counter {
        tell: &mut tell,
        done: 0,
        total: source.rows,
    };
    let mut archive = ArchiveWriter::new(out, Size::Usual, now);
    archive.begin(README).await?;
    archive
        .write(include_str!("README.txt").as_bytes(), 0)
        .await?;
    source.profile(&mut archive, &mut counter).await?;
    source.tokens(&mut archive).await?;
    source
        .numbers(&mut archive, &mut counter, options, FOLLOWERS)
        .await?;
    source
        .numbers(&mut archive, &mut counter, options, INSIGHTS)
        .await?;
    source.posts(&mut archive, &mut counter).await?;
    source.schedule(&mut archive, &mut counter).await?;
    source.plans(&mut archive, &mut counter).await?;
    let manifest = Manifest {
        account: Some(account.clone()),
        ..Manifest::new(FORMAT, now)
    };
    let rows = counter.done;
    Ok(Exported {
        rows,
        out: archive.finish(manifest).await?,
    })
}

/// What is exported.
struct Exporting<'a> {
    storage: &'a Storage,
    account: &'a UserId,
    rows: u64,
}

impl<'a> Exporting<'a> {
    async fn of(storage: &'a Storage, account: &'a UserId) -> Result<Self, ArchiveError> {
        let mut rows = 0;
        for metric in Metric::ALL {
            rows += storage.snapshots.count(account, metric).await?;
        }
        let one_job = JobQuery {
            limit: Some(1),
            ..JobQuery::account(account.clone())
        };
        let is_known = rows > 0
            || kept_tokens(storage).load(account).await?.is_some()
            || !storage.scheduler.list(&one_job).await?.is_empty();
        if !is_known {
            return Err(ArchiveError::NothingOf {
                account: account.clone(),
            });
        }
        Ok(Self {
            storage,
            account,
            rows,
        })
    }

    async fn pages(&self, query: SnapshotQuery) -> Result<Pages<'a>, StoreError> {
        Pages::new(&*self.storage.snapshots, query).await
    }

    fn query(&self) -> SnapshotQuery {
        SnapshotQuery::account(self.account.clone())
    }

    async fn profile<W: Write + Send + 'static>(
        &self,
        archive: &mut ArchiveWriter<W>,
        counter: &mut Counter<'_>,
    ) -> Result<(), ArchiveError> {
        let newest = self
            .storage
            .snapshots
            .latest(self.account, &[Subject::Account])
            .await?;
        let not_provided = text(&Measurement::NotProvided)?;
        let head = format!(
            "{{\n\"account\": {},\n\"time_zone\": {},\n\"following\": {not_provided},\n\
             \"media_count\": {not_provided},\n\"history\": [",
            text(self.account)?,
            text(&zone(&newest))?,
        );
        archive.begin(PROFILE).await?;
        archive.write(head.as_bytes(), 0).await?;
        let mut list = List::default();
        for metric in [Metric::Profile, Metric::TimeZone] {
            let query = self.query().subject(Subject::Account).metric(metric);
            let mut pages = self.pages(query).await?;
            while let Some(page) = pages.next().await? {
                for snapshot in &page {
                    list.write(archive, snapshot).await?;
                }
                counter.add(PROFILE, page.len());
            }
        }
        archive.write(b"\n]\n}\n", 0).await
    }

    async fn tokens<W: Write + Send + 'static>(
        &self,
        archive: &mut ArchiveWriter<W>,
    ) -> Result<(), ArchiveError> {
        let stored = kept_tokens(self.storage).load(self.account).await?;
        let mut tokens = json!({ "connected": stored.is_some() });
        if let (Some(tokens), Some(stored)) = (tokens.as_object_mut(), &stored)
            && let Ok(Value::Object(dates)) = serde_json::to_value(dates(stored))
        {
            tokens.extend(dates);
        }
        archive.begin(TOKENS).await?;
        let text = serde_json::to_string_pretty(&tokens).map_err(unwritable)?;
        archive.write(format!("{text}\n").as_bytes(), 1).await
    }

    async fn numbers<W: Write + Send + 'static>(
        &self,
        archive: &mut ArchiveWriter<W>,
        counter: &mut Counter<'_>,
        options: ExportOptions,
        part: &'static str,
    ) -> Result<(), ArchiveError> {
        let is_followers = part == FOLLOWERS;
        let columns: &[&str] = if is_followers {
            &FOLLOWERS_COLUMNS
        } else {
            &INSIGHTS_COLUMNS
        };
        let columns = columns.iter().copied();
        let mut csv = if options.byte_order_mark {
            Csv::with_byte_order_mark(columns)
        } else {
            Csv::new(columns)
        };
        let query = if is_followers {
            self.query()
                .subject(Subject::Account)
                .metric(Metric::Followers)
        } else {
            self.query()
        };
        archive.begin(part).await?;
        let mut pages = self.pages(query).await?;
        while let Some(page) = pages.next().await? {
            let mut rows = 0;
            for snapshot in &page {
                let Some(count) = snapshot.reading.count() else {
                    continue;
                };
                if is_followers {
                    follower_row(&mut csv, snapshot, count);
                } else if is_insight(snapshot) {
                    insight_row(&mut csv, snapshot, count);
                } else {
                    continue;
                }
                rows += 1;
            }
            archive.write(&csv.take(), rows).await?;
            counter.add(part, rows);
        }
        archive.write(&csv.take(), 0).await
    }

    async fn posts<W: Write + Send + 'static>(
        &self,
        archive: &mut ArchiveWriter<W>,
        counter: &mut Counter<'_>,
    ) -> Result<(), ArchiveError> {
        archive.begin(POSTS).await?;
        archive.write(b"[", 0).await?;
        let mut list = List::default();
        let mut pages = self.pages(self.query().metric(Metric::Post)).await?;
        while let Some(page) = pages.next().await? {
            let subjects: Vec<Subject> = page.iter().map(|post| post.subject.clone()).collect();
            let numbers = self
                .storage
                .snapshots
                .latest(self.account, &subjects)
                .await?;
            let mut of: HashMap<&Subject, Vec<Snapshot>> = HashMap::new();
            for number in &numbers {
                of.entry(&number.subject).or_default().push(number.clone());
            }
            for post in &page {
                let numbers = of.get(&post.subject).map_or(&[][..], Vec::as_slice);
                let Some(summary) = PostSummary::new(post, numbers) else {
                    continue;
                };
                let row = PostWithNumbers {
                    captured_at: post.captured_at,
                    source: post.source,
                    summary,
                };
                list.write(archive, &row).await?;
            }
            counter.add(POSTS, page.len());
        }
        archive.write(b"\n]\n", 0).await
    }

    async fn schedule<W: Write + Send + 'static>(
        &self,
        archive: &mut ArchiveWriter<W>,
        counter: &mut Counter<'_>,
    ) -> Result<(), ArchiveError> {
        archive.begin(SCHEDULE).await?;
        archive.write(b"[", 0).await?;
        let mut list = List::default();
        let mut query = self.jobs(JobKind::PublishPost);
        loop {
            let jobs = self.storage.scheduler.list(&query).await?;
            for job in &jobs {
                list.write(archive, &ScheduleRow::from(job)).await?;
            }
            counter.add(SCHEDULE, jobs.len());
            match jobs.last() {
                Some(job) => query.after = Some(job.id),
                None => break,
            }
        }
        archive.write(b"\n]\n", 0).await
    }

    async fn plans<W: Write + Send + 'static>(
        &self,
        archive: &mut ArchiveWriter<W>,
        counter: &mut Counter<'_>,
    ) -> Result<(), ArchiveError> {
        archive.begin(PLANS).await?;
        archive.write(b"[", 0).await?;
        let mut list = List::default();
        for kind in PLAN_KINDS {
            let mut query = self.jobs(kind);
            loop {
                let jobs = self.storage.scheduler.list(&query).await?;
                for job in &jobs {
                    let row = PlanRow {
                        id: job.id,
                        kind,
                        created_at: job.created_at,
                        idempotency_key: &job.idempotency_key,
                        next_wake_at: job.wake_at,
                        plan: &job.state,
                    };
                    list.write(archive, &row).await?;
                }
                counter.add(PLANS, jobs.len());
                match jobs.last() {
                    Some(job) => query.after = Some(job.id),
                    None => break,
                }
            }
        }
        archive.write(b"\n]\n", 0).await
    }

    fn jobs(&self, kind: JobKind) -> JobQuery {
        JobQuery {
            limit: Some(JOBS),
            ..JobQuery::account(self.account.clone()).kind(kind)
        }
    }
}

/// The kinds of `plans.json`.
const PLAN_KINDS: [JobKind; 3] = [JobKind::RepeatPost, JobKind::KeepDraft, JobKind::KeepQueue];

/// A plan as `plans.json` has it.
#[derive(Serialize)]
struct PlanRow<'a> {
    id: JobId,
    kind: JobKind,
    created_at: DateTime<Utc>,
    idempotency_key: &'a str,
    next_wake_at: Option<DateTime<Utc>>,
    /// As it is stored, so that one that cannot be read is there, too.
    #[serde(flatten)]
    plan: &'a Value,
}

/// A post as `posts.json` has it.
#[derive(Serialize)]
struct PostWithNumbers {
    #[serde(flatten)]
    summary: PostSummary,
    captured_at: DateTime<Utc>,
    source: Source,
}

/// What is read back of it: the numbers are in `insights.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct PostRow {
    pub(super) id: PostId,
    pub(super) published_at: DateTime<Utc>,
    pub(super) captured_at: DateTime<Utc>,
    pub(super) source: Source,
    #[serde(flatten)]
    pub(super) post: PostReading,
}

/// A scheduled post as `schedule.json` has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ScheduleRow {
    pub(super) id: JobId,
    pub(super) created_at: DateTime<Utc>,
    pub(super) idempotency_key: String,
    pub(super) next_wake_at: Option<DateTime<Utc>>,
    /// As it is stored, so that one that cannot be read is there, too.
    #[serde(flatten)]
    pub(super) post: Value,
}

impl From<&JobRecord> for ScheduleRow {
    fn from(job: &JobRecord) -> Self {
        Self {
            id: job.id,
            created_at: job.created_at,
            idempotency_key: job.idempotency_key.clone(),
            next_wake_at: job.wake_at,
            post: job.state.clone(),
        }
    }
}

/// The elements of a JSON list, one a line.
#[derive(Debug, Default)]
struct List {
    is_begun: bool,
}

impl List {
    async fn write<W: Write + Send + 'static>(
        &mut self,
        archive: &mut ArchiveWriter<W>,
        element: &(impl Serialize + Sync),
    ) -> Result<(), ArchiveError> {
        let separator = if self.is_begun { ",\n" } else { "\n" };
        self.is_begun = true;
        let line = format!("{separator}{}", text(element)?);
        archive.write(line.as_bytes(), 1).await
    }
}

/// Whether a number is in `insights.csv`.
pub(super) fn is_insight(snapshot: &Snapshot) -> bool {
    snapshot.reading.count().is_some()
        && !(snapshot.metric == Metric::Followers && snapshot.subject == Subject::Account)
}

fn follower_row(csv: &mut Csv, snapshot: &Snapshot, count: u64) {
    csv.row([
        instant(snapshot.at).as_str(),
        &count.to_string(),
        &instant(snapshot.captured_at),
        snapshot.source.as_str(),
    ]);
}

fn insight_row(csv: &mut Csv, snapshot: &Snapshot, count: u64) {
    let post = match &snapshot.subject {
        Subject::Post(post) => post.as_str(),
        Subject::Account => "",
    };
    let is_of_a_day = snapshot.subject == Subject::Account
        && !matches!(snapshot.metric, Metric::PostsSeen | Metric::Followers);
    let day = if is_of_a_day {
        // The instant is the end of the day, which is the first of the next one.
        snapshot
            .at
            .checked_sub_signed(TimeDelta::milliseconds(1))
            .map(|within| Zone::META.date(within).to_string())
            .unwrap_or_default()
    } else {
        String::new()
    };
    csv.row([
        post,
        snapshot.metric.as_str(),
        &day,
        &instant(snapshot.at),
        &count.to_string(),
        &instant(snapshot.captured_at),
        snapshot.source.as_str(),
    ]);
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn text(value: &impl Serialize) -> Result<String, ArchiveError> {
    serde_json::to_string(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> ArchiveError {
    StoreError::backend("json", "writing an export", error).into()
}
