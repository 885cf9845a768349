//! The monitor in real processes that are killed, paused, cut off and told to end, judged by
//! the sandbox. What is tested, and how, is in the README of this directory.
#![cfg(target_os = "linux")]

pub mod backend;
pub mod broken;
pub mod child;
pub mod chores;
pub mod config;
pub mod crashing;
pub mod figures;
pub mod half_open;
pub mod history_gaps;
pub mod kills;
pub mod matrix;
pub mod node;
pub mod pace;
pub mod paused;
pub mod plan;
pub mod points;
pub mod poison;
pub mod postgres;
pub mod postgres_killed;
pub mod proxy;
pub mod punctuality;
pub mod refresh_kill;
pub mod removed_midflight;
pub mod terminate;
pub mod two_nodes;
pub mod verdict;
pub mod world;
