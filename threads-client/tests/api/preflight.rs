//! The preflight as others use it: the own machine is not the internet.

use threads_client::{Media, MediaPreflight, PreflightFinding};

use crate::support::peer::{Behaviour, Peer};
use crate::support::url;

#[tokio::test]
async fn the_own_machine_is_never_asked() {
    let peer = Peer::start(Behaviour::Close).await;
    let port = url(&peer.base).port().unwrap();
    for address in [
        peer.base.clone(),
        format!("https://127.0.0.1:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://localhost:{port}/"),
        "http://127.0.0.1/x.jpg".to_owned(),
        "https://127.0.0.1/x.jpg".to_owned(),
        "http://localhost/x.jpg".to_owned(),
        "https://localhost/x.jpg".to_owned(),
        "http://2130706433/x.jpg".to_owned(),
        "http://[::ffff:127.0.0.1]/x.jpg".to_owned(),
        "ftp://127.0.0.1/x.jpg".to_owned(),
        "https://me:x@127.0.0.1/x.jpg".to_owned(),
    ] {
        let report = MediaPreflight::new()
            .check(&Media::image(url(&address)))
            .await
            .unwrap();

        let [finding] = report.findings.as_slice() else {
            panic!("{address}: {report:?}");
        };
        assert!(
            matches!(
                finding,
                PreflightFinding::Port { .. }
                    | PreflightFinding::Address
                    | PreflightFinding::Scheme
                    | PreflightFinding::Credentials
                    | PreflightFinding::Name
            ),
            "{address}: {finding:?}"
        );
        assert!(!report.is_acceptable());
        assert_eq!(report.status, None);
    }
    assert_eq!(peer.connections(), 0);
}
