//! Planning and publishing, on a sandbox and in virtual time.

#[path = "../dying/mod.rs"]
mod dying;
#[path = "../plans/mod.rs"]
mod plans;
#[path = "../world/mod.rs"]
mod world;

mod bulk;
mod chain_faults;
mod chains;
mod drafting;
mod kinds;
mod outcomes;
mod planning;
mod posts;
mod repeating;
mod repeating_crash;
mod stopped_store;
mod store_clock;
mod suspects;
mod taken_over;
mod throttling;
mod urgency;
mod wrong_clock;
mod zones;
