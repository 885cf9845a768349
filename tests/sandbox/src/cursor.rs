//! Opaque cursors: a position in one list, unreadable and checked.

use crate::id::{PostId, UserId};
use crate::random::{Seed, hash_bytes};

const PREFIX: &str = "QVFI";

/// One list that cursors point into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListId(u64);

impl ListId {
    /// The posts of an account.
    pub(crate) fn posts_of(owner: UserId) -> Self {
        Self(owner.0)
    }

    /// Another list, by what it is called and what it belongs to.
    pub(crate) fn named(name: &str, of: impl std::fmt::Display) -> Self {
        Self(hash_bytes(format!("{name} of {of}").as_bytes()))
    }
}

/// The cursor of a post in a list.
pub(crate) fn encode(seed: Seed, list: ListId, post: PostId) -> String {
    let key = seed.child("cursor", list.0);
    let hidden = post.0 ^ key.bits(0);
    format!("{PREFIX}{hidden:016x}{:08x}", check(key, hidden))
}

/// The post that a cursor stands for, if it was made for this list.
pub(crate) fn decode(seed: Seed, list: ListId, text: &str) -> Option<PostId> {
    let key = seed.child("cursor", list.0);
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
        let list = ListId::posts_of(UserId(1));
        let text = encode(seed, list, PostId(99));

        assert_eq!(decode(seed, list, &text), Some(PostId(99)));
        for other in [ListId::posts_of(UserId(2)), ListId::named("replies", 1)] {
            assert_eq!(decode(seed, other, &text), None);
        }
        assert_eq!(decode(seed, list, "QVFInonsense"), None);
    }
}
