//! Downloads: an account for its owner, the instance for whoever runs it.
#![expect(
    clippy::disallowed_methods,
    reason = "tests play a browser, which is not a client of the API"
)]

use std::io::{Cursor, Read};

use reqwest::{Method, StatusCode};
use threads_monitor::Storage;
use threads_monitor::archive::{Existing, import_account, restore};
use threads_monitor::seal::KeyFile;
use threads_monitor::snapshot_store::SnapshotQuery;

use crate::common::{Dashboard, small_account};

fn part(file: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut text = String::new();
    zip.by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

async fn sealed_dashboard(place: &tempfile::TempDir) -> Dashboard {
    let keys = KeyFile::new(place.path().join("keys")).read_or_make();
    let storage = Storage::in_memory().sealed(keys.unwrap()).await.unwrap();
    Dashboard::start_on(storage, &[small_account()], None).await
}

#[tokio::test]
async fn an_account_is_downloaded_whole_and_without_its_token() {
    let (dashboard, user) = Dashboard::connected().await;
    let page = dashboard.get(&format!("/accounts/{user}")).await;
    let address = format!("/accounts/{user}/export.zip");
    assert!(page.body.contains(&address));

    let answer = dashboard
        .request(Method::GET, &address)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();

    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "application/zip");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("content-encoding"));
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"threads-small.cafe-2026-06-01.zip\""
    );
    let file = answer.bytes().await.unwrap().to_vec();
    assert!(part(&file, "profile.json").contains("Small Caf\u{e9}"));
    assert!(part(&file, "followers.csv").starts_with("\u{feff}at,followers"));
    let storage = dashboard.monitor.storage();
    let token = storage.tokens.load(&user).await.unwrap().unwrap().token;
    let secret = token.credential.access_token.expose();
    for name in ["profile.json", "tokens.json", "posts.json", "schedule.json"] {
        assert!(!part(&file, name).contains(secret), "{name}");
    }
    let there = Storage::in_memory();
    let imported = import_account(&there, Cursor::new(file), Existing::Refuse, |_| {})
        .await
        .unwrap();
    let query = SnapshotQuery::account(user.clone());
    assert_eq!(
        there.snapshots.query(&query).await.unwrap(),
        storage.snapshots.query(&query).await.unwrap()
    );
    assert_eq!(imported.account, user);
}

#[tokio::test]
async fn an_unknown_account_cannot_be_downloaded() {
    let (dashboard, _) = Dashboard::connected().await;

    let answer = dashboard.get("/accounts/404/export.zip").await;

    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.body.contains("not connected"));
}

#[tokio::test]
async fn a_backup_with_plain_tokens_is_not_sent_to_a_browser() {
    let (dashboard, _) = Dashboard::connected().await;

    let page = dashboard.get("/").await;
    let answer = dashboard.post("/backup", &[]).await;

    assert!(!page.body.contains("action=\"/backup\""));
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("plain text"), "{}", answer.body);
}

#[tokio::test]
async fn a_backup_with_sealed_tokens_is_downloaded_and_restored() {
    let place = tempfile::tempdir().unwrap();
    let dashboard = sealed_dashboard(&place).await;
    let user = dashboard.connect(0).await;
    assert!(dashboard.get("/").await.body.contains("action=\"/backup\""));

    let answer = dashboard.own_post("/backup").send().await.unwrap();

    assert_eq!(answer.status(), StatusCode::OK);
    let file = answer.bytes().await.unwrap().to_vec();
    let storage = dashboard.monitor.storage();
    let token = storage.tokens.load(&user).await.unwrap().unwrap().token;
    let secret = token.credential.access_token.expose();
    assert!(!part(&file, "tokens.jsonl").contains(secret));
    let there = Storage::in_memory();
    let now = dashboard.monitor.now();
    restore(&there, Cursor::new(file), now, |_| {})
        .await
        .unwrap();
    assert_eq!(there.tokens.list(None, 9).await.unwrap(), [user]);
}

#[tokio::test]
async fn a_backup_is_not_made_for_another_site() {
    let place = tempfile::tempdir().unwrap();
    let dashboard = sealed_dashboard(&place).await;

    let request = dashboard
        .request(Method::POST, "/backup")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://evil.example");
    let sent = request.send().await.unwrap();
    let read = dashboard.get("/backup").await;

    assert_eq!(sent.status(), StatusCode::FORBIDDEN);
    assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED);
}
