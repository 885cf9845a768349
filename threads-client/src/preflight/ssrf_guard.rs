//! No address, however it is written, makes the preflight connect to its own network.
//!
//! What these tests change are names, a port, and which address counts as public: nothing of the kind is in
//! the crate as it is built for others.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use url::Url;

use super::MediaPreflight;
use crate::http::guard::{Guard, is_public};
use crate::{Media, PreflightFinding};

const ADDRESSES: &str = include_str!("../../tests/fixtures/ssrf_urls.txt");

/// A server that must not be reached, or one that stands for the internet; it counts who connects.
struct Listener {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Listener {
    fn start(listener: TcpListener, answer: &'static str) -> Self {
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                let timeout = Some(Duration::from_secs(2));
                stream.set_read_timeout(timeout).unwrap();
                let _ = stream.read(&mut [0; 4_096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self {
            address,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

const MISSING: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What an attacker's name server says, and the names of an own network.
fn names(name: &str) -> Vec<IpAddr> {
    let addresses: &[&str] = match name.split('.').next().unwrap_or_default() {
        "private" => &["10.0.0.1"],
        "metadata" => &["169.254.169.254"],
        "mapped" => &["::ffff:127.0.0.1"],
        "nat64" => &["64:ff9b::7f00:1"],
        "sixtofour" => &["2002:7f00:1::1"],
        "unique-local" => &["fd00::1"],
        "link-local" => &["fe80::1"],
        "carrier" => &["100.64.0.1"],
        "unspecified" => &["0.0.0.0", "::"],
        "multicast" => &["224.0.0.1", "ff02::1"],
        "public-then-private" => &["93.184.215.14", "127.0.0.1"],
        "private-then-public" => &["127.0.0.1", "93.184.215.14"],
        "nothing" => &[],
        "ip6-localhost" | "ip6-loopback" => &["::1"],
        _ => &["127.0.0.1"],
    };
    addresses
        .iter()
        .map(|address| address.parse().unwrap())
        .collect()
}

/// The addresses that can be written as a URL at all, and the number of all.
fn addresses(port: u16) -> (Vec<Url>, usize) {
    let lines: Vec<_> = ADDRESSES
        .lines()
        .filter(|line| !line.starts_with("# "))
        .collect();
    let urls = lines
        .iter()
        .filter_map(|line| Url::parse(&line.replace("PORT", &port.to_string())).ok())
        .collect();
    (urls, lines.len())
}

#[tokio::test]
async fn no_form_of_an_internal_address_is_connected_to() {
    let inside = Listener::start(TcpListener::bind("127.0.0.1:0").unwrap(), MISSING);
    let port = inside.address.port();
    let preflight = MediaPreflight {
        guard: Guard::of_test(names, port, is_public),
    };
    let (urls, all) = addresses(port);
    let (mut by_address, mut unnamed) = (0, 0);

    for url in &urls {
        let report = preflight.check(&Media::image(url.clone())).await.unwrap();

        assert_eq!(report.status, None, "{url}");
        match report.findings.as_slice() {
            [PreflightFinding::Address] => by_address += 1,
            [PreflightFinding::Name] => unnamed += 1,
            [
                PreflightFinding::Scheme
                | PreflightFinding::Credentials
                | PreflightFinding::Host
                | PreflightFinding::Port { .. },
            ] => {}
            other => panic!("{url}: {other:?}"),
        }
    }

    assert_eq!(inside.connections(), 0);
    assert!(all >= 250, "{all} forms");
    assert!(
        by_address >= 250,
        "{by_address} were judged by their address"
    );
    assert!(unnamed >= 1);
}

#[tokio::test]
async fn the_same_forms_reach_the_listener_where_nothing_guards_it() {
    let inside = Listener::start(TcpListener::bind("127.0.0.1:0").unwrap(), MISSING);
    let port = inside.address.port();
    let unguarded = MediaPreflight {
        guard: Guard::of_test(names, port, |address| address == Ipv4Addr::LOCALHOST),
    };
    let (urls, _) = addresses(port);

    for url in urls {
        unguarded.check(&Media::image(url)).await.unwrap();
    }

    assert!(
        inside.connections() >= 50,
        "{} connections: the test above could not fail",
        inside.connections()
    );
}

/// A server that stands for the internet and one that stands for the own network, on one port.
fn outside_and_inside(answer: &'static str) -> (Listener, Listener) {
    for _ in 0..100 {
        let outside = TcpListener::bind("127.0.0.2:0").unwrap();
        let port = outside.local_addr().unwrap().port();
        if let Ok(inside) = TcpListener::bind(("127.0.0.1", port)) {
            return (
                Listener::start(outside, answer),
                Listener::start(inside, MISSING),
            );
        }
    }
    panic!("no port is free on both addresses");
}

fn is_outside(address: IpAddr) -> bool {
    address == Ipv4Addr::new(127, 0, 0, 2)
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_connected_to_where_it_was_checked() {
    let (outside, inside) = outside_and_inside(MISSING);
    let port = outside.address.port();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let preflight = MediaPreflight {
        guard: Guard::of_test(
            move |_| match counted.fetch_add(1, Ordering::SeqCst) {
                0 => vec![Ipv4Addr::new(127, 0, 0, 2).into()],
                _ => vec![Ipv4Addr::LOCALHOST.into()],
            },
            port,
            is_outside,
        ),
    };
    let url: Url = format!("http://rebinding.example:{port}/x.jpg")
        .parse()
        .unwrap();

    let first = preflight.check(&Media::image(url.clone())).await.unwrap();
    assert_eq!(first.status, Some(404));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "a name is resolved once");
    assert_eq!((outside.connections(), inside.connections()), (1, 0));

    let second = preflight.check(&Media::image(url)).await.unwrap();
    assert_eq!(second.findings, [PreflightFinding::Address]);
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_inside_is_not_followed() {
    let (outside, inside) = outside_and_inside(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/x.jpg\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    let port = outside.address.port();
    let preflight = MediaPreflight {
        guard: Guard::of_test(
            |_| vec![Ipv4Addr::new(127, 0, 0, 2).into()],
            port,
            is_outside,
        ),
    };
    let url: Url = format!("http://media.example:{port}/x.jpg")
        .parse()
        .unwrap();

    let report = preflight.check(&Media::image(url)).await.unwrap();

    assert_eq!(
        report.findings,
        [PreflightFinding::Redirect { status: 302 }]
    );
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}

/// Where the child of the test below finds the port of the listener that stands for the internet.
const PORT_OF_CHILD: &str = "THREADS_CLIENT_TEST_PORT";

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let outside = Listener::start(TcpListener::bind("127.0.0.2:0").unwrap(), MISSING);
    let proxy = Listener::start(TcpListener::bind("127.0.0.1:0").unwrap(), MISSING);
    let address = format!("http://{}", proxy.address);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args([
            "--exact",
            "--include-ignored",
            "preflight::ssrf_guard::child",
        ])
        .env(PORT_OF_CHILD, outside.address.port().to_string());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &address).env(name.to_lowercase(), &address);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");

    let output = child.output().unwrap();

    assert!(output.status.success(), "{output:?}");
    assert_eq!((outside.connections(), proxy.connections()), (1, 0));
}

#[tokio::test]
#[ignore = "it is run by the test above, with proxies in its environment"]
async fn child() {
    let Ok(port) = std::env::var(PORT_OF_CHILD) else {
        return;
    };
    let port = port.parse().unwrap();
    let preflight = MediaPreflight {
        guard: Guard::of_test(
            |_| vec![Ipv4Addr::new(127, 0, 0, 2).into()],
            port,
            is_outside,
        ),
    };
    let url: Url = format!("http://media.example:{port}/x.jpg")
        .parse()
        .unwrap();

    let report = preflight.check(&Media::image(url)).await.unwrap();

    assert_eq!(report.status, Some(404));
}

#[test]
fn only_the_public_internet_is_public() {
    for public in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00:1450::1",
        "3fff:1000::1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for special in [
        "0.255.255.255",
        "10.0.0.0",
        "100.64.0.0",
        "100.127.255.255",
        "127.255.255.255",
        "169.254.0.0",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.255",
        "192.168.0.0",
        "198.19.255.255",
        "224.0.0.0",
        "255.255.255.255",
        "1fff:ffff::1",
        "2001:1ff:ffff::1",
        "2002:ffff::1",
        "3fff:fff::1",
        "4000::",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2a00:1450::5efe:1.1.1.1",
    ] {
        assert!(!is_public(special.parse().unwrap()), "{special}");
    }
}
