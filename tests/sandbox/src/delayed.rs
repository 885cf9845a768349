//! Calls whose effect comes later: the client is long gone when they act.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::dispatch::replay;
use crate::request::Request;
use crate::state::State;

/// A call that waits for its time.
pub(crate) struct DelayedCall {
    pub(crate) due: DateTime<Utc>,
    pub(crate) request: Request,
    pub(crate) base_url: Url,
}

impl fmt::Debug for DelayedCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DelayedCall")
            .field("due", &self.due)
            .field("path", &self.request.path)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Keeps a call until its time has come.
    pub(crate) fn delay(&mut self, call: DelayedCall) {
        let position = self.delayed.partition_point(|other| other.due <= call.due);
        self.delayed.insert(position, call);
    }

    /// Lets the calls act whose time has come.
    pub(crate) fn settle(&mut self) {
        self.write_planned();
        while self.next_due().is_some_and(|due| due <= self.now()) {
            let call = self.delayed.remove(0);
            replay(self, &call.base_url, &call.request);
        }
    }

    /// Moves the clock forward, past the moments at which delayed calls act.
    pub(crate) fn advance(&mut self, by: Duration) {
        let target = TimeDelta::from_std(by)
            .ok()
            .and_then(|by| self.now().checked_add_signed(by))
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        self.set_time(target);
    }

    /// Moves the clock to `instant`; `false` (and no change) if that lies in the past.
    pub(crate) fn set_time(&mut self, instant: DateTime<Utc>) -> bool {
        while let Some(due) = self.next_due().filter(|due| *due <= instant) {
            // A running clock may be past this moment already, which is as good.
            self.clock.set(due);
            self.settle();
        }
        let is_set = self.clock.set(instant);
        self.write_planned();
        is_set
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.delayed.first().map(|call| call.due)
    }
}
