//! What is measured: five cases, each done in three ways, as a whole call and as parsing alone.

pub mod bodies;
mod call;
mod case;
mod parse;

pub use call::Caller;
pub use case::{Case, Variant};
pub use parse::{Parser, parser};

/// Whatever went wrong; a benchmark that fails is thrown away.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
