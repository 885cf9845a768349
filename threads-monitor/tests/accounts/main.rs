//! Accounts, their tokens and their numbers, on a sandbox and in virtual time.

#[path = "../world/mod.rs"]
mod world;

mod collecting;
mod token_death;
mod token_notices;
mod tokens;
