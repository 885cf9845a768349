//! Publishers with one mistake each, as they are found in schedulers of all kinds.

use std::future::Future;
use std::pin::Pin;

use threads_sandbox::{Claim, Ending, SETTLE};

use super::desk::{Desk, MARKER, Sent, Status, TEXT};

type Outcome<'a> = Pin<Box<dyn Future<Output = Claim> + Send + 'a>>;

fn claim(is_published: bool) -> Claim {
    let ending = if is_published {
        Ending::Published
    } else {
        Ending::Failed
    };
    Claim::new(MARKER, ending)
}

/// M1: looks right after an unclear answer, while the call may still act.
pub(super) fn verifies_at_once(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        for _ in 0..2 {
            if desk.publish(&container).await == Sent::Published || desk.is_live(&container).await {
                return claim(true);
            }
        }
        claim(false)
    })
}

/// M2: sends again until there is an answer it likes.
pub(super) fn retries_blindly(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        for _ in 0..3 {
            if desk.publish(&container).await == Sent::Published {
                return claim(true);
            }
        }
        claim(false)
    })
}

/// M3: each try makes a container of its own.
pub(super) fn starts_anew(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        for _ in 0..3 {
            let container = desk.container(TEXT).await;
            if desk.publish(&container).await == Sent::Published {
                return claim(true);
            }
        }
        claim(false)
    })
}

/// M4: no good answer is a failure.
pub(super) fn takes_silence_for_failure(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        claim(desk.publish(&container).await == Sent::Published)
    })
}

/// M5a: dies after sending; the job is rescued and its container sent again.
pub(super) fn rescues_the_container(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        let _lost_with_the_process = desk.publish(&container).await;
        claim(desk.publish(&container).await == Sent::Published)
    })
}

/// M5b: dies after sending; the job is rescued and begins from the start.
pub(super) fn rescues_from_the_start(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        let _lost_with_the_process = desk.publish(&container).await;
        let container = desk.container(TEXT).await;
        claim(desk.publish(&container).await == Sent::Published)
    })
}

/// M6: two workers have the job at once, and the last one to write decides.
pub(super) fn has_no_fence(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        let (first, second) = tokio::join!(desk.publish(&container), desk.publish(&container));
        let last = if first == Sent::Published {
            second
        } else {
            first
        };
        claim(last == Sent::Published)
    })
}

/// M7: waits long enough, but takes a status that is gone for a post that is not there.
pub(super) fn takes_not_found_for_not_published(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        for _ in 0..2 {
            let container = desk.container(TEXT).await;
            if desk.publish(&container).await == Sent::Published {
                return claim(true);
            }
            desk.wait(SETTLE.as_secs());
            match desk.status(&container).await {
                Status::Published => return claim(true),
                Status::Waiting | Status::Gone => {}
            }
        }
        claim(false)
    })
}

/// M8: tells the user that the post is cancelled while its call is under way.
pub(super) fn cancels_in_flight(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        match desk.publish(&container).await {
            Sent::Published => claim(true),
            Sent::Refused | Sent::Unclear => Claim::new(MARKER, Ending::Cancelled),
        }
    })
}

/// M9: a worker sleeps between deciding to send and sending; another took over.
pub(super) fn sends_without_a_deadline(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        let sleeper_will_send = container.clone();
        desk.wait(SETTLE.as_secs());
        if !desk.is_live(&container).await {
            desk.publish(&container).await;
        }
        desk.wait(SETTLE.as_secs());
        claim(desk.publish(&sleeper_will_send).await == Sent::Published)
    })
}

/// M10: accepts a new text while the call with the old one is under way.
pub(super) fn edits_in_flight(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        desk.publish(&container).await;
        let edited = format!("autumn sale {MARKER}");
        desk.wait(SETTLE.as_secs());
        let ending = if desk.is_live(&container).await {
            Ending::Published
        } else {
            Ending::Unknown
        };
        Claim::new(MARKER, ending).with_text(edited)
    })
}

/// M11: an answer is an answer.
pub(super) fn believes_every_answer(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        desk.publish(&container).await;
        claim(true)
    })
}

/// M12: deletes what it finds after an unclear answer and begins from the start.
pub(super) fn deletes_and_starts_anew(desk: &Desk) -> Outcome<'_> {
    Box::pin(async move {
        let container = desk.container(TEXT).await;
        if desk.publish(&container).await == Sent::Published {
            return claim(true);
        }
        for post in desk.listed().await {
            desk.delete(&post).await;
        }
        let container = desk.container(TEXT).await;
        claim(desk.publish(&container).await == Sent::Published)
    })
}
