//! Faults on demand: which call fails, and how.

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::random::Seed;
use crate::switches::{AppUsage, BusinessUsage};

/// What goes wrong with one call.
///
/// *Before effect* means that the call changes nothing; *after effect* means
/// that the call did its work and only the answer is lost or wrong.
///
/// As JSON (for `/__sandbox/faults`) a fault is an object with a `kind`:
/// `{"kind": "graph", "code": 190, "subcode": 463}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The connection closes without an answer; nothing happened.
    DropBeforeEffect,
    /// The connection closes without an answer, after the effect.
    DropAfterEffect,
    /// The connection closes without an answer; the effect comes later.
    DropThenEffect {
        /// After how many virtual seconds the call acts.
        after_seconds: u32,
    },
    /// The connection is reset (TCP RST); nothing happened.
    ResetBeforeEffect,
    /// The connection is reset (TCP RST), after the effect.
    ResetAfterEffect,
    /// No answer until the client gives up (at most ten minutes); nothing happened.
    HangBeforeEffect,
    /// No answer until the client gives up (at most ten minutes), after the effect.
    HangAfterEffect,
    /// A bare HTTP status with an HTML body; nothing happened.
    Status {
        /// The HTTP status, such as 503 or 429.
        status: u16,
        /// The `Retry-After` header in seconds, if any.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// A bare HTTP status with an HTML body, after the effect.
    StatusAfterEffect {
        /// The HTTP status, such as 500, 502 or 503.
        status: u16,
    },
    /// A Graph error; nothing happened.
    Graph {
        /// The `code` of the error.
        code: i64,
        /// The `error_subcode`, if any.
        #[serde(default)]
        subcode: Option<i64>,
        /// The HTTP status.
        #[serde(default = "bad_request")]
        status: u16,
    },
    /// A Graph error, after the effect.
    GraphAfterEffect {
        /// The `code` of the error.
        code: i64,
        /// The `error_subcode`, if any.
        #[serde(default)]
        subcode: Option<i64>,
        /// The HTTP status.
        #[serde(default = "bad_request")]
        status: u16,
    },
    /// The connection goes silent, as if this side had crashed; nothing happened.
    HalfOpenBeforeEffect,
    /// The connection goes silent, as if this side had crashed, after the effect.
    HalfOpenAfterEffect,
    /// The right answer in pieces of `chunk_bytes`, one every `delay_ms`.
    SlowBody {
        /// The pause before each piece, in real milliseconds (at most one minute).
        delay_ms: u32,
        /// The size of a piece.
        chunk_bytes: u32,
    },
    /// The right answer, cut off half-way.
    TruncatedBody,
    /// The start of the answer's headers, then the end, after the effect.
    TruncatedHeaders,
    /// Status 200 with JSON of another shape, after the effect.
    WrongJson,
    /// Status 200 with the answer's `id` or `access_token` taken out, after the effect.
    MissingId,
    /// Status 200 with an HTML page, after the effect.
    HtmlBody,
    /// A redirect to another URL; nothing happened.
    Redirect {
        /// The `Location`.
        to: String,
        /// The HTTP status.
        #[serde(default = "temporary_redirect")]
        status: u16,
    },
    /// The right answer with this `X-App-Usage` header.
    AppUsage {
        /// The percentages in the header.
        usage: AppUsage,
    },
    /// The right answer with this `X-Business-Use-Case-Usage` header.
    BusinessUsage {
        /// The numbers in the header.
        usage: BusinessUsage,
    },
    /// The right answer with a `Date` that differs from the virtual clock.
    DateSkew {
        /// How many seconds ahead the date is; negative is behind.
        seconds: i32,
    },
    /// The created container is never found by publishing, though its status says
    /// `FINISHED` (only for container creation).
    ContainerLost,
    /// The created container becomes `ERROR` (only for container creation).
    ContainerError {
        /// Its `error_message`, such as `FAILED_PROCESSING_VIDEO`.
        message: String,
    },
}

fn bad_request() -> u16 {
    400
}

fn temporary_redirect() -> u16 {
    307
}

impl Fault {
    /// A Graph error with HTTP status 400 and no subcode, before the effect.
    pub fn code(code: i64) -> Self {
        Self::Graph {
            code,
            subcode: None,
            status: 400,
        }
    }

    /// A Graph error with HTTP status 400 and a subcode, before the effect.
    pub fn subcode(code: i64, subcode: i64) -> Self {
        Self::Graph {
            code,
            subcode: Some(subcode),
            status: 400,
        }
    }

    /// A bare HTTP status, before the effect.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
        }
    }

    /// HTTP 429 with a `Retry-After` header, before the effect.
    pub fn rate_limited(retry_after_seconds: u32) -> Self {
        Self::Status {
            status: 429,
            retry_after: Some(retry_after_seconds),
        }
    }

    /// The right answer, one byte a second.
    pub fn drip() -> Self {
        Self::SlowBody {
            delay_ms: 1_000,
            chunk_bytes: 1,
        }
    }

    /// Whether the call has its effect at once.
    pub fn has_effect(&self) -> bool {
        !matches!(
            self,
            Self::DropBeforeEffect
                | Self::DropThenEffect { .. }
                | Self::ResetBeforeEffect
                | Self::HangBeforeEffect
                | Self::HalfOpenBeforeEffect
                | Self::Status { .. }
                | Self::Graph { .. }
                | Self::Redirect { .. }
        )
    }

    /// Whether the client gets the right answer, if only slowly or with a header more.
    pub(crate) fn keeps_answer(&self) -> bool {
        matches!(
            self,
            Self::SlowBody { .. }
                | Self::AppUsage { .. }
                | Self::BusinessUsage { .. }
                | Self::DateSkew { .. }
                | Self::ContainerError { .. }
                | Self::ContainerLost
        )
    }

    /// The name of the kind, as in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DropBeforeEffect => "drop_before_effect",
            Self::DropAfterEffect => "drop_after_effect",
            Self::DropThenEffect { .. } => "drop_then_effect",
            Self::ResetBeforeEffect => "reset_before_effect",
            Self::ResetAfterEffect => "reset_after_effect",
            Self::HangBeforeEffect => "hang_before_effect",
            Self::HangAfterEffect => "hang_after_effect",
            Self::Status { .. } => "status",
            Self::StatusAfterEffect { .. } => "status_after_effect",
            Self::Graph { .. } => "graph",
            Self::GraphAfterEffect { .. } => "graph_after_effect",
            Self::HalfOpenBeforeEffect => "half_open_before_effect",
            Self::HalfOpenAfterEffect => "half_open_after_effect",
            Self::SlowBody { .. } => "slow_body",
            Self::TruncatedBody => "truncated_body",
            Self::TruncatedHeaders => "truncated_headers",
            Self::WrongJson => "wrong_json",
            Self::MissingId => "missing_id",
            Self::HtmlBody => "html_body",
            Self::Redirect { .. } => "redirect",
            Self::AppUsage { .. } => "app_usage",
            Self::BusinessUsage { .. } => "business_usage",
            Self::DateSkew { .. } => "date_skew",
            Self::ContainerError { .. } => "container_error",
            Self::ContainerLost => "container_lost",
        }
    }
}

/// Which calls a rule applies to, counted from the moment the rule is set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum When {
    /// The next so many calls.
    Next(u32),
    /// Only the call with this number; 1 is the next one.
    Nth(u32),
    /// Each call with this probability, drawn from the plan's seed.
    Probability(f64),
    /// Every call.
    Always,
}

/// One line of a fault plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The endpoint; none means every endpoint.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// Which of its calls.
    pub when: When,
    /// What goes wrong.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule for one endpoint.
    pub fn new(endpoint: Endpoint, when: When, fault: Fault) -> Self {
        Self {
            endpoint: Some(endpoint),
            when,
            fault,
        }
    }

    /// A rule for every endpoint.
    pub fn everywhere(when: When, fault: Fault) -> Self {
        Self {
            endpoint: None,
            when,
            fault,
        }
    }
}

/// A set of rules; the first that applies to a call wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The seed that probabilities are drawn from.
    #[serde(default)]
    pub seed: u64,
    /// The rules, most important first.
    pub rules: Vec<FaultRule>,
}

/// The rules in force and how often each was looked at.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<ActiveRule>,
    made: u64,
}

#[derive(Debug)]
struct ActiveRule {
    rule: FaultRule,
    seed: Seed,
    calls: u32,
}

impl Faults {
    /// Adds a rule behind those in force.
    pub(crate) fn add(&mut self, rule: FaultRule, seed: u64) {
        self.made += 1;
        self.rules.push(ActiveRule {
            rule,
            seed: Seed::from_text("faults")
                .child("plan", seed)
                .child("rule", self.made),
            calls: 0,
        });
    }

    /// Puts `plan` in the place of the rules in force.
    pub(crate) fn replace(&mut self, plan: FaultPlan) {
        self.clear();
        for rule in plan.rules {
            self.add(rule, plan.seed);
        }
    }

    /// Takes all rules away.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
        self.made = 0;
    }

    /// The rules that can still apply.
    pub(crate) fn rules(&self) -> Vec<FaultRule> {
        self.rules
            .iter()
            .map(|active| active.rule.clone())
            .collect()
    }

    /// Counts a call and says what goes wrong with it.
    pub(crate) fn strike(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let mut struck = None;
        for active in &mut self.rules {
            if active
                .rule
                .endpoint
                .is_some_and(|wanted| wanted != endpoint)
            {
                continue;
            }
            // A rule behind the one that strikes does not see the call, so that
            // two `Next(1)` rules hit two calls.
            if struck.is_some() {
                break;
            }
            active.calls = active.calls.saturating_add(1);
            let hits = match active.rule.when {
                When::Next(calls) => active.calls <= calls,
                When::Nth(call) => active.calls == call,
                When::Probability(probability) => {
                    active.seed.unit(u64::from(active.calls)) < probability
                }
                When::Always => true,
            };
            if hits {
                struck = Some(active.rule.fault.clone());
            }
        }
        self.rules.retain(|active| match active.rule.when {
            When::Next(calls) => active.calls < calls,
            When::Nth(call) => active.calls < call,
            When::Probability(_) | When::Always => true,
        });
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: Vec<FaultRule>) -> Faults {
        let mut faults = Faults::default();
        faults.replace(FaultPlan { seed: 7, rules });
        faults
    }

    #[test]
    fn two_single_faults_hit_two_calls_in_order() {
        let mut faults = faults(vec![
            FaultRule::new(Endpoint::Profile, When::Next(1), Fault::status(503)),
            FaultRule::new(Endpoint::Profile, When::Next(1), Fault::code(190)),
        ]);

        assert_eq!(faults.strike(Endpoint::Profile), Some(Fault::status(503)));
        assert_eq!(faults.strike(Endpoint::Profile), Some(Fault::code(190)));
        assert_eq!(faults.strike(Endpoint::Profile), None);
    }

    #[test]
    fn other_endpoints_are_left_alone() {
        let mut faults = faults(vec![FaultRule::new(
            Endpoint::Profile,
            When::Nth(2),
            Fault::status(500),
        )]);

        assert_eq!(faults.strike(Endpoint::Posts), None);
        assert_eq!(faults.strike(Endpoint::Profile), None);
        assert_eq!(faults.strike(Endpoint::Profile), Some(Fault::status(500)));
        assert_eq!(faults.strike(Endpoint::Profile), None);
    }

    #[test]
    fn probabilities_repeat_with_their_seed() {
        let draw = || {
            let mut faults = faults(vec![FaultRule::everywhere(
                When::Probability(0.3),
                Fault::status(500),
            )]);
            (0..200)
                .map(|_| faults.strike(Endpoint::Posts).is_some())
                .collect::<Vec<_>>()
        };

        let first = draw();

        assert_eq!(first, draw());
        let hits = first.iter().filter(|&&hit| hit).count();
        assert!((35..85).contains(&hits), "{hits}");
    }
}
