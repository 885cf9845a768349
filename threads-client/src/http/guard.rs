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

use url::{Host, Url};

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
    Address(IpAddr),
}

/// The rules, and how names become addresses. Only tests of this crate can have other rules.
#[derive(Clone)]
pub(crate) struct Guard {
    resolver: Resolver,
    ports: Vec<u16>,
    is_admitted: fn(IpAddr) -> bool,
}

#[derive(Clone)]
enum Resolver {
    System,
    #[cfg(test)]
    Script(std::sync::Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>),
}

impl Guard {
    pub(crate) fn new() -> Self {
        Self {
            resolver: Resolver::System,
            ports: vec![80, 443],
            is_admitted: is_public,
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
        }
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
        match addresses
            .iter()
            .find(|address| !(self.is_admitted)(**address))
        {
            Some(address) => Err(Refused::Address(*address)),
            None => Ok(addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, port))
                .collect()),
        }
    }
}

impl Resolver {
    async fn resolve(&self, name: &str, port: u16) -> Vec<IpAddr> {
        match self {
            Self::System => tokio::net::lookup_host((name, port))
                .await
                .map(|addresses| addresses.map(|address| address.ip()).collect())
                .unwrap_or_default(),
            #[cfg(test)]
            Self::Script(names) => names(name),
        }
    }
}

/// Whether an address is on the public internet, after the registries of special addresses at IANA.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // This network, private, loopback.
        [0 | 10 | 127, ..] => true,
        // Between carriers and their customers.
        [100, second, ..] => (64..128).contains(&second),
        // Link-local, which is where clouds keep their metadata.
        [169, 254, ..] => true,
        [172, second, ..] => (16..32).contains(&second),
        // Protocol assignments, documentation, 6to4 relays, private.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [192, 168, ..] => true,
        // Benchmarks, documentation.
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let special = match address.segments() {
        // Protocol assignments, Teredo and ORCHID among them.
        [0x2001, 0..0x200, ..] => true,
        // Documentation.
        [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => true,
        // 6to4, which leads to an IPv4 address.
        [0x2002, ..] => true,
        // ISATAP, which does so too.
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => true,
        [first, ..] => first & 0xe000 != 0x2000,
    };
    !special
}
