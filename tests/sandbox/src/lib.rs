#![doc = include_str!("../README.md")]

mod account;
mod builder;
mod callbacks;
mod clock;
mod content;
mod control;
mod conversation;
mod credentials;
mod cursor;
mod delayed;
mod delivery;
mod dispatch;
mod endpoint;
mod endpoints;
mod error;
mod evolution;
mod fault;
mod fields;
mod graph_error;
mod id;
mod judge;
mod ledger;
mod lively;
mod pacific;
mod people;
mod place;
mod post;
mod random;
mod reply;
mod request;
mod request_log;
mod sandbox;
mod seeding;
mod server;
mod shared;
mod state;
mod switches;
mod text_length;
mod user;
mod voice;
mod webhook;

pub use account::{AccountSeed, Voice};
pub use builder::{
    DEFAULT_APP_ID, DEFAULT_APP_SECRET, DEFAULT_REDIRECT_URI, DEFAULT_START, SandboxBuilder,
};
pub use delivery::CallbackReport;
pub use endpoint::Endpoint;
pub use error::SandboxError;
pub use fault::{Fault, FaultPlan, FaultRule, When};
pub use judge::{Charge, Claim, Ending, SETTLE, Verdict, judge, judge_other_host};
pub use ledger::{LedgerEntry, LedgerKind};
pub use request_log::{RequestLogEntry, TokenPlacement};
pub use sandbox::{Sandbox, SandboxPost, SandboxUser};
pub use switches::{
    AppUsage, BusinessUsage, CrossShareAnswer, ListedText, LocationQuery, OffsetUnit,
    PublishedContainer, Readiness, RefreshedToken, Republish, SearchPaging, Switches, TextUnit,
};
pub use user::Standing;
pub use webhook::{Notification, SignedBody};
