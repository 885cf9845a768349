//! The small versions of the campaigns: every change is tested by them.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod crowd;
mod damage;
mod faults;
mod power_loss;
