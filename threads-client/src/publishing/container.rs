//! A container: a post that Meta prepares for publication.

use serde::Deserialize;

use super::instagram::{InstagramShareStatus, share_status};
use crate::ContainerId;
use crate::open_enum::open_enum;

/// What Meta says about a container.
///
/// ```
/// use threads_client::{Action, Container, ContainerError};
///
/// let answer = r#"{"id": "18000000000000001", "status": "ERROR", "error_message": "INVALID_DURATION"}"#;
/// let container: Container = serde_json::from_str(answer)?;
///
/// assert_eq!(container.error_message, Some(ContainerError::InvalidDuration));
/// assert!(container.advice().is_some_and(|advice| advice.action() == &Action::FixMedia));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// How far it is.
    pub status: ContainerStatus,
    /// Why it failed, if it did.
    pub error_message: Option<ContainerError>,
    /// How sharing to Instagram went, in case Meta says so here; see [`Receipt`](crate::Receipt).
    #[serde(default, deserialize_with = "share_status")]
    pub crossreshare_to_ig_status: Option<InstagramShareStatus>,
}

open_enum! {
    /// How far a container is.
    ///
    /// ```no_run
    /// # async fn run(
    /// #     client: threads_client::Client,
    /// #     id: threads_client::ContainerId,
    /// # ) -> threads_client::Result<()> {
    /// use threads_client::ContainerStatus;
    ///
    /// match client.publishing().container(&id).await?.status {
    ///     ContainerStatus::Published => println!("it is live"),
    ///     ContainerStatus::Finished => println!("it is not live, and can be published"),
    ///     other => println!("it is {}", other.as_str()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub enum ContainerStatus {
        /// Meta is still fetching or converting the media.
        InProgress = "IN_PROGRESS",
        /// It can be published.
        Finished = "FINISHED",
        /// It was published.
        Published = "PUBLISHED",
        /// It failed for good.
        Error = "ERROR",
        /// It was not published within 24 hours and cannot be any more.
        Expired = "EXPIRED",
    }
}

open_enum! {
    /// Why a container failed.
    ///
    /// ```
    /// use threads_client::{ContainerError, Language};
    ///
    /// let error = ContainerError::from("FAILED_DOWNLOADING_VIDEO");
    /// assert_eq!(error, ContainerError::FailedDownloadingVideo);
    /// println!("{}: {}", error.as_str(), error.advice().sentence(Language::English));
    /// ```
    pub enum ContainerError {
        /// The video could not be fetched.
        FailedDownloadingVideo = "FAILED_DOWNLOADING_VIDEO",
        /// The sound could not be converted.
        FailedProcessingAudio = "FAILED_PROCESSING_AUDIO",
        /// The video could not be converted.
        FailedProcessingVideo = "FAILED_PROCESSING_VIDEO",
        /// Width and height do not go together.
        InvalidAspectRatio = "INVALID_ASPEC_RATIO" | "INVALID_ASPECT_RATIO",
        /// Too many bits per second.
        InvalidBitRate = "INVALID_BIT_RATE",
        /// Too long or empty.
        InvalidDuration = "INVALID_DURATION",
        /// Too few or too many frames per second.
        InvalidFrameRate = "INVALID_FRAME_RATE" | "FAILED_FRAME_RATE",
        /// Neither mono nor stereo.
        InvalidAudioChannels = "INVALID_AUDIO_CHANNELS",
        /// The channels are arranged in an unknown way.
        InvalidAudioChannelLayout = "INVALID_AUDIO_CHANNEL_LAYOUT",
        /// Meta does not say; within seconds it mostly means that the address could not be fetched.
        Unspecified = "UNKNOWN",
    }
}
