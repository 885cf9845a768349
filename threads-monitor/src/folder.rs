//! A held directory, in which names cannot lead elsewhere.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use uuid::Uuid;

use crate::error::StoreError;

const DIRECTORY_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// How often something is looked for that was removed while it was looked at.
const LOOKS: usize = 100;

/// An open directory that belongs to us alone.
#[derive(Debug)]
pub(crate) struct Folder {
    descriptor: OwnedFd,
    path: PathBuf,
    /// Whose folder it is, as errors name it.
    backend: &'static str,
}

/// Why something that is there is not used.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("it is a symbolic link: give the place that it points to")]
    Link,
    #[error("it is not a directory")]
    NotADirectory,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it has {0} names (hard links), so somebody else can hold on to its content")]
    HardLinks(u64),
    #[error("it is removed and made again all the time: see which program does that")]
    Unsteady,
    #[cfg(all(feature = "sqlite", target_os = "linux"))]
    #[error(
        "it is on a file system ({0}) on which locks do not work as they should: choose a \
         directory on a disk of this machine"
    )]
    FileSystem(&'static str),
    #[cfg(feature = "sqlite")]
    #[error(
        "everybody can rename what is in `{}`, and so put something else into its place: take the \
         access away with `chmod o-w`, or choose another place",
        .0.display()
    )]
    Movable(PathBuf),
    #[error("it belongs to user {owner}, and this program runs as user {ours}")]
    Owner { owner: u32, ours: u32 },
    #[error(
        "other users have access (mode {mode:03o}): find out who has used it, then take the access \
         away with `chmod go=`; or choose an empty directory"
    )]
    Mode { mode: u32 },
}

impl Folder {
    /// Opens a directory, and makes it and its parents (for us alone) if they are missing.
    pub(crate) fn open_or_make(backend: &'static str, path: &Path) -> Result<Self, StoreError> {
        let path = plain(path);
        let path = if path.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            path
        };
        make(backend, &path)?;
        let descriptor = open_directory(backend, CWD, &path, &path)?;
        let folder = Self {
            descriptor,
            path,
            backend,
        };
        folder.check(OnLooseMode::TightenIfEmpty)?;
        Ok(folder)
    }

    /// Opens the directory of this name in it, and makes it if it is missing.
    pub(crate) fn subfolder(&self, name: &str) -> Result<Self, StoreError> {
        let path = self.path.join(name);
        match rustix::fs::mkdirat(&self.descriptor, name, DIRECTORY_MODE) {
            Ok(()) => {
                // An odd umask must not lock the owner out.
                rustix::fs::chmodat(&self.descriptor, name, DIRECTORY_MODE, AtFlags::empty())
                    .map_err(|error| self.failed("making", name, error.into()))?;
                // Only what is found in the parent after a crash has been made.
                self.sync()?;
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(self.failed("making", name, error.into())),
        }
        let descriptor = open_directory(self.backend, &self.descriptor, Path::new(name), &path)?;
        let folder = Self {
            descriptor,
            path,
            backend: self.backend,
        };
        folder.check(OnLooseMode::Refuse)?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading and writing; `None` if there is none.
    pub(crate) fn open_file(&self, name: &str) -> Result<Option<File>, StoreError> {
        // Without NONBLOCK, opening a pipe or a device could wait for ever.
        let flags =
            OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        settled(|| {
            let descriptor = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?;
            let status = rustix::fs::fstat(&descriptor)?;
            Ok((File::from(descriptor), status))
        })
        .map_err(|error| self.failed("opening", name, error))
    }

    /// Whether there is a file of this name. It is not opened: closing a file again drops
    /// the locks that SQLite has on it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn has_file(&self, name: &str) -> Result<bool, StoreError> {
        let look = || rustix::fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW);
        settled(|| look().map(|status| ((), status)))
            .map(|found| found.is_some())
            .map_err(|error| self.failed("opening", name, error))
    }

    /// Waits until nobody else has it locked, and keeps it locked for as long as it lives.
    #[cfg(feature = "sqlite")]
    pub(crate) fn lock(&self) -> Result<(), StoreError> {
        rustix::fs::flock(&self.descriptor, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|error| self.failed("locking", "", error.into()))
    }

    /// Refuses file systems of other machines, and of programs, on which locks may not work.
    #[cfg(feature = "sqlite")]
    pub(crate) fn expect_local(&self) -> Result<(), StoreError> {
        #[cfg(target_os = "linux")]
        {
            let status = rustix::fs::fstatfs(&self.descriptor)
                .map_err(|error| self.failed("opening", "", error.into()))?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the numbers have 32 bits, in a type that depends on the platform"
            )]
            let kind = status.f_type as u32;
            if let Some((_, name)) = REMOTE.iter().find(|(number, _)| *number == kind) {
                let refusal = io::Error::other(Refusal::FileSystem(name));
                return Err(self.failed("opening", "", refusal));
            }
        }
        Ok(())
    }

    /// Refuses a place that other users can put something else into: SQLite opens its files
    /// by name, again and again.
    #[cfg(feature = "sqlite")]
    pub(crate) fn expect_fixed(&self) -> Result<(), StoreError> {
        let failed = |error| self.failed("opening", "", error);
        let path = self.path.canonicalize().map_err(failed)?;
        for parent in path.ancestors().skip(1) {
            let status = rustix::fs::stat(parent).map_err(|error| failed(error.into()))?;
            let mode = Mode::from_raw_mode(status.st_mode);
            // Where it is sticky, as `/tmp` is, nobody renames what is not theirs.
            if mode.contains(Mode::WOTH) && !mode.contains(Mode::SVTX) {
                let refusal = Refusal::Movable(parent.to_owned());
                return Err(failed(io::Error::other(refusal)));
            }
        }
        Ok(())
    }

    /// Makes a file that was not there before.
    pub(crate) fn create_file(&self, name: &str) -> Result<File, StoreError> {
        self.create(name)
            .map_err(|error| self.failed("making", name, error.into()))
    }

    /// Makes a file, or opens the one that another process made a moment ago.
    pub(crate) fn create_file_unless_there(&self, name: &str) -> Result<File, StoreError> {
        match self.create(name) {
            Ok(file) => Ok(file),
            Err(Errno::EXIST) => self
                .open_file(name)?
                .ok_or_else(|| self.failed("opening", name, io::ErrorKind::NotFound.into())),
            Err(error) => Err(self.failed("making", name, error.into())),
        }
    }

    fn create(&self, name: &str) -> Result<File, Errno> {
        let flags = OFlags::RDWR
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(&self.descriptor, name, flags, FILE_MODE)?;
        // An odd umask must not lock the owner out.
        rustix::fs::fchmod(&descriptor, FILE_MODE)?;
        Ok(File::from(descriptor))
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)
            .map_err(|error| self.failed("putting in place", to, error.into()))
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed("removing", name, error.into())),
        }
    }

    /// Names of files and directories in it.
    pub(crate) fn names(&self) -> Result<Vec<String>, StoreError> {
        let failed = |error: Errno| self.failed("listing", "", error.into());
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.descriptor).map_err(failed)? {
            // What we made has a plain name, so nothing of ours is missed.
            if let Ok(name) = entry.map_err(failed)?.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Makes what was made, renamed and removed in it durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        rustix::fs::fsync(&self.descriptor)
            .map_err(|error| self.failed("syncing", "", error.into()))
    }

    pub(crate) fn failed(&self, doing: &str, name: &str, error: io::Error) -> StoreError {
        let path = if name.is_empty() {
            shown(&self.path)
        } else {
            shown(&self.path.join(name))
        };
        StoreError::backend(self.backend, format!("{doing} {path}"), error)
    }

    fn check(&self, on_loose_mode: OnLooseMode) -> Result<(), StoreError> {
        let status = rustix::fs::fstat(&self.descriptor)
            .map_err(|error| self.failed("opening", "", error.into()))?;
        let mut refusal = foreign(&status).or_else(|| loose(&status));
        if matches!(refusal, Some(Refusal::Mode { .. }))
            && on_loose_mode == OnLooseMode::TightenIfEmpty
            && self.names()?.is_empty()
        {
            rustix::fs::fchmod(&self.descriptor, DIRECTORY_MODE)
                .map_err(|error| self.failed("closing to other users", "", error.into()))?;
            refusal = None;
        }
        match refusal {
            Some(refusal) => Err(self.failed("opening", "", io::Error::other(refusal))),
            None => Ok(()),
        }
    }
}

/// A file that has to be ours alone, in a directory that may be anybody's.
#[cfg(any(feature = "archive", feature = "seal"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrivateFile<'a> {
    backend: &'static str,
    path: &'a Path,
}

#[cfg(any(feature = "archive", feature = "seal"))]
impl<'a> PrivateFile<'a> {
    pub(crate) const fn new(backend: &'static str, path: &'a Path) -> Self {
        Self { backend, path }
    }

    /// Opens it for reading; `None` if there is none.
    #[cfg(feature = "seal")]
    pub(crate) fn open(self) -> Result<Option<File>, StoreError> {
        self.open_for(OFlags::RDONLY)
    }

    /// Opens it for reading, and for writing at its end; `None` if there is none.
    pub(crate) fn open_to_append(self) -> Result<Option<File>, StoreError> {
        self.open_for(OFlags::RDWR | OFlags::APPEND)
    }

    fn open_for(self, access: OFlags) -> Result<Option<File>, StoreError> {
        // Without NONBLOCK, opening a pipe or a device could wait for ever.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        settled(|| {
            let descriptor = rustix::fs::open(self.path, flags, Mode::empty())?;
            let status = rustix::fs::fstat(&descriptor)?;
            Ok((File::from(descriptor), status))
        })
        .map_err(|error| self.failed("opening", error))
    }

    /// Makes it where it is not there yet.
    pub(crate) fn create(self) -> Result<File, StoreError> {
        let flags = OFlags::WRONLY
            | OFlags::CREATE
            | OFlags::EXCL
            | OFlags::NOFOLLOW
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        rustix::fs::open(self.path, flags, FILE_MODE)
            .and_then(|descriptor| {
                // An odd umask must not lock the owner out.
                rustix::fs::fchmod(&descriptor, FILE_MODE)?;
                Ok(File::from(descriptor))
            })
            .map_err(|error| self.failed("making", error.into()))
    }

    /// Makes durable what was made or renamed in its directory.
    pub(crate) fn sync_parent(self) -> Result<(), StoreError> {
        let parent = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(parent, flags, Mode::empty())
            .and_then(rustix::fs::fsync)
            .map_err(|error| self.failed("syncing the directory of", error.into()))
    }

    fn failed(self, doing: &str, error: io::Error) -> StoreError {
        StoreError::backend(self.backend, format!("{doing} {}", shown(self.path)), error)
    }
}

/// What to do with a directory that other users can enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnLooseMode {
    Refuse,
    TightenIfEmpty,
}

/// A name that nobody can have made before.
pub(crate) fn unused_name(suffix: &str) -> String {
    format!("{}{suffix}", Uuid::now_v7().simple())
}

/// A path as errors show it.
pub(crate) fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}

/// The path without a trailing slash, which would make the system follow a link.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

/// File systems that are not of this machine's kernel and disks, by their numbers.
#[cfg(all(feature = "sqlite", target_os = "linux"))]
const REMOTE: [(u32, &str); 7] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
];

/// Looks for a file that is ours alone; `None` if there is none. What was removed while it
/// was looked at (as SQLite removes its log when it closes) is looked for again: its name
/// may be that of another file by now.
fn settled<A>(look: impl Fn() -> Result<(A, Stat), Errno>) -> io::Result<Option<A>> {
    let refused = |refusal| Err(io::Error::other(refusal));
    for _ in 0..LOOKS {
        let (found, status) = match look() {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return refused(Refusal::Link),
            Err(Errno::ISDIR | Errno::NXIO) => return refused(Refusal::NotAFile),
            Err(error) => return Err(error.into()),
        };
        if status.st_nlink == 0 {
            continue;
        }
        return match not_ours_alone(&status) {
            Some(refusal) => refused(refusal),
            None => Ok(Some(found)),
        };
    }
    refused(Refusal::Unsteady)
}

/// Why this is no regular file of one name that belongs to us alone.
fn not_ours_alone(status: &Stat) -> Option<Refusal> {
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => return Some(Refusal::Link),
        _ => return Some(Refusal::NotAFile),
    }
    #[expect(
        clippy::useless_conversion,
        reason = "the type of st_nlink depends on the platform"
    )]
    let names = u64::from(status.st_nlink);
    if names != 1 {
        return Some(Refusal::HardLinks(names));
    }
    foreign(status).or_else(|| loose(status))
}

fn foreign(status: &Stat) -> Option<Refusal> {
    let ours = rustix::process::geteuid().as_raw();
    (status.st_uid != ours).then_some(Refusal::Owner {
        owner: status.st_uid,
        ours,
    })
}

fn loose(status: &Stat) -> Option<Refusal> {
    let mode = Mode::from_raw_mode(status.st_mode);
    mode.intersects(Mode::RWXG | Mode::RWXO)
        .then_some(Refusal::Mode {
            mode: mode.as_raw_mode(),
        })
}

fn open_directory(
    backend: &'static str,
    from: impl std::os::fd::AsFd,
    name: &Path,
    path: &Path,
) -> Result<OwnedFd, StoreError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let error = match rustix::fs::openat(from, name, flags, Mode::empty()) {
        Ok(descriptor) => return Ok(descriptor),
        Err(Errno::LOOP) => io::Error::other(Refusal::Link),
        // Linux says so of links too, when a directory is asked for.
        Err(Errno::NOTDIR) if path.is_symlink() => io::Error::other(Refusal::Link),
        Err(Errno::NOTDIR) => io::Error::other(Refusal::NotADirectory),
        Err(error) => error.into(),
    };
    Err(StoreError::backend(
        backend,
        format!("opening {}", shown(path)),
        error,
    ))
}

/// Makes a directory and the parents that it lacks, each durable in its parent.
fn make(backend: &'static str, path: &Path) -> Result<(), StoreError> {
    let failed = |path: &Path, error: Errno| {
        StoreError::backend(
            backend,
            format!("making the directory {}", shown(path)),
            io::Error::from(error),
        )
    };
    // The nearest first; a bounded walk, because a path has finitely many parents.
    let missing: Vec<&Path> = path
        .ancestors()
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
        .take_while(|ancestor| !ancestor.exists() && !ancestor.is_symlink())
        .collect();
    for directory in missing.into_iter().rev() {
        match rustix::fs::mkdir(directory, DIRECTORY_MODE) {
            // An odd umask must not lock the owner out.
            Ok(()) => rustix::fs::chmod(directory, DIRECTORY_MODE)
                .map_err(|error| failed(directory, error))?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(directory, error)),
        }
        let parent = match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(parent, flags, Mode::empty())
            .and_then(rustix::fs::fsync)
            .map_err(|error| failed(directory, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
