//! Tokens that are encrypted before a store sees them.
//!
//! [`SealedTokenStore`] stands before any [`TokenStore`]: the store below keeps sealed
//! text where the token would be, so one implementation serves every backend. What is
//! sealed is text of the form `sealed:BASE64`; the bytes are
//!
//! ```text
//! 1 byte    version of this form, 1
//! 4 bytes   number of the key, most significant byte first
//! 24 bytes  nonce, random
//! the rest  the token under XChaCha20-Poly1305, and 16 bytes that prove it
//! ```
//!
//! and bound to it, so that moving it elsewhere is found out: version and key number, the
//! account, and whether it is the token in use or its candidate.
//!
//! A token without the prefix is one from before the store was sealed. It is read as it
//! is, and sealed when it is next saved, or by [`SealedTokenStore::reseal`].
//!
//! Keys are changed while programs run: [`KeyFile::rotate`] puts a new one in front, and
//! `reseal` seals everything with it. A program that meets a key that it does not know
//! reads its keys again, so all of them follow by themselves.
//!
//! Decision, 2026-11: random nonces of 192 bits need no counter and have no birthday limit
//! in practice, which AES-GCM's 96 bits have; one key for all rows, not one for each,
//! because removing a row leaves no byte of it anyway.

mod keys;

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use threads_client::{AccessToken, UserId};
use zeroize::Zeroizing;

pub(crate) use self::keys::KeyId;
pub use self::keys::{KeyCredential, KeyFile, KeyRing, KeySource, KeyVariable};
use crate::error::StoreError;
use crate::token_store::{Credential, SEALED, StoredToken, Token, TokenStore};
use crate::version::Version;

/// The name of this layer in errors.
const BACKEND: &str = "sealed";

/// A token store that encrypts what it gives to another one.
///
/// Clones share the rows and the keys.
#[derive(Debug, Clone)]
pub struct SealedTokenStore {
    below: Arc<dyn TokenStore>,
    keys: Arc<Keys>,
}

/// The keys as they were read last, and where to read them again.
#[derive(Debug)]
struct Keys {
    source: Box<dyn KeySource>,
    ring: RwLock<Arc<KeyRing>>,
}

impl Keys {
    fn read(source: impl KeySource + 'static) -> Result<Self, StoreError> {
        Ok(Self {
            ring: RwLock::new(Arc::new(source.keys()?)),
            source: Box::new(source),
        })
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A few lines, read only when a key is unknown: not worth a thread of its own.
    fn read_again(&self) -> Result<Arc<KeyRing>, StoreError> {
        let ring = Arc::new(self.source.keys()?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok(ring)
    }
}

impl SealedTokenStore {
    /// Seals what goes into a store, and opens what comes out of it.
    ///
    /// It tries the keys on the first account that the store has, so that a wrong key
    /// stops a program at its start.
    ///
    /// # Errors
    ///
    /// `Sealed` when there are no keys, or that token cannot be opened; or a failure of the
    /// store.
    pub async fn new(
        below: Arc<dyn TokenStore>,
        keys: impl KeySource + 'static,
    ) -> Result<Self, StoreError> {
        let store = Self {
            below,
            keys: Arc::new(Keys::read(keys)?),
        };
        for user in store.below.list(None, 1).await? {
            store.load(&user).await?;
        }
        Ok(store)
    }

    /// Seals every token that is not sealed with the newest key yet, while others go on
    /// working, and says how many those were. After it, older keys are needed only for
    /// copies of the store, and no byte of what was sealed anew is left in its files.
    ///
    /// # Errors
    ///
    /// As for [`TokenStore::load`] and [`TokenStore::save`]; what was sealed by then stays.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut sealed = 0;
        let mut after = None;
        loop {
            let users = self.below.list(after.as_ref(), PAGE).await?;
            for user in &users {
                sealed += u64::from(self.reseal_one(user).await?);
            }
            after = match users.last() {
                Some(last) => Some(last.clone()),
                None => break,
            };
        }
        if sealed > 0 {
            // Nobody has this id: removing it takes what was replaced out of the files.
            self.below.delete(&UserId::new("")).await?;
        }
        Ok(sealed)
    }

    async fn reseal_one(&self, user: &UserId) -> Result<bool, StoreError> {
        let Some(stored) = self.below.load(user).await? else {
            return Ok(false);
        };
        let current = Some(self.keys.ring().current_id());
        if tokens_of(&stored.token).all(|token| key_of(token) == current) {
            return Ok(false);
        }
        let version = stored.version;
        match self.save(&self.opened(stored)?.token, Some(version)).await {
            Ok(_) => Ok(true),
            // Whoever was faster has sealed it with the newest key.
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn opened(&self, mut stored: StoredToken) -> Result<StoredToken, StoreError> {
        let keys = self.keys_for(&stored.token)?;
        let token = &mut stored.token;
        open(&keys, &token.user, IN_USE, &mut token.credential)?;
        if let Some(candidate) = &mut token.candidate {
            open(&keys, &token.user, CANDIDATE, candidate)?;
        }
        Ok(stored)
    }

    /// The keys, read again if one is asked for that is not among them: another program
    /// may have changed them.
    fn keys_for(&self, token: &Token) -> Result<Arc<KeyRing>, StoreError> {
        let ring = self.keys.ring();
        let has_all = tokens_of(token)
            .filter_map(key_of)
            .all(|key| ring.key(key).is_some());
        if has_all {
            Ok(ring)
        } else {
            self.keys.read_again()
        }
    }
}

/// Whether a store holds a token that is sealed, so that its keys are needed.
async fn has_sealed(store: &dyn TokenStore) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let users = store.list(after.as_ref(), PAGE).await?;
        for user in &users {
            let stored = store.load(user).await?;
            if stored.is_some_and(|stored| tokens_of(&stored.token).any(is_sealed)) {
                return Ok(true);
            }
        }
        after = match users.last() {
            Some(last) => Some(last.clone()),
            None => return Ok(false),
        };
    }
}

/// Accounts that are looked at together.
const PAGE: usize = 500;

#[async_trait]
impl TokenStore for SealedTokenStore {
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError> {
        let stored = self.below.load(user).await?;
        stored.map(|stored| self.opened(stored)).transpose()
    }

    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError> {
        let keys = self.keys.ring();
        let candidate = token
            .candidate
            .as_ref()
            .map(|candidate| seal(&keys, &token.user, CANDIDATE, candidate))
            .transpose()?;
        let sealed = Token {
            user: token.user.clone(),
            credential: seal(&keys, &token.user, IN_USE, &token.credential)?,
            candidate,
            scopes: token.scopes.clone(),
            connected_at: token.connected_at,
        };
        self.below.save(&sealed, replaces).await
    }

    async fn delete(&self, user: &UserId) -> Result<(), StoreError> {
        self.below.delete(user).await
    }

    async fn list(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserId>, StoreError> {
        self.below.list(after, limit).await
    }

    fn beneath(&self) -> Option<&dyn TokenStore> {
        Some(&*self.below)
    }
}

const FORM: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// Which token of an account it is.
type Field = &'static [u8];
const IN_USE: Field = b"access_token";
const CANDIDATE: Field = b"candidate";

fn seal(
    keys: &KeyRing,
    user: &UserId,
    field: Field,
    credential: &Credential,
) -> Result<Credential, StoreError> {
    let id = keys.current_id();
    let mut nonce = [0; NONCE_LENGTH];
    getrandom::fill(&mut nonce)
        .map_err(|error| StoreError::backend(BACKEND, "sealing a token", error))?;
    let message = Payload {
        msg: credential.access_token.expose().as_bytes(),
        aad: &bound(id, user, field),
    };
    let sealed = cipher(keys, id)
        .and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), message).ok())
        .ok_or_else(|| StoreError::backend(BACKEND, "sealing a token", "it is too long"))?;
    let bytes = [&[FORM][..], &id.to_be_bytes(), &nonce, &sealed].concat();
    Ok(Credential {
        access_token: AccessToken::new(format!("{SEALED}{}", STANDARD_NO_PAD.encode(bytes))),
        ..credential.clone()
    })
}

/// Puts the token into the place of what was sealed.
fn open(
    keys: &KeyRing,
    user: &UserId,
    field: Field,
    credential: &mut Credential,
) -> Result<(), StoreError> {
    let Some(sealed) = credential.access_token.expose().strip_prefix(SEALED) else {
        return Ok(());
    };
    let parts = parts(sealed).ok_or_else(|| {
        refused(
            user,
            "is sealed in a form that this program does not know, or is damaged",
            "Use the newer program, or put the store back from a copy",
        )
    })?;
    if keys.key(parts.key).is_none() {
        return Err(refused(
            user,
            &format!(
                "is sealed with key {}, which is not among the keys of this program",
                parts.key
            ),
            "Give it the keys that it had when the token was saved",
        ));
    }
    let message = Payload {
        msg: &parts.message,
        aad: &bound(parts.key, user, field),
    };
    let token = cipher(keys, parts.key)
        .and_then(|cipher| cipher.decrypt(&XNonce::from(parts.nonce), message).ok())
        .map(Zeroizing::new)
        .and_then(|token| std::str::from_utf8(&token).map(AccessToken::new).ok())
        .ok_or_else(|| {
            refused(
                user,
                &format!(
                    "cannot be opened: key {} is another key of the same number, or somebody \
                     changed the token or moved it from another account",
                    parts.key
                ),
                "Give this program the keys that it had, or put the store back from a copy",
            )
        })?;
    credential.access_token = token;
    Ok(())
}

fn refused(user: &UserId, why: &str, advice: &str) -> StoreError {
    StoreError::Sealed {
        what: format!("the token of account {user} {why}"),
        advice: format!("Nothing was changed. {advice}"),
    }
}

/// What was sealed, in its parts.
struct Parts {
    key: KeyId,
    nonce: [u8; NONCE_LENGTH],
    message: Vec<u8>,
}

fn parts(sealed: &str) -> Option<Parts> {
    let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
    let (form, rest) = bytes.split_first()?;
    let (key, rest) = rest.split_first_chunk()?;
    let (nonce, message) = rest.split_first_chunk()?;
    (*form == FORM).then(|| Parts {
        key: KeyId::from_be_bytes(*key),
        nonce: *nonce,
        message: message.to_owned(),
    })
}

/// The one or two tokens of an account.
fn tokens_of(token: &Token) -> impl Iterator<Item = &AccessToken> {
    let candidate = token.candidate.as_ref();
    std::iter::once(&token.credential)
        .chain(candidate)
        .map(|credential| &credential.access_token)
}

/// Whether a token is text that only its keys make a token of.
fn is_sealed(token: &AccessToken) -> bool {
    token.expose().starts_with(SEALED)
}

/// The key that a stored token is sealed with, if it is sealed.
fn key_of(token: &AccessToken) -> Option<KeyId> {
    let sealed = token.expose().strip_prefix(SEALED)?;
    parts(sealed).map(|parts| parts.key)
}

/// What is proved together with the token. The account's length stands before it, so that
/// no other pair of account and field gives the same bytes.
fn bound(key: KeyId, user: &UserId, field: Field) -> Vec<u8> {
    let user = user.as_str().as_bytes();
    let length = user.len() as u64;
    [
        b"threads-token/v1".as_slice(),
        &[FORM],
        &key.to_be_bytes(),
        &length.to_be_bytes(),
        user,
        field,
    ]
    .concat()
}

fn cipher(keys: &KeyRing, id: KeyId) -> Option<XChaCha20Poly1305> {
    keys.key(id)
        .and_then(|key| XChaCha20Poly1305::new_from_slice(key).ok())
}

#[cfg(test)]
mod tests;
