//! Runs every example as its own process against a sandbox.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::process::{Output, Stdio};
use std::time::Duration;

use threads_sandbox::{DEFAULT_REDIRECT_URI, Endpoint, Fault, Sandbox};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// Far more than any example needs; a hanging one is stopped and fails its test.
const PATIENCE: Duration = Duration::from_mins(1);

/// At the real date, because the examples look at the real clock.
async fn sandbox() -> Sandbox {
    let builder = Sandbox::builder().start_now().running(true);
    builder.auto_approve(true).start().await.unwrap()
}

/// An example that knows the sandbox, and nothing else of this process's environment.
fn example(program: &str, sandbox: &Sandbox) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("THREADS_BASE_URL", sandbox.base_url().as_str())
        .kill_on_drop(true);
    command
}

fn token(sandbox: &Sandbox) -> String {
    let scopes = Sandbox::all_scopes();
    let age = Duration::from_hours(48);
    sandbox.issue_token("kedai.senja", scopes, age).unwrap()
}

async fn run(command: &mut Command) -> Output {
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    output.unwrap().unwrap()
}

/// What it printed, provided that it succeeded.
fn printed(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn profile_prints_the_handle_and_the_quota() {
    let sandbox = sandbox().await;
    let token = token(&sandbox);
    let mut profile = example(env!("CARGO_BIN_EXE_profile"), &sandbox);

    let text = printed(run(profile.env("THREADS_ACCESS_TOKEN", &token)).await);

    assert!(text.starts_with("@kedai.senja (account "), "{text}");
    assert!(text.contains("posts in the last 24 hours: "), "{text}");
    assert!(!text.contains(&token), "{text}");
}

#[tokio::test]
async fn a_missing_token_is_named() {
    let sandbox = sandbox().await;

    let output = run(&mut example(env!("CARGO_BIN_EXE_profile"), &sandbox)).await;

    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(errors.contains("set THREADS_ACCESS_TOKEN"), "{errors}");
}

#[tokio::test]
async fn insights_prints_the_followers_and_five_posts() {
    let sandbox = sandbox().await;
    let followers = sandbox.user("kedai.senja").unwrap().followers;
    let mut insights = example(env!("CARGO_BIN_EXE_insights"), &sandbox);

    let text = printed(run(insights.env("THREADS_ACCESS_TOKEN", token(&sandbox))).await);

    assert!(
        text.contains(&format!("followers: {followers}\n")),
        "{text}"
    );
    assert!(text.contains("\nviews of the day that ends at "), "{text}");
    let posts = text.lines().filter(|line| line.starts_with("post "));
    assert_eq!(posts.count(), 5, "{text}");
}

#[tokio::test]
async fn publish_makes_one_post_and_prints_its_id() {
    let sandbox = sandbox().await;
    let mut publish = example(env!("CARGO_BIN_EXE_publish"), &sandbox);
    publish.env("THREADS_ACCESS_TOKEN", token(&sandbox));

    let text = printed(run(publish.arg("Hello from an example")).await);

    let posts = sandbox.posts("kedai.senja").unwrap();
    let ours: Vec<_> = posts
        .iter()
        .filter(|post| post.text.as_deref() == Some("Hello from an example"))
        .collect();
    assert_eq!(ours.len(), 1, "{text}");
    assert!(
        text.contains(&format!("published {}\n", ours[0].id)),
        "{text}"
    );
}

#[tokio::test]
async fn publish_finds_out_that_it_worked_when_the_answer_is_lost() {
    let sandbox = sandbox().await;
    sandbox.fail_next(Endpoint::PublishContainer, Fault::DropAfterEffect);
    let mut publish = example(env!("CARGO_BIN_EXE_publish"), &sandbox);
    publish.env("THREADS_ACCESS_TOKEN", token(&sandbox));

    let text = printed(run(publish.arg("Only once")).await);

    let posts = sandbox.posts("kedai.senja").unwrap();
    let ours = posts
        .iter()
        .filter(|post| post.text.as_deref() == Some("Only once"));
    assert_eq!(ours.count(), 1, "{text}");
    assert!(text.contains("though the answer was lost"), "{text}");
}

#[tokio::test]
async fn monitor_prints_numbers_and_says_which_ones_meta_does_not_provide() {
    let sandbox = sandbox().await;
    let followers = sandbox.user("kedai.senja").unwrap().followers;
    let mut monitor = example(env!("CARGO_BIN_EXE_monitor"), &sandbox);
    monitor
        .env("THREADS_STORE", "memory:")
        .env("THREADS_ACCESS_TOKEN", token(&sandbox));

    let text = printed(run(&mut monitor).await);

    assert!(text.contains("@kedai.senja (Connected)"), "{text}");
    assert!(
        text.contains(&format!("followers: {followers} (measured")),
        "{text}"
    );
    assert!(text.contains("following: not provided by Meta"), "{text}");
}

#[tokio::test]
async fn login_keeps_the_token_where_the_monitor_finds_it() {
    let sandbox = sandbox().await;
    let directory = tempfile::tempdir().unwrap();
    let store = format!("file:{}", directory.path().join("data").display());
    let mut login = example(env!("CARGO_BIN_EXE_login"), &sandbox);
    login
        .env("THREADS_STORE", &store)
        .env("THREADS_APP_ID", sandbox.app_id())
        .env("THREADS_APP_SECRET", sandbox.app_secret());

    let text = printed(log_in(&mut login).await);
    assert!(text.contains("connected @"), "{text}");

    let mut monitor = example(env!("CARGO_BIN_EXE_monitor"), &sandbox);
    let text = printed(run(monitor.env("THREADS_STORE", &store)).await);
    assert!(text.contains("(Connected)"), "{text}");
}

/// Plays the person at the browser: opens the printed address, allows, pastes what came back.
async fn log_in(login: &mut Command) -> Output {
    let pipes = login
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let dialogue = async {
        let mut printed = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.starts_with("http") {
                let mut answer = redirect_of(&line).await;
                answer.push('\n');
                let mut stdin = child.stdin.take().unwrap();
                stdin.write_all(answer.as_bytes()).await.unwrap();
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        let mut output = child.wait_with_output().await.unwrap();
        output.stdout = printed.into_bytes();
        output
    };
    let output = tokio::time::timeout(PATIENCE, dialogue).await;
    output.unwrap()
}

/// Where the authorization window sends the browser to.
#[expect(
    clippy::disallowed_methods,
    reason = "plays a browser, which is not a call of the API"
)]
async fn redirect_of(address: &str) -> String {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let answer = browser.get(address).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with(DEFAULT_REDIRECT_URI), "{location}");
    location
}
