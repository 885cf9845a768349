//! Of a damaged file a start makes what was once committed, or a refusal.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use threads_durability::backend::Backend;
use threads_durability::damage::{Outcome, damaged};

#[test]
fn a_thousand_damaged_directories_end_in_a_committed_state_or_a_refusal() {
    let figures = damaged(Backend::File, 20_261_124, 1_000).unwrap();

    assert_eq!(figures.count(Outcome::Panicked), 0, "{figures:#?}");
    assert_eq!(figures.count(Outcome::Changed), 0, "{figures:#?}");
    assert_eq!(figures.touched, 0, "{figures:#?}");
    assert!(figures.count(Outcome::Refused) > 500, "{figures:#?}");
}

/// What SQLite does not see is counted by the campaign; see the README.
fn assert_no_panic_and_no_changed_token(backend: Backend, cases: usize) {
    let figures = damaged(backend, 20_261_124, cases).unwrap();

    assert_eq!(figures.count(Outcome::Panicked), 0, "{figures:#?}");
    assert_eq!(figures.changed_tokens, 0, "{figures:#?}");
    assert!(figures.count(Outcome::Refused) > cases / 3, "{figures:#?}");
}

#[test]
fn a_thousand_damaged_databases_end_in_no_panic_and_no_changed_token() {
    assert_no_panic_and_no_changed_token(Backend::Sqlite, 1_000);
}

#[test]
fn damaged_sealed_databases_end_in_no_panic_and_no_changed_token() {
    assert_no_panic_and_no_changed_token(Backend::SqliteSealed, 300);
}
