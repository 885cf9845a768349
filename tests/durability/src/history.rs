//! What a program did to a directory, in order.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// A file or directory, whatever name it has at the moment. The watched directory is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub usize);

impl Node {
    /// The watched directory.
    pub const ROOT: Self = Self(0);
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A file or directory got its first name.
    Made {
        /// The directory that the name is in.
        parent: Node,
        /// The name.
        name: String,
        /// What was made.
        node: Node,
        /// Whether that is a directory.
        is_directory: bool,
    },
    /// A name was changed within its directory, over another one perhaps.
    Renamed {
        /// The directory.
        parent: Node,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A name was removed.
    Removed {
        /// The directory.
        parent: Node,
        /// The name.
        name: String,
    },
    /// Bytes were written.
    Written {
        /// Into which file.
        node: Node,
        /// Where they begin.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A file was cut off, or filled up with zeros.
    Resized {
        /// The file.
        node: Node,
        /// Its new length.
        length: u64,
    },
    /// A sync of a file or directory came back without an error.
    Synced {
        /// What was synced.
        node: Node,
        /// Only what happened before this place of the history is surely covered.
        before: usize,
    },
    /// The program wrote a line into its log.
    Mark(String),
}

/// Events, and the tree of names that they lead to.
#[derive(Debug)]
pub struct History {
    /// What happened.
    pub events: Vec<Event>,
    /// So many events at the beginning describe what was there, durably, before.
    pub initial: usize,
    names: BTreeMap<(Node, String), Node>,
    next: usize,
}

impl Default for History {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            initial: 0,
            names: BTreeMap::new(),
            next: 1,
        }
    }
}

impl History {
    /// The node of a path below the watched directory.
    pub fn find(&self, path: &Path) -> Option<Node> {
        path.components().try_fold(Node::ROOT, |node, component| {
            let name = component.as_os_str().to_str()?;
            self.names.get(&(node, name.to_owned())).copied()
        })
    }

    /// Notes that a name was made.
    ///
    /// # Errors
    ///
    /// When its directory is not known.
    pub fn make(&mut self, path: &Path, is_directory: bool) -> Result<Node> {
        let (parent, name) = self.place(path)?;
        let node = Node(self.next);
        self.next += 1;
        self.names.insert((parent, name.clone()), node);
        self.events.push(Event::Made {
            parent,
            name,
            node,
            is_directory,
        });
        Ok(node)
    }

    /// Notes that a name was changed.
    ///
    /// # Errors
    ///
    /// When the old name is not known, or the new one is in another directory.
    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let (parent, from) = self.place(from)?;
        let (other, to) = self.place(to)?;
        ensure!(parent == other, "a rename to another directory: {to}");
        let node = self
            .names
            .remove(&(parent, from.clone()))
            .with_context(|| format!("a rename of an unknown name: {from}"))?;
        self.names.insert((parent, to.clone()), node);
        self.events.push(Event::Renamed { parent, from, to });
        Ok(())
    }

    /// Notes that a name was removed.
    ///
    /// # Errors
    ///
    /// When it is not known.
    pub fn remove(&mut self, path: &Path) -> Result<()> {
        let (parent, name) = self.place(path)?;
        if self.names.remove(&(parent, name.clone())).is_none() {
            bail!("a removal of an unknown name: {name}");
        }
        self.events.push(Event::Removed { parent, name });
        Ok(())
    }

    fn place(&self, path: &Path) -> Result<(Node, String)> {
        let name = match path.components().next_back() {
            Some(Component::Normal(name)) => name.to_str(),
            _ => None,
        };
        let parent = path.parent().and_then(|parent| self.find(parent));
        parent
            .zip(name.map(str::to_owned))
            .with_context(|| format!("a name in an unknown directory: {}", path.display()))
    }
}

/// What is in a directory now, as the beginning of a history; and the numbers that the file
/// system has for it.
pub(crate) fn found(root: &Path) -> Result<(History, BTreeMap<u64, Node>)> {
    let mut history = History::default();
    let mut inodes = BTreeMap::from([(fs::metadata(root)?.ino(), Node::ROOT)]);
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(root.join(&directory))? {
            let entry = entry?;
            let path = directory.join(entry.file_name());
            let metadata = entry.metadata()?;
            let node = history.make(&path, metadata.is_dir())?;
            inodes.insert(metadata.ino(), node);
            if metadata.is_dir() {
                directories.push(path);
            } else {
                history.events.push(Event::Written {
                    node,
                    offset: 0,
                    bytes: fs::read(entry.path())?,
                });
            }
        }
    }
    history.initial = history.events.len();
    Ok((history, inodes))
}
