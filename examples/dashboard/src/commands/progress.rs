//! How far a command is, for a person at a terminal or in a log.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use threads_monitor::archive::Progress;

/// A bar on a terminal; elsewhere a line for each part and each tenth.
#[derive(Debug)]
pub(super) struct Display {
    bar: Option<ProgressBar>,
    said: Option<(&'static str, u64)>,
}

impl Display {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, said: None }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let Progress {
            part, done, total, ..
        } = progress;
        let total = total.max(done);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(part);
            return;
        }
        let tenth = done.saturating_mul(10).checked_div(total).unwrap_or(0);
        if self.said != Some((part, tenth)) {
            self.said = Some((part, tenth));
            // Whether anybody reads it is not the work's concern.
            let _ = writeln!(std::io::stderr().lock(), "{part}: {done} of {total} rows");
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
