//! The small versions of the campaigns: every change is tested by them.

#![cfg(target_os = "linux")]

mod support;

mod crash_matrix;
mod half_open;
mod history_gaps;
mod kills;
mod paused;
mod poison;
mod refresh_kill;
mod removed_midflight;
mod two_nodes;
