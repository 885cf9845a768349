//! Jobs that keep something, and mostly rest.

use serde_json::Value;

use crate::error::{MonitorError, StoreError};
use crate::monitor::{Monitor, kept};
use crate::planning::Stage;
use crate::scheduler::{Change, Lease};

impl Monitor {
    /// Makes the post of a draft that was scheduled, if whoever did that could not.
    pub(super) async fn run_draft(&self, lease: Lease) -> Result<(), MonitorError> {
        let _not_while_erasing = self.erasing(&lease.job.account).read().await;
        let (id, epoch) = (lease.job.id, lease.epoch);
        let error = match self.make_decided(lease).await {
            Ok(()) => return Ok(()),
            Err(MonitorError::Store(error)) if error.is_final() => return Err(error.into()),
            Err(error) => error,
        };
        tracing::error!(
            job.id = %id,
            error = &error as &dyn std::error::Error,
            "draft {id} could not be scheduled; it is tried again"
        );
        self.postpone(id, epoch).await
    }

    async fn make_decided(&self, lease: Lease) -> Result<(), MonitorError> {
        let mut draft = kept(&lease.job)?;
        self.make_drafted(&draft).await?;
        let state = if let Stage::Scheduled { is_made, .. } = &mut draft.entry.stage {
            *is_made = true;
            draft.entry.state()?
        } else {
            lease.job.state.clone()
        };
        self.rest_with(lease, state).await
    }

    /// Lets a job rest that only keeps something.
    pub(super) async fn rest(&self, lease: Lease) -> Result<(), MonitorError> {
        let state = lease.job.state.clone();
        self.rest_with(lease, state).await
    }

    async fn rest_with(&self, lease: Lease, state: Value) -> Result<(), MonitorError> {
        let scheduler = &self.storage().scheduler;
        let (id, epoch) = (lease.job.id, lease.epoch);
        let change = Change {
            state,
            wake_at: None,
            events: Vec::new(),
        };
        match scheduler.release(lease, change).await {
            Ok(()) | Err(StoreError::LeaseLost { .. }) => Ok(()),
            // A person changed it meanwhile: again, soon.
            Err(StoreError::Conflict { .. }) => {
                let Some(job) = scheduler.get(&id).await?.filter(|job| job.epoch == epoch) else {
                    return Ok(());
                };
                let Some(holder) = job.lease.clone() else {
                    return Ok(());
                };
                let change = Change {
                    state: job.state.clone(),
                    wake_at: Some(self.now()),
                    events: Vec::new(),
                };
                let lease = Lease {
                    epoch,
                    until: holder.until,
                    job,
                };
                match scheduler.release(lease, change).await {
                    Ok(()) | Err(StoreError::LeaseLost { .. } | StoreError::Conflict { .. }) => {
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}
