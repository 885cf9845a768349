//! A dashboard for Threads accounts: their numbers, their history, their posts.
//!
//! This package is an application. It owns pages and routes; what it shows is
//! computed by [`threads_monitor`]. The library part exists so that tests start the
//! same [`App`] that the program runs.
//!
//! ```text
//! cargo run -p threads-dashboard            # a demonstration, without any account
//! cargo run -p threads-dashboard -- --help  # everything else
//! ```

mod app;
mod assets;
pub mod commands;
mod compose;
pub mod demo;
mod fields;
mod format;
mod keys;
pub mod options;
mod pages;
mod parts;
mod problem;
pub mod run;
mod security;
mod session;
mod shell;
mod store;
mod words;

pub use self::app::{Activity, App, AppError, Mode, SCOPES, Settings};
