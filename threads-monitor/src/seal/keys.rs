//! The keys that tokens are sealed with, and where they come from.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::BACKEND;
use crate::error::StoreError;
use crate::folder::{PrivateFile, shown};
use crate::token_store::TokenStore;

/// The length of a key in bytes.
pub(crate) const KEY_LENGTH: usize = 32;

/// One key.
type Key = Zeroizing<[u8; KEY_LENGTH]>;

/// The number of a key, which stands in what it sealed.
pub(crate) type KeyId = u32;

/// Keys by number: one that seals, and older ones that still open.
///
/// As text it is one line a key, the one that seals first: its number, `:`, and 32 bytes
/// in base64. Lines that begin with `#` are left out.
///
/// `Debug` shows the numbers, never a key.
#[derive(Clone)]
pub struct KeyRing {
    keys: BTreeMap<KeyId, Key>,
    current: KeyId,
}

impl KeyRing {
    /// A ring with one new, random key.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub fn random() -> Result<Self, StoreError> {
        let mut number = [0; 4];
        let mut key = Key::default();
        getrandom::fill(&mut number)
            .and_then(|()| getrandom::fill(&mut *key))
            .map_err(|error| StoreError::backend(BACKEND, "making a key", error))?;
        // A random number, so that another ring's key is not taken for this one.
        let current = KeyId::from_be_bytes(number);
        Ok(Self {
            keys: BTreeMap::from([(current, key)]),
            current,
        })
    }

    /// Reads a ring from its text.
    ///
    /// # Errors
    ///
    /// `Sealed`, with the line that is no key. The line itself is not shown.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let mut keys = BTreeMap::new();
        let mut current = None;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, key) = parse_line(line).ok_or_else(|| not_a_ring(number, "is no key"))?;
            current = current.or(Some(id));
            if keys.insert(id, key).is_some() {
                return Err(not_a_ring(number, "repeats the number of another key"));
            }
        }
        let current = current.ok_or_else(|| StoreError::Sealed {
            what: "there is no key among the keys that tokens are sealed with".to_owned(),
            advice: FORMAT.to_owned(),
        })?;
        Ok(Self { keys, current })
    }

    /// This ring with a new key in front, which seals from now on; the older ones open.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub fn rotated(&self) -> Result<Self, StoreError> {
        let mut ring = Self::random()?;
        while self.keys.contains_key(&ring.current) {
            ring = Self::random()?;
        }
        ring.keys.extend(self.keys.clone());
        Ok(ring)
    }

    /// The ring as text. It holds the keys.
    pub(super) fn expose(&self) -> Zeroizing<String> {
        let first = self.keys.get_key_value(&self.current);
        let others = self.keys.iter().filter(|(id, _)| **id != self.current);
        // Enough for all of them: growing would leave copies of keys behind.
        let mut text = Zeroizing::new(String::with_capacity(self.keys.len() * 64));
        for (id, key) in first.into_iter().chain(others) {
            let encoded = Zeroizing::new(STANDARD.encode(**key));
            text.push_str(&id.to_string());
            text.push(':');
            text.push_str(&encoded);
            text.push('\n');
        }
        text
    }

    pub(crate) const fn current_id(&self) -> KeyId {
        self.current
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<&[u8; KEY_LENGTH]> {
        self.keys.get(&id).map(|key| &**key)
    }
}

impl Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyRing")
            .field("current", &self.current)
            .field("ids", &self.keys.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

const FORMAT: &str = "Write one line a key: its number, `:`, and 32 random bytes in base64";

fn parse_line(line: &str) -> Option<(KeyId, Key)> {
    let (id, encoded) = line.split_once(':')?;
    let bytes = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let mut key = Key::default();
    if bytes.len() != key.len() {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some((id.trim().parse().ok()?, key))
}

fn not_a_ring(line: usize, why: &str) -> StoreError {
    StoreError::Sealed {
        what: format!("line {line} of the keys that tokens are sealed with {why}"),
        advice: FORMAT.to_owned(),
    }
}

/// A place that keys come from.
pub trait KeySource: Debug + Send + Sync {
    /// The keys that are there.
    ///
    /// # Errors
    ///
    /// `Sealed` when there are none, or what is there is no ring of keys.
    fn keys(&self) -> Result<KeyRing, StoreError>;
}

impl KeySource for KeyRing {
    /// Always these.
    fn keys(&self) -> Result<KeyRing, StoreError> {
        Ok(self.clone())
    }
}

/// Keys in a file that only its owner can read (mode 0600).
#[derive(Debug, Clone)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The keys of the file; makes the file, with one new key, where it is missing.
    ///
    /// Whoever loses the file loses every token that is sealed with it: the accounts have
    /// to be connected again. Keep a copy, and keep it apart from copies of the data.
    ///
    /// # Errors
    ///
    /// `Sealed` when what is in the file is no ring, and `Backend` when it is a link,
    /// belongs to another user, is open to other users, or cannot be read or made.
    pub fn read_or_make(&self) -> Result<KeyRing, StoreError> {
        if PrivateFile::new(BACKEND, &self.0).open()?.is_some() {
            return self.keys();
        }
        let ring = KeyRing::random()?;
        write(&self.0, &ring)?;
        Ok(ring)
    }

    /// Makes the file, with one new key, where it is missing and `store` has no sealed
    /// token yet; says whether it did. A lost file is not replaced by another one.
    ///
    /// # Errors
    ///
    /// `Sealed` when it is missing though tokens are sealed, or what is in it is no ring;
    /// otherwise as for [`read_or_make`](Self::read_or_make), or a failure of the store.
    pub async fn make_for(&self, store: &dyn TokenStore) -> Result<bool, StoreError> {
        let is_there = PrivateFile::new(BACKEND, &self.0).open()?.is_some();
        if is_there || super::has_sealed(store).await? {
            return self.keys().map(|_| false);
        }
        self.read_or_make().map(|_| true)
    }

    /// Puts a new key into the file, before the others, and gives them all. After it,
    /// [`SealedTokenStore::reseal`](super::SealedTokenStore::reseal) is to be called by a
    /// program that has read the file again. The older keys stay: copies of the store that
    /// were made before, and programs that still run, need them.
    ///
    /// # Errors
    ///
    /// As for [`read_or_make`](Self::read_or_make). The file is the old or the new one.
    pub fn rotate(&self) -> Result<KeyRing, StoreError> {
        let ring = self.keys()?.rotated()?;
        let new = self.0.with_added_extension("new");
        match std::fs::remove_file(&new) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(self.failed("making room for", error)),
        }
        write(&new, &ring)?;
        std::fs::rename(&new, &self.0).map_err(|error| self.failed("replacing", error))?;
        PrivateFile::new(BACKEND, &self.0).sync_parent()?;
        Ok(ring)
    }

    fn failed(&self, doing: &str, error: io::Error) -> StoreError {
        StoreError::backend(BACKEND, format!("{doing} {}", shown(&self.0)), error)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Writes a ring into a file that is not there yet.
fn write(path: &Path, ring: &KeyRing) -> Result<(), StoreError> {
    let file = PrivateFile::new(BACKEND, path);
    let mut content = file.create()?;
    content
        .write_all(ring.expose().as_bytes())
        .and_then(|()| content.sync_all())
        .map_err(|error| StoreError::backend(BACKEND, format!("writing {}", shown(path)), error))?;
    file.sync_parent()
}

impl KeySource for KeyFile {
    fn keys(&self) -> Result<KeyRing, StoreError> {
        let Some(mut file) = PrivateFile::new(BACKEND, &self.0).open()? else {
            return Err(missing(&format!("the file {}", shown(&self.0))));
        };
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)
            .map_err(|error| self.failed("reading", error))?;
        KeyRing::parse(&text)
    }
}

/// Keys in an environment variable.
#[derive(Debug, Clone)]
pub struct KeyVariable(String);

impl KeyVariable {
    /// The variable of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl KeySource for KeyVariable {
    fn keys(&self) -> Result<KeyRing, StoreError> {
        let text = std::env::var(&self.0)
            .map(Zeroizing::new)
            .map_err(|_| missing(&format!("the environment variable `{}`", self.0)))?;
        KeyRing::parse(&text)
    }
}

/// Keys in a credential that systemd gives to a service (`LoadCredential=`).
#[derive(Debug, Clone)]
pub struct KeyCredential(String);

impl KeyCredential {
    /// The credential of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl KeySource for KeyCredential {
    fn keys(&self) -> Result<KeyRing, StoreError> {
        // The directory is the service's alone; its files are of mode 0400, in its name.
        let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
        let text = directory
            .filter(|_| !self.0.contains('/'))
            .and_then(|directory| std::fs::read_to_string(Path::new(&directory).join(&self.0)).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| missing(&format!("the credential `{}`", self.0)))?;
        KeyRing::parse(&text)
    }
}

fn missing(what: &str) -> StoreError {
    StoreError::Sealed {
        what: format!("{what}, which has the keys that tokens are sealed with, is missing"),
        advice: "Nothing was changed. Put it back from its copy; without it every account has to \
                 be connected again"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_read_as_it_was_written() {
        let ring = KeyRing::random().unwrap().rotated().unwrap();

        let read = KeyRing::parse(&format!("# ours\n\n{}", *ring.expose())).unwrap();

        assert_eq!(read.current, ring.current);
        assert_eq!(read.keys, ring.keys);
        assert_eq!(read.keys.len(), 2);
    }

    #[test]
    fn what_is_no_ring_is_refused_without_being_shown() {
        let good = KeyRing::random().unwrap();
        let line = good.expose().trim().to_owned();
        for (text, expected) in [
            (String::new(), "no key"),
            ("hunter2".to_owned(), "line 1"),
            (format!("{line}\n7:aHVudGVyMg=="), "line 2"),
            (format!("{line}\n{line}"), "repeats"),
            (line.replace(':', ":hunter2"), "line 1"),
        ] {
            let error = KeyRing::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

        let place = tempfile::TempDir::new().unwrap();
        let file = KeyFile::new(place.path().join("keys"));
        assert!(matches!(file.keys(), Err(StoreError::Sealed { .. })));

        let first = file.read_or_make().unwrap();
        let again = file.read_or_make().unwrap();
        let rotated = file.rotate().unwrap();

        assert_eq!(first.keys, again.keys);
        assert_eq!(file.keys().unwrap().keys, rotated.keys);
        assert_eq!(file.keys().unwrap().current, rotated.current);
        assert_ne!(rotated.current, first.current);
        assert_eq!(rotated.key(first.current), first.key(first.current));
        let mode = std::fs::metadata(file.path()).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);

        let loose = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(file.path(), loose).unwrap();
        assert!(file.keys().is_err());
        assert!(file.read_or_make().is_err());
        let link = place.path().join("link");
        symlink(file.path(), &link).unwrap();
        assert!(KeyFile::new(&link).read_or_make().is_err());
    }

    #[test]
    fn a_missing_variable_or_credential_is_named() {
        for source in [
            &KeyVariable::new("THREADS_NO_SUCH_KEYS") as &dyn KeySource,
            &KeyCredential::new("../no-such-keys"),
        ] {
            let error = source.keys().unwrap_err().to_string();
            assert!(error.contains("is missing"), "{error}");
            assert!(error.to_lowercase().contains("no"), "{error}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let ring = KeyRing::random().unwrap();
        let text = ring.expose();
        let (_, key) = text.trim().split_once(':').unwrap();

        assert!(!format!("{ring:?}").contains(key));
    }
}
