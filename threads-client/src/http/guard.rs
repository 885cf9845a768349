//! Which hosts may be asked for something that somebody else named.
//!
//! A server that fetches any address it is given can be made to fetch from its own network: the cloud's
//! metadata, a database, a router (server-side request forgery). So an address is admitted by what its host
//! *resolves to*, and the connection goes to the addresses that were looked at and to no others: a name that
//! resolves differently a moment later changes nothing.
//!
//! IPv6 is admitted by what is known to be the public internet (`2000::/3` without its special parts), so
//! every form that stands for an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is refused,
//! whatever the IPv4 address is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::sync::Semaphore;
use url::{Host, Url};

/// For everything, from the resolution of the name to the last byte that is read.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Names that are looked up at the same time.
const LOOK_UPS: usize = 8;

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Scheme,
    Credentials,
    Host,
    Port(u16),
    /// The name has no address.
    Name,
    /// At least one of the addresses is not on the public internet.
    Address,
}

/// The rules, and how names become addresses. Only tests of this crate can have other rules.
#[derive(Clone)]
pub(crate) struct Guard {
    resolver: Resolver,
    ports: Vec<u16>,
    is_admitted: fn(IpAddr) -> bool,
    time_limit: Duration,
}

#[derive(Clone)]
enum Resolver {
    System,
    #[cfg(test)]
    Script(Script),
}

#[cfg(test)]
type Script = std::sync::Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

impl Guard {
    pub(crate) fn new() -> Self {
        Self {
            resolver: Resolver::System,
            ports: vec![80, 443],
            is_admitted: is_public,
            time_limit: TIME_LIMIT,
        }
    }

    /// Rules of a test: names of its own, one more port, and other addresses than those of the internet.
    #[cfg(test)]
    pub(crate) fn of_test(
        names: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static,
        port: u16,
        is_admitted: fn(IpAddr) -> bool,
    ) -> Self {
        Self {
            resolver: Resolver::Script(std::sync::Arc::new(names)),
            ports: vec![80, 443, port],
            is_admitted,
            time_limit: TIME_LIMIT,
        }
    }

    #[cfg(test)]
    pub(crate) fn within(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    pub(super) fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// The addresses to connect to, all of which are admitted. Names are resolved once, here.
    pub(crate) async fn admit(&self, url: &Url) -> Result<Vec<SocketAddr>, Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let host = url.host().ok_or(Refused::Host)?;
        let port = url.port_or_known_default().ok_or(Refused::Host)?;
        if !self.ports.contains(&port) {
            return Err(Refused::Port(port));
        }
        let addresses = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(address)],
            Host::Ipv6(address) => vec![IpAddr::V6(address)],
            Host::Domain(name) => self.resolver.resolve(name, port).await,
        };
        if addresses.is_empty() {
            return Err(Refused::Name);
        }
        if !addresses.iter().all(|address| (self.is_admitted)(*address)) {
            return Err(Refused::Address);
        }
        Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }
}

impl Resolver {
    async fn resolve(&self, name: &str, port: u16) -> Vec<IpAddr> {
        match self {
            Self::System => look_up(name.to_owned(), port).await,
            #[cfg(test)]
            Self::Script(names) => names(name),
        }
    }
}

/// Asks the system for the addresses of a name.
///
/// The system cannot be told to stop, so a name server that is silent keeps a thread for longer than anybody
/// waits. Only so many threads may be kept like that: the rest of the program resolves names, too.
async fn look_up(name: String, port: u16) -> Vec<IpAddr> {
    static AT_ONCE: Semaphore = Semaphore::const_new(LOOK_UPS);
    let found = one_of(&AT_ONCE, async move {
        let addresses = tokio::net::lookup_host((name, port)).await;
        addresses.map(|addresses| addresses.map(|address| address.ip()).collect())
    });
    found
        .await
        .and_then(std::io::Result::ok)
        .unwrap_or_default()
}

/// Does the work in its turn; it keeps its place until it ends, whether or not anybody still waits for it.
async fn one_of<T: Send + 'static>(
    places: &'static Semaphore,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let place = places.acquire().await.ok()?;
    let task = tokio::spawn(async move {
        let done = work.await;
        drop(place);
        done
    });
    task.await.ok()
}

/// Whether an address is on the public internet, after the registries of special addresses at IANA.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // This network, private, loopback, multicast, reserved, broadcast.
        [0 | 10 | 127 | 224..=255, ..]
            // Between carriers and their customers.
            | [100, 64..=127, ..]
            // Link-local, which is where clouds keep their metadata.
            | [169, 254, ..]
            // Private.
            | [172, 16..=31, ..]
            | [192, 168, ..]
            // Protocol assignments and documentation, and the relays of 6to4.
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            // Benchmarks and documentation.
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_special = matches!(
        segments,
        // Protocol assignments, Teredo and ORCHID among them; documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..]
            | [0x3fff, 0..=0xfff, ..]
            // 6to4 and ISATAP, which lead to an IPv4 address.
            | [0x2002, ..]
            | [_, _, _, _, 0 | 0x200, 0x5efe, ..]
    );
    let [first, ..] = segments;
    first & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_keeps_its_place() {
        static PLACES: Semaphore = Semaphore::const_new(2);
        let (end, ended): (Vec<_>, Vec<_>) = (0..2).map(|_| oneshot::channel::<()>()).unzip();
        for silent in ended {
            let mut given_up = Box::pin(one_of(&PLACES, silent));
            assert!(given_up.as_mut().now_or_never().is_none());
        }
        let mut third = Box::pin(one_of(&PLACES, async { 3 }));
        for _ in 0..10 {
            tokio::task::yield_now().await;
            assert_eq!(third.as_mut().now_or_never(), None);
        }

        drop(end);

        assert_eq!(third.await, Some(3));
    }
}
