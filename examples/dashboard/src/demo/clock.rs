//! The sandbox's time as the monitor's clock.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use threads_monitor::Clock;
use threads_sandbox::Sandbox;

/// A clock that shows the virtual time of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxClock(Sandbox);

impl SandboxClock {
    /// The clock of this sandbox.
    pub fn new(sandbox: Sandbox) -> Self {
        Self(sandbox)
    }
}

#[async_trait]
impl Clock for SandboxClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the demonstration's clock; virtual time may jump, so it looks often"
    )]
    async fn sleep_until(&self, deadline: DateTime<Utc>) {
        const PIECE: Duration = Duration::from_millis(500);
        while let Ok(left) = (deadline - self.now()).to_std() {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(PIECE)).await;
        }
    }
}
