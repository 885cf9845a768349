//! Runs a program, sees every system call with which it changes a directory, and may make
//! each of them fail.
//!
//! This is done with ptrace, from outside, and not by a library that is loaded before
//! libc: the file backend speaks to the kernel without libc, and is tested as it is.
//!
//! A call is noted when it comes back. The thread that made it runs on only after that,
//! so what is noted before a mark of the program has happened before it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use crate::history::{Event, History, Node};
use crate::process::{
    descriptor, identity, length_of, memory, of_descriptor, position, proceed, set, text, wait,
};

/// What the program is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open what is there.
    Open,
    /// Make a file.
    Make,
    /// Write so many bytes.
    Write(usize),
    /// Sync a file or a directory.
    Sync,
    /// Change a length.
    Resize,
    /// Change, make or remove a name.
    Name,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is made.
    Pass,
    /// It is not made, and fails.
    Fail(Errno),
    /// Only so many bytes are written.
    Short(usize),
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with a code.
    With(i32),
    /// By a signal.
    By(Signal),
}

/// Lets the parent watch this process; the first thing that a watched program does.
///
/// # Errors
///
/// When the system does not allow it.
pub fn be_watched() -> Result<()> {
    ptrace::traceme().context("being traced")?;
    nix::sys::signal::raise(Signal::SIGSTOP).context("waiting for the tracer")
}

/// Runs a program that calls [`be_watched`] and changes a directory.
///
/// What it writes into the file `marks` becomes [`Event::Mark`]. `decide` is asked before
/// every call that changes the directory.
///
/// # Errors
///
/// When it cannot be watched, or does something that a history cannot tell.
pub fn run(
    command: &mut Command,
    root: &Path,
    marks: &Path,
    decide: &mut dyn FnMut(Action) -> Verdict,
) -> Result<(History, Ended)> {
    let root = root.canonicalize()?;
    let (history, inodes) = crate::history::found(&root)?;
    let child = command.spawn().context("starting the program")?;
    let child = Pid::from_raw(i32::try_from(child.id())?);
    match wait(Some(child))? {
        WaitStatus::Stopped(_, Signal::SIGSTOP) => {}
        other => bail!("the program does not let itself be traced: {other:?}"),
    }
    ptrace::setoptions(
        child,
        Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_EXITKILL,
    )?;
    let mut tracer = Tracer {
        device: fs::metadata(&root)?.dev(),
        marks: identity(marks)?,
        root,
        history,
        inodes,
        threads: HashMap::from([(child, Pending::Outside)]),
        decide,
    };
    proceed(child, None)?;
    let ended = tracer.watch(child);
    if ended.is_err() {
        // It must not go on unwatched.
        let _ = nix::sys::signal::kill(child, Signal::SIGKILL);
    }
    Ok((tracer.history, ended?))
}

/// A call that a thread is in.
#[derive(Debug)]
enum Pending {
    /// None.
    Outside,
    /// One that is of no interest.
    Other,
    Refused(Errno),
    Open(PathBuf, i32),
    Write(Node, u64, Vec<u8>),
    Sync(Node, usize),
    Resize(Node),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    MakeDirectory(PathBuf),
}

struct Tracer<'a> {
    root: PathBuf,
    device: u64,
    marks: (u64, u64),
    history: History,
    /// Which node a number of the file system stands for. A number is used again when its
    /// file is gone.
    inodes: BTreeMap<u64, Node>,
    threads: HashMap<Pid, Pending>,
    decide: &'a mut dyn FnMut(Action) -> Verdict,
}

/// The number and the arguments of a call.
struct Arguments {
    number: i64,
    values: [u64; 6],
}

impl Tracer<'_> {
    fn watch(&mut self, child: Pid) -> Result<Ended> {
        loop {
            let (thread, signal) = match wait(None)? {
                WaitStatus::Exited(thread, code) if thread == child => {
                    return Ok(Ended::With(code));
                }
                WaitStatus::Signaled(thread, signal, _) if thread == child => {
                    return Ok(Ended::By(signal));
                }
                WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, ..) => {
                    self.threads.remove(&thread);
                    continue;
                }
                WaitStatus::PtraceSyscall(thread) => {
                    self.at_call(thread)?;
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, ..) => (thread, None),
                WaitStatus::Stopped(thread, signal) => {
                    let is_new = self.threads.insert(thread, Pending::Outside).is_none();
                    // A new thread begins with a stop that is not meant for it.
                    let own = is_new && signal == Signal::SIGSTOP;
                    (thread, (!own).then_some(signal))
                }
                other => bail!("unexpected: {other:?}"),
            };
            proceed(thread, signal)?;
        }
    }

    /// At the beginning and the end of each call.
    fn at_call(&mut self, thread: Pid) -> Result<()> {
        let registers = match ptrace::getregs(thread) {
            // It was killed.
            Err(Errno::ESRCH) => return Ok(()),
            registers => registers?,
        };
        match self.threads.insert(thread, Pending::Outside) {
            None | Some(Pending::Outside) => {
                let call = Arguments {
                    number: registers.orig_rax.cast_signed(),
                    values: [
                        registers.rdi,
                        registers.rsi,
                        registers.rdx,
                        registers.r10,
                        registers.r8,
                        registers.r9,
                    ],
                };
                let pending = self.begin(thread, &call)?;
                let pending = self.disturb(thread, registers, pending)?;
                self.threads.insert(thread, pending);
            }
            Some(Pending::Refused(errno)) => {
                let mut registers = registers;
                registers.rax = i64::from(-(errno as i32)).cast_unsigned();
                set(thread, registers)?;
            }
            Some(pending) => self.end(thread, pending, registers.rax.cast_signed())?,
        }
        Ok(())
    }

    /// Asks what is to become of a call, and sees to it.
    fn disturb(
        &mut self,
        thread: Pid,
        mut registers: libc::user_regs_struct,
        pending: Pending,
    ) -> Result<Pending> {
        let action = match &pending {
            Pending::Outside | Pending::Other | Pending::Refused(_) => return Ok(pending),
            Pending::Open(path, flags)
                if flags & libc::O_CREAT != 0 && self.history.find(path).is_none() =>
            {
                Action::Make
            }
            Pending::Open(..) => Action::Open,
            Pending::Write(_, _, bytes) => Action::Write(bytes.len()),
            Pending::Sync(..) => Action::Sync,
            Pending::Resize(_) => Action::Resize,
            Pending::Rename(..) | Pending::Remove(_) | Pending::MakeDirectory(_) => Action::Name,
        };
        let is_vectored = matches!(
            registers.orig_rax.cast_signed(),
            libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2
        );
        match (self.decide)(action) {
            Verdict::Pass => Ok(pending),
            Verdict::Fail(errno) => {
                // No call has this number, so nothing happens.
                registers.orig_rax = u64::MAX;
                set(thread, registers)?;
                Ok(Pending::Refused(errno))
            }
            Verdict::Short(length) => {
                ensure!(
                    matches!(action, Action::Write(all) if length < all) && !is_vectored,
                    "this call cannot be cut short"
                );
                registers.rdx = u64::try_from(length)?;
                set(thread, registers)?;
                Ok(pending)
            }
        }
    }

    fn begin(&mut self, thread: Pid, call: &Arguments) -> Result<Pending> {
        let [one, two, three, four, ..] = call.values;
        Ok(match call.number {
            libc::SYS_write | libc::SYS_pwrite64 => {
                let Some(place) = self.written(thread, one) else {
                    return Ok(Pending::Other);
                };
                let bytes = memory(thread, two, usize::try_from(three)?)?;
                match place {
                    Place::Marks => {
                        let text = String::from_utf8(bytes).context("a mark is no text")?;
                        self.history.events.push(Event::Mark(text));
                        Pending::Other
                    }
                    Place::Node(node) => {
                        let offset = match call.number {
                            libc::SYS_write => position(thread, one)?,
                            _ => four,
                        };
                        Pending::Write(node, offset, bytes)
                    }
                }
            }
            libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2 => {
                let Some(Place::Node(node)) = self.written(thread, one) else {
                    return Ok(Pending::Other);
                };
                let vectors = memory(thread, two, usize::try_from(three)? * 16)?;
                let mut bytes = Vec::new();
                for vector in vectors.chunks_exact(16) {
                    let (base, length) = vector.split_at(8);
                    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes);
                    bytes.extend(memory(
                        thread,
                        number(base)?,
                        usize::try_from(number(length)?)?,
                    )?);
                }
                let offset = match call.number {
                    libc::SYS_writev => position(thread, one)?,
                    _ => four,
                };
                Pending::Write(node, offset, bytes)
            }
            libc::SYS_fsync | libc::SYS_fdatasync => match self.node(thread, one) {
                Some(node) => Pending::Sync(node, self.history.events.len()),
                None => Pending::Other,
            },
            libc::SYS_ftruncate | libc::SYS_fallocate => match self.node(thread, one) {
                Some(node) => Pending::Resize(node),
                None => Pending::Other,
            },
            _ => return self.begin_naming(thread, call),
        })
    }

    fn begin_naming(&mut self, thread: Pid, call: &Arguments) -> Result<Pending> {
        let [one, two, three, four, five, _] = call.values;
        Ok(match call.number {
            libc::SYS_open | libc::SYS_creat => {
                let path = self.path(thread, libc::AT_FDCWD, one)?;
                let flags = match call.number {
                    libc::SYS_open => descriptor(two),
                    _ => libc::O_CREAT | libc::O_TRUNC,
                };
                path.map_or(Pending::Other, |path| Pending::Open(path, flags))
            }
            libc::SYS_openat => {
                let path = self.path(thread, descriptor(one), two)?;
                path.map_or(Pending::Other, |path| {
                    Pending::Open(path, descriptor(three))
                })
            }
            libc::SYS_rename => {
                let from = self.path(thread, libc::AT_FDCWD, one)?;
                let to = self.path(thread, libc::AT_FDCWD, two)?;
                renamed(from, to)?
            }
            libc::SYS_renameat | libc::SYS_renameat2 => {
                let from = self.path(thread, descriptor(one), two)?;
                let to = self.path(thread, descriptor(three), four)?;
                renamed(from, to)?
            }
            libc::SYS_unlink | libc::SYS_rmdir => self
                .path(thread, libc::AT_FDCWD, one)?
                .map_or(Pending::Other, Pending::Remove),
            libc::SYS_unlinkat => self
                .path(thread, descriptor(one), two)?
                .map_or(Pending::Other, Pending::Remove),
            libc::SYS_mkdir => self
                .path(thread, libc::AT_FDCWD, one)?
                .map_or(Pending::Other, Pending::MakeDirectory),
            libc::SYS_mkdirat => self
                .path(thread, descriptor(one), two)?
                .map_or(Pending::Other, Pending::MakeDirectory),
            libc::SYS_mmap => {
                let flags = descriptor(four);
                let is_written = descriptor(three) & libc::PROT_WRITE != 0
                    && flags & libc::MAP_SHARED != 0
                    && flags & libc::MAP_ANONYMOUS == 0;
                if is_written && let Some(node) = self.node(thread, five) {
                    // SQLite shares it among processes; it is made anew after a crash.
                    let is_shared_memory = self.names_end_with(node, "-shm");
                    ensure!(is_shared_memory, "a file is written through memory");
                }
                Pending::Other
            }
            libc::SYS_link
            | libc::SYS_linkat
            | libc::SYS_symlink
            | libc::SYS_symlinkat
            | libc::SYS_truncate
            | libc::SYS_copy_file_range
            | libc::SYS_io_uring_setup => {
                bail!("call {} is not understood", call.number)
            }
            _ => Pending::Other,
        })
    }

    fn end(&mut self, thread: Pid, pending: Pending, answer: i64) -> Result<()> {
        if answer < 0 {
            return Ok(());
        }
        match pending {
            Pending::Outside | Pending::Other | Pending::Refused(_) => {}
            Pending::Open(path, flags) => {
                let metadata = fs::metadata(format!("/proc/{thread}/fd/{answer}"))?;
                if let Some(node) = self.history.find(&path) {
                    if flags & libc::O_TRUNC != 0 {
                        self.history.events.push(Event::Resized { node, length: 0 });
                    }
                } else if path.as_os_str().is_empty() {
                    // The watched directory itself.
                } else {
                    ensure!(
                        flags & libc::O_CREAT != 0,
                        "{} was not made",
                        path.display()
                    );
                    let node = self.history.make(&path, false)?;
                    self.inodes.insert(metadata.ino(), node);
                }
            }
            Pending::Write(node, offset, mut bytes) => {
                bytes.truncate(usize::try_from(answer)?);
                self.history.events.push(Event::Written {
                    node,
                    offset,
                    bytes,
                });
            }
            Pending::Sync(node, before) => {
                self.history.events.push(Event::Synced { node, before });
            }
            Pending::Resize(node) => {
                let (inode, _) = self
                    .inodes
                    .iter()
                    .find(|(_, known)| **known == node)
                    .context("a file without a number")?;
                let length = length_of(thread, *inode)?;
                self.history.events.push(Event::Resized { node, length });
            }
            Pending::Rename(from, to) => self.history.rename(&from, &to)?,
            Pending::Remove(path) => self.history.remove(&path)?,
            Pending::MakeDirectory(path) => {
                let node = self.history.make(&path, true)?;
                let metadata = fs::metadata(self.root.join(&path))?;
                self.inodes.insert(metadata.ino(), node);
            }
        }
        Ok(())
    }

    /// What a descriptor that is written to stands for.
    fn written(&self, thread: Pid, descriptor: u64) -> Option<Place> {
        if of_descriptor(thread, descriptor)? == self.marks {
            return Some(Place::Marks);
        }
        self.node(thread, descriptor).map(Place::Node)
    }

    fn node(&self, thread: Pid, descriptor: u64) -> Option<Node> {
        let (device, inode) = of_descriptor(thread, descriptor)?;
        (device == self.device)
            .then(|| self.inodes.get(&inode).copied())
            .flatten()
    }

    /// The path below the watched directory that a call names; `None` if it is elsewhere.
    fn path(&self, thread: Pid, directory: i32, address: u64) -> Result<Option<PathBuf>> {
        let name = PathBuf::from(text(thread, address)?);
        let path = if name.is_absolute() {
            name
        } else {
            let from = match directory {
                libc::AT_FDCWD => format!("/proc/{thread}/cwd"),
                descriptor => format!("/proc/{thread}/fd/{descriptor}"),
            };
            match fs::read_link(from) {
                Ok(directory) => directory.join(name),
                Err(_) => return Ok(None),
            }
        };
        Ok(path.strip_prefix(&self.root).ok().map(Path::to_owned))
    }

    fn names_end_with(&self, node: Node, suffix: &str) -> bool {
        self.history.events.iter().any(|event| {
            matches!(event, Event::Made { name, node: made, .. } if *made == node && name.ends_with(suffix))
        })
    }
}

enum Place {
    Marks,
    Node(Node),
}

fn renamed(from: Option<PathBuf>, to: Option<PathBuf>) -> Result<Pending> {
    match (from, to) {
        (Some(from), Some(to)) => Ok(Pending::Rename(from, to)),
        (None, None) => Ok(Pending::Other),
        _ => bail!("a rename into or out of the watched directory"),
    }
}
