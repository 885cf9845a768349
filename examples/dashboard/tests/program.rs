//! The program: how it starts, and how it refuses to.

mod running;

use std::net::TcpListener;

use running::{SECRET, ended, get, program, real, refused, started, token};
use threads_monitor::Storage;
use threads_sandbox::Sandbox;
use tokio::net::TcpSocket;

#[test]
fn half_of_the_credentials_are_refused() {
    let directory = tempfile::tempdir().unwrap();

    let without_secret = refused(program(directory.path()).env("THREADS_APP_ID", "1"));
    let without_id = refused(program(directory.path()).env("THREADS_APP_SECRET", SECRET));

    assert!(
        without_secret.contains("set THREADS_APP_SECRET"),
        "{without_secret}"
    );
    assert!(
        without_id.contains("THREADS_APP_ID is missing"),
        "{without_id}"
    );
}

#[test]
fn an_address_in_use_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let error = refused(program(directory.path()).args(["--listen", &address]));

    assert!(
        error.contains(&address) && error.contains("another program"),
        "{error}"
    );
}

#[test]
fn other_machines_are_kept_out_unless_somebody_says_otherwise() {
    let directory = tempfile::tempdir().unwrap();

    let error = refused(program(directory.path()).args(["--listen", "0.0.0.0:0"]));
    let without_url =
        refused(program(directory.path()).args(["--listen", "0.0.0.0:0", "--allow-remote-access"]));

    assert!(
        error.contains("no login") && error.contains("proxy"),
        "{error}"
    );
    assert!(without_url.contains("--public-url"), "{without_url}");
}

#[test]
fn a_public_address_with_a_path_is_refused_without_showing_it() {
    let directory = tempfile::tempdir().unwrap();

    let error = refused(
        program(directory.path())
            .args(["--listen", "127.0.0.1:0"])
            .args(["--public-url", "https://user:hunter2@example.org/"]),
    );

    assert!(error.contains("--public-url"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_storage_address_that_nobody_knows_is_refused() {
    let directory = tempfile::tempdir().unwrap();

    let error = refused(real(directory.path()).args(["--skip-check", "--store", "mysql://x"]));

    assert!(error.contains("is not a storage address"), "{error}");
}

#[test]
fn a_data_directory_that_cannot_be_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "precious").unwrap();

    let error = refused(real(directory.path()).args(["--skip-check", "--store", "file:./file"]));

    assert!(error.contains("cannot be opened"), "{error}");
    let kept = std::fs::read_to_string(directory.path().join("file")).unwrap();
    assert_eq!(kept, "precious");
}

#[tokio::test]
async fn a_data_directory_in_use_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("file:{}", directory.path().join("data").display());
    let held = Storage::open(&address).await.unwrap();

    let error = refused(real(directory.path()).args(["--skip-check", "--store", &address]));

    assert!(error.contains("in use by another process"), "{error}");
    drop(held);
}

#[tokio::test]
async fn damaged_data_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let address = format!("file:{}", data.display());
    let storage = Storage::open(&address).await.unwrap();
    for user in ["1", "2", "3"] {
        storage.tokens.save(&token(user), None).await.unwrap();
    }
    drop(storage);
    let journal = data.join("tokens").join("journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&journal, &bytes).unwrap();

    let error = refused(real(directory.path()).args(["--skip-check", "--store", &address]));

    assert!(error.contains("damaged"), "{error}");
    assert!(error.contains("Nothing was changed"), "{error}");
    assert_eq!(std::fs::read(&journal).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_before_anything_starts() {
    let directory = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let mut command = real(directory.path());
    command.env("THREADS_BASE_URL", sandbox.base_url().as_str());

    let error = tokio::task::spawn_blocking(move || refused(&mut command))
        .await
        .unwrap();

    assert!(
        error.contains("refused the app id or the app secret"),
        "{error}"
    );
    assert!(
        !directory.path().join("threads-data").exists(),
        "nothing was made"
    );
}

#[test]
fn an_api_that_cannot_be_reached_is_told() {
    let directory = tempfile::tempdir().unwrap();
    // Nobody listens there, and nobody else is given the port meanwhile.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = closed.local_addr().unwrap();

    let error =
        refused(real(directory.path()).env("THREADS_BASE_URL", format!("http://{address}/")));

    assert!(
        error.contains("gives no usable answer") && error.contains("--skip-check"),
        "{error}"
    );
}

#[test]
fn a_directory_of_somebody_else_is_not_taken_for_the_demonstration() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("journal"), "precious").unwrap();

    let error = refused(program(directory.path()).args([
        "--listen",
        "127.0.0.1:0",
        "--store",
        "file:./data",
    ]));

    assert!(error.contains("is left alone"), "{error}");
    assert!(data.join("journal").exists());
}

#[test]
fn real_accounts_are_not_kept_in_the_demonstrations_directory() {
    let directory = tempfile::tempdir().unwrap();
    threads_dashboard::demo::DemoDirectory::take(&directory.path().join("demo")).unwrap();

    for store in [
        "file:./demo",
        "sqlite:./demo/threads.db",
        "sqlite:./demo/store/threads.db",
    ] {
        let error = refused(real(directory.path()).args(["--skip-check", "--store", store]));
        assert!(error.contains("belongs to the demonstration"), "{error}");
    }
}

#[test]
fn help_names_the_environment_and_no_secret() {
    let directory = tempfile::tempdir().unwrap();

    let output = real(directory.path()).arg("--help").output().unwrap();

    let help = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for name in [
        "THREADS_APP_ID",
        "THREADS_APP_SECRET",
        "THREADS_STORE",
        "THREADS_BASE_URL",
    ] {
        assert!(help.contains(name), "{name}");
    }
    assert!(!help.contains(SECRET));
}

#[test]
fn a_demonstration_answers_ends_when_told_and_keeps_to_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let (running, address) = started(
        program(directory.path())
            .args(["--listen", "127.0.0.1:0"])
            .env("THREADS_NO_DEMO_HISTORY", "1")
            .env("THREADS_APP_ID", ""),
    );

    let health = get(&address, "/healthz");
    let page = get(&address, "/");

    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(health.contains("\"mode\":\"demo\""), "{health}");
    assert!(page.contains("Demonstration."));
    assert_eq!(ended(running), Some(0));
    let left: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["threads-data-demo"]);
}

#[test]
fn a_second_demonstration_beside_the_first_works_too() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        started(
            program(directory.path())
                .args(["--listen", "127.0.0.1:0"])
                .env("THREADS_NO_DEMO_HISTORY", "1")
                .env("THREADS_APP_ID", ""),
        )
    };

    let (first, _) = start();
    let (second, address) = start();

    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(ended(second), Some(0));
    assert_eq!(ended(first), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_credentials_it_keeps_real_accounts_in_a_private_directory() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::builder()
        .app("1234567890", SECRET)
        .start()
        .await
        .unwrap();
    let mut command = real(directory.path());
    command.env("THREADS_BASE_URL", sandbox.base_url().as_str());

    let (health, page, code) = tokio::task::spawn_blocking(move || {
        let (running, address) = started(&mut command);
        let health = get(&address, "/healthz");
        let page = get(&address, "/");
        (health, page, ended(running))
    })
    .await
    .unwrap();

    assert!(health.contains("\"mode\":\"real\""), "{health}");
    assert!(!page.contains("Demonstration."));
    assert_eq!(code, Some(0));
    let data = directory.path().join("threads-data");
    let mode = std::fs::metadata(&data).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
