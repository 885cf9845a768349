//! What the stores keep through power loss, failing disks, damage and crowds.
//!
//! The figures and how to get them are in the README. [`power`] records what a program
//! does ([`trace`], [`history`]), computes what the disk may hold at each moment
//! ([`disk`], [`crash`]), and opens that with the real stores. [`faults`] makes each call
//! fail in turn. [`damage`] spoils files. [`crowd`] starts many processes at once.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

pub mod backend;
pub mod child;
pub mod crash;
pub mod crowd;
pub mod damage;
pub mod disk;
pub mod faults;
pub mod history;
pub mod numbers;
pub mod plan;
pub mod power;
mod process;
pub mod trace;
mod verdict;
pub mod workload;
