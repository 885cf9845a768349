//! What a disk may hold after the power failed.
//!
//! Strict rules, after ALICE: only a sync makes durable, a sync of a file its content, a
//! sync of a directory its names. Before that, each write and each change of a name may
//! have reached the disk or not, on its own and in any order; a write may have reached it
//! in part, in pieces of 512 bytes; a file may have its new length and zeros or noise in
//! the place of what was written. Two things are taken for granted, as every file system
//! with a journal gives them: a rename is there whole or not at all, and a write changes
//! no byte beside its own.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use crate::history::{Event, Node};
use crate::numbers::Numbers;

/// A disk writes so many bytes whole.
const SECTOR: u64 = 512;

/// Syncs that are taken for nothing: the disk of a store that forgot them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// None.
    Nothing,
    /// Those of files.
    Files,
    /// Those of directories.
    Directories,
}

/// A disk with a system before it that has not written everything yet.
#[derive(Debug)]
pub struct Disk {
    files: BTreeMap<Node, File>,
    directories: BTreeMap<Node, Directory>,
    forgotten: Forgotten,
}

#[derive(Debug, Default)]
struct File {
    durable: Arc<Vec<u8>>,
    pending: Vec<(usize, Change)>,
    /// SQLite's shared memory is written where nobody sees it.
    is_noise: bool,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Resize(u64),
}

#[derive(Debug, Default)]
struct Directory {
    durable: BTreeMap<String, Node>,
    pending: Vec<(usize, Naming)>,
}

#[derive(Debug, Clone)]
enum Naming {
    Put(String, Node),
    Rename(String, String, Node),
    Remove(String),
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Self::Put(name, node) => {
                names.insert(name.clone(), *node);
            }
            Self::Rename(from, to, node) => {
                if names.get(from) == Some(node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

/// Something that may or may not have reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A change of a name.
    Name,
    /// A write that lies in so many pieces of 512 bytes.
    Write(usize),
    /// A change of a length.
    Length,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is not there.
    Lost,
    /// It is there.
    Kept,
    /// Only these pieces of it are.
    Torn(Vec<bool>),
    /// The file is as long as if it were there, with zeros in its place.
    Zeros,
    /// The same, with bytes that mean nothing.
    Noise,
}

/// Every file and directory, by its path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Image(pub BTreeMap<PathBuf, Content>);

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// A directory.
    Directory,
    /// A file with these bytes.
    File(Arc<Vec<u8>>),
}

impl Image {
    /// A number that tells two images apart.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

impl Disk {
    /// An empty disk.
    pub fn new(forgotten: Forgotten) -> Self {
        Self {
            files: BTreeMap::new(),
            directories: BTreeMap::from([(Node::ROOT, Directory::default())]),
            forgotten,
        }
    }

    /// Makes everything durable, as after a quiet time.
    pub fn settle(&mut self) {
        for file in self.files.values_mut() {
            file.sync(usize::MAX);
        }
        for directory in self.directories.values_mut() {
            directory.sync(usize::MAX);
        }
    }

    /// Takes the next event of a history, the one at `index`.
    pub fn apply(&mut self, index: usize, event: &Event) {
        match event {
            Event::Made {
                parent,
                name,
                node,
                is_directory,
            } => {
                if *is_directory {
                    self.directories.entry(*node).or_default();
                } else {
                    let file = self.files.entry(*node).or_default();
                    file.is_noise = name.ends_with("-shm");
                }
                self.name(*parent, index, Naming::Put(name.clone(), *node));
            }
            Event::Renamed { parent, from, to } => {
                if let Some(node) = self.current(*parent, from) {
                    self.name(
                        *parent,
                        index,
                        Naming::Rename(from.clone(), to.clone(), node),
                    );
                }
            }
            Event::Removed { parent, name } => {
                self.name(*parent, index, Naming::Remove(name.clone()));
            }
            Event::Written {
                node,
                offset,
                bytes,
            } => {
                let file = self.files.entry(*node).or_default();
                file.pending
                    .push((index, Change::Write(*offset, bytes.clone())));
            }
            Event::Resized { node, length } => {
                let file = self.files.entry(*node).or_default();
                file.pending.push((index, Change::Resize(*length)));
            }
            Event::Synced { node, before } => {
                if let Some(file) = self.files.get_mut(node)
                    && self.forgotten != Forgotten::Files
                {
                    file.sync(*before);
                }
                if let Some(directory) = self.directories.get_mut(node)
                    && self.forgotten != Forgotten::Directories
                {
                    directory.sync(*before);
                }
            }
            Event::Mark(_) => {}
        }
    }

    fn name(&mut self, parent: Node, index: usize, naming: Naming) {
        let directory = self.directories.entry(parent).or_default();
        directory.pending.push((index, naming));
    }

    fn current(&self, parent: Node, name: &str) -> Option<Node> {
        let directory = self.directories.get(&parent)?;
        let mut names = directory.durable.clone();
        for (_, naming) in &directory.pending {
            naming.apply(&mut names);
        }
        names.get(name).copied()
    }

    /// What is not durable yet.
    pub fn units(&self) -> Vec<Unit> {
        let names = self
            .directories
            .values()
            .flat_map(|directory| &directory.pending);
        let changes = self.files.values().flat_map(|file| &file.pending);
        names
            .map(|_| Unit::Name)
            .chain(changes.map(|(_, change)| match change {
                Change::Write(offset, bytes) => Unit::Write(pieces(*offset, bytes).count()),
                Change::Resize(_) => Unit::Length,
            }))
            .collect()
    }

    /// What the disk holds if this became of the units.
    pub fn image(&self, fates: &[Fate], numbers: &mut Numbers) -> Image {
        let mut fates = fates.iter();
        let mut next = || fates.next().unwrap_or(&Fate::Lost);
        let mut names = BTreeMap::new();
        for (node, directory) in &self.directories {
            let mut found = directory.durable.clone();
            for (_, naming) in &directory.pending {
                if *next() == Fate::Kept {
                    naming.apply(&mut found);
                }
            }
            names.insert(*node, found);
        }
        let mut contents = BTreeMap::new();
        for (node, file) in &self.files {
            let mut content = Arc::clone(&file.durable);
            for (_, change) in &file.pending {
                match next() {
                    Fate::Lost => {}
                    fate => change.apply(fate, Arc::make_mut(&mut content), numbers),
                }
            }
            if file.is_noise && numbers.one_in(2) {
                content = Arc::new(numbers.noise(content.len()));
            }
            contents.insert(*node, content);
        }
        let mut image = Image::default();
        let mut directories = vec![(Node::ROOT, PathBuf::new())];
        while let Some((node, path)) = directories.pop() {
            for (name, node) in names.get(&node).into_iter().flatten() {
                let path = path.join(name);
                if let Some(content) = contents.get(node) {
                    let content = Content::File(Arc::clone(content));
                    image.0.insert(path, content);
                } else {
                    image.0.insert(path.clone(), Content::Directory);
                    directories.push((*node, path));
                }
            }
        }
        image
    }
}

impl File {
    fn sync(&mut self, before: usize) {
        let covered = self.pending.partition_point(|(index, _)| *index < before);
        let mut numbers = Numbers::new(0);
        for (_, change) in self.pending.drain(..covered) {
            change.apply(&Fate::Kept, Arc::make_mut(&mut self.durable), &mut numbers);
        }
    }
}

impl Directory {
    fn sync(&mut self, before: usize) {
        let covered = self.pending.partition_point(|(index, _)| *index < before);
        for (_, naming) in self.pending.drain(..covered) {
            naming.apply(&mut self.durable);
        }
    }
}

impl Change {
    fn apply(&self, fate: &Fate, content: &mut Vec<u8>, numbers: &mut Numbers) {
        let (offset, bytes) = match self {
            Self::Resize(length) => return content.resize(size(*length), 0),
            Self::Write(offset, bytes) => (*offset, bytes),
        };
        let end = size(offset) + bytes.len();
        let before = content.len();
        match fate {
            Fate::Lost => {}
            Fate::Kept => put(content, offset, bytes),
            Fate::Torn(kept) => {
                for ((start, piece), is_kept) in pieces(offset, bytes).zip(kept) {
                    if *is_kept {
                        put(content, start, piece);
                    }
                }
            }
            Fate::Zeros | Fate::Noise => {
                content.resize(before.max(end), 0);
                if *fate == Fate::Noise {
                    let new = content.get_mut(before..).unwrap_or_default();
                    let noise = numbers.noise(new.len());
                    new.copy_from_slice(&noise);
                }
            }
        }
    }
}

fn put(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = size(offset);
    let end = start + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(start..end) {
        place.copy_from_slice(bytes);
    }
}

/// The parts of a write that a disk writes whole, each with its place.
fn pieces(offset: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut start = offset;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = size(SECTOR - start % SECTOR).min(rest.len());
        let (piece, after) = rest.split_at(length);
        let place = start;
        start += length as u64;
        rest = after;
        Some((place, piece))
    })
}

fn size(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
