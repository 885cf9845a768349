//! Opaque cursors: a position in one account's list, unreadable and checked.

use crate::id::{PostId, UserId};
use crate::random::Seed;

const PREFIX: &str = "QVFI";

/// The cursor of a post in the list of `owner`.
pub(crate) fn encode(seed: Seed, owner: UserId, post: PostId) -> String {
    let key = seed.child("cursor", owner.0);
    let hidden = post.0 ^ key.bits(0);
    format!("{PREFIX}{hidden:016x}{:08x}", check(key, hidden))
}

/// The post that a cursor stands for, if it was made for this list.
pub(crate) fn decode(seed: Seed, owner: UserId, text: &str) -> Option<PostId> {
    let key = seed.child("cursor", owner.0);
    let digits = text.strip_prefix(PREFIX)?;
    if digits.len() != 24 {
        return None;
    }
    let hidden = u64::from_str_radix(digits.get(..16)?, 16).ok()?;
    let sent = u64::from_str_radix(digits.get(16..)?, 16).ok()?;
    (sent == check(key, hidden)).then(|| PostId(hidden ^ key.bits(0)))
}

fn check(key: Seed, hidden: u64) -> u64 {
    key.child("check", hidden).bits(1) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let seed = Seed::from_text("demo");
        let text = encode(seed, UserId(1), PostId(99));

        assert_eq!(decode(seed, UserId(1), &text), Some(PostId(99)));
        assert_eq!(decode(seed, UserId(2), &text), None);
        assert_eq!(decode(seed, UserId(1), "QVFInonsense"), None);
    }
}
