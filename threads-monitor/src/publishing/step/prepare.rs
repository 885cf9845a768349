//! Before the publish call: containers.

use std::time::Duration;

use threads_client::ContainerId;

use super::{Machine, UNKNOWN_FAILURE, after, asked, backoff, delta};
use crate::publishing::answer::Remedy;
use crate::publishing::event::{Effect, Next, StatusReading};
use crate::publishing::post::{Phase, PublishedSource};

impl Machine<'_> {
    pub(super) fn prepare(&mut self) -> Next {
        self.post.phase = Phase::Preparing {
            since: self.now,
            children: Vec::new(),
            children_finished: 0,
            container: None,
            failures: 0,
        };
        self.preparation()
    }

    /// The next thing that a post in preparation lacks.
    pub(super) fn preparation(&self) -> Next {
        let Phase::Preparing {
            children,
            children_finished,
            container,
            ..
        } = &self.post.phase
        else {
            return Next::End;
        };
        Next::Do(if let Some(container) = container {
            Effect::ReadStatus {
                container: container.clone(),
            }
        } else if children.len() < self.post.items().len() {
            Effect::CreateChild {
                index: children.len(),
            }
        } else if let Some(child) = children.get(*children_finished) {
            Effect::ReadStatus {
                container: child.clone(),
            }
        } else {
            Effect::CreateContainer {
                children: children.clone(),
            }
        })
    }

    pub(super) fn created(&mut self, id: ContainerId) -> Next {
        let wanted = self.post.items().len();
        let now = self.now;
        let Phase::Preparing {
            since,
            children,
            container,
            failures,
            ..
        } = &mut self.post.phase
        else {
            // Nobody waits for it any more: it stays invisible and expires.
            return self.go_on();
        };
        *failures = 0;
        *since = now;
        if children.len() < wanted {
            children.push(id);
        } else {
            *container = Some(id);
            self.post.containers_used += 1;
        }
        self.preparation()
    }

    pub(super) fn create_failed(
        &mut self,
        why: String,
        remedy: Option<Remedy>,
        retry_after: Option<Duration>,
    ) -> Next {
        if !matches!(self.post.phase, Phase::Preparing { .. }) {
            return self.go_on();
        }
        match remedy {
            None => self.again_later(retry_after),
            Some(Remedy::NewContainer) if self.is_parent_gone() => {
                self.fail(format!("the post that it answers is gone: {why}"))
            }
            Some(Remedy::NewContainer) => {
                // What it refers to, a child or a parent post, is not there (yet).
                if let Phase::Preparing {
                    children,
                    children_finished,
                    ..
                } = &mut self.post.phase
                {
                    children.clear();
                    *children_finished = 0;
                }
                self.again_later(retry_after)
            }
            Some(Remedy::Nothing) => self.fail(why),
            Some(other) => self.block(other, why, Phase::Scheduled),
        }
    }

    /// Whether Meta has not found the post that this one answers for so long that it is not
    /// just too new to be found.
    fn is_parent_gone(&self) -> bool {
        let Phase::Preparing {
            since, children, ..
        } = &self.post.phase
        else {
            return false;
        };
        let is_about_parent = self.post.draft.reply_to.is_some() && children.is_empty();
        is_about_parent && self.now - *since > delta(self.policy.preparation)
    }

    pub(super) fn status(&mut self, status: StatusReading) -> Next {
        let now = self.now;
        let preparation = delta(self.policy.preparation);
        let Phase::Preparing {
            since,
            children_finished,
            container,
            failures,
            ..
        } = &mut self.post.phase
        else {
            return self.go_on();
        };
        // Only Meta's own word counts: while nothing can be read, nothing is too slow.
        let is_too_slow = now - *since > preparation;
        match status {
            StatusReading::Finished => {
                *failures = 0;
                if let Some(container) = container.clone() {
                    self.post.phase = Phase::Ready {
                        container,
                        since: now,
                    };
                    self.go_on()
                } else {
                    *children_finished += 1;
                    *since = now;
                    self.preparation()
                }
            }
            StatusReading::InProgress | StatusReading::NotFound if is_too_slow => {
                self.abandon_container("its container did not finish in time")
            }
            StatusReading::InProgress => Next::WaitUntil(after(now, self.policy.poll)),
            StatusReading::Published => self.live(PublishedSource::Status, None),
            StatusReading::Error { message } if message == UNKNOWN_FAILURE => {
                self.abandon_container("Meta could not process the media")
            }
            StatusReading::Error { message } => {
                self.fail(format!("Meta could not process the post: {message}"))
            }
            StatusReading::Expired => self.abandon_container("its container expired"),
            StatusReading::NotFound => self.again_later(None),
            StatusReading::Unreadable { retry_after, .. } => self.again_later(retry_after),
        }
    }

    pub(super) fn again_later(&mut self, retry_after: Option<Duration>) -> Next {
        let now = self.now;
        let Phase::Preparing { failures, .. } = &mut self.post.phase else {
            return self.go_on();
        };
        *failures += 1;
        let pause = backoff(usize::try_from(*failures).unwrap_or(usize::MAX));
        Next::WaitUntil(after(now, asked(retry_after).max(pause)))
    }
}
