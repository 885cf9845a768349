//! What every [`TokenStore`] has to do, as tests. Not a stable API.
//!
//! Each function is one case; [`token_store_conformance!`](crate::token_store_conformance)
//! makes one test of each. A case panics where the store breaks the contract, and
//! returns the error where the store fails.
//!
//! ```
//! mod my_store {
//!     use std::sync::Arc;
//!     use threads_monitor::token_store::MemoryTokenStore;
//!
//!     threads_monitor::token_store_conformance! {
//!         fresh: async { Arc::new(MemoryTokenStore::default()) },
//!     }
//! }
//! ```
#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "the module says it for all cases"
)]

mod reopening;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use threads_client::{AccessToken, Scope, UserId};

pub use self::reopening::*;
use super::{Credential, StoredToken, Token, TokenStore};
use crate::error::StoreError;
use crate::version::Version;

/// The store under test.
pub type Store = Arc<dyn TokenStore>;

/// What a case returns.
pub type Case = Result<(), StoreError>;

/// Makes one test of each case of the [`conformance`](crate::token_store::conformance) suite.
///
/// - `fresh:` an async expression that gives a new, empty store as an `Arc`.
/// - `place:` and `open:` for a store that survives its process: where it is (evaluated
///   once a test), and an async function that opens, or opens again, the store there.
#[macro_export]
macro_rules! token_store_conformance {
    (fresh: $fresh:expr $(,)?) => {
        $crate::token_store_conformance!(@cases @fresh [$fresh]);
    };
    (place: $place:expr, open: $open:expr $(,)?) => {
        $crate::token_store_conformance!(@cases @place [$place] [$open]);
        $crate::token_store_conformance!(@reopen [$place] [$open] {
            tokens_survive_reopening
            deleted_tokens_stay_deleted_after_reopening
            versions_go_on_after_reopening
        });
    };
    (@cases $($how:tt)*) => {
        $crate::token_store_conformance!($($how)* {
            a_missing_token_is_none
            a_token_is_loaded_as_it_was_saved
            times_survive_to_the_microsecond
            replacing_changes_every_field
            inserting_over_a_token_conflicts
            replacing_an_older_version_conflicts
            replacing_a_missing_token_conflicts
            a_refused_save_changes_nothing
            every_save_gives_a_new_version
            versions_are_not_used_again_after_a_delete
            deleting_is_idempotent
            accounts_do_not_mix
            accounts_are_listed_in_ascending_order
            listing_goes_a_page_at_a_time
            odd_ids_are_safe
            one_of_many_concurrent_replacements_wins
            one_of_many_concurrent_inserts_wins
            a_token_of_any_text_is_kept
            a_delete_beats_replacements_at_the_same_time
            readers_never_see_a_mix
            debug_shows_no_secret
        });
    };
    (@fresh [$fresh:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let store: $crate::token_store::conformance::Store = $fresh.await;
            $crate::token_store::conformance::$case(&store).await.unwrap();
        }
    )* };
    (@place [$place:expr] [$open:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let place = $place;
            let store: $crate::token_store::conformance::Store = ($open)(&place).await;
            $crate::token_store::conformance::$case(&store).await.unwrap();
        }
    )* };
    (@reopen [$place:expr] [$open:expr] { $($case:ident)* }) => { $(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            let place = $place;
            let open = async || -> $crate::token_store::conformance::Store {
                ($open)(&place).await
            };
            $crate::token_store::conformance::$case(open).await.unwrap();
        }
    )* };
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_790_000_000 + seconds)
}

fn credential(secret: &str) -> Credential {
    Credential {
        access_token: AccessToken::new(secret),
        obtained_at: at(0),
        expires_at: at(60 * 86_400),
        expiry_assumed: false,
    }
}

fn token(user: &str, secret: &str) -> Token {
    Token {
        user: UserId::new(user),
        credential: credential(secret),
        candidate: None,
        scopes: vec![Scope::Basic],
        connected_at: at(0),
    }
}

fn user(id: &str) -> UserId {
    UserId::new(id)
}

/// Everything of a credential, for comparing.
fn credential_parts(credential: &Credential) -> (String, DateTime<Utc>, DateTime<Utc>, bool) {
    (
        credential.access_token.expose().to_owned(),
        credential.obtained_at,
        credential.expires_at,
        credential.expiry_assumed,
    )
}

fn assert_same(stored: Option<StoredToken>, token: &Token, version: Version) {
    let stored = stored.map(|stored| (stored.version, stored.token));
    let Some((stored_version, stored)) = stored else {
        panic!("the token of account {} is not there", token.user);
    };
    assert_eq!(stored_version, version);
    assert_eq!(stored.user, token.user);
    assert_eq!(
        credential_parts(&stored.credential),
        credential_parts(&token.credential)
    );
    assert_eq!(
        stored.candidate.as_ref().map(credential_parts),
        token.candidate.as_ref().map(credential_parts)
    );
    assert_eq!(stored.scopes, token.scopes);
    assert_eq!(stored.connected_at, token.connected_at);
}

fn assert_conflict<A>(result: Result<A, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::Conflict { .. })),
        "expected a conflict, got {:?}",
        result.map(|_| "success")
    );
}

/// A token that was never saved is `None`, not an error.
pub async fn a_missing_token_is_none(store: &Store) -> Case {
    assert!(store.load(&user("1")).await?.is_none());
    Ok(())
}

/// Every field survives, with and without a candidate.
pub async fn a_token_is_loaded_as_it_was_saved(store: &Store) -> Case {
    let mut token = token("17841400000000001", "THAA-first \"quoted\" \\ \u{1f9f5}");
    token.credential.expiry_assumed = true;
    token.candidate = Some(Credential {
        obtained_at: at(5),
        expires_at: at(6),
        ..credential("THAA-candidate")
    });
    token.scopes = vec![
        Scope::Basic,
        Scope::ManageInsights,
        Scope::Unknown("threads_of_tomorrow".to_owned()),
    ];
    token.connected_at = at(-7);

    let version = store.save(&token, None).await?;

    assert_same(store.load(&token.user).await?, &token, version);
    Ok(())
}

/// Times are not cut to seconds or milliseconds.
pub async fn times_survive_to_the_microsecond(store: &Store) -> Case {
    let mut token = token("1", "THAA");
    token.credential.obtained_at = at(0) + TimeDelta::microseconds(1);
    token.credential.expires_at = at(0) + TimeDelta::microseconds(999_999);
    token.connected_at = at(0) - TimeDelta::microseconds(123_457);

    let version = store.save(&token, None).await?;

    assert_same(store.load(&token.user).await?, &token, version);
    Ok(())
}

/// Nothing of the replaced token stays, not even its candidate.
pub async fn replacing_changes_every_field(store: &Store) -> Case {
    let mut old = token("1", "THAA-old");
    old.candidate = Some(credential("THAA-candidate"));
    let first = store.save(&old, None).await?;
    let mut new = token("1", "THAA-new");
    new.credential.expires_at = at(1);
    new.scopes = Vec::new();
    new.connected_at = at(2);

    let second = store.save(&new, Some(first)).await?;

    assert_same(store.load(&new.user).await?, &new, second);
    Ok(())
}

/// `replaces: None` only inserts.
pub async fn inserting_over_a_token_conflicts(store: &Store) -> Case {
    store.save(&token("1", "THAA-old"), None).await?;

    assert_conflict(store.save(&token("1", "THAA-new"), None).await);
    Ok(())
}

/// A writer that slept through another write is told.
pub async fn replacing_an_older_version_conflicts(store: &Store) -> Case {
    let first = store.save(&token("1", "THAA-1"), None).await?;
    store.save(&token("1", "THAA-2"), Some(first)).await?;

    assert_conflict(store.save(&token("1", "THAA-3"), Some(first)).await);
    Ok(())
}

/// A replacement does not bring back what was deleted.
pub async fn replacing_a_missing_token_conflicts(store: &Store) -> Case {
    let version = store.save(&token("1", "THAA-1"), None).await?;
    store.delete(&user("1")).await?;

    assert_conflict(store.save(&token("1", "THAA-2"), Some(version)).await);
    assert!(store.load(&user("1")).await?.is_none());
    Ok(())
}

/// After a conflict, the token and its version are as before.
pub async fn a_refused_save_changes_nothing(store: &Store) -> Case {
    let old = token("1", "THAA-old");
    let first = store.save(&old, None).await?;
    let second = store.save(&old, Some(first)).await?;

    assert_conflict(store.save(&token("1", "THAA-new"), Some(first)).await);
    assert_conflict(store.save(&token("1", "THAA-new"), None).await);

    assert_same(store.load(&old.user).await?, &old, second);
    Ok(())
}

/// Saving the same content again gives a new version too.
pub async fn every_save_gives_a_new_version(store: &Store) -> Case {
    let token = token("1", "THAA");
    let mut versions = BTreeSet::new();
    let mut last = None;

    for _ in 0..5 {
        let version = store.save(&token, last).await?;
        versions.insert(version);
        last = Some(version);
    }

    assert_eq!(versions.len(), 5);
    assert_same(
        store.load(&token.user).await?,
        &token,
        last.unwrap_or(Version::new(0)),
    );
    Ok(())
}

/// A writer that slept through a delete and a new insert is told.
pub async fn versions_are_not_used_again_after_a_delete(store: &Store) -> Case {
    let first = store.save(&token("1", "THAA-1"), None).await?;
    store.delete(&user("1")).await?;

    let second = store.save(&token("1", "THAA-2"), None).await?;

    assert_ne!(first, second);
    assert_conflict(store.save(&token("1", "THAA-3"), Some(first)).await);
    Ok(())
}

/// Deleting twice, and deleting what never was, is `Ok`.
pub async fn deleting_is_idempotent(store: &Store) -> Case {
    store.save(&token("1", "THAA"), None).await?;

    store.delete(&user("1")).await?;
    store.delete(&user("1")).await?;
    store.delete(&user("2")).await?;

    assert!(store.load(&user("1")).await?.is_none());
    assert!(store.list(None, 10).await?.is_empty());
    Ok(())
}

/// Writes and deletes of one account leave the others alone.
pub async fn accounts_do_not_mix(store: &Store) -> Case {
    let other = token("2", "THAA-2");
    let first = store.save(&token("1", "THAA-1"), None).await?;
    let version = store.save(&other, None).await?;

    store.save(&token("1", "THAA-1b"), Some(first)).await?;
    assert_conflict(store.save(&token("1", "THAA-1c"), Some(version)).await);
    store.delete(&user("1")).await?;

    assert_same(store.load(&other.user).await?, &other, version);
    assert_eq!(store.list(None, 10).await?, [user("2")]);
    Ok(())
}

/// By the bytes of their ids, whatever the order of writing.
pub async fn accounts_are_listed_in_ascending_order(store: &Store) -> Case {
    for id in ["30", "4", "100", "A", "a", "é"] {
        store.save(&token(id, "THAA"), None).await?;
    }

    let listed = store.list(None, 100).await?;

    assert_eq!(listed, ["100", "30", "4", "A", "a", "é"].map(user));
    Ok(())
}

/// `after` is exclusive and need not be there any more; a limit of 0 gives nothing.
pub async fn listing_goes_a_page_at_a_time(store: &Store) -> Case {
    for id in ["1", "2", "3", "4", "5"] {
        store.save(&token(id, "THAA"), None).await?;
    }
    store.delete(&user("3")).await?;

    assert_eq!(store.list(None, 2).await?, ["1", "2"].map(user));
    assert_eq!(store.list(Some(&user("2")), 2).await?, ["4", "5"].map(user));
    assert_eq!(store.list(Some(&user("3")), 1).await?, ["4"].map(user));
    assert!(store.list(Some(&user("5")), 2).await?.is_empty());
    assert!(store.list(None, 0).await?.is_empty());
    assert_eq!(store.list(None, usize::MAX).await?.len(), 4);
    Ok(())
}

/// An odd id is refused, or kept exactly, and never taken for another account's.
pub async fn odd_ids_are_safe(store: &Store) -> Case {
    let long = "9".repeat(64);
    let very_long = "x".repeat(4096);
    let ids = [
        "me",
        "../x",
        "..",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "%2e%2e%2fx",
        " 1",
        "1 ",
        "1\n",
        "1\u{0}",
        "'; DROP TABLE tokens; --",
        "ÿ",
        &long,
        &very_long,
    ];
    let mut kept = Vec::new();

    for id in ids {
        let token = token(id, &format!("THAA of {id}"));
        if let Ok(version) = store.save(&token, None).await {
            kept.push((token, version));
        }
    }

    for (token, version) in &kept {
        assert_same(store.load(&token.user).await?, token, *version);
    }
    assert_eq!(store.list(None, 100).await?.len(), kept.len());
    for (token, _) in &kept {
        store.delete(&token.user).await?;
    }
    assert!(store.list(None, 100).await?.is_empty());
    Ok(())
}

/// Of many that replace one version at once, one succeeds; the others meet `Conflict`.
pub async fn one_of_many_concurrent_replacements_wins(store: &Store) -> Case {
    let mut version = store.save(&token("1", "THAA"), None).await?;
    for _ in 0..20 {
        let winners = race(store, Some(version)).await?;

        let [(secret, won)] = winners.as_slice() else {
            panic!("{} writers replaced one version", winners.len());
        };
        assert_same(store.load(&user("1")).await?, &token("1", secret), *won);
        version = *won;
    }
    Ok(())
}

/// Of many that insert one account at once, one succeeds.
pub async fn one_of_many_concurrent_inserts_wins(store: &Store) -> Case {
    for _ in 0..5 {
        let winners = race(store, None).await?;

        assert_eq!(winners.len(), 1, "as many inserted one account");
        store.delete(&user("1")).await?;
    }
    Ok(())
}

/// Long ones, and texts that a careless encoding cuts or changes.
pub async fn a_token_of_any_text_is_kept(store: &Store) -> Case {
    let long = "THAA\u{1f9f5}".repeat(20_000);
    for (id, secret) in ["", "\u{0}", "a\u{0}b", " THAA\r\n", "'\"\\", &long]
        .into_iter()
        .enumerate()
    {
        let mut token = token(&id.to_string(), secret);
        token.candidate = Some(credential(secret));
        token.scopes = vec![Scope::Unknown(secret.to_owned())];

        let version = store.save(&token, None).await?;

        assert_same(store.load(&token.user).await?, &token, version);
    }
    Ok(())
}

/// Whichever comes first, nothing is left: a replacement that comes later conflicts.
pub async fn a_delete_beats_replacements_at_the_same_time(store: &Store) -> Case {
    for _ in 0..10 {
        let version = store.save(&token("1", "THAA-1"), None).await?;
        let (raced, deleted) = futures::future::join(
            race(store, Some(version)),
            tokio::spawn({
                let store = Arc::clone(store);
                async move { store.delete(&user("1")).await }
            }),
        )
        .await;
        raced?;
        match deleted {
            Ok(deleted) => deleted?,
            Err(error) => panic!("the delete panicked: {error}"),
        }

        assert!(store.load(&user("1")).await?.is_none());
        assert!(store.list(None, 10).await?.is_empty());
    }
    Ok(())
}

/// Eight writers save account 1 at once; gives those that succeeded.
async fn race(
    store: &Store,
    replaces: Option<Version>,
) -> Result<Vec<(String, Version)>, StoreError> {
    let writers = (0..8).map(|writer| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let secret = format!("THAA-{writer}");
            let result = store.save(&token("1", &secret), replaces).await;
            (secret, result)
        })
    });
    let mut winners = Vec::new();
    for outcome in futures::future::join_all(writers).await {
        match outcome {
            Ok((secret, Ok(version))) => winners.push((secret, version)),
            Ok((_, Err(StoreError::Conflict { .. }))) => {}
            Ok((_, Err(error))) => return Err(error),
            Err(error) => panic!("a writer panicked: {error}"),
        }
    }
    Ok(winners)
}

/// While a token is replaced, readers see the old or the new one, whole.
pub async fn readers_never_see_a_mix(store: &Store) -> Case {
    fn numbered(number: i64) -> Token {
        let mut token = token("1", &format!("THAA-{number}"));
        token.candidate = Some(credential(&format!("candidate-{number}")));
        token.connected_at = at(number);
        token
    }
    let mut version = store.save(&numbered(0), None).await?;
    let reader = tokio::spawn({
        let store = Arc::clone(store);
        async move {
            for _ in 0..200 {
                let Some(stored) = store.load(&user("1")).await? else {
                    panic!("the token vanished while it was replaced");
                };
                let number = (stored.token.connected_at - at(0)).num_seconds();
                assert_same(Some(stored.clone()), &numbered(number), stored.version);
                tokio::task::yield_now().await;
            }
            Ok::<_, StoreError>(())
        }
    });

    for number in 1..100 {
        version = store.save(&numbered(number), Some(version)).await?;
    }

    match reader.await {
        Ok(result) => result,
        Err(error) => panic!("the reader panicked: {error}"),
    }
}

/// Neither the store nor a token shows a secret in `Debug`.
pub async fn debug_shows_no_secret(store: &Store) -> Case {
    let mut token = token("1", "THAA-very-secret");
    token.candidate = Some(credential("THAA-very-secret-candidate"));
    let version = store.save(&token, None).await?;

    let conflict = store.save(&token, None).await;
    let shown = format!(
        "{store:?} {store:#?} {token:?} {:?} {conflict:?}",
        store.load(&token.user).await?
    );

    assert!(shown.contains(&format!("{version:?}")), "{shown}");
    assert!(!shown.contains("very-secret"), "{shown}");
    Ok(())
}
