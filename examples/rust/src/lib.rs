#![doc = include_str!("../../../README.md")]
//!
//! ---
//!
//! This crate holds the programs in `src/bin`; `examples/README.md` lists them. Its
//! documentation is the project's README, so that the code in it is compiled with the tests.
