//! What the preflight sends, and what it says about the answer.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{ImageDimensions, MediaPreflight, PreflightFinding, PreflightReport, format};
use crate::http::guard::Guard;
use crate::{Media, MediaKind};

/// A preflight for which this machine stands for the internet.
fn preflight(server: &MockServer) -> MediaPreflight {
    MediaPreflight {
        guard: Guard::of_test(
            |_| vec![Ipv4Addr::LOCALHOST.into()],
            server.address().port(),
            |address: IpAddr| address.is_loopback(),
        ),
    }
}

fn address(server: &MockServer) -> Url {
    let port = server.address().port();
    format!("http://media.example:{port}/crane?signature=9f3c#top")
        .parse()
        .unwrap()
}

async fn report(kind: MediaKind, answer: ResponseTemplate) -> PreflightReport {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/crane"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let media = match kind {
        MediaKind::Image => Media::image(address(&server)),
        MediaKind::Video => Media::video(address(&server)),
    };
    preflight(&server).check(&media).await.unwrap()
}

fn ok(body: Vec<u8>, content_type: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, content_type)
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0]);
    bytes
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xe1\x00\x03x\xff\xc4\x00\x02".to_vec();
    bytes.extend(b"\xff\xc2\x00\x0b\x08");
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([1, 0, 0, 0, 0xff, 0xda]);
    bytes
}

fn mp4(boxes: &[&str]) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x10ftypisom\0\0\0\0".to_vec();
    for name in boxes {
        bytes.extend(b"\0\0\0\x0c");
        bytes.extend(name.as_bytes());
        bytes.extend(b"\0\0\0\0");
    }
    bytes
}

fn size(width: u32, height: u32) -> ImageDimensions {
    ImageDimensions { width, height }
}

#[tokio::test]
async fn one_get_without_a_secret_is_sent() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ok(png(640, 480), "image/png"))
        .mount(&server)
        .await;

    let report = preflight(&server)
        .check(&Media::image(address(&server)))
        .await
        .unwrap();

    let requests = server.received_requests().await.unwrap();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(request.url.path(), "/crane");
    assert_eq!(request.url.query(), Some("signature=9f3c"));
    assert!(request.body.is_empty());
    let mut headers: Vec<_> = request.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    assert_eq!(headers, ["accept", "host", "user-agent"]);
    assert_eq!(
        request.headers["host"].to_str().unwrap(),
        format!("media.example:{}", server.address().port())
    );
    assert_eq!(
        report,
        PreflightReport {
            findings: vec![],
            status: Some(200),
            content_type: Some("image/png".to_owned()),
            bytes: Some(29),
            dimensions: Some(size(640, 480)),
        }
    );
    assert!(report.is_acceptable());
}

#[tokio::test]
async fn media_that_meta_takes_is_acceptable() {
    for (kind, body, content_type) in [
        (MediaKind::Image, jpeg(1_440, 1_080), "image/jpeg"),
        (MediaKind::Image, jpeg(320, 3_200), "IMAGE/JPEG; x=y"),
        (MediaKind::Image, png(1_000, 100), "image/png"),
        (MediaKind::Video, mp4(&["moov", "mdat"]), "video/mp4"),
        (MediaKind::Video, mp4(&["free", "moov"]), "video/quicktime"),
    ] {
        let report = report(kind, ok(body, content_type)).await;

        assert_eq!(report.findings, [], "{content_type}");
        assert!(report.is_acceptable());
    }
}

#[tokio::test]
async fn what_meta_refuses_is_found() {
    let image = MediaKind::Image;
    let video = MediaKind::Video;
    let html = b"<!doctype html>".to_vec();
    let webp = b"RIFF\0\0\0\0WEBPVP8 ".to_vec();
    let found = |kind, found: &str| PreflightFinding::ContentType {
        kind,
        found: found.to_owned(),
    };
    let cases = [
        (
            image,
            ok(html, "text/html"),
            vec![
                found(image, "text/html"),
                PreflightFinding::Format { kind: image },
            ],
        ),
        (
            image,
            ok(webp.clone(), "image/webp"),
            vec![
                found(image, "image/webp"),
                PreflightFinding::Format { kind: image },
            ],
        ),
        (
            image,
            ok(webp, "image/jpeg"),
            vec![PreflightFinding::Format { kind: image }],
        ),
        (
            video,
            ok(png(640, 480), "image/png"),
            vec![
                found(video, "image/png"),
                PreflightFinding::Format { kind: video },
            ],
        ),
        (
            image,
            ok(png(1_001, 100), "image/png"),
            vec![PreflightFinding::AspectRatio {
                dimensions: size(1_001, 100),
            }],
        ),
        (
            image,
            ok(jpeg(400, 4_001), "image/jpeg"),
            vec![PreflightFinding::AspectRatio {
                dimensions: size(400, 4_001),
            }],
        ),
        (
            image,
            ok(vec![], "image/png"),
            vec![PreflightFinding::Empty],
        ),
        (
            image,
            ResponseTemplate::new(404),
            vec![PreflightFinding::Status { status: 404 }],
        ),
        (
            image,
            ResponseTemplate::new(206).set_body_raw(png(640, 480), "image/png"),
            vec![PreflightFinding::Status { status: 206 }],
        ),
        (
            image,
            ResponseTemplate::new(307).insert_header("location", "https://media.example/"),
            vec![PreflightFinding::Redirect { status: 307 }],
        ),
    ];

    for (kind, answer, expected) in cases {
        let report = report(kind, answer).await;

        assert_eq!(report.findings, expected);
        assert!(!report.is_acceptable(), "{expected:?}");
    }
}

#[tokio::test]
async fn what_meta_may_refuse_is_a_warning() {
    let unclear = |found: &str| PreflightFinding::ContentTypeUnclear {
        found: Some(found.to_owned()),
    };
    let image = MediaKind::Image;
    let cases = [
        (
            image,
            ok(png(640, 480), "application/octet-stream"),
            unclear("application/octet-stream"),
        ),
        (image, ok(jpeg(640, 480), "image/jpg"), unclear("image/jpg")),
        (
            image,
            ResponseTemplate::new(200).set_body_bytes(png(640, 480)),
            PreflightFinding::ContentTypeUnclear { found: None },
        ),
        (
            image,
            ok(png(2_000, 1_000), "image/png"),
            PreflightFinding::Scaled { width: 2_000 },
        ),
        (
            image,
            ok(png(319, 319), "image/png"),
            PreflightFinding::Scaled { width: 319 },
        ),
        (
            image,
            ok(b"\xff\xd8\xff\xda".to_vec(), "image/jpeg"),
            PreflightFinding::DimensionsUnknown,
        ),
        (
            MediaKind::Video,
            ok(mp4(&["mdat", "moov"]), "video/mp4"),
            PreflightFinding::IndexLast,
        ),
    ];

    for (kind, answer, expected) in cases {
        let report = report(kind, answer).await;

        assert_eq!(report.findings, std::slice::from_ref(&expected));
        assert!(report.is_acceptable(), "{expected:?}");
    }
}

#[test]
fn the_limits_of_the_size_are_those_of_meta() {
    use PreflightFinding::{Empty, NearSizeLimit, SizeUnknown, TooLarge};
    let near = |bytes, limit| Some(NearSizeLimit { bytes, limit });
    let over = |bytes, limit| Some(TooLarge { bytes, limit });
    let (image, video) = (MediaKind::Image, MediaKind::Video);
    let cases = [
        (image, None, Some(SizeUnknown)),
        (image, Some(0), Some(Empty)),
        (image, Some(8_000_000), None),
        (image, Some(8_000_001), near(8_000_001, 8_000_000)),
        (image, Some(8_388_608), near(8_388_608, 8_000_000)),
        (image, Some(8_388_609), over(8_388_609, 8_388_608)),
        (video, Some(1_000_000_000), None),
        (
            video,
            Some(1_073_741_824),
            near(1_073_741_824, 1_000_000_000),
        ),
        (
            video,
            Some(1_073_741_825),
            over(1_073_741_825, 1_073_741_824),
        ),
    ];

    for (kind, bytes, expected) in cases {
        assert_eq!(super::size(kind, bytes), expected, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_large_file_is_judged_by_its_announced_size_and_its_start() {
    let mut body = png(640, 480);
    body.resize(9_000_000, 0);

    let report = report(MediaKind::Image, ok(body, "image/png")).await;

    assert_eq!(report.bytes, Some(9_000_000));
    assert_eq!(report.dimensions, Some(size(640, 480)));
    assert_eq!(
        report.findings,
        [PreflightFinding::TooLarge {
            bytes: 9_000_000,
            limit: 8_388_608
        }]
    );
}

#[tokio::test]
async fn a_host_where_nothing_listens_is_a_finding() {
    // Nobody else is given the port meanwhile.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = bound.local_addr().unwrap().port();
    let preflight = MediaPreflight {
        guard: Guard::of_test(
            |_| vec![Ipv4Addr::LOCALHOST.into()],
            port,
            |address: IpAddr| address.is_loopback(),
        ),
    };
    for scheme in ["http", "https"] {
        let url: Url = format!("{scheme}://media.example:{port}/").parse().unwrap();

        let report = preflight.check(&Media::video(url)).await.unwrap();

        assert_eq!(report.findings, [PreflightFinding::Unreachable]);
    }
}

#[tokio::test]
async fn a_host_that_is_silent_or_stops_in_the_middle_is_a_finding() {
    let stalls = b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n\x89PNG";
    for start in [&b""[..], b"HTTP/1.1 200 OK\r\n", stalls] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Bytes before the request are no answer to it.
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(start);
            // Until the other side gives up.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let guard = Guard::of_test(
            |_| vec![Ipv4Addr::LOCALHOST.into()],
            port,
            |address: IpAddr| address.is_loopback(),
        );
        let preflight = MediaPreflight {
            guard: guard.within(Duration::from_millis(200)),
        };
        let url: Url = format!("http://media.example:{port}/").parse().unwrap();

        let report = preflight.check(&Media::image(url)).await.unwrap();

        assert_eq!(report.findings, [PreflightFinding::Timeout]);
    }
}

#[tokio::test]
async fn a_file_of_unknown_size_is_read_up_to_a_mebibyte() {
    let read = |length: usize| async move {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let mut answer = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n".to_vec();
            answer.extend(png(640, 480));
            answer.resize(answer.len() - 29 + length, 0);
            let _ = stream.write_all(&answer);
        });
        let guard = Guard::of_test(
            |_| vec![Ipv4Addr::LOCALHOST.into()],
            port,
            |address: IpAddr| address.is_loopback(),
        );
        let url: Url = format!("http://media.example:{port}/").parse().unwrap();
        MediaPreflight { guard }
            .check(&Media::image(url))
            .await
            .unwrap()
    };

    let small = read(1_000_000).await;
    assert_eq!((small.bytes, small.findings), (Some(1_000_000), vec![]));
    let large = read(4_000_000).await;
    assert_eq!(large.bytes, None);
    assert_eq!(large.findings, [PreflightFinding::SizeUnknown]);
    assert_eq!(large.dimensions, Some(size(640, 480)));
}

#[tokio::test]
async fn no_sentence_shows_the_address() {
    let server = MockServer::start().await;
    let long = format!("text/{}\u{1b}[31m", "x".repeat(5_000));
    Mock::given(method("GET"))
        .respond_with(ok(vec![1], long.trim_end_matches("\u{1b}[31m")))
        .mount(&server)
        .await;

    let report = preflight(&server)
        .check(&Media::image(address(&server)))
        .await
        .unwrap();

    let text: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    let text = format!("{text:?} {report:?} {:?}", preflight(&server));
    for secret in ["signature", "9f3c", "media.example"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.len() < 8_000, "foreign text is cut");
}

proptest! {
    #[test]
    fn no_start_of_a_file_panics(
        start in prop::collection::vec(any::<u8>(), 0..200),
        head in prop::sample::select(vec![png(9, 9), jpeg(9, 9), mp4(&["free"]), vec![]]),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = head;
        bytes.truncate(cut.index(bytes.len() + 1));
        bytes.extend(start);

        let _ = format::dimensions(&bytes);
        let _ = format::has_its_index_last(&bytes);
        let _ = format::is_of(MediaKind::Image, &bytes) && format::is_of(MediaKind::Video, &bytes);
    }
}
