//! What the ledger proves.

use std::collections::{BTreeMap, BTreeSet};

use super::{Charge, Claim, Ending};
use crate::ledger::{LedgerEntry, LedgerKind};

pub(super) fn charges(ledger: &[LedgerEntry], claims: &[Claim]) -> Vec<Charge> {
    let mut charges: Vec<Charge> = claims
        .iter()
        .flat_map(|claim| charges_of(ledger, claim))
        .collect();
    charges.extend(containers(ledger));
    charges.extend(reposts(ledger));
    charges
}

/// What the ledger says about one claim.
fn charges_of(ledger: &[LedgerEntry], claim: &Claim) -> Vec<Charge> {
    let marker = || claim.marker.clone();
    let mut charges = Vec::new();
    let mut live = BTreeMap::new();
    let mut was_live = false;
    for entry in ledger {
        let (Some(post), Some(text)) = (&entry.post_id, &entry.text) else {
            continue;
        };
        match entry.kind {
            LedgerKind::PostPublished if text.contains(&claim.marker) => {
                was_live = true;
                live.insert(post, text);
                if live.len() > 1 {
                    charges.push(Charge::TwoLivePosts {
                        marker: marker(),
                        post_id: post.clone(),
                    });
                }
            }
            LedgerKind::PostDeleted => {
                live.remove(post);
            }
            _ => {}
        }
    }
    match claim.ending {
        Ending::Published if !was_live => {
            charges.push(Charge::NeverPublished { marker: marker() });
        }
        ending @ (Ending::Failed | Ending::Cancelled) if !live.is_empty() => {
            charges.push(Charge::LiveAfterAll {
                marker: marker(),
                ending,
            });
        }
        _ => {}
    }
    if let Some(wanted) = &claim.text
        && live.values().any(|text| *text != wanted)
    {
        charges.push(Charge::StaleText { marker: marker() });
    }
    charges
}

/// Containers that became more than one post.
fn containers(ledger: &[LedgerEntry]) -> Vec<Charge> {
    let mut published = BTreeSet::new();
    ledger
        .iter()
        .filter(|entry| entry.kind == LedgerKind::PostPublished)
        .filter_map(|entry| entry.container_id.as_ref())
        .filter(|container| !published.insert(*container))
        .map(|container| Charge::ContainerPublishedTwice {
            container_id: container.clone(),
        })
        .collect()
}

/// Posts that one account reposted again while its first repost was live.
fn reposts(ledger: &[LedgerEntry]) -> Vec<Charge> {
    let mut live = BTreeMap::new();
    let mut charges = Vec::new();
    for entry in ledger {
        let (Some(original), Some(post)) = (&entry.original, &entry.post_id) else {
            continue;
        };
        let key = (&entry.account, original);
        if entry.kind == LedgerKind::PostDeleted {
            live.remove(&key);
        } else if entry.kind == LedgerKind::PostReposted && live.insert(key, post).is_some() {
            charges.push(Charge::TwoLiveReposts {
                original: original.clone(),
            });
        }
    }
    charges
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn entry(kind: LedgerKind, post: &str, text: &str) -> LedgerEntry {
        LedgerEntry {
            seq: 1,
            at: DateTime::<Utc>::UNIX_EPOCH,
            kind,
            account: Some("1".to_owned()),
            container_id: None,
            post_id: Some(post.to_owned()),
            text: Some(text.to_owned()),
            parent: None,
            original: None,
        }
    }

    fn judge(ledger: &[LedgerEntry], ending: Ending) -> Vec<Charge> {
        charges(ledger, &[Claim::new("tea", ending)])
    }

    #[test]
    fn a_post_that_was_deleted_before_the_next_one_is_no_duplicate() {
        let first = entry(LedgerKind::PostPublished, "1", "tea time");
        let deleted = entry(LedgerKind::PostDeleted, "1", "tea time");
        let second = entry(LedgerKind::PostPublished, "2", "tea time");

        let in_turn = [first.clone(), deleted.clone(), second.clone()];
        assert_eq!(judge(&in_turn, Ending::Published), []);
        let at_once = [first, second, deleted];
        assert!(matches!(
            judge(&at_once, Ending::Published)[..],
            [Charge::TwoLivePosts { .. }]
        ));
    }

    #[test]
    fn a_cancelled_post_may_have_been_live_but_is_not_any_more() {
        let published = entry(LedgerKind::PostPublished, "1", "tea");
        let deleted = entry(LedgerKind::PostDeleted, "1", "tea");

        assert_eq!(judge(&[published.clone(), deleted], Ending::Cancelled), []);
        assert!(matches!(
            judge(&[published], Ending::Cancelled)[..],
            [Charge::LiveAfterAll {
                ending: Ending::Cancelled,
                ..
            }]
        ));
    }

    #[test]
    fn not_knowing_is_never_wrong() {
        let published = entry(LedgerKind::PostPublished, "1", "tea");

        assert_eq!(judge(&[published], Ending::Unknown), []);
        assert_eq!(judge(&[], Ending::Unknown), []);
        assert!(matches!(
            judge(&[], Ending::Published)[..],
            [Charge::NeverPublished { .. }]
        ));
    }

    #[test]
    fn another_posts_text_proves_nothing() {
        let coffee = entry(LedgerKind::PostPublished, "1", "coffee");

        assert_eq!(judge(&[coffee], Ending::Failed), []);
    }
}
