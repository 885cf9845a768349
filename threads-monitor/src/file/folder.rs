//! A held directory, in which names cannot lead elsewhere.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use uuid::Uuid;

use super::{BACKEND, plain, shown};
use crate::error::StoreError;

const DIRECTORY_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open directory that belongs to us alone.
#[derive(Debug)]
pub(super) struct Folder {
    descriptor: OwnedFd,
    path: PathBuf,
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
    pub(super) fn open_or_make(path: &Path) -> Result<Self, StoreError> {
        let path = plain(path);
        let path = if path.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            path
        };
        make(&path)?;
        let descriptor = open_directory(CWD, &path, &path)?;
        let folder = Self { descriptor, path };
        folder.check(OnLooseMode::TightenIfEmpty)?;
        Ok(folder)
    }

    /// Opens the directory of this name in it, and makes it if it is missing.
    pub(super) fn subfolder(&self, name: &str) -> Result<Self, StoreError> {
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
        let descriptor = open_directory(&self.descriptor, Path::new(name), &path)?;
        let folder = Self { descriptor, path };
        folder.check(OnLooseMode::Refuse)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading and writing; `None` if there is none.
    pub(super) fn open_file(&self, name: &str) -> Result<Option<File>, StoreError> {
        // Without NONBLOCK, opening a pipe or a device could wait for ever.
        let flags =
            OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let refused = |refusal| Err(self.failed("opening", name, io::Error::other(refusal)));
        let descriptor = match rustix::fs::openat(&self.descriptor, name, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return refused(Refusal::Link),
            Err(Errno::ISDIR | Errno::NXIO) => return refused(Refusal::NotAFile),
            Err(error) => return Err(self.failed("opening", name, error.into())),
        };
        let status = rustix::fs::fstat(&descriptor)
            .map_err(|error| self.failed("opening", name, error.into()))?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return refused(Refusal::NotAFile);
        }
        #[expect(
            clippy::useless_conversion,
            reason = "the type of st_nlink depends on the platform"
        )]
        let names = u64::from(status.st_nlink);
        if names != 1 {
            return refused(Refusal::HardLinks(names));
        }
        if let Some(refusal) = foreign(&status).or_else(|| loose(&status)) {
            return refused(refusal);
        }
        Ok(Some(File::from(descriptor)))
    }

    /// Makes a file that was not there before.
    pub(super) fn create_file(&self, name: &str) -> Result<File, StoreError> {
        self.create(name)
            .map_err(|error| self.failed("making", name, error.into()))
    }

    /// Makes a file, or opens the one that another process made a moment ago.
    pub(super) fn create_file_unless_there(&self, name: &str) -> Result<File, StoreError> {
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

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)
            .map_err(|error| self.failed("putting in place", to, error.into()))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.failed("removing", name, error.into())),
        }
    }

    /// Names of files and directories in it.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
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
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        rustix::fs::fsync(&self.descriptor)
            .map_err(|error| self.failed("syncing", "", error.into()))
    }

    pub(super) fn failed(&self, doing: &str, name: &str, error: io::Error) -> StoreError {
        let path = if name.is_empty() {
            shown(&self.path)
        } else {
            shown(&self.path.join(name))
        };
        StoreError::backend(BACKEND, format!("{doing} {path}"), error)
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

/// What to do with a directory that other users can enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnLooseMode {
    Refuse,
    TightenIfEmpty,
}

/// A name that nobody can have made before.
pub(super) fn unused_name(suffix: &str) -> String {
    format!("{}{suffix}", Uuid::now_v7().simple())
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
        BACKEND,
        format!("opening {}", shown(path)),
        error,
    ))
}

/// Makes a directory and the parents that it lacks, each durable in its parent.
fn make(path: &Path) -> Result<(), StoreError> {
    let failed = |path: &Path, error: Errno| {
        StoreError::backend(
            BACKEND,
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
