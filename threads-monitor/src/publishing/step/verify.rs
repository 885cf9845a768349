//! After the publish call: what came of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use threads_client::{ContainerId, PostId};

use super::{
    ATTENTION_DAY, MISSING_CONTAINER_TRIES, Machine, SCAN_MARGIN, after, asked, backoff, before,
    delta, pause_after, says_unpublished,
};
use crate::publishing::answer::{Answer, Remedy};
use crate::publishing::event::{Effect, Next, ScanResult, StatusReading};
use crate::publishing::post::{Outcome, Phase, PublishMode, PublishedSource};

impl Machine<'_> {
    pub(super) fn answered(&mut self, answer: Answer) -> Next {
        let Phase::Publishing {
            container,
            finished_at,
        } = self.post.phase.clone()
        else {
            return self.go_on();
        };
        match answer {
            Answer::Published(media_id) => self.live(PublishedSource::Answer, Some(media_id)),
            Answer::NotSent { why, retry_after } => {
                self.resolve(Outcome::NotSent { why });
                let unsent = self
                    .post
                    .attempts
                    .iter()
                    .rev()
                    .take_while(|attempt| matches!(attempt.outcome, Outcome::NotSent { .. }))
                    .count();
                // Just past its last moment it is missed, and that is told without delay.
                let left = self.post.latest_at() - self.now;
                let longest = left.to_std().unwrap_or_default() + Duration::from_secs(1);
                let asked = retry_after.unwrap_or_default().min(longest);
                self.back_to_ready(container, finished_at, backoff(unsent).max(asked))
            }
            Answer::Rejected { why, remedy } => {
                self.resolve(Outcome::Rejected { why, remedy });
                self.verify(container, finished_at, false)
            }
            Answer::Unknown { why } => {
                self.resolve(Outcome::Unknown { why });
                self.verify(container, finished_at, true)
            }
        }
    }

    pub(super) fn verify(
        &mut self,
        container: ContainerId,
        finished_at: DateTime<Utc>,
        unknown: bool,
    ) -> Next {
        let authorised_at = self
            .post
            .attempts
            .last()
            .map_or(self.now, |attempt| attempt.authorised_at);
        self.post.phase = Phase::Verifying {
            container: container.clone(),
            finished_at,
            unknown,
            since: self.now,
            settle_until: if unknown {
                after(authorised_at, self.policy.settle)
            } else {
                self.now
            },
            looks: 0,
            clean_scans: 0,
            last_clean_scan_at: None,
        };
        Next::Do(self.look(container))
    }

    pub(super) fn looked(&mut self, status: &StatusReading, scan: Option<ScanResult>) -> Next {
        if matches!(self.post.phase, Phase::Restored { .. }) {
            return self.restored_looked(Some(status), scan);
        }
        if !matches!(
            self.post.phase,
            Phase::Verifying { .. } | Phase::NeedsAttention { .. }
        ) {
            return self.go_on();
        }
        if *status == StatusReading::Published {
            return self.live(PublishedSource::Status, None);
        }
        let scan = match scan {
            Some(ScanResult::Match(media_id)) if !says_unpublished(status) => {
                return self.live(PublishedSource::Listing, Some(media_id));
            }
            Some(ScanResult::Match(_)) if self.is_settling() => return self.look_again(None),
            Some(ScanResult::Match(_)) => Some(ScanResult::Near),
            scan => scan,
        };
        match self.post.phase.clone() {
            Phase::NeedsAttention { since, .. } => self.attention_looked(status, since),
            Phase::Verifying { unknown: false, .. } => self.refusal_looked(status, scan.as_ref()),
            _ => self.unknown_looked(status, scan.as_ref()),
        }
    }

    /// After a listed refusal the container's status is enough to go on.
    pub(super) fn refusal_looked(
        &mut self,
        status: &StatusReading,
        scan: Option<&ScanResult>,
    ) -> Next {
        let Phase::Verifying {
            container,
            finished_at,
            ..
        } = self.post.phase.clone()
        else {
            return self.go_on();
        };
        let remedy = match self.post.attempts.last().map(|attempt| &attempt.outcome) {
            Some(Outcome::Rejected { remedy, .. }) => *remedy,
            _ => Remedy::Nothing,
        };
        if scan == Some(&ScanResult::Near) {
            return self.needs_attention("a post like it is live, though Meta refused the call");
        }
        match status {
            StatusReading::Finished | StatusReading::InProgress => {
                self.after_refusal(remedy, container, finished_at)
            }
            StatusReading::Expired | StatusReading::Error { .. } => {
                self.without_effect();
                self.abandon_container("its container can no longer be published")
            }
            StatusReading::NotFound if scan == Some(&ScanResult::Clean) => {
                if remedy == Remedy::NewContainer {
                    self.without_effect();
                    self.abandon_container("Meta lost its container")
                } else {
                    self.after_refusal(remedy, container, finished_at)
                }
            }
            StatusReading::NotFound if is_unlisted(scan) => self.needs_attention(
                "Meta no longer knows its container, and no list shows whether it is live",
            ),
            _ if matches!(remedy, Remedy::Reconnect | Remedy::Permission) => {
                // Nothing can be read either. Look again when the account is back.
                let why = self.last_answer();
                let resume = self.post.phase.clone();
                self.block(remedy, why, resume)
            }
            StatusReading::Unreadable { retry_after, .. } => self.look_again(*retry_after),
            _ => self.look_again(None),
        }
    }

    pub(super) fn after_refusal(
        &mut self,
        remedy: Remedy,
        container: ContainerId,
        finished_at: DateTime<Utc>,
    ) -> Next {
        let why = self.last_answer();
        let has_waited = matches!(
            &self.post.phase,
            Phase::Verifying { since, .. } if self.now - *since > delta(self.policy.between_scans)
        );
        self.without_effect();
        if self.post.cancel_requested_at.is_some() {
            return self.end(Phase::Cancelled { at: self.now });
        }
        match remedy {
            Remedy::Nothing => self.fail(why),
            Remedy::NewContainer => {
                let tries = self
                    .post
                    .attempts
                    .iter()
                    .filter(|attempt| attempt.container == container)
                    .count();
                if tries < MISSING_CONTAINER_TRIES {
                    self.back_to_ready(container, finished_at, backoff(tries))
                } else {
                    self.abandon_container("Meta did not find its container")
                }
            }
            // It had to wait until its container could be read, so the account is back.
            Remedy::Reconnect if has_waited => {
                self.back_to_ready(container, finished_at, Duration::ZERO)
            }
            Remedy::Reconnect | Remedy::Permission | Remedy::Quota | Remedy::Restricted => self
                .block(
                    remedy,
                    why,
                    Phase::Ready {
                        container,
                        since: finished_at,
                    },
                ),
        }
    }

    /// After an unknown answer nothing but time and complete looks prove "no effect".
    pub(super) fn unknown_looked(
        &mut self,
        status: &StatusReading,
        scan: Option<&ScanResult>,
    ) -> Next {
        let now = self.now;
        let mode = self.policy.mode;
        let between_scans = delta(self.policy.between_scans);
        let Phase::Verifying {
            container,
            finished_at,
            settle_until,
            clean_scans,
            last_clean_scan_at,
            ..
        } = &mut self.post.phase
        else {
            return self.go_on();
        };
        if scan == Some(&ScanResult::Near) {
            return self.needs_attention("a post like it is live; it may be this one");
        }
        if now < *settle_until {
            let retry_after = match status {
                StatusReading::Unreadable { retry_after, .. } => *retry_after,
                _ => None,
            };
            return self.look_again(retry_after);
        }
        let far_enough = last_clean_scan_at.is_none_or(|last| now - last >= between_scans);
        if scan == Some(&ScanResult::Clean) && far_enough {
            *clean_scans += 1;
            *last_clean_scan_at = Some(now);
        }
        let clean = *clean_scans >= self.policy.clean_scans;
        let (container, finished_at) = (container.clone(), *finished_at);
        match status {
            StatusReading::Expired => {
                self.without_effect();
                self.abandon_container("its container expired unpublished")
            }
            StatusReading::Finished | StatusReading::Error { .. }
                if clean && mode == PublishMode::Paranoid =>
            {
                self.needs_attention(
                    "it is not published yet, and a call may act however late it arrives",
                )
            }
            StatusReading::Finished if clean => {
                self.without_effect();
                self.back_to_ready(container, finished_at, Duration::ZERO)
            }
            StatusReading::Error { .. } if clean => {
                self.without_effect();
                self.abandon_container("its container failed")
            }
            StatusReading::NotFound if clean && mode == PublishMode::AutoReplace => {
                self.without_effect();
                self.abandon_container("Meta no longer knows its container")
            }
            StatusReading::NotFound if clean => self
                .needs_attention("Meta no longer knows its container, and no such post is listed"),
            StatusReading::Unreadable { retry_after, .. } => self.look_again(*retry_after),
            _ => match scan {
                Some(ScanResult::Unlisted { why }) => {
                    let why = why.clone();
                    self.needs_attention(&why)
                }
                _ => self.look_again(None),
            },
        }
    }

    pub(super) fn attention_looked(
        &mut self,
        status: &StatusReading,
        since: DateTime<Utc>,
    ) -> Next {
        let knows_container = matches!(
            self.post.phase,
            Phase::NeedsAttention {
                container: Some(_),
                ..
            }
        );
        if *status == StatusReading::Expired && knows_container {
            self.without_effect();
            if self.post.cancel_requested_at.is_some() {
                return self.end(Phase::Cancelled { at: self.now });
            }
            return self.fail("its container expired unpublished".to_owned());
        }
        self.wait_for_attention(since)
    }

    pub(super) fn wait_for_attention(&self, since: DateTime<Utc>) -> Next {
        let pause = if self.now - since < ATTENTION_DAY {
            self.policy.attention
        } else {
            self.policy.attention.saturating_mul(24)
        };
        Next::WaitUntil(after(self.now, pause))
    }

    /// Whether the status may still lag behind what the list shows.
    pub(super) fn is_settling(&self) -> bool {
        let authorised_at = self
            .post
            .attempts
            .last()
            .map(|attempt| attempt.authorised_at);
        authorised_at.is_some_and(|at| self.now < after(at, self.policy.settle))
    }

    pub(super) fn look_again(&mut self, retry_after: Option<Duration>) -> Next {
        let now = self.now;
        let Phase::Verifying { looks, since, .. } = &mut self.post.phase else {
            return self.go_on();
        };
        if now - *since > ATTENTION_DAY {
            return self.needs_attention("what happened could not be found out within a day");
        }
        let pause = pause_after(*looks);
        *looks += 1;
        Next::WaitUntil(after(now, asked(retry_after).max(pause)))
    }

    /// A search for the id of a post that is known to be live.
    pub(super) fn scanned(&mut self, result: ScanResult) -> Next {
        let now = self.now;
        let most = self.policy.lookups;
        let (media_id, lookups) = match &mut self.post.phase {
            Phase::Published {
                media_id: media_id @ None,
                lookups,
                ..
            } => (media_id, lookups),
            Phase::Restored { .. } => return self.restored_looked(None, Some(result)),
            Phase::NeedsAttention {
                container: None,
                since,
                ..
            } => {
                let since = *since;
                return match result {
                    ScanResult::Match(id) => self.live(PublishedSource::Listing, Some(id)),
                    _ => self.wait_for_attention(since),
                };
            }
            _ => return self.go_on(),
        };
        *lookups += 1;
        match result {
            ScanResult::Match(id) => {
                *media_id = Some(id);
                self.after_live()
            }
            _ if *lookups < most => Next::WaitUntil(after(
                now,
                Duration::from_secs(30).saturating_mul(1 << (*lookups).min(8)),
            )),
            _ => Next::End,
        }
    }

    /// Positive evidence beats everything that is not final yet.
    pub(super) fn late_answer(&mut self, published: &ContainerId, id: PostId) -> Next {
        let now = self.now;
        let attempt = self
            .post
            .attempts
            .iter_mut()
            .find(|attempt| attempt.container == *published);
        let Some(attempt) = attempt else {
            return self.go_on();
        };
        match &mut self.post.phase {
            Phase::Published { media_id, .. } => {
                media_id.get_or_insert(id);
                self.go_on()
            }
            phase if phase.is_final() => self.go_on(),
            phase => {
                let answer = attempt.outcome.why().to_owned();
                attempt.outcome = Outcome::Effective {
                    answer: Some(answer),
                };
                *phase = Phase::Published {
                    at: now,
                    source: PublishedSource::LateAnswer,
                    media_id: Some(id),
                    lookups: 0,
                };
                self.after_live()
            }
        }
    }

    pub(super) fn look(&self, container: ContainerId) -> Effect {
        Effect::Look {
            container,
            since: self.scan_from(),
        }
    }

    /// Reads the container, if one is known, and the account's list.
    pub(super) fn look_at(&self, container: Option<ContainerId>) -> Effect {
        match container {
            Some(container) => self.look(container),
            None => Effect::Scan {
                since: self.scan_from(),
            },
        }
    }

    pub(super) fn scan_from(&self) -> DateTime<Utc> {
        let first = self
            .post
            .attempts
            .iter()
            .find(|attempt| !attempt.is_harmless())
            .or(self.post.attempts.last())
            .map_or(self.post.due_at, |attempt| attempt.authorised_at);
        before(first, SCAN_MARGIN)
    }

    pub(super) fn needs_attention(&mut self, reason: &str) -> Next {
        let Phase::Verifying {
            container,
            finished_at,
            ..
        } = self.post.phase.clone()
        else {
            return self.go_on();
        };
        self.ask_a_person(Some(container), Some(finished_at), reason.to_owned())
    }

    pub(super) fn ask_a_person(
        &mut self,
        container: Option<ContainerId>,
        finished_at: Option<DateTime<Utc>>,
        reason: String,
    ) -> Next {
        self.post.phase = Phase::NeedsAttention {
            container,
            finished_at,
            reason,
            since: self.now,
        };
        self.wait_for_attention(self.now)
    }
}

/// Whether a search proves nothing, now or later.
const fn is_unlisted(scan: Option<&ScanResult>) -> bool {
    matches!(scan, Some(ScanResult::Unlisted { .. }))
}
