//! Programs that run, and programs that refuse to.
#![allow(dead_code, reason = "each test program uses another part of it")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail their test"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use threads_client::{AccessToken, UserId};
use threads_monitor::token_store::{Credential, Token};

pub(crate) const SECRET: &str = "a-secret-that-must-not-be-shown";

pub(crate) fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_threads-dashboard"));
    for (name, _) in std::env::vars() {
        if name.starts_with("THREADS_") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command.current_dir(directory).stdin(Stdio::null());
    command
}

pub(crate) fn real(directory: &Path) -> Command {
    let mut command = program(directory);
    command
        .env("THREADS_APP_ID", "1234567890")
        .env("THREADS_APP_SECRET", SECRET)
        .args(["--listen", "127.0.0.1:0"]);
    command
}

/// Runs a program that ends by itself, and checks what every refusal has in common.
pub(crate) fn refused(command: &mut Command) -> String {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = wait(child);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with("threads-dashboard: "), "{error}");
    assert!(!error.contains(SECRET), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    error
}

/// Waits for a program, which is ended if it takes too long.
pub(crate) fn wait(child: Child) -> Output {
    let (send, receive) = mpsc::channel();
    let id = child.id();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    let Ok(output) = receive.recv_timeout(Duration::from_secs(30)) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("the program did not end");
    };
    output.unwrap()
}

/// A program that is ended with its test, whatever happens.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program, and says at which host and port it is.
pub(crate) fn started(command: &mut Command) -> (Running, String) {
    let (running, address, _) = started_saying(command, "Threads Monitoring is at");
    (running, address)
}

/// As [`started`], with what it says up to the line with this text.
pub(crate) fn started_saying(command: &mut Command, until: &str) -> (Running, String, String) {
    let mut running = Running(
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut out = BufReader::new(running.0.stdout.as_mut().unwrap());
    let mut said = String::new();
    while !said.lines().any(|line| line.contains(until)) {
        if out.read_line(&mut said).unwrap() == 0 {
            let mut error = String::new();
            let err = running.0.stderr.as_mut().unwrap();
            err.read_to_string(&mut error).unwrap();
            panic!("it said {said:?} and {error:?}");
        }
    }
    let address = said
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("Threads Monitoring is at http://"))
        .unwrap_or_else(|| panic!("it said {said:?}"));
    let address = address.trim_end_matches('/').to_owned();
    (running, address, said)
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Sends an empty form, as a page of the dashboard itself does.
pub(crate) fn post(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Origin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Tells a program to end, and waits until it has.
pub(crate) fn ended(mut running: Running) -> Option<i32> {
    let told = Command::new("kill")
        .args(["-TERM", &running.0.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    running.0.wait().unwrap().code()
}

/// A token of an account, whose secret is [`SECRET`].
pub(crate) fn token(user: &str) -> Token {
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    Token {
        user: UserId::new(user),
        credential: Credential {
            access_token: AccessToken::new(SECRET),
            obtained_at: at,
            expires_at: at + TimeDelta::days(60),
            expiry_assumed: false,
        },
        candidate: None,
        scopes: Vec::new(),
        connected_at: at,
    }
}
