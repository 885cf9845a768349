//! Where the program keeps data, and how it seals the tokens in it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test")]

mod running;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chrono::TimeDelta;
use running::{SECRET, ended, get, post, real, refused, started, started_saying, token};
use tempfile::TempDir;
use threads_client::{AccessToken, Client, Draft, Scope, TokenGrant, UserId};
use threads_dashboard::SCOPES;
use threads_monitor::publishing::{Due, NewPost};
use threads_monitor::seal::{KeyFile, SealedTokenStore};
use threads_monitor::{Monitor, SqlDatabase, Storage};
use threads_sandbox::{AccountSeed, Endpoint, Sandbox};

/// The line that every start of a dashboard with real accounts ends with.
const LAST: &str = "Redirect:";

/// A dashboard that never gets as far as Meta.
fn offline(directory: &Path) -> Command {
    let mut command = real(directory);
    command.args(["--skip-check"]).env(
        "THREADS_BASE_URL",
        // Nobody listens there.
        "http://127.0.0.1:1/",
    );
    command
}

/// Data as the dashboard has it, with tokens that are not sealed, and nobody using it.
async fn plain_tokens(address: &str, users: &[&str]) {
    let database = match address.strip_prefix("sqlite:") {
        Some(path) => Some(SqlDatabase::open_sqlite(path).await.unwrap()),
        None => None,
    };
    let storage = match &database {
        Some(database) => Storage::from(database),
        None => Storage::open(address).await.unwrap(),
    };
    for user in users {
        storage.tokens.save(&token(user), None).await.unwrap();
    }
    if let Some(database) = database {
        database.close().await;
    }
}

fn usual(directory: &TempDir) -> String {
    format!(
        "sqlite:{}/threads-data/threads.db",
        directory.path().display()
    )
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn files_with_secret(directory: &Path) -> Vec<PathBuf> {
    files_with(directory, SECRET)
}

/// Files that hold the text. Another process reads them: closing a file of SQLite in this
/// one would drop the locks on it.
fn files_with(directory: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
            continue;
        }
        let content = Command::new("cat").arg(&path).output().unwrap().stdout;
        if content
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_first_start_makes_a_database_and_keys_beside_it() {
    let directory = TempDir::new().unwrap();

    let (running, address, said) = started_saying(&mut offline(directory.path()), LAST);

    let health = get(&address, "/healthz");
    assert!(health.contains("\"mode\":\"real\""), "{health}");
    let key = directory.path().join("threads-data.key");
    assert!(said.contains(&key.display().to_string()), "{said}");
    assert!(said.contains("made just now"), "{said}");
    assert!(said.contains("has to be connected again"), "{said}");
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(&directory.path().join("threads-data")), 0o700);
    assert_eq!(
        mode(&directory.path().join("threads-data/threads.db")),
        0o600
    );
    let policy = get(&address, "/privacy");
    assert!(policy.contains("encrypted before they are stored"));
    assert_eq!(ended(running), Some(0));

    let (again, _, said) = started_saying(&mut offline(directory.path()), LAST);
    assert!(said.contains("threads-data.key"), "{said}");
    assert!(!said.contains("made just now"), "{said}");
    assert_eq!(ended(again), Some(0));
}

#[tokio::test]
async fn data_of_an_earlier_version_is_used_and_not_left_aside() {
    let directory = TempDir::new().unwrap();
    let old = format!("file:{}/threads-data", directory.path().display());
    plain_tokens(&old, &["1"]).await;

    let (running, address, said) = started_saying(&mut offline(directory.path()), LAST);

    let health = get(&address, "/healthz");
    assert!(health.contains("\"accounts\":1"), "{health}");
    assert!(said.contains("from an earlier version"), "{said}");
    assert!(!directory.path().join("threads-data/threads.db").exists());
    assert_eq!(ended(running), Some(0));
}

#[tokio::test]
async fn data_of_two_versions_at_one_place_is_a_choice_for_a_person() {
    let directory = TempDir::new().unwrap();
    let old = format!("file:{}/threads-data", directory.path().display());
    plain_tokens(&old, &["1"]).await;
    plain_tokens(&usual(&directory), &["2"]).await;

    let error = refused(&mut offline(directory.path()));

    assert!(error.contains("--store file:./threads-data"), "{error}");
    assert!(
        error.contains("--store sqlite:./threads-data/threads.db"),
        "{error}"
    );
}

#[tokio::test]
async fn tokens_from_before_are_sealed_at_the_start_in_every_byte() {
    for form in ["sqlite", "file"] {
        let directory = TempDir::new().unwrap();
        let store = match form {
            "sqlite" => usual(&directory),
            _ => format!("file:{}/threads-data", directory.path().display()),
        };
        plain_tokens(&store, &["1", "2", "3"]).await;
        assert!(!files_with_secret(directory.path()).is_empty());

        let (running, address, said) =
            started_saying(offline(directory.path()).args(["--store", &store]), LAST);

        assert!(said.contains("3 token(s)"), "{said}");
        assert_eq!(files_with_secret(directory.path()), Vec::<PathBuf>::new());
        let accounts = get(&address, "/api/accounts");
        assert!(accounts.starts_with("HTTP/1.1 200"), "{accounts}");
        assert_eq!(ended(running), Some(0));
        assert_eq!(files_with_secret(directory.path()), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn lost_keys_stop_the_program_and_nothing_is_put_in_their_place() {
    let directory = TempDir::new().unwrap();
    plain_tokens(&usual(&directory), &["1"]).await;
    let (running, _) = started(&mut offline(directory.path()));
    assert_eq!(ended(running), Some(0));
    let key = directory.path().join("threads-data.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();

    let missing = refused(&mut offline(directory.path()));
    let no_rotation = refused(offline(directory.path()).arg("rotate-key"));

    for error in [missing, no_rotation] {
        assert!(error.contains("threads-data.key"), "{error}");
        assert!(error.contains("is missing"), "{error}");
        assert!(error.contains("Nothing was changed"), "{error}");
        assert!(error.contains("connected again"), "{error}");
    }
    assert!(!key.exists());

    // Other keys, of another number and of the same one.
    KeyFile::new(&key).read_or_make().unwrap();
    let other = fs::read(&key).unwrap();
    let error = refused(&mut offline(directory.path()));
    assert!(error.contains("not among the keys"), "{error}");
    assert_eq!(fs::read(&key).unwrap(), other);

    fs::write(&key, kept).unwrap();
    let (running, address) = started(&mut offline(directory.path()));
    assert!(get(&address, "/healthz").contains("\"accounts\":1"));
    assert_eq!(ended(running), Some(0));
}

#[tokio::test]
async fn keys_come_from_a_variable_or_a_credential_too_but_from_one_place() {
    let directory = TempDir::new().unwrap();
    let credentials = TempDir::new().unwrap();
    let keys = "7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    fs::write(credentials.path().join("threads"), keys).unwrap();
    plain_tokens(&usual(&directory), &["1"]).await;

    let (running, _, said) =
        started_saying(offline(directory.path()).env("THREADS_KEYS", keys), LAST);
    assert!(said.contains("1 token(s)"), "{said}");
    assert!(said.contains("the variable THREADS_KEYS"), "{said}");
    assert!(!said.contains(keys), "{said}");
    assert_eq!(ended(running), Some(0));
    let (running, _, said) = started_saying(
        offline(directory.path())
            .env("CREDENTIALS_DIRECTORY", credentials.path())
            .args(["--key-credential", "threads"]),
        LAST,
    );
    assert!(said.contains("the credential threads"), "{said}");
    assert_eq!(ended(running), Some(0));
    let both = refused(
        offline(directory.path())
            .env("THREADS_KEYS", keys)
            .args(["--key-credential", "threads"]),
    );

    assert!(both.contains("use one of them"), "{both}");
    assert!(!directory.path().join("threads-data.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_changed_while_a_dashboard_runs() {
    let directory = TempDir::new().unwrap();
    plain_tokens(&usual(&directory), &["1", "2"]).await;
    let (running, address) = started(&mut offline(directory.path()));
    let before = KeyFile::new(directory.path().join("threads-data.key"))
        .read_or_make()
        .unwrap();

    let rotated = offline(directory.path())
        .arg("rotate-key")
        .output()
        .unwrap();

    let said = String::from_utf8(rotated.stdout).unwrap();
    assert!(rotated.status.success(), "{said}");
    assert!(said.contains("2 access token(s)"), "{said}");
    // The running one reads its keys again when it meets the new one.
    let accounts = get(&address, "/api/accounts");
    assert!(accounts.starts_with("HTTP/1.1 200"), "{accounts}");
    assert_eq!(accounts.matches("\"user\":").count(), 2, "{accounts}");
    assert_eq!(ended(running), Some(0));
    let storage = Storage::open(&usual(&directory)).await.unwrap();
    let with_old = SealedTokenStore::new(storage.tokens, before).await;
    let error = with_old.unwrap_err().to_string();
    assert!(error.contains("not among the keys"), "{error}");
}

#[tokio::test]
async fn two_dashboards_share_one_database() {
    let directory = TempDir::new().unwrap();
    let (first, first_address) = started(&mut offline(directory.path()));
    let (second, second_address) = started(&mut offline(directory.path()));

    plain_tokens(&usual(&directory), &["1"]).await;

    for address in [first_address, second_address] {
        let health = get(&address, "/healthz");
        assert!(health.contains("\"accounts\":1"), "{health}");
    }
    assert_eq!(ended(second), Some(0));
    assert_eq!(ended(first), Some(0));
}

/// P-07, with the program itself.
#[tokio::test]
async fn a_restored_copy_brings_back_nobody_who_was_erased() {
    let directory = TempDir::new().unwrap();
    let (running, _) = started(&mut offline(directory.path()));
    assert_eq!(ended(running), Some(0));
    plain_tokens(&usual(&directory), &["qzx-erased", "stays"]).await;
    let database = directory.path().join("threads-data/threads.db");
    let copy = directory.path().join("copy");
    fs::copy(&database, &copy).unwrap();
    let (running, address) = started(&mut offline(directory.path()));
    let answer = post(&address, "/accounts/qzx-erased/disconnect");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    assert_eq!(ended(running), Some(0));

    let remembered = fs::read_to_string(directory.path().join("threads-data.erasures")).unwrap();
    fs::copy(&copy, &database).unwrap();
    fs::remove_file(&copy).unwrap();
    let (running, address, said) = started_saying(&mut offline(directory.path()), LAST);

    assert!(
        said.contains("1 account(s) in it had been erased before"),
        "{said}"
    );
    let accounts = get(&address, "/api/accounts");
    assert!(
        accounts.contains("stays") && !accounts.contains("qzx-erased"),
        "{accounts}"
    );
    assert!(!remembered.contains("qzx"), "{remembered}");
    assert_eq!(
        files_with(directory.path(), "qzx-erased"),
        Vec::<PathBuf>::new()
    );
    assert_eq!(ended(running), Some(0));
    assert_eq!(
        files_with(directory.path(), "qzx-erased"),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn how_long_numbers_are_kept_is_a_setting_and_stands_in_the_policy() {
    let directory = TempDir::new().unwrap();

    let contradiction = refused(offline(directory.path()).args([
        "--keep-raw-days",
        "35",
        "--keep-daily-days",
        "30",
    ]));
    let (running, address) = started(
        offline(directory.path())
            .args(["--keep-raw-days", "35"])
            .env("THREADS_KEEP_ATTEMPTS_DAYS", "90"),
    );

    assert!(contradiction.contains("less long"), "{contradiction}");
    let policy = get(&address, "/privacy");
    assert!(policy.contains("is kept for 35 days"), "{policy}");
    assert!(policy.contains("removed 90 days after its end"), "{policy}");
    assert_eq!(ended(running), Some(0));
}

/// P-01, with the program itself, while it collects and publishes for the account.
#[expect(
    clippy::disallowed_methods,
    reason = "looks again a second later whether the program is so far"
)]
#[tokio::test(flavor = "multi_thread")]
async fn the_program_leaves_no_byte_of_an_account_that_was_disconnected_on_its_page() {
    for form in ["sqlite", "file"] {
        let directory = TempDir::new().unwrap();
        let store = match form {
            "sqlite" => usual(&directory),
            _ => format!("file:{}/threads-data", directory.path().display()),
        };
        let sandbox = Sandbox::builder()
            .account(AccountSeed::new("qzx.handle").name("Qzx Displayed"))
            .start_now()
            .running(true)
            .start()
            .await
            .unwrap();
        let (user, token) = connected(&directory, &store, &sandbox).await;
        let marks = ["qzx", "Qzx", user.as_str(), &token];
        for mark in [user.as_str(), "qzx.handle", "qzx soon", "qzx later"] {
            assert!(!files_with(directory.path(), mark).is_empty(), "{mark}");
        }
        assert_eq!(files_with(directory.path(), &token), Vec::<PathBuf>::new());

        let (running, address) = started(
            offline(directory.path())
                .env("THREADS_BASE_URL", sandbox.base_url().as_str())
                .args(["--store", &store]),
        );
        for second in 0.. {
            let accounts = get(&address, "/api/accounts");
            let is_measured = accounts.contains("\"followers\":{\"at\":");
            let is_on_its_way = sandbox
                .requests()
                .iter()
                .any(|request| request.endpoint == Some(Endpoint::CreateContainer));
            if is_measured && is_on_its_way {
                break;
            }
            assert!(second < 60, "{accounts}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let answer = post(&address, &format!("/accounts/{user}/disconnect"));

        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        for mark in marks {
            let left = files_with(directory.path(), mark);
            assert_eq!(left, Vec::<PathBuf>::new(), "{mark}");
        }
        assert_eq!(ended(running), Some(0));
        for mark in marks {
            let left = files_with(directory.path(), mark);
            assert_eq!(left, Vec::<PathBuf>::new(), "{mark}");
        }
    }
}

/// Connects an account of a sandbox and schedules two posts, as the program would.
async fn connected(directory: &TempDir, store: &str, sandbox: &Sandbox) -> (UserId, String) {
    let scopes: Vec<Scope> = SCOPES.iter().map(|(scope, _)| scope.clone()).collect();
    let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    let token = sandbox
        .issue_token("qzx.handle", &names, Duration::ZERO)
        .unwrap();
    let mut grant = TokenGrant::new(AccessToken::new(token.clone()));
    grant.expires_in = Some(Duration::from_hours(60 * 24));
    let database = match store.strip_prefix("sqlite:") {
        Some(path) => Some(SqlDatabase::open_sqlite(path).await.unwrap()),
        None => None,
    };
    let storage = match &database {
        Some(database) => Storage::from(database),
        None => Storage::open(store).await.unwrap(),
    };
    let keys = KeyFile::new(directory.path().join("threads-data.key"));
    keys.make_for(&*storage.tokens).await.unwrap();
    let client = Client::builder()
        .base_url(sandbox.base_url())
        .build()
        .unwrap();
    let monitor = Monitor::builder(storage.sealed(keys).await.unwrap())
        .client(client)
        .build()
        .unwrap();
    let user = monitor.connect(&grant, &scopes).await.unwrap().user;
    for (text, seconds) in [("qzx soon", 1), ("qzx later", 1_000_000)] {
        let due = Due::At(monitor.now() + TimeDelta::seconds(seconds));
        let post = NewPost::new(user.clone(), Draft::text(text), due);
        monitor.schedule(post).await.unwrap();
    }
    drop(monitor);
    if let Some(database) = database {
        database.close().await;
    }
    (user, token)
}
