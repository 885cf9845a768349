//! The publish protocol under everything that can go wrong, on the code that production runs.
//!
//! [`model`] searches everything that can happen to one post within bounds. [`simulator`]
//! runs many posts, nodes and days of virtual time at random. Both call
//! [`threads_monitor::publishing::step()`], meet Meta as [`platform`] describes it, and have to
//! catch the mistakes of [`design`]. The figures and how to get them are in the README.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a proof that cannot go on has failed"
)]

pub mod design;
mod fast;
pub mod model;
pub mod platform;
pub mod simulator;
