//! What an answer says about sharing a post to Instagram, too.

use serde_json::{Value, json};

use crate::content::Content;
use crate::switches::{CrossShareAnswer, Switches};

/// Adds `crossreshare_to_ig_status` to the answer that publishes.
pub(super) fn tell_when_published(answer: &mut Value, content: &Content, switches: &Switches) {
    if switches.cross_share_answer == CrossShareAnswer::Publish {
        tell(answer, content, switches);
    }
}

/// Adds `crossreshare_to_ig_status` to the answer that creates a container.
pub(super) fn tell_when_created(answer: &mut Value, content: &Content, switches: &Switches) {
    if switches.cross_share_answer == CrossShareAnswer::Container {
        tell(answer, content, switches);
    }
}

fn tell(answer: &mut Value, content: &Content, switches: &Switches) {
    if content.shares_to_instagram {
        let status = if switches.cross_share_succeeds {
            "SUCCESS"
        } else {
            "FAILED"
        };
        answer["crossreshare_to_ig_status"] = json!(status);
    }
}
