//! The keys that seal the access tokens, where the program gets them from, and what else
//! lies beside the data.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use threads_monitor::seal::{KeyCredential, KeyFile, KeySource, KeyVariable, SealedTokenStore};
use threads_monitor::{Storage, StoreError, Tombstones};

use crate::options::Options;
use crate::store::{Place, absolute};

/// The variable that holds the keys themselves.
pub(crate) const VARIABLE: &str = "THREADS_KEYS";
/// Beside what data on another machine is kept with, in the directory of this program.
const USUAL_NAME: &str = "threads-data";

/// Where the keys are.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    File(KeyFile),
    Variable(KeyVariable),
    Credential(String),
}

impl Keys {
    /// Where the settings say; otherwise in a file beside the data.
    pub(crate) fn of(options: &Options, place: &Place) -> anyhow::Result<Self> {
        let has_variable = std::env::var_os(VARIABLE).is_some_and(|keys| !keys.is_empty());
        match (&options.key_file, &options.key_credential, has_variable) {
            (Some(path), None, false) => Ok(Self::File(KeyFile::new(absolute(path)))),
            (None, Some(name), false) => Ok(Self::Credential(name.clone())),
            (None, None, true) => Ok(Self::Variable(KeyVariable::new(VARIABLE))),
            (None, None, false) => Ok(Self::File(KeyFile::new(beside(place, "key")?))),
            _ => bail!(
                "more than one of --key-file, --key-credential and {VARIABLE} is set: use one of them"
            ),
        }
    }

    /// These stores with their tokens sealed, those from before this among them.
    pub(crate) async fn seal(&self, storage: Storage) -> anyhow::Result<Sealed> {
        let is_new = match self {
            Self::File(file) => file.make_for(&*storage.tokens).await.map_err(stopped)?,
            Self::Variable(_) | Self::Credential(_) => false,
        };
        let tokens = SealedTokenStore::new(Arc::clone(&storage.tokens), self.clone())
            .await
            .map_err(stopped)?;
        let changed = tokens.reseal().await.map_err(stopped)?;
        Ok(Sealed {
            storage: Storage {
                tokens: Arc::new(tokens),
                ..storage
            },
            is_new,
            changed,
        })
    }

    /// Puts a new key in front and seals every token with it, while other programs go on.
    pub(crate) async fn rotate(&self, storage: Storage) -> anyhow::Result<u64> {
        let Self::File(file) = self else {
            bail!(
                "only a key file can be given a new key: put a new first line into {} yourself, \
                 and start the program again, which seals the tokens with it",
                self.words()
            );
        };
        // First of all, because keys that do not open what is there must not be added to.
        file.make_for(&*storage.tokens).await.map_err(stopped)?;
        SealedTokenStore::new(Arc::clone(&storage.tokens), file.clone())
            .await
            .map_err(stopped)?;
        file.rotate().map_err(stopped)?;
        let tokens = SealedTokenStore::new(storage.tokens, file.clone())
            .await
            .map_err(stopped)?;
        tokens.reseal().await.map_err(stopped)
    }

    /// Where they are, for people.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::File(file) => format!("the file {}", file.path().display()),
            Self::Variable(_) => format!("the variable {VARIABLE}"),
            Self::Credential(name) => format!("the credential {name}"),
        }
    }
}

impl KeySource for Keys {
    fn keys(&self) -> Result<threads_monitor::seal::KeyRing, StoreError> {
        match self {
            Self::File(file) => file.keys(),
            Self::Variable(variable) => variable.keys(),
            Self::Credential(name) => KeyCredential::new(name).keys(),
        }
    }
}

/// Stores whose tokens are sealed.
pub(crate) struct Sealed {
    pub(crate) storage: Storage,
    /// The key file was made a moment ago.
    pub(crate) is_new: bool,
    /// Tokens that were not sealed, or with an older key.
    pub(crate) changed: u64,
}

/// The path beside the data's directory, never inside it: who copies the one does not
/// copy the other with it.
pub(crate) fn beside(place: &Place, extension: &str) -> anyhow::Result<PathBuf> {
    let directory = place
        .directory()
        .unwrap_or_else(|| absolute(USUAL_NAME.as_ref()));
    if directory.file_name().is_none() {
        bail!(
            "there is no place beside `{}`: say with --key-file and --erasures-file where the keys are, and who was erased",
            directory.display()
        );
    }
    Ok(directory.with_added_extension(extension))
}

fn stopped(error: StoreError) -> anyhow::Error {
    anyhow::Error::from(error).context("the access tokens cannot be sealed or opened")
}

/// Where it is remembered who was erased.
pub(crate) async fn tombstones(
    options: &Options,
    place: &Place,
    keys: &Keys,
) -> anyhow::Result<Tombstones> {
    let path = match &options.erasures_file {
        Some(path) => absolute(path),
        None => beside(place, "erasures")?,
    };
    Tombstones::open(path, keys.clone())
        .await
        .context("it cannot be found out who was erased before")
}

/// `rotate-key`: what it did, in words.
pub(crate) async fn rotate(options: &Options) -> anyhow::Result<String> {
    let (address, _) = options.store_address()?;
    let place = Place::of(&address);
    let keys = Keys::of(options, &place)?;
    let storage = crate::store::open(&address).await?;
    let sealed = keys.rotate(storage).await?;
    Ok(format!(
        "{} has a new key, and {sealed} access token(s) were sealed with it.\n\
         Its older keys stay in it, because copies of the data that were made before need them.\n\
         Copy the file again.",
        keys.words()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_beside_the_data_and_not_in_it() {
        for (address, expected) in [
            (
                "sqlite:/var/threads/data/threads.db",
                "/var/threads/data.key",
            ),
            ("file:/var/threads/data", "/var/threads/data.key"),
            ("file:/var/threads/data.old", "/var/threads/data.old.key"),
        ] {
            let path = beside(&Place::of(address), "key").unwrap();
            assert_eq!(path.to_str(), Some(expected));
        }
        let elsewhere = beside(&Place::of("postgres://db/x"), "key").unwrap();
        assert!(elsewhere.ends_with("threads-data.key"), "{elsewhere:?}");
        assert!(beside(&Place::of("file:/"), "key").is_err());
    }
}
