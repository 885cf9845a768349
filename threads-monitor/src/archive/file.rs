//! A file that appears whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::ArchiveError;
use crate::folder::{PrivateFile, unused_name};

/// A file for its owner alone (mode 0600) that gets its name when it is whole.
///
/// It is written under another name in the same directory, and removed if it is dropped
/// before [`keep`](Self::keep).
#[derive(Debug)]
pub struct NewFile {
    file: File,
    /// Where it is until then; `None` once it is kept.
    partial: Option<PathBuf>,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file of this name.
    ///
    /// # Errors
    ///
    /// `FileExists` when there is one, which is never overwritten, and `Store` when the
    /// directory cannot be written to.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ArchiveError> {
        let path = path.into();
        if path.symlink_metadata().is_ok() {
            return Err(ArchiveError::FileExists { path });
        }
        let partial = path.with_file_name(unused_name(".partial"));
        let file = PrivateFile::new("archive", &partial).create()?;
        Ok(Self {
            file,
            partial: Some(partial),
            path,
        })
    }

    /// Makes it durable, and gives it its name.
    ///
    /// # Errors
    ///
    /// `FileExists` when somebody else made such a file meanwhile, `Io` and `Store` when the
    /// disk fails. There is no file then.
    pub fn keep(mut self) -> Result<PathBuf, ArchiveError> {
        let failed = |error| ArchiveError::io("written", error);
        self.file.sync_all().map_err(failed)?;
        let Some(partial) = &self.partial else {
            return Ok(self.path.clone());
        };
        rename(partial, &self.path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ArchiveError::FileExists {
                path: self.path.clone(),
            },
            _ => failed(error),
        })?;
        self.partial = None;
        PrivateFile::new("archive", &self.path).sync_parent()?;
        Ok(self.path.clone())
    }
}

/// Never over a file that is there.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags};
        use rustix::io::Errno;

        match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not every file system can do it in one step.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            renamed => return renamed.map_err(io::Error::from),
        }
    }
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            // What cannot be removed is left under a name that says that it is not whole.
            let _ = std::fs::remove_file(partial);
        }
    }
}
