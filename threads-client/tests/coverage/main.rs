//! The judge of completeness: a list of everything that Meta documents, made from its pages and not from the
//! code, and evidence for each row of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

mod answers;
mod calls;
mod docs;
mod drive;
mod outcome;
mod pages;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod world;
