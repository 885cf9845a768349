//! The attempts of one call: held back, sent, sent again.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::Instant;

use super::Repeat;
use super::breaker::{Breaker, Permit};
use super::budget::Budget;
use super::class::Class;
use super::meter::{Meter, Sending};
use super::retry::RetryPolicy;
use super::throttle::ThrottlePolicy;
use super::time::now;
use crate::ApiErrorKind;
use crate::Result;
use crate::error::{Error, HeldBack};

/// What all calls to one host share.
pub(super) struct Dispatch {
    pub(super) retry: RetryPolicy,
    pub(super) throttle: ThrottlePolicy,
    budget: Budget,
    breakers: [Breaker; Class::COUNT],
}

/// One call, as far as sending it is concerned.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) endpoint: &'a Cow<'static, str>,
    pub(super) repeat: Repeat,
    pub(super) sending: Sending<'a>,
    /// None for calls that do not count against a token.
    pub(super) meter: Option<&'a Meter>,
}

/// The attempts of one call.
pub(super) struct Attempts<'a> {
    dispatch: &'a Dispatch,
    task: Task<'a>,
    number: u32,
    paid: u32,
    /// What the attempt before ended with.
    last: Option<Error>,
}

impl Dispatch {
    pub(super) fn new(retry: RetryPolicy, throttle: ThrottlePolicy) -> Self {
        let start = now();
        Self {
            retry,
            throttle,
            budget: Budget::new(),
            breakers: std::array::from_fn(|_| Breaker::new(start)),
        }
    }

    pub(super) fn begin<'a>(&'a self, task: Task<'a>) -> Attempts<'a> {
        Attempts {
            dispatch: self,
            task,
            number: 0,
            paid: 0,
            last: None,
        }
    }

    /// Leave of the meter first: a probe of the breaker is not to be spent on a call that is held back anyway.
    fn admit(&self, task: &Task<'_>, now: Instant) -> Result<Option<Permit<'_>>, Error> {
        let held = |(reason, retry_after): (HeldBack, Duration)| {
            tracing::debug!(endpoint = %task.endpoint, %reason, "held back");
            Error::Throttled {
                endpoint: task.endpoint.clone(),
                reason,
                retry_after,
            }
        };
        let breaker = if self.throttle.is_on() {
            self.breakers.get(task.sending.class.index())
        } else {
            None
        };
        if let Some(meter) = task.meter {
            meter
                .admit(&self.throttle, &task.sending, now)
                .map_err(held)?;
        }
        let permit = breaker.map(|breaker| breaker.admit(now)).transpose();
        permit.map_err(|wait| {
            if let Some(meter) = task.meter {
                meter.not_sent(&task.sending, now);
            }
            held((HeldBack::Outage, wait))
        })
    }
}

impl<'a> Attempts<'a> {
    /// Which attempt is under way, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Leave for the next attempt.
    ///
    /// A first attempt that is held back was not sent. A later one is given up with what the one before ended
    /// with: something was sent, and nobody may think otherwise.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Option<Permit<'a>>> {
        self.number += 1;
        match self.dispatch.admit(&self.task, now) {
            Ok(permit) => Ok(permit),
            Err(held) => Err(self.last.take().unwrap_or(held)),
        }
    }

    /// Takes the outcome of an attempt: the end, or the pause before the next.
    pub(super) fn settle<T>(
        &mut self,
        permit: Option<Permit<'_>>,
        outcome: Result<T>,
        now: Instant,
    ) -> ControlFlow<Result<T>, Duration> {
        if let Some(permit) = permit {
            permit.settle(now, outcome.as_ref().is_err_and(is_outage));
        }
        let error = match outcome {
            Ok(value) => {
                self.dispatch.budget.refund(self.paid);
                return ControlFlow::Break(Ok(value));
            }
            Err(error) => error,
        };
        if let (Some(meter), Some(quota)) = (self.task.meter, self.task.sending.quota)
            && is_refusal(&error)
        {
            meter.refused(quota, now);
        }
        let pause = self
            .dispatch
            .retry
            .pause_after(self.number, self.task.repeat, &error);
        let Some(pause) = pause else {
            return ControlFlow::Break(Err(error));
        };
        let Some(paid) = self.dispatch.budget.withdraw(&error) else {
            tracing::debug!(endpoint = %self.task.endpoint, "too many repetitions just now");
            return ControlFlow::Break(Err(error));
        };
        self.paid = paid;
        self.last = Some(error);
        ControlFlow::Continue(pause)
    }
}

/// Whether a failure is one of Meta or of the way to it. What Meta refuses is not, whatever the status: it has
/// said of dead tokens and missing scopes with 500, and one account's trouble is not everybody's.
fn is_outage(error: &Error) -> bool {
    match error {
        Error::Timeout { .. } | Error::Transport(_) => true,
        Error::Api(error) => error.status >= 500 && error.kind == ApiErrorKind::Transient,
        _ => false,
    }
}

/// Whether it is certain that nothing was done that counts.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Api(error) => (400..500).contains(&error.status),
        Error::Transport(error) => error.is_connect(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
