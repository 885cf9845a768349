//! What a look at media found.

use std::fmt;

use crate::MediaKind;

/// What [`MediaPreflight::check`](crate::MediaPreflight::check) found. What was not seen is `None`.
///
/// ```
/// use threads_client::{PreflightFinding, PreflightReport};
///
/// let mut report = PreflightReport::default();
/// report.findings.push(PreflightFinding::IndexLast);
/// assert!(report.is_acceptable());
///
/// report.findings.push(PreflightFinding::Status { status: 404 });
/// assert!(!report.is_acceptable());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PreflightReport {
    /// What is wrong, or may be.
    pub findings: Vec<PreflightFinding>,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// `Content-Type` of the answer.
    pub content_type: Option<String>,
    /// Size of the file, as announced, or as read where that was all of it.
    pub bytes: Option<u64>,
    /// Size of the image.
    pub dimensions: Option<ImageDimensions>,
}

impl PreflightReport {
    /// Whether nothing was found for which Meta would refuse the media. There may be warnings.
    pub fn is_acceptable(&self) -> bool {
        !self.findings.iter().any(PreflightFinding::is_refusal)
    }
}

/// Width and height of an image.
///
/// ```
/// use threads_client::{ImageDimensions, PreflightReport};
///
/// fn is_upright(report: &PreflightReport) -> bool {
///     matches!(report.dimensions, Some(ImageDimensions { width, height, .. }) if height > width)
/// }
///
/// assert!(!is_upright(&PreflightReport::default()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageDimensions {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// Something that Meta would, or may, refuse the media for.
///
/// `Display` writes a sentence in English without the address, which can hold secrets of its own.
///
/// ```
/// use threads_client::PreflightFinding;
///
/// let findings = [PreflightFinding::SizeUnknown, PreflightFinding::Redirect { status: 302 }];
/// let refusals: Vec<String> = findings
///     .iter()
///     .filter(|finding| finding.is_refusal())
///     .map(ToString::to_string)
///     .collect();
/// assert_eq!(refusals, ["the answer leads elsewhere (status 302); use the address it leads to"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreflightFinding {
    /// The address is not `http` or `https`.
    Scheme,
    /// The address has a user name or a password in it.
    Credentials,
    /// The address names no host.
    Host,
    /// The address names another port than 80 or 443. Meta may fetch from there; this check does not.
    Port {
        /// The port.
        port: u16,
    },
    /// The host has no address.
    Name,
    /// The host, or one of its addresses, is not on the public internet. Which one is not said: what a name of
    /// the own network resolves to is nobody's business.
    Address,
    /// No connection could be made, its certificate is not valid, or it broke off.
    Unreachable,
    /// The answer took more than five seconds.
    Timeout,
    /// The answer leads elsewhere. This check does not go there.
    Redirect {
        /// HTTP status of the answer.
        status: u16,
    },
    /// The answer is not a success.
    Status {
        /// HTTP status of the answer.
        status: u16,
    },
    /// The answer says that it is something else.
    ContentType {
        /// What was expected.
        kind: MediaKind,
        /// What the answer says.
        found: String,
    },
    /// The answer does not say what it is, or only roughly. A warning.
    ContentTypeUnclear {
        /// What the answer says.
        found: Option<String>,
    },
    /// The bytes are something else, whatever the answer says.
    Format {
        /// What was expected.
        kind: MediaKind,
    },
    /// The file is empty.
    Empty,
    /// The file is too large in every reading of Meta's limit.
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is too large in one reading of Meta's limit. A warning.
    NearSizeLimit {
        /// Its size.
        bytes: u64,
        /// The lower limit in bytes.
        limit: u64,
    },
    /// The size was not announced, and the file is larger than what is read of it. A warning.
    SizeUnknown,
    /// One side of the image is more than ten times the other.
    AspectRatio {
        /// Size of the image.
        dimensions: ImageDimensions,
    },
    /// Meta will scale the image to a width of 320 to 1,440 pixels. A warning.
    Scaled {
        /// Width of the image.
        width: u32,
    },
    /// The size of the image is not at its start, or not written the usual way. A warning.
    DimensionsUnknown,
    /// The video has its index (`moov`) behind its pictures; Meta asks for it in front. A warning.
    IndexLast,
}

impl PreflightFinding {
    /// Whether Meta would refuse the media for this; otherwise it is a warning.
    ///
    /// A port, a redirect or a slow answer counts as a refusal, because nothing behind it was seen.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::ContentTypeUnclear { .. }
                | Self::NearSizeLimit { .. }
                | Self::SizeUnknown
                | Self::Scaled { .. }
                | Self::DimensionsUnknown
                | Self::IndexLast
        )
    }
}

fn formats(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "a JPEG or PNG image",
        MediaKind::Video => "an MP4 or MOV video",
    }
}

impl fmt::Display for PreflightFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => formatter.write_str("the address is not http or https"),
            Self::Credentials => {
                formatter.write_str("the address has a user name or a password in it")
            }
            Self::Host => formatter.write_str("the address names no host"),
            Self::Port { port } => write!(
                formatter,
                "port {port} is not one of those that are checked, 80 and 443"
            ),
            Self::Name => formatter.write_str("the name of the host has no address"),
            Self::Address => formatter
                .write_str("the host is not on the public internet, so Meta cannot reach it"),
            Self::Unreachable => formatter.write_str(
                "the host did not accept the connection, has no valid certificate, or broke off",
            ),
            Self::Timeout => formatter.write_str("the host did not answer within five seconds"),
            Self::Redirect { status } => write!(
                formatter,
                "the answer leads elsewhere (status {status}); use the address it leads to"
            ),
            Self::Status { status } => {
                write!(formatter, "the answer has status {status} instead of 200")
            }
            Self::ContentType { kind, found } => write!(
                formatter,
                "the answer says that it is {found:?}, not {}",
                formats(*kind)
            ),
            Self::ContentTypeUnclear { found: Some(found) } => write!(
                formatter,
                "the answer says that it is {found:?}, which Meta may not take"
            ),
            Self::ContentTypeUnclear { found: None } => {
                formatter.write_str("the answer does not say what it is, which Meta may not take")
            }
            Self::Format { kind } => write!(formatter, "the file is not {}", formats(*kind)),
            Self::Empty => formatter.write_str("the file is empty"),
            Self::TooLarge { bytes, limit } => {
                write!(formatter, "{bytes} bytes are more than {limit}")
            }
            Self::NearSizeLimit { bytes, limit } => write!(
                formatter,
                "{bytes} bytes are more than {limit}, which Meta may not take"
            ),
            Self::SizeUnknown => formatter.write_str("the answer does not say how large it is"),
            Self::AspectRatio { dimensions } => write!(
                formatter,
                "one side of {} by {} pixels is more than ten times the other",
                dimensions.width, dimensions.height
            ),
            Self::Scaled { width } => write!(
                formatter,
                "Meta will scale a width of {width} pixels to between 320 and 1440"
            ),
            Self::DimensionsUnknown => {
                formatter.write_str("the size of the image is not where it usually is")
            }
            Self::IndexLast => formatter.write_str(
                "the index of the video (moov) is not at its start, where Meta asks for it",
            ),
        }
    }
}
