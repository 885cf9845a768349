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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(place).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_appears_when_it_is_whole_and_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("backup.zip");

        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!path.exists());
        file.keep().unwrap();

        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(place.path()), ["backup.zip"]);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();

        let file = NewFile::create(place.path().join("backup.zip")).unwrap();
        drop(file);

        assert!(names(place.path()).is_empty());
    }

    #[test]
    fn a_file_that_is_there_is_never_replaced() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("backup.zip");
        let (first, mut second) = (NewFile::create(&path), NewFile::create(&path).unwrap());
        second.write_all(b"second").unwrap();
        first.unwrap().keep().unwrap();

        let late = second.keep();
        let again = NewFile::create(&path);

        for refused in [late.map(drop), again.map(drop)] {
            assert!(
                matches!(refused, Err(ArchiveError::FileExists { .. })),
                "{refused:?}"
            );
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        assert_eq!(names(place.path()), ["backup.zip"]);
    }

    #[test]
    fn a_link_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let (link, target) = (place.path().join("link"), place.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();

        let refused = NewFile::create(&link);

        assert!(matches!(refused, Err(ArchiveError::FileExists { .. })));
        assert!(!target.exists());
    }
}
