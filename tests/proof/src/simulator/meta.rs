//! Meta's side: containers, and what is live.

use chrono::{DateTime, Utc};
use serde_json::json;
use threads_client::Post as LivePost;

use crate::platform::Container;

/// A container, and what became of it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) job: usize,
    pub(super) account: usize,
    pub(super) is: Container,
    pub(super) text: String,
    /// What is live of it; listed once the container's post is.
    pub(super) posts: Vec<LivePost>,
}

impl Made {
    pub(super) fn new(job: usize, account: usize, text: &str) -> Self {
        Self {
            job,
            account,
            is: Container::FINISHED,
            text: text.to_owned(),
            posts: Vec::new(),
        }
    }

    /// Takes what a call made of it; gives whether something went live.
    pub(super) fn become_(&mut self, is: Container, number: usize, now: DateTime<Utc>) -> bool {
        let is_new = is.posts > self.is.posts;
        if is_new {
            let id = format!("{}{:04}", 1_790_000 + number, self.posts.len());
            let timestamp = now.format("%Y-%m-%dT%H:%M:%S+0000").to_string();
            let live = json!({
                "id": id,
                "text": self.text,
                "media_type": "TEXT_POST",
                "timestamp": timestamp,
            });
            let live = serde_json::from_value(live).expect("the shape that Meta documents");
            self.posts.push(live);
        }
        let is_listed = self.is.is_listed;
        self.is = Container { is_listed, ..is };
        is_new
    }
}
