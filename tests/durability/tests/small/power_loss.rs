//! Whatever the disk holds after a power loss, nothing that was acknowledged is missing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use threads_durability::backend::Backend;
use threads_durability::disk::Forgotten;
use threads_durability::power::{Figures, Settings, power_loss, small};

fn settings(backend: Backend) -> Settings {
    Settings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_threads-durability")),
        backend,
        seed: 20_261_124,
        states: 150,
        steps: 10,
        lives: 2,
        at_random: 2,
        at_most: 8,
        one_in: 12,
        forgotten: Forgotten::Nothing,
    }
}

fn assert_nothing_is_lost(figures: &Figures) {
    assert!(figures.states >= 100, "{figures:?}");
    assert_eq!(figures.bad_count, 0, "{:#?}", figures.bad);
}

/// Nor is it forgotten that a post may be on its way.
fn assert_no_intent_is_lost(figures: &Figures) {
    assert!(figures.with_intents > 20, "{figures:?}");
    assert_nothing_is_lost(figures);
}

fn assert_it_is_found_out(backend: Backend, forgotten: Forgotten) {
    let figures = power_loss(&Settings {
        states: 30,
        lives: 1,
        one_in: 4,
        forgotten,
        ..settings(backend)
    });
    assert!(figures.unwrap().bad_count > 0);
}

#[test]
fn a_directory_loses_nothing() {
    let figures = power_loss(&Settings {
        states: 1_500,
        steps: 16,
        at_most: 40,
        one_in: 1,
        ..settings(Backend::File)
    });
    assert_no_intent_is_lost(&figures.unwrap());
}

#[test]
fn a_sqlite_database_loses_nothing() {
    assert_no_intent_is_lost(&power_loss(&settings(Backend::Sqlite)).unwrap());
}

#[test]
fn a_sealed_sqlite_database_loses_nothing() {
    assert_no_intent_is_lost(&power_loss(&settings(Backend::SqliteSealed)).unwrap());
}

#[test]
fn every_sequence_of_two_operations_on_a_directory_loses_nothing() {
    let all = Settings {
        at_random: 0,
        at_most: usize::MAX,
        one_in: 1,
        ..settings(Backend::File)
    };
    assert_nothing_is_lost(&small(&all, 2).unwrap());
}

#[test]
fn every_operation_on_a_sqlite_database_loses_nothing() {
    let some = Settings {
        at_most: 4,
        one_in: 20,
        ..settings(Backend::Sqlite)
    };
    assert_nothing_is_lost(&small(&some, 1).unwrap());
}

#[test]
fn a_directory_on_a_disk_that_forgets_syncs_is_found_out() {
    assert_it_is_found_out(Backend::File, Forgotten::Files);
    assert_it_is_found_out(Backend::File, Forgotten::Directories);
}

#[test]
fn a_database_on_a_disk_that_forgets_syncs_is_found_out() {
    assert_it_is_found_out(Backend::Sqlite, Forgotten::Files);
    assert_it_is_found_out(Backend::Sqlite, Forgotten::Directories);
}
