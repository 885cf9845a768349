use chrono::{DateTime, Utc};

use super::*;
use crate::token_store::MemoryTokenStore;

fn token(user: &str, secret: &str) -> Token {
    let credential = |secret: &str| Credential {
        access_token: AccessToken::new(secret),
        obtained_at: DateTime::<Utc>::UNIX_EPOCH,
        expires_at: DateTime::<Utc>::UNIX_EPOCH,
        expiry_assumed: false,
    };
    Token {
        user: UserId::new(user),
        credential: credential(secret),
        candidate: Some(credential(&format!("{secret}-candidate"))),
        scopes: Vec::new(),
        connected_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

fn store(below: &MemoryTokenStore, keys: &KeyRing) -> SealedTokenStore {
    SealedTokenStore {
        below: Arc::new(below.clone()),
        keys: Arc::new(Keys::read(keys.clone()).unwrap()),
    }
}

async fn raw(below: &MemoryTokenStore, user: &str) -> StoredToken {
    below.load(&UserId::new(user)).await.unwrap().unwrap()
}

fn secrets(token: &Token) -> [String; 2] {
    let candidate = token.candidate.as_ref().unwrap();
    [&token.credential, candidate].map(|credential| credential.access_token.expose().to_owned())
}

#[tokio::test]
async fn the_store_below_sees_no_token() {
    let below = MemoryTokenStore::default();
    let sealed = store(&below, &KeyRing::random().unwrap());

    sealed.save(&token("1", "THAA"), None).await.unwrap();

    for kept in secrets(&raw(&below, "1").await.token) {
        assert!(kept.starts_with(SEALED) && !kept.contains("THAA"), "{kept}");
    }
    let loaded = sealed.load(&"1".into()).await.unwrap().unwrap();
    assert_eq!(secrets(&loaded.token), ["THAA", "THAA-candidate"]);
}

#[tokio::test]
async fn one_token_is_sealed_differently_each_time() {
    let below = MemoryTokenStore::default();
    let sealed = store(&below, &KeyRing::random().unwrap());
    let first = sealed.save(&token("1", "THAA"), None).await.unwrap();
    let before = secrets(&raw(&below, "1").await.token);

    sealed.save(&token("1", "THAA"), Some(first)).await.unwrap();

    assert_ne!(secrets(&raw(&below, "1").await.token), before);
}

#[tokio::test]
async fn a_token_that_was_moved_or_changed_does_not_open() {
    let below = MemoryTokenStore::default();
    let sealed = store(&below, &KeyRing::random().unwrap());
    let version = sealed.save(&token("1", "THAA"), None).await.unwrap();
    let good = raw(&below, "1").await.token;

    let mut elsewhere = good.clone();
    elsewhere.user = UserId::new("2");
    below.save(&elsewhere, None).await.unwrap();
    let mut swapped = good.clone();
    swapped.credential = good.candidate.clone().unwrap();
    swapped.candidate = Some(good.credential.clone());
    let version = below.save(&swapped, Some(version)).await.unwrap();
    for user in ["1", "2"] {
        let error = sealed.load(&user.into()).await.unwrap_err();
        assert!(matches!(error, StoreError::Sealed { .. }), "{error}");
    }

    let mut version = version;
    let text = good.credential.access_token.expose().to_owned();
    for place in (SEALED.len()..text.len()).step_by(5) {
        let mut bytes = text.clone().into_bytes();
        let byte = bytes.get_mut(place).unwrap();
        *byte = if *byte == b'A' { b'B' } else { b'A' };
        let mut changed = good.clone();
        changed.credential.access_token = AccessToken::new(String::from_utf8(bytes).unwrap());
        version = below.save(&changed, Some(version)).await.unwrap();
        let error = sealed.load(&"1".into()).await.unwrap_err();
        assert!(matches!(error, StoreError::Sealed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_key_stops_at_the_start_and_changes_nothing() {
    let below = MemoryTokenStore::default();
    let keys = KeyRing::random().unwrap();
    store(&below, &keys)
        .save(&token("1", "THAA"), None)
        .await
        .unwrap();
    let before = raw(&below, "1").await;
    let same_number = format!("{}:{}", keys.current_id(), "A".repeat(43) + "=");

    for (wrong, expected) in [
        (KeyRing::random().unwrap(), "not among the keys"),
        (
            KeyRing::parse(&same_number).unwrap(),
            "another key of the same number",
        ),
    ] {
        let opened = SealedTokenStore::new(Arc::new(below.clone()), wrong.clone()).await;
        let error = opened.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("account 1"), "{error}");
        // Nor does a program that goes on without a look overwrite it.
        let careless = store(&below, &wrong);
        assert!(careless.save(&token("1", "THBB"), None).await.is_err());
        // Its answer depends on whether the number is another one, too.
        let _ = careless.reseal().await;
    }

    let after = raw(&below, "1").await;
    assert_eq!(after.version, before.version);
    assert_eq!(secrets(&after.token), secrets(&before.token));
}

#[tokio::test]
async fn keys_are_changed_while_the_store_is_used() {
    let below = MemoryTokenStore::default();
    below.save(&token("0", "plain"), None).await.unwrap();
    let old = KeyRing::random().unwrap();
    for user in 1..=(2 * PAGE) {
        let token = token(&user.to_string(), "THAA");
        store(&below, &old).save(&token, None).await.unwrap();
    }
    let new = old.rotated().unwrap();
    let sealed = SealedTokenStore::new(Arc::new(below.clone()), new.clone())
        .await
        .unwrap();
    let read = sealed.load(&"7".into()).await.unwrap().unwrap();
    assert_eq!(secrets(&read.token), ["THAA", "THAA-candidate"]);
    sealed.save(&read.token, Some(read.version)).await.unwrap();

    assert_eq!(sealed.reseal().await.unwrap(), 2 * PAGE as u64);
    assert_eq!(sealed.reseal().await.unwrap(), 0);

    // The older key is not needed any more.
    let newest = KeyRing::parse(new.expose().lines().next().unwrap()).unwrap();
    let sealed = store(&below, &newest);
    for (user, secret) in [("0", "plain"), ("7", "THAA"), ("500", "THAA")] {
        let read = sealed.load(&user.into()).await.unwrap().unwrap();
        assert_eq!(
            secrets(&read.token),
            [secret.to_owned(), format!("{secret}-candidate")]
        );
    }
}

#[tokio::test]
async fn a_program_that_runs_meanwhile_follows_a_change_of_keys() {
    let place = tempfile::TempDir::new().unwrap();
    let file = KeyFile::new(place.path().join("keys"));
    file.read_or_make().unwrap();
    let below = MemoryTokenStore::default();
    let open = async || {
        SealedTokenStore::new(Arc::new(below.clone()), file.clone())
            .await
            .unwrap()
    };
    let running = open().await;
    running.save(&token("1", "THAA"), None).await.unwrap();

    file.rotate().unwrap();
    assert_eq!(open().await.reseal().await.unwrap(), 1);

    let read = running.load(&"1".into()).await.unwrap().unwrap();
    assert_eq!(secrets(&read.token), ["THAA", "THAA-candidate"]);
    // What it saves from now on needs the new key alone.
    running.save(&read.token, Some(read.version)).await.unwrap();
    let newest = file
        .keys()
        .unwrap()
        .expose()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let newest = store(&below, &KeyRing::parse(&newest).unwrap());
    assert!(newest.load(&"1".into()).await.is_ok());
}

#[tokio::test]
async fn a_lost_key_file_is_not_replaced_once_a_token_is_sealed() {
    let place = tempfile::TempDir::new().unwrap();
    let file = KeyFile::new(place.path().join("keys"));
    let below = MemoryTokenStore::default();
    for user in 0..=PAGE {
        let token = token(&user.to_string(), "plain");
        below.save(&token, None).await.unwrap();
    }
    assert!(file.make_for(&below).await.unwrap());
    assert!(!file.make_for(&below).await.unwrap());
    store(&below, &file.keys().unwrap())
        .save(&token("9999", "THAA"), None)
        .await
        .unwrap();
    std::fs::remove_file(file.path()).unwrap();

    let error = file.make_for(&below).await.unwrap_err();

    assert!(error.to_string().contains("is missing"), "{error}");
    assert!(!file.path().exists());
}

/// Pinned: what is sealed today has to open tomorrow.
#[test]
fn the_sealed_form_does_not_change() {
    let keys = KeyRing::parse("7:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let mut credential = token("17841400000000001", "").credential;
    credential.access_token = AccessToken::new(PINNED);

    open(
        &keys,
        &UserId::new("17841400000000001"),
        IN_USE,
        &mut credential,
    )
    .unwrap();

    assert_eq!(credential.access_token.expose(), "THAA-pinned");
}

/// Made by another implementation, from the key above and a nonce of the bytes 100 to 123.
const PINNED: &str =
    "sealed:AQAAAAdkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ensoO7jx0l7g7OlV+YYpmAnx94q4dAfe6Jxef7c";
