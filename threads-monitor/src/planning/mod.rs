//! Planning: repeated posts, the queue, drafts, approval, warnings.
//!
//! Everything here ends in an ordinary scheduled post, or in none: how a post is published
//! is the business of [`publishing`](crate::publishing) alone.
//!
//! - **Repeated posts.** A [`Repeat`] is a rule in the wall time of a zone. Each
//!   [`Occurrence`] becomes one scheduled post, a quarter of an hour before its time, by an
//!   idempotency key made of series, revision and wall time: however often the job that makes
//!   it stops half-way, there is never a second one. What nobody made in time is missed, and
//!   of several that went by at most the last one is made. A change, or an end, calls off
//!   what was made and is not sent yet.
//! - **The queue.** A [`PostingPlan`] has weekly times; a post that is due at
//!   [`NextSlot`](crate::publishing::Due::NextSlot) takes the first of them that no other
//!   post is near.
//! - **Drafts and approval.** A [`KeptDraft`] is no post: nothing sends it. It becomes one
//!   when it is scheduled, or, once approval was asked for, when somebody approves exactly
//!   what they saw.
//! - **Tables** (feature `archive`). Many posts come in as CSV, by `Monitor::import_posts`:
//!   first what would become of each row, and then the rows. The same file twice makes
//!   nothing twice.
//! - **Warnings.** A [`PlanWarning`] says that the same content is planned or went out
//!   lately, or that another post is near. It refuses nothing: whoever schedules
//!   [`unless_warned`](crate::publishing::NewPost::unless_warned) is asked first.
//!
//! ```no_run
//! # async fn example(
//! #     monitor: threads_monitor::Monitor,
//! #     account: threads_client::UserId,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use threads_client::Draft;
//! use threads_monitor::planning::{DraftPlan, Every, NewDraft, NewSeries, Repeat};
//! use threads_monitor::publishing::Due;
//!
//! let every_day = Repeat::new(
//!     "Asia/Jakarta".parse()?,
//!     Every::Day,
//!     "09:00:00".parse()?,
//!     "2027-03-01".parse()?,
//! );
//! let series = NewSeries::new(account.clone(), Draft::text("Good morning"), every_day);
//! let series = monitor.repeat(series).await?;
//! monitor.end_repeated(&series.id).await?;
//!
//! let draft = NewDraft {
//!     account,
//!     content: DraftPlan::new(Draft::text("Our news"), Some(Due::NextSlot)),
//!     idempotency_key: None,
//! };
//! let draft = monitor.keep_draft(draft).await?;
//! let revision = draft.entry.revision;
//! monitor.ask_approval(&draft.id, revision, "Ani").await?;
//! let post = monitor.approve_draft(&draft.id, revision, "Budi").await?;
//! # let _ = post;
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "archive")]
mod bulk;
mod draft;
mod queue;
mod repeat;
mod series;
mod warning;

#[cfg(feature = "archive")]
pub use self::bulk::{
    BulkMode, BulkOptions, BulkOutcome, BulkReport, BulkRow, COLUMNS, InvalidTable,
};
#[cfg(feature = "archive")]
pub(crate) use self::bulk::{ReadRow, read as read_table, write as write_table};
pub use self::draft::{DraftEntry, DraftPlan, KeptDraft, NewDraft, Said, Stage};
pub(crate) use self::queue::{HORIZON, Queue, Reserved};
pub use self::queue::{InvalidPlan, PostingPlan, QueueTime, Slot};
pub use self::repeat::{Every, InvalidRepeat, Occurrence, Repeat, ShortMonth};
pub(crate) use self::series::Turn;
pub use self::series::{NewSeries, RepeatedPost, Series};
pub(crate) use self::warning::{Content, words};
pub use self::warning::{PlanWarning, Planned};

use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::scheduler::JobRecord;

fn read<T: DeserializeOwned>(what: &str, job: &JobRecord) -> Result<T, StoreError> {
    serde_json::from_value(job.state.clone()).map_err(|error| StoreError::Corrupt {
        what: format!("the state of {what} {}: {error}", job.id),
        advice: "nothing was changed; a newer version of this program may be able to read it"
            .to_owned(),
    })
}

fn unwritable(error: serde_json::Error) -> StoreError {
    StoreError::backend("json", "writing a plan", error)
}
