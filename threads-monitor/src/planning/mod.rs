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

mod repeat;
mod series;

pub use self::repeat::{Every, InvalidRepeat, Occurrence, Repeat, ShortMonth};
pub(crate) use self::series::Turn;
pub use self::series::{NewSeries, RepeatedPost, Series};

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
