//! A publisher that does it right.

use std::future::Future;
use std::pin::Pin;

use threads_sandbox::{Claim, Ending, SETTLE};

use super::desk::{Desk, MARKER, Sent, TEXT};

/// Sends once, waits until nothing can act any more, looks, and only then goes on.
pub(super) fn publisher(desk: &Desk) -> Pin<Box<dyn Future<Output = Claim> + Send + '_>> {
    Box::pin(async move {
        for _ in 0..3 {
            let container = desk.container(TEXT).await;
            let mut is_in_doubt = false;
            for _ in 0..4 {
                match desk.publish(&container).await {
                    Sent::Published => return Claim::new(MARKER, Ending::Published),
                    Sent::Refused if !is_in_doubt => desk.wait(5),
                    // After a doubt a refusal may mean that the container was used.
                    Sent::Refused | Sent::Unclear => {
                        is_in_doubt = true;
                        desk.wait(SETTLE.as_secs());
                        if desk.is_live(&container).await {
                            return Claim::new(MARKER, Ending::Published);
                        }
                    }
                }
            }
            if is_in_doubt {
                return Claim::new(MARKER, Ending::Unknown);
            }
        }
        Claim::new(MARKER, Ending::Failed)
    })
}
