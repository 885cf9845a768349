//! Many posts from a table, and the plan as one.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use csv::{ReaderBuilder, StringRecord};
use sha2::{Digest, Sha256};
use threads_client::{Draft, DraftContent, Media, UserId};

use crate::archive::{Csv, hexadecimal, unguarded};
use crate::planning::PlanWarning;
use crate::publishing::{Due, NewPost, ScheduledPost};
use crate::scheduler::JobId;
use crate::zone::Zone;

/// The columns of a table of posts, in any order. Only `date`, `time`, and `text` or `media`
/// must be there.
///
/// | column | holds |
/// |---|---|
/// | `text` | the text, or the caption |
/// | `date`, `time` | when, such as `2026-11-24` and `19:30`, on the wall of the zone |
/// | `zone` | an IANA zone; the account's, if empty |
/// | `media` | addresses of images and videos, with spaces between them |
/// | `alt_text` | the description of the one image or video |
/// | `topic` | the topic, without `#` |
/// | `key` | the same key never makes a second post; what the row says, if empty |
/// | `post`, `state`, `complete` | of an export: the post, where it stands, and whether the row says all of it |
pub const COLUMNS: [&str; 11] = [
    "text", "date", "time", "zone", "media", "alt_text", "topic", "key", "post", "state",
    "complete",
];

/// Rows at most.
const ROWS: usize = 5000;
const LONGEST_KEY: usize = 200;

/// What becomes of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BulkMode {
    /// Nothing is scheduled; it is only said what would be.
    #[default]
    DryRun,
    /// All rows are scheduled, or none if one has a problem. If a store fails on the way, the
    /// same file once more does the rest.
    AllOrNothing,
    /// Every row without a problem is scheduled.
    GoodRows,
}

/// How a table is taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct BulkOptions {
    /// What becomes of its rows.
    pub mode: BulkMode,
    /// Whether rows are scheduled that something speaks against.
    pub accept_warnings: bool,
}

/// What became, or would become, of a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BulkReport {
    /// Its rows, in order.
    pub rows: Vec<BulkRow>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BulkRow {
    /// The line of the file on which it begins; the column names are on line 1.
    pub line: u64,
    /// What it says, as far as it could be read.
    pub text: String,
    /// When it is due, if that could be read: as an instant, for people of any zone.
    pub due_at: Option<chrono::DateTime<chrono::Utc>>,
    /// What speaks against it.
    pub warnings: Vec<PlanWarning>,
    /// What became of it.
    pub outcome: BulkOutcome,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// It would be scheduled.
    Fine,
    /// It is scheduled now.
    Scheduled(JobId),
    /// It was scheduled before, by the same row.
    AlreadyThere(JobId),
    /// It cannot be scheduled, and why.
    Problem(String),
    /// Something speaks against it, and nobody has confirmed it.
    Unconfirmed,
}

impl BulkReport {
    /// How many rows have a problem, or are not confirmed.
    pub fn problems(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| {
                matches!(
                    row.outcome,
                    BulkOutcome::Problem(_) | BulkOutcome::Unconfirmed
                )
            })
            .count()
    }

    /// How many rows were scheduled now.
    pub fn scheduled(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| matches!(row.outcome, BulkOutcome::Scheduled(_)))
            .count()
    }
}

/// A file that is no table of posts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no table of posts: {reason}")]
pub struct InvalidTable {
    reason: String,
}

/// A row as it was read.
pub(crate) struct ReadRow {
    pub(crate) line: u64,
    pub(crate) text: String,
    /// The post that it was exported from.
    pub(crate) of: Option<JobId>,
    /// Whether it says all of that post.
    pub(crate) is_complete: bool,
    pub(crate) post: Result<NewPost, String>,
}

/// Reads a table. A row with a problem is a row; only what is no table at all is an error.
pub(crate) fn read(
    account: &UserId,
    zone: Zone,
    file: &[u8],
) -> Result<Vec<ReadRow>, InvalidTable> {
    let refused = |reason: String| InvalidTable { reason };
    let text = std::str::from_utf8(file)
        .map_err(|_| refused("it is not UTF-8: save it as CSV in UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let names = reader
        .headers()
        .map_err(|error| refused(error.to_string()))?
        .clone();
    let columns = Columns::of(&names).map_err(refused)?;
    let mut rows = Vec::new();
    let mut keys: HashMap<String, u64> = HashMap::new();
    let mut record = StringRecord::new();
    let mut lines = Lines {
        text,
        at: 0,
        line: 1,
    };
    loop {
        let more = reader
            .read_record(&mut record)
            .map_err(|error| refused(error.to_string()))?;
        if !more {
            return Ok(rows);
        }
        if rows.len() == ROWS {
            return Err(refused(format!("it has more than {ROWS} rows")));
        }
        let line = lines.line_of(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let mut post = if record.len() > names.len() {
            Err("it has more cells than there are columns; put texts with commas in quotes".into())
        } else {
            columns.post(account, zone, &record)
        };
        let key = post
            .as_ref()
            .ok()
            .and_then(|post| post.idempotency_key.clone());
        if let Some(key) = key {
            if let Some(earlier) = keys.get(&key) {
                post = Err(format!("it is the same as line {earlier}"));
            } else {
                keys.insert(key, line);
            }
        }
        rows.push(ReadRow {
            line,
            text: columns.cell(&record, "text").to_owned(),
            of: columns.cell(&record, "post").trim().parse().ok(),
            is_complete: columns.cell(&record, "complete").trim() != "no",
            post,
        });
    }
}

/// Counts lines as an editor does. The reader counts those that it keeps, and puts the end of
/// a line to the next one.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of what begins at, or after the line ends that are at, a place.
    fn line_of(&mut self, place: u64) -> u64 {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        for byte in self.text.bytes().skip(self.at) {
            if self.at >= place && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Spreadsheets of many languages write semicolons.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    [b';', b'\t']
        .into_iter()
        .find(|delimiter| head.contains(char::from(*delimiter)) && !head.contains(','))
        .unwrap_or(b',')
}

/// Where the columns are.
struct Columns(HashMap<&'static str, usize>);

impl Columns {
    fn of(names: &StringRecord) -> Result<Self, String> {
        let mut columns = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            let name = name.trim().to_lowercase();
            let Some(column) = COLUMNS.into_iter().find(|column| *column == name) else {
                let name: String = name.chars().take(40).collect();
                return Err(format!(
                    "`{name}` on line 1 is none of its columns, which are {}",
                    COLUMNS.join(", ")
                ));
            };
            if columns.insert(column, index).is_some() {
                return Err(format!("the column `{column}` is there twice"));
            }
        }
        let has = |column| columns.contains_key(column);
        if !has("date") || !has("time") || !(has("text") || has("media")) {
            return Err("line 1 must name the columns text, date and time".to_owned());
        }
        Ok(Self(columns))
    }

    fn cell<'a>(&self, record: &'a StringRecord, column: &str) -> &'a str {
        let cell = self.0.get(column).and_then(|index| record.get(*index));
        unguarded(cell.unwrap_or_default())
    }

    fn post(&self, account: &UserId, zone: Zone, record: &StringRecord) -> Result<NewPost, String> {
        let cell = |column| self.cell(record, column).trim();
        let zone = match cell("zone") {
            "" => zone,
            name => name
                .parse()
                .map_err(|error: crate::zone::UnknownZone| error.to_string())?,
        };
        let time = local(cell("date"), cell("time"))?;
        let draft = draft(
            self.cell(record, "text"),
            cell("media"),
            cell("alt_text"),
            cell("topic"),
        )?;
        draft.validate().map_err(|error| error.to_string())?;
        let key = match cell("key") {
            "" => key_of(record, self, zone),
            key if key.len() > LONGEST_KEY => return Err("its key is too long".to_owned()),
            key => format!("csv-key:{key}"),
        };
        Ok(NewPost {
            idempotency_key: Some(key),
            ..NewPost::new(account.clone(), draft, Due::Local { time, zone })
        })
    }
}

fn local(date: &str, time: &str) -> Result<NaiveDateTime, String> {
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .map_err(|_| format!("`{date}` is no date such as 2026-11-24"))?;
    let time = ["%H:%M", "%H:%M:%S"]
        .into_iter()
        .find_map(|format| NaiveTime::parse_from_str(time, format).ok())
        .ok_or_else(|| format!("`{time}` is no time such as 19:30"))?;
    Ok(date.and_time(time))
}

/// Addresses of images and videos stand in one cell, with spaces between them.
fn draft(text: &str, media: &str, alt_text: &str, topic: &str) -> Result<Draft, String> {
    let media = media
        .split_whitespace()
        .map(|address| {
            let url: url::Url = address
                .parse()
                .map_err(|_| format!("`{address}` is no address of an image or a video"))?;
            let path = url.path().to_lowercase();
            let is_video = [".mp4", ".mov"].iter().any(|ending| path.ends_with(ending));
            Ok(if is_video {
                Media::video(url)
            } else {
                Media::image(url)
            })
        })
        .collect::<Result<Vec<_>, String>>()?;
    let is_single = media.len() == 1;
    let mut draft = Draft::text("");
    draft.content = match <[Media; 1]>::try_from(media) {
        Ok([only]) => DraftContent::Single(only),
        Err(media) if media.is_empty() => DraftContent::Text,
        Err(media) => DraftContent::Carousel(media),
    };
    draft.text = (!text.trim().is_empty()).then(|| text.to_owned());
    if !alt_text.is_empty() {
        if !is_single {
            return Err("an alt_text needs exactly one image or video".to_owned());
        }
        draft.alt_text = Some(alt_text.to_owned());
    }
    draft.topic_tag = (!topic.is_empty()).then(|| topic.to_owned());
    Ok(draft)
}

/// A row without a key of its own is known by what it says.
fn key_of(record: &StringRecord, columns: &Columns, zone: Zone) -> String {
    let mut hash = Sha256::new();
    hash.update(zone.name());
    for column in ["text", "date", "time", "media", "alt_text", "topic"] {
        let cell = columns.cell(record, column);
        hash.update((cell.len() as u64).to_be_bytes());
        hash.update(cell);
    }
    format!("csv:{}", hexadecimal(&hash.finalize()))
}

/// Posts as a table that [`read`] takes back.
pub(crate) fn write(posts: &[ScheduledPost], zone: Zone) -> String {
    let mut csv = Csv::with_byte_order_mark(COLUMNS);
    for scheduled in posts {
        let post = &scheduled.post;
        let zone = post.zone.unwrap_or(zone);
        let local = zone.local(post.due_at);
        let media: Vec<&str> = match &post.draft.content {
            DraftContent::Single(media) => vec![media.url.as_str()],
            DraftContent::Carousel(items) => items.iter().map(|item| item.url.as_str()).collect(),
            _ => Vec::new(),
        };
        let media = media.join(" ");
        let text = post.draft.text.as_deref().unwrap_or_default();
        let alt_text = post.draft.alt_text.as_deref().unwrap_or_default();
        let topic = post.draft.topic_tag.as_deref().unwrap_or_default();
        let is_complete = post.chain.is_none()
            && draft(text, &media, alt_text, topic).as_ref() == Ok(&post.draft);
        csv.row([
            text,
            &local.format("%Y-%m-%d").to_string(),
            &local.format("%H:%M:%S").to_string(),
            zone.name(),
            &media,
            alt_text,
            topic,
            "",
            &scheduled.id.to_string(),
            post.phase.name(),
            if is_complete { "yes" } else { "no" },
        ]);
    }
    csv.into_text()
}
