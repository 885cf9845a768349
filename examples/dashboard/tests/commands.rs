//! Export, import, backup and restore, by the program itself.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{AccessToken, Draft, UserId};
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::scheduler::JobQuery;
use threads_monitor::snapshot_store::{
    Metric, ProfileReading, Reading, Snapshot, SnapshotQuery, Source, Subject,
};
use threads_monitor::token_store::{Credential, Token};
use threads_monitor::{Monitor, Storage};

const SECRET: &str = "a-token-that-must-not-be-shown";
const USER: &str = "1789";

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threads-dashboard"));
    for (name, _) in std::env::vars() {
        if name.starts_with("THREADS_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    let output = command
        .current_dir(directory)
        .stdin(Stdio::null())
        .args(arguments)
        .output()
        .unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(
            !text.contains(SECRET) && !text.contains("panicked"),
            "{text}"
        );
    }
    output
}

fn done(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("threads-dashboard: "), "{error}");
    error
}

async fn open(directory: &Path, name: &str) -> Storage {
    let address = format!("file:{}", directory.join(name).display());
    Storage::open(&address).await.unwrap()
}

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hours)
}

fn reading(hours: i64, metric: Metric, reading: Reading) -> Snapshot {
    Snapshot {
        account: UserId::new(USER),
        subject: Subject::Account,
        metric,
        at: at(hours),
        captured_at: at(hours),
        source: Source::Insights,
        reading,
    }
}

/// A store with an account, its history, and a post that waits.
async fn filled(directory: &Path, name: &str) {
    let storage = open(directory, name).await;
    let profile = ProfileReading {
        username: Some("small.cafe".to_owned()),
        ..ProfileReading::default()
    };
    let mut snapshots = vec![reading(0, Metric::Profile, Reading::Profile(profile))];
    for hour in 0..2500_i64 {
        let count = Reading::Count(hour.cast_unsigned() * 3);
        snapshots.push(reading(hour, Metric::Followers, count));
    }
    storage.snapshots.append(&snapshots).await.unwrap();
    let token = Token {
        user: UserId::new(USER),
        credential: Credential {
            access_token: AccessToken::new(SECRET),
            obtained_at: at(0),
            expires_at: at(100_000),
            expiry_assumed: false,
        },
        candidate: None,
        scopes: Vec::new(),
        connected_at: at(0),
    };
    storage.tokens.save(&token, None).await.unwrap();
    let monitor = Monitor::builder(storage).build().unwrap();
    let due = Due::At(monitor.now() + TimeDelta::days(30));
    let post = NewPost::new(UserId::new(USER), Draft::text("a post that waits"), due);
    monitor.schedule(post).await.unwrap();
}

async fn history(directory: &Path, name: &str) -> Vec<Snapshot> {
    let query = SnapshotQuery::account(UserId::new(USER));
    let storage = open(directory, name).await;
    storage.snapshots.query(&query).await.unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_account_is_exported_and_imported() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    filled(place, "one").await;

    let export = ["export", "@small.cafe", "cafe.zip", "--store", "file:./one"];
    let told = done(place, &export);
    let import = ["--store", "file:./two", "import", "cafe.zip"];
    let taken = done(place, &import);

    assert!(told.contains("2,502 rows"), "{told}");
    assert_eq!(mode(&place.join("cafe.zip")), 0o600);
    assert!(taken.contains("2,501 readings"), "{taken}");
    assert!(taken.contains("NOT scheduled here"), "{taken}");
    assert!(taken.contains("a post that waits"), "{taken}");
    assert_eq!(history(place, "two").await, history(place, "one").await);
    assert!(refused(place, &export).contains("is there already"));
    let error = refused(place, &import);
    assert!(error.contains("--add"), "{error}");
    done(place, &[&import[..], &["--add"]].concat());
    assert_eq!(names(place), ["cafe.zip", "one", "two"]);
}

#[tokio::test]
async fn an_instance_is_backed_up_and_restored() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    filled(place, "one").await;

    let told = done(place, &["backup", "all.zip", "--store", "file:./one"]);
    let restore = ["restore", "all.zip", "--store", "file:./two"];
    let restored = done(place, &restore);

    assert!(
        told.contains("1 accounts") && told.contains("PLAIN TEXT"),
        "{told}"
    );
    assert_eq!(mode(&place.join("all.zip")), 0o600);
    assert!(restored.contains("1 accounts"), "{restored}");
    assert!(restored.contains("a post that waits"), "{restored}");
    assert!(restored.contains("End the original"), "{restored}");
    assert_eq!(history(place, "two").await, history(place, "one").await);
    let error = refused(place, &restore);
    assert!(error.contains("empty stores only"), "{error}");
    let storage = open(place, "two").await;
    let token = storage
        .tokens
        .load(&UserId::new(USER))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(token.token.credential.access_token.expose(), SECRET);
    let jobs = storage.scheduler.list(&JobQuery::default()).await.unwrap();
    assert_eq!(jobs[0].state["phase"]["name"], "restored");
}

#[tokio::test]
async fn progress_is_told_in_lines_where_there_is_no_terminal() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path(), "one").await;

    let backup = ["backup", "all.zip", "--store", "file:./one"];
    let output = run(place.path(), &backup);

    let lines = String::from_utf8(output.stderr).unwrap();
    assert!(lines.contains("tokens.jsonl: 1 of 1 rows"), "{lines}");
    assert!(
        lines.contains("snapshots.jsonl: 2503 of 2503 rows"),
        "{lines}"
    );
}

#[tokio::test]
async fn a_store_that_a_dashboard_holds_is_named() {
    let place = tempfile::tempdir().unwrap();
    filled(place.path(), "one").await;
    let held = open(place.path(), "one").await;

    let error = refused(
        place.path(),
        &["backup", "all.zip", "--store", "file:./one"],
    );

    assert!(error.contains("in use by another process"), "{error}");
    assert!(error.contains("end the dashboard"), "{error}");
    assert_eq!(names(place.path()), ["one"]);
    drop(held);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    filled(place, "one").await;
    std::fs::write(place.join("other.zip"), "no archive").unwrap();
    let with = |arguments: &[&'static str]| -> Vec<&'static str> {
        [arguments, &["--store", "file:./one"]].concat()
    };

    let no_store = refused(place, &["backup", "b.zip", "--store", "file:./nothing"]);
    let no_name = refused(place, &with(&["export", "@nobody", "e.zip"]));
    let no_id = refused(place, &with(&["export", "404", "e.zip"]));
    let no_file = refused(place, &["restore", "none.zip", "--store", "file:./new"]);
    let no_backup = refused(place, &["restore", "other.zip", "--store", "file:./new"]);
    let no_place = refused(place, &with(&["backup", "no/where.zip"]));

    assert!(no_store.contains("no data at ./nothing"), "{no_store}");
    assert!(no_name.contains("@small.cafe"), "{no_name}");
    assert!(no_id.contains("nothing of account 404"), "{no_id}");
    assert!(no_file.contains("cannot read none.zip"), "{no_file}");
    assert!(no_backup.contains("not a backup"), "{no_backup}");
    assert!(
        no_place.contains("where.zip") || no_place.contains(".partial"),
        "{no_place}"
    );
    assert_eq!(names(place), ["new", "one", "other.zip"]);
}

#[test]
fn a_wrong_command_line_ends_with_two() {
    let place = tempfile::tempdir().unwrap();

    let output = run(place.path(), &["export"]);

    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_says_what_each_command_does() {
    let place = tempfile::tempdir().unwrap();

    for (command, words) in [
        ("export", "No access token"),
        ("import", "not scheduled here"),
        ("backup", "sealed ones stay sealed"),
        ("restore", "No post is published twice"),
    ] {
        let help = done(place.path(), &[command, "--help"]);
        assert!(help.contains(words), "{help}");
    }
}
