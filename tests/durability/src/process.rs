//! What the kernel tells about a program that is traced.

use std::fs;
use std::io::IoSliceMut;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// The lower half of an argument, as a call takes a descriptor or flags.
pub(crate) fn descriptor(value: u64) -> i32 {
    u32::try_from(value & 0xffff_ffff).map_or(-1, u32::cast_signed)
}

/// Waits for one of the children of this thread only: other tests have theirs.
pub(crate) fn wait(child: Option<Pid>) -> Result<WaitStatus> {
    let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
    loop {
        match waitpid(child.or(Some(Pid::from_raw(-1))), Some(flags)) {
            Err(Errno::EINTR) => {}
            status => return status.context("waiting for the program"),
        }
    }
}

pub(crate) fn proceed(thread: Pid, signal: Option<Signal>) -> Result<()> {
    match ptrace::syscall(thread, signal) {
        // It was killed in the meantime.
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(error).context("letting the program go on"),
    }
}

pub(crate) fn set(thread: Pid, registers: libc::user_regs_struct) -> Result<()> {
    ptrace::setregs(thread, registers).context("changing a call")
}

pub(crate) fn identity(path: &Path) -> Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

pub(crate) fn of_descriptor(thread: Pid, descriptor: u64) -> Option<(u64, u64)> {
    identity(Path::new(&format!("/proc/{thread}/fd/{descriptor}"))).ok()
}

/// The length of an open file, which may have no name any more.
pub(crate) fn length_of(thread: Pid, inode: u64) -> Result<u64> {
    for entry in fs::read_dir(format!("/proc/{thread}/fd"))? {
        if let Ok(metadata) = fs::metadata(entry?.path())
            && metadata.ino() == inode
        {
            return Ok(metadata.len());
        }
    }
    bail!("a file was resized that is not open")
}

/// Where a plain write goes.
pub(crate) fn position(thread: Pid, descriptor: u64) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{thread}/fdinfo/{descriptor}"))?;
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
            .with_context(|| format!("no {name}"))
    };
    let flags = i32::from_str_radix(field("flags:")?, 8)?;
    ensure!(flags & libc::O_APPEND == 0, "a file is open for appending");
    Ok(field("pos:")?.parse()?)
}

pub(crate) fn memory(thread: Pid, address: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let from = RemoteIoVec {
        base: usize::try_from(address)?,
        len: length,
    };
    let read = process_vm_readv(thread, &mut [IoSliceMut::new(&mut bytes)], &[from])
        .context("reading the memory of the program")?;
    ensure!(read == length, "only {read} of {length} bytes were read");
    Ok(bytes)
}

/// A text that ends with a zero.
pub(crate) fn text(thread: Pid, address: u64) -> Result<String> {
    const PAGE: u64 = 4096;
    let mut bytes = Vec::new();
    let mut next = address;
    while bytes.len() < 2 * 4096 {
        // The page after the end may not be there.
        let length = PAGE - next % PAGE;
        bytes.extend(memory(thread, next, usize::try_from(length)?)?);
        if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
            bytes.truncate(end);
            return String::from_utf8(bytes).context("a path is no text");
        }
        next += length;
    }
    bail!("a path does not end")
}
