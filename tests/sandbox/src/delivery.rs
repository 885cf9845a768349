//! Requests that the sandbox sends itself, to this computer only.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::error::SandboxError;

/// How long a callback may take to answer, in real time.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of an answer is read.
const LARGEST_ANSWER: u64 = 1 << 16;
/// How often a callback that does not answer 200 is tried.
pub(crate) const ATTEMPTS: u32 = 3;

/// How a callback answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallbackReport {
    /// The HTTP status of each attempt, in order; none for an attempt without an answer.
    pub attempts: Vec<Option<u16>>,
    /// The body of the last answer.
    pub body: String,
}

impl CallbackReport {
    /// Whether the last attempt was answered with 200.
    pub fn is_accepted(&self) -> bool {
        self.attempts.last() == Some(&Some(200))
    }
}

/// A request on its way to a callback.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) url: Url,
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Outgoing {
    /// Sends until it is answered with 200, at most `attempts` times, without a pause.
    ///
    /// The platform tries for a day and a half; a test has no time for that.
    pub(crate) async fn send(&self, attempts: u32) -> Result<CallbackReport, SandboxError> {
        let address = loopback(&self.url)?;
        let mut report = CallbackReport::default();
        for _ in 0..attempts {
            let answer = tokio::time::timeout(PATIENCE, self.send_once(address)).await;
            match answer.ok().and_then(Result::ok).flatten() {
                Some((status, body)) => {
                    report.attempts.push(Some(status));
                    report.body = body;
                }
                None => report.attempts.push(None),
            }
            if report.is_accepted() {
                break;
            }
        }
        Ok(report)
    }

    /// HTTP/1.0, so that the answer ends with the connection and is never chunked.
    async fn send_once(&self, address: SocketAddr) -> std::io::Result<Option<(u16, String)>> {
        let mut stream = TcpStream::connect(address).await?;
        let mut target = self.url.path().to_owned();
        if let Some(query) = self.url.query() {
            target.push('?');
            target.push_str(query);
        }
        let mut lines = vec![
            format!("{} {target} HTTP/1.0", self.method),
            format!("Host: {address}"),
        ];
        let headers = self.headers.iter();
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        lines.push(format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let head = lines.join("\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(self.body.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok(status.map(|status| (status, body.to_owned())))
    }
}

/// The address of a URL on this computer; the sandbox sends nothing anywhere else.
fn loopback(url: &Url) -> Result<SocketAddr, SandboxError> {
    let refuse = || {
        SandboxError::Setting(format!(
            "the callback {url} must be plain HTTP to a loopback address such as 127.0.0.1"
        ))
    };
    if url.scheme() != "http" {
        return Err(refuse());
    }
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => std::net::IpAddr::from(ip),
        Some(Host::Domain("localhost")) => std::net::Ipv4Addr::LOCALHOST.into(),
        _ => return Err(refuse()),
    };
    if !ip.is_loopback() {
        return Err(refuse());
    }
    Ok(SocketAddr::new(
        ip,
        url.port_or_known_default().unwrap_or(80),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_to_another_computer() {
        let is_allowed = |url: &str| loopback(&Url::parse(url).unwrap()).is_ok();

        assert!(is_allowed("http://127.0.0.1:8080/webhook"));
        assert!(is_allowed("http://[::1]:8080/webhook"));
        assert!(is_allowed("http://localhost:8080/webhook"));
        assert!(!is_allowed("http://192.168.1.5/webhook"));
        assert!(!is_allowed("http://app.example/webhook"));
        assert!(!is_allowed("https://127.0.0.1/webhook"));
    }
}
