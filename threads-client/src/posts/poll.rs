//! Polls as read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use crate::wire;

/// A poll below a text post, with the votes so far.
///
/// ```
/// use threads_client::Poll;
///
/// let answer = r#"{
///     "option_a": "Tea", "option_a_votes_percentage": 0.75,
///     "option_b": "Coffee", "option_b_votes_percentage": 0.25,
///     "total_votes": 8
/// }"#;
/// let poll: Poll = serde_json::from_str(answer)?;
///
/// assert_eq!(poll.total_votes, Some(8));
/// assert_eq!((poll.options.len(), poll.options[0].text.as_str()), (2, "Tea"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Poll {
    /// What can be voted for: two to four options, in order.
    pub options: Vec<PollOption>,
    /// Votes so far.
    pub total_votes: Option<u64>,
    /// When voting ends, or ended.
    pub expiration_timestamp: Option<DateTime<Utc>>,
}

/// One option of a poll.
///
/// ```
/// use threads_client::{Poll, PollOption};
///
/// fn winner(poll: &Poll) -> Option<&PollOption> {
///     let share = |option: &PollOption| option.share.unwrap_or_default();
///     poll.options.iter().max_by(|one, other| share(one).total_cmp(&share(other)))
/// }
///
/// let answer = r#"{"option_a": "Tea", "option_a_votes_percentage": 0.75, "option_b": "Coffee"}"#;
/// let poll: Poll = serde_json::from_str(answer)?;
/// assert_eq!(winner(&poll).map(|option| option.text.as_str()), Some("Tea"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PollOption {
    /// What it says.
    pub text: String,
    /// Its part of the votes from 0 to 1, although Meta calls it a percentage.
    pub share: Option<f64>,
}

#[derive(Deserialize)]
struct PollBody {
    option_a: Option<String>,
    option_b: Option<String>,
    option_c: Option<String>,
    option_d: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient_f64")]
    option_a_votes_percentage: Option<f64>,
    #[serde(default, deserialize_with = "wire::lenient_f64")]
    option_b_votes_percentage: Option<f64>,
    #[serde(default, deserialize_with = "wire::lenient_f64")]
    option_c_votes_percentage: Option<f64>,
    #[serde(default, deserialize_with = "wire::lenient_f64")]
    option_d_votes_percentage: Option<f64>,
    #[serde(default, deserialize_with = "wire::lenient_u64")]
    total_votes: Option<u64>,
    #[serde(default, deserialize_with = "wire::timestamp")]
    expiration_timestamp: Option<DateTime<Utc>>,
}

impl<'de> Deserialize<'de> for Poll {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = PollBody::deserialize(deserializer)?;
        let options = [
            (body.option_a, body.option_a_votes_percentage),
            (body.option_b, body.option_b_votes_percentage),
            (body.option_c, body.option_c_votes_percentage),
            (body.option_d, body.option_d_votes_percentage),
        ];
        Ok(Self {
            options: options
                .into_iter()
                .filter_map(|(text, share)| Some(PollOption { text: text?, share }))
                .collect(),
            total_votes: body.total_votes,
            expiration_timestamp: body.expiration_timestamp,
        })
    }
}
