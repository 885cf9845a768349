//! A look at media before Meta fetches it.
//!
//! Meta tells why it could not use a file late, after its container was made, and tersely. This is a check
//! that a caller may ask for; nothing else in this crate does. It lets this machine fetch an address that
//! somebody else may have named, which is why it goes through the guard of the transport.

pub(crate) mod format;
mod report;
#[cfg(test)]
mod ssrf_guard;
#[cfg(test)]
mod tests;

use std::fmt;

pub use report::{ImageDimensions, PreflightFinding, PreflightReport};

use crate::http::guard::{Guard, Refused};
use crate::http::{self, Glimpse, NoAnswer};
use crate::{Media, MediaKind, Result};

const MEGABYTE: u64 = 1_000_000;
const MEBIBYTE: u64 = 1 << 20;

/// Says why Meta would refuse the address of an image or a video.
///
/// It is a request of this machine to that address: `GET`, without a token, without cookies, without a proxy.
/// Redirects are not followed. It ends after five seconds, and after the first part of the file.
///
/// It connects to ports 80 and 443 of the public internet alone. Addresses of loopback, private and
/// carrier networks, link-local, multicast, documentation and IPv6 forms of IPv4 addresses are refused before
/// anything is sent, by what the host resolves to; the connection goes to the addresses that were looked at.
///
/// ```no_run
/// # async fn run() -> threads_client::Result<()> {
/// use threads_client::{Media, MediaPreflight};
///
/// # let url = "https://media.example/crane.jpg".parse().map_err(|_| ()).ok();
/// # let Some(url) = url else { return Ok(()) };
/// let report = MediaPreflight::new().check(&Media::image(url)).await?;
/// for finding in &report.findings {
///     println!("{finding}");
/// }
/// if report.is_acceptable() {
///     println!("{:?} bytes", report.bytes);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MediaPreflight {
    guard: Guard,
}

impl Default for MediaPreflight {
    fn default() -> Self {
        Self::new()
    }
}

impl MediaPreflight {
    /// A check by the rules above; there are no others.
    pub fn new() -> Self {
        Self {
            guard: Guard::new(),
        }
    }

    /// Looks at the media and says what Meta would find wrong with it.
    ///
    /// A report without refusals is not a promise: Meta fetches the media itself, later and from elsewhere,
    /// and looks at more than its start.
    ///
    /// Scopes: none, and no token is sent. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(draft: threads_client::Draft) -> threads_client::Result<()> {
    /// use threads_client::{DraftContent, MediaPreflight};
    ///
    /// if let DraftContent::Carousel(items) = &draft.content {
    ///     for item in items {
    ///         let report = MediaPreflight::new().check(item).await?;
    ///         println!("{}: {}", item.url.path(), report.is_acceptable());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Transport`](crate::Error::Transport) if TLS cannot be set up on this machine. All that is
    /// wrong with the media is in the report.
    pub async fn check(&self, media: &Media) -> Result<PreflightReport> {
        match http::glimpse(&self.guard, &media.url).await {
            Ok(glimpse) => Ok(judge(media.kind, glimpse)),
            Err(NoAnswer::Refused(refused)) => Ok(report_of(refused.into())),
            Err(NoAnswer::Timeout) => Ok(report_of(PreflightFinding::Timeout)),
            Err(NoAnswer::Unreachable) => Ok(report_of(PreflightFinding::Unreachable)),
            Err(NoAnswer::SetUp(error)) => Err(error),
        }
    }
}

impl fmt::Debug for MediaPreflight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MediaPreflight")
            .finish_non_exhaustive()
    }
}

impl From<Refused> for PreflightFinding {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Scheme => Self::Scheme,
            Refused::Credentials => Self::Credentials,
            Refused::Host => Self::Host,
            Refused::Port(port) => Self::Port { port },
            Refused::Name => Self::Name,
            Refused::Address => Self::Address,
        }
    }
}

fn report_of(finding: PreflightFinding) -> PreflightReport {
    PreflightReport {
        findings: vec![finding],
        ..PreflightReport::default()
    }
}

fn judge(kind: MediaKind, glimpse: Glimpse) -> PreflightReport {
    let mut report = PreflightReport {
        status: Some(glimpse.status),
        ..PreflightReport::default()
    };
    match glimpse.status {
        200 => {}
        status @ 300..400 => {
            report.findings.push(PreflightFinding::Redirect { status });
            return report;
        }
        status => {
            report.findings.push(PreflightFinding::Status { status });
            return report;
        }
    }
    report.bytes = glimpse.bytes;
    report
        .findings
        .extend(content_type(kind, glimpse.content_type.as_deref()));
    report.content_type = glimpse.content_type;
    report.findings.extend(size(kind, glimpse.bytes));
    if glimpse.start.is_empty() {
        return report;
    }
    if !format::is_of(kind, &glimpse.start) {
        report.findings.push(PreflightFinding::Format { kind });
        return report;
    }
    match kind {
        MediaKind::Image => {
            report.dimensions = format::dimensions(&glimpse.start);
            report.findings.extend(dimensions(report.dimensions));
        }
        MediaKind::Video => {
            if format::has_its_index_last(&glimpse.start) {
                report.findings.push(PreflightFinding::IndexLast);
            }
        }
    }
    report
}

fn content_type(kind: MediaKind, found: Option<&str>) -> Option<PreflightFinding> {
    let Some(found) = found else {
        return Some(PreflightFinding::ContentTypeUnclear { found: None });
    };
    let essence = found.split(';').next().unwrap_or_default().trim();
    let (right, unclear): (&[&str], &[&str]) = match kind {
        MediaKind::Image => (&["image/jpeg", "image/png"], &["image/jpg"]),
        MediaKind::Video => (&["video/mp4", "video/quicktime"], &["application/mp4"]),
    };
    let is_one_of = |list: &[&str]| list.iter().any(|name| essence.eq_ignore_ascii_case(name));
    if is_one_of(right) {
        None
    } else if is_one_of(unclear)
        || is_one_of(&["application/octet-stream", "binary/octet-stream", ""])
    {
        Some(PreflightFinding::ContentTypeUnclear {
            found: Some(found.to_owned()),
        })
    } else {
        Some(PreflightFinding::ContentType {
            kind,
            found: found.to_owned(),
        })
    }
}

/// Meta says "8 MB" and "1 GB". Sizes between the two readings of that are a warning.
fn size(kind: MediaKind, bytes: Option<u64>) -> Option<PreflightFinding> {
    let (certain, doubtful) = match kind {
        MediaKind::Image => (8 * MEBIBYTE, 8 * MEGABYTE),
        MediaKind::Video => (1_024 * MEBIBYTE, 1_000 * MEGABYTE),
    };
    match bytes {
        None => Some(PreflightFinding::SizeUnknown),
        Some(0) => Some(PreflightFinding::Empty),
        Some(bytes) if bytes > certain => Some(PreflightFinding::TooLarge {
            bytes,
            limit: certain,
        }),
        Some(bytes) if bytes > doubtful => Some(PreflightFinding::NearSizeLimit {
            bytes,
            limit: doubtful,
        }),
        Some(_) => None,
    }
}

fn dimensions(found: Option<ImageDimensions>) -> Option<PreflightFinding> {
    let Some(found) = found else {
        return Some(PreflightFinding::DimensionsUnknown);
    };
    let (long, short) = (found.width.max(found.height), found.width.min(found.height));
    if u64::from(long) > 10 * u64::from(short) {
        Some(PreflightFinding::AspectRatio { dimensions: found })
    } else if !(320..=1_440).contains(&found.width) {
        Some(PreflightFinding::Scaled { width: found.width })
    } else {
        None
    }
}
