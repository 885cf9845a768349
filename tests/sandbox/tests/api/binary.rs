//! The program: what it prints, how it stops, what it refuses.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_threads-sandbox");

/// A running program that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> (Running, Vec<String>) {
    let mut child = Command::new(PROGRAM)
        .args(["--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = Vec::new();
    for line in out.lines() {
        let line = line.unwrap();
        let is_last = line.starts_with("Get a token:");
        lines.push(line);
        if is_last {
            break;
        }
    }
    (Running(child), lines)
}

fn base_url(lines: &[String]) -> &str {
    lines[0].strip_prefix("Base URL:").unwrap().trim()
}

#[tokio::test]
async fn it_prints_where_it_is_and_serves() {
    let (_running, lines) = start(&["--frozen", "--start-at", "2026-06-01T12:00:00Z"]);

    let base = base_url(&lines);
    let state = reqwest::get(format!("{base}__sandbox/state"))
        .await
        .unwrap();
    let state = state.text().await.unwrap();

    assert!(
        state.contains("\"now\":\"2026-06-01T12:00:00Z\""),
        "{state}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("/oauth/authorize?client_id="))
    );
    assert!(lines.iter().any(|line| line.contains("__sandbox/tokens")));
    assert!(!lines.join("\n").contains("sandbox-app-secret"));
}

#[cfg(unix)]
#[test]
fn sigterm_and_sigint_stop_it_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let (mut running, _) = start(&[]);

        let sent = Command::new("kill")
            .args([signal, &running.0.id().to_string()])
            .status()
            .unwrap();
        let ended = running.0.wait().unwrap();

        assert!(sent.success());
        assert_eq!(ended.code(), Some(0), "{signal}");
        let mut errors = String::new();
        running
            .0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut errors)
            .unwrap();
        assert_eq!(errors, "");
    }
}

#[test]
fn it_refuses_other_peoples_addresses_with_a_failure_code() {
    let output = Command::new(PROGRAM)
        .args(["--port", "0", "--address", "0.0.0.0"])
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("loopback"), "{errors}");
    assert!(output.stdout.is_empty());
}

#[test]
fn wrong_arguments_have_their_own_code_and_help_has_examples() {
    let wrong = Command::new(PROGRAM).arg("--nope").output().unwrap();
    let help = Command::new(PROGRAM).arg("--help").output().unwrap();

    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(help.status.code(), Some(0));
    let help = String::from_utf8(help.stdout).unwrap();
    for expected in ["Examples:", "--frozen", "--ledger", "__sandbox/tokens"] {
        assert!(help.contains(expected), "{expected}");
    }
}
