//! The breaker: while Meta fails, most calls fail at once and a few find out when that is over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The window is counted in seconds.
const WINDOW: usize = 10;
/// Fewer calls prove nothing.
const LEAST_CALLS: u32 = 20;
/// One probe in this time while it is open.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// Counts outcomes of one class of calls to one host.
///
/// It opens when at least half of 20 or more calls in 10 seconds failed: connections that failed, answers that
/// did not come in time, statuses of 500 and above. A refusal is not a failure. While it is open one call every
/// 5 seconds is let through, one at a time; the first that succeeds closes it.
pub(super) struct Breaker(Mutex<State>);

struct State {
    start: Instant,
    /// Second of the newest slot, counted from `start`.
    newest: u32,
    slots: [Slot; WINDOW],
    open: Option<Open>,
    /// Goes up when it closes: what was sent before says nothing about now.
    epoch: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    calls: u32,
    failures: u32,
}

struct Open {
    next_probe: Instant,
    is_probing: bool,
}

/// Leave to send one call. A call that is given up without an outcome says nothing.
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
    epoch: u32,
}

impl Breaker {
    pub(super) fn new(now: Instant) -> Self {
        Self(Mutex::new(State {
            start: now,
            newest: 0,
            slots: [Slot::default(); WINDOW],
            open: None,
            epoch: 0,
        }))
    }

    /// Leave to send a call, or how long to wait.
    pub(super) fn admit(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_probe = match &mut state.open {
            None => false,
            Some(open) if open.is_probing || now < open.next_probe => {
                let wait = open.next_probe.saturating_duration_since(now);
                return Err(if wait.is_zero() { PROBE_EVERY } else { wait });
            }
            Some(open) => {
                open.is_probing = true;
                open.next_probe = now + PROBE_EVERY;
                true
            }
        };
        let epoch = state.epoch;
        drop(state);
        Ok(Permit {
            breaker: self,
            is_probe,
            epoch,
        })
    }

    fn record(&self, now: Instant, failed: bool, is_probe: bool, epoch: u32) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_probe {
            if failed {
                if let Some(open) = &mut state.open {
                    open.is_probing = false;
                }
            } else {
                state.open = None;
                state.epoch = state.epoch.wrapping_add(1);
                state.slots = [Slot::default(); WINDOW];
            }
            return;
        }
        if state.open.is_some() || epoch != state.epoch {
            // Sent before it opened: only probes say how things are now.
            return;
        }
        state.turn(now);
        if state.count(failed) {
            tracing::warn!("Meta fails to answer: calls are held back, and one is tried every 5 s");
            state.open = Some(Open {
                next_probe: now + PROBE_EVERY,
                is_probing: false,
            });
        }
    }
}

impl State {
    /// Counts a call; whether that makes too many failures.
    fn count(&mut self, failed: bool) -> bool {
        let newest = self.newest;
        if let Some(slot) = self.slots.get_mut(slot_of(newest)) {
            slot.calls += 1;
            slot.failures += u32::from(failed);
        }
        if !failed {
            return false;
        }
        let (calls, failures) = self.slots.iter().fold((0, 0), |(calls, failures), slot| {
            (calls + slot.calls, failures + slot.failures)
        });
        calls >= LEAST_CALLS && failures * 2 >= calls
    }

    fn turn(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start).as_secs();
        let current = u32::try_from(elapsed).unwrap_or(u32::MAX);
        if current <= self.newest {
            return;
        }
        for second in (self.newest + 1..=current).rev().take(WINDOW) {
            if let Some(slot) = self.slots.get_mut(slot_of(second)) {
                *slot = Slot::default();
            }
        }
        self.newest = current;
    }
}

impl Permit<'_> {
    /// Says what became of the call.
    pub(super) fn settle(mut self, now: Instant, failed: bool) {
        let is_probe = std::mem::take(&mut self.is_probe);
        self.breaker.record(now, failed, is_probe, self.epoch);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            let mut state = self
                .breaker
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(open) = &mut state.open {
                open.is_probing = false;
            }
        }
    }
}

const fn slot_of(second: u32) -> usize {
    second as usize % WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::time::now;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn send(breaker: &Breaker, at: Instant, failed: bool) -> bool {
        match breaker.admit(at) {
            Ok(permit) => {
                permit.settle(at, failed);
                true
            }
            Err(_) => false,
        }
    }

    #[test]
    fn it_opens_with_the_call_that_makes_half_of_twenty_fail() {
        let start = now();
        let breaker = Breaker::new(start);

        for number in 0..19 {
            assert!(send(&breaker, start, number % 2 == 0));
        }
        assert!(send(&breaker, start, true), "19 calls prove nothing");

        assert_eq!(breaker.admit(start).err(), Some(PROBE_EVERY));
    }

    #[test]
    fn it_stays_closed_below_half_and_when_failures_are_far_apart() {
        let start = now();
        let breaker = Breaker::new(start);
        for number in 0..10_000_u64 {
            assert!(send(&breaker, start, number % 2 == 1 && number % 100 != 1));
        }

        let breaker = Breaker::new(start);
        for number in 0..1_000 {
            let at = start + milliseconds(550 * number);
            assert!(send(&breaker, at, true), "18 in 10 s are too few: {number}");
        }
    }

    #[test]
    fn one_probe_at_a_time_and_one_in_five_seconds() {
        let start = now();
        let breaker = Breaker::new(start);
        for _ in 0..20 {
            send(&breaker, start, true);
        }

        let mut probes = 0;
        for tick in 0..600 {
            if send(&breaker, start + milliseconds(100 * tick), true) {
                probes += 1;
            }
        }
        assert_eq!(probes, 11, "in the minute after it opened");

        let probe = breaker.admit(start + milliseconds(60_000)).unwrap();
        assert!(breaker.admit(start + milliseconds(90_000)).is_err());
        probe.settle(start + milliseconds(90_000), true);
        assert!(breaker.admit(start + milliseconds(90_000)).is_ok());
    }

    #[test]
    fn the_first_probe_that_succeeds_closes_it() {
        let start = now();
        let breaker = Breaker::new(start);
        let late = breaker.admit(start).unwrap();
        for _ in 0..20 {
            send(&breaker, start, true);
        }
        late.settle(start, false);
        assert!(
            breaker.admit(start).is_err(),
            "a call of before says nothing"
        );
        let after = start + PROBE_EVERY;

        assert!(send(&breaker, after, false));

        for _ in 0..19 {
            assert!(send(&breaker, after, true), "the past is forgotten");
        }
    }

    #[test]
    fn calls_from_before_it_opened_do_not_open_it_again_once_it_is_closed() {
        let start = now();
        let breaker = Breaker::new(start);
        let late: Vec<_> = (0..40).map(|_| breaker.admit(start).unwrap()).collect();
        for _ in 0..20 {
            send(&breaker, start, true);
        }
        let after = start + PROBE_EVERY;
        assert!(send(&breaker, after, false), "the probe closes it");

        for permit in late {
            permit.settle(after, true);
        }

        assert!(send(&breaker, after, false));
    }

    #[test]
    fn a_probe_that_is_given_up_makes_way_for_the_next() {
        let start = now();
        let breaker = Breaker::new(start);
        for _ in 0..20 {
            send(&breaker, start, true);
        }

        drop(breaker.admit(start + PROBE_EVERY).unwrap());

        assert!(breaker.admit(start + PROBE_EVERY).is_err());
        assert!(send(&breaker, start + PROBE_EVERY * 2, false));
        assert!(send(&breaker, start + PROBE_EVERY * 2, false));
    }
}
