//! A child, as its parent sees it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::config::{Config, VARIABLE};

/// A running child; it is killed when this is dropped.
#[derive(Debug)]
pub struct Node {
    child: Child,
    pid: Pid,
    lines: UnboundedReceiver<String>,
    complaints: Arc<Mutex<String>>,
}

impl Node {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// When the program cannot be started.
    pub fn start(program: &Path, config: &Config) -> Result<Self> {
        let mut child = Command::new(program)
            .arg("child")
            .env(VARIABLE, serde_json::to_string(config)?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let pid = Pid::from_raw(child.id().context("it ended at once")?.cast_signed());
        let (sender, lines) = unbounded_channel();
        let mut output = BufReader::new(child.stdout.take().context("no output")?).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        let mut errors = child.stderr.take().context("no error output")?;
        let heard = Arc::clone(&complaints);
        tokio::spawn(async move {
            let mut part = [0; 4096];
            while let Ok(length) = errors.read(&mut part).await
                && length > 0
            {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.push_str(&String::from_utf8_lossy(part.get(..length).unwrap_or(&[])));
            }
        });
        Ok(Self {
            child,
            pid,
            lines,
            complaints,
        })
    }

    /// What it says next; none when it has ended, or says nothing for so long.
    pub async fn line(&mut self, patience: Duration) -> Option<String> {
        timeout(patience, self.lines.recv()).await.ok().flatten()
    }

    /// Waits for a line with this beginning, and returns what follows.
    ///
    /// # Errors
    ///
    /// When it ends, or too much time passes, without one.
    pub async fn expect(&mut self, beginning: &str, patience: Duration) -> Result<String> {
        let wait = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(rest) = line.strip_prefix(beginning) {
                    return Some(rest.to_owned());
                }
            }
            None
        };
        let heard = timeout(patience, wait).await.ok().flatten();
        heard.with_context(|| format!("no {beginning:?} was heard: {}", self.complaints()))
    }

    /// Sends a signal; a child that has ended does not mind.
    pub fn signal(&self, signal: Signal) {
        let _ = kill(self.pid, signal);
    }

    /// Kills it with SIGKILL, and returns what it had said until then.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub async fn kill(mut self) -> Result<Vec<String>> {
        self.signal(Signal::SIGKILL);
        self.ended(Duration::from_secs(10)).await?;
        Ok(self.rest().await)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// When it has not after so long.
    pub async fn ended(&mut self, patience: Duration) -> Result<ExitStatus> {
        Ok(timeout(patience, self.child.wait())
            .await
            .context("a child does not end")??)
    }

    /// What it said and nobody heard yet, once it has ended.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.lines.recv().await {
            lines.push(line);
        }
        lines
    }

    /// What it wrote to its error output.
    pub fn complaints(&self) -> String {
        self.complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether it is stopped by SIGSTOP, as the kernel says.
    pub fn is_stopped(&self) -> bool {
        let path = format!("/proc/{}/stat", self.pid);
        std::fs::read_to_string(path).is_ok_and(|stat| {
            let state = stat.rsplit(')').next().unwrap_or("");
            state.trim_start().starts_with('T')
        })
    }
}
