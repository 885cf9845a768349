//! The dashboard's pages over real HTTP, on a sandbox whose time stands still.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test")]

mod archive;
mod clock;
mod common;
mod connecting;
mod numbers;
mod planning;
mod protection;
mod publishing;
mod threads;
