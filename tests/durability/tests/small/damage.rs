//! Of a damaged file a start makes what was once committed, or a refusal.

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
#[test]
fn a_thousand_damaged_databases_end_in_no_panic() {
    let figures = damaged(Backend::Sqlite, 20_261_124, 1_000).unwrap();

    assert_eq!(figures.count(Outcome::Panicked), 0, "{figures:#?}");
    assert!(figures.count(Outcome::Refused) > 300, "{figures:#?}");
}

#[test]
fn damaged_sealed_databases_end_in_no_panic_and_no_changed_token() {
    let figures = damaged(Backend::SqliteSealed, 20_261_124, 300).unwrap();

    assert_eq!(figures.count(Outcome::Panicked), 0, "{figures:#?}");
    assert_eq!(figures.changed_tokens, 0, "{figures:#?}");
}
