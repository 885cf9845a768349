//! Eight processes on one store.

use std::path::Path;

use threads_durability::backend::Backend;
use threads_durability::crowd::{count, hold, rush};

const PROGRAM: &str = env!("CARGO_BIN_EXE_threads-durability");

#[test]
fn eight_processes_on_one_database_lose_no_update() {
    let counted = count(Path::new(PROGRAM), Backend::Sqlite, 8, 12).unwrap();

    assert_eq!(counted.acknowledged, 8 * 12);
    assert_eq!(counted.found, counted.acknowledged);
}

#[test]
fn a_directory_that_is_open_refuses_seven_others_and_stays_as_it_is() {
    let held = hold(Path::new(PROGRAM), Backend::File, 7).unwrap();

    assert_eq!(held.open, 1);
    assert_eq!(held.refused.len(), 7);
    for said in &held.refused {
        assert!(said.contains("in use by another process"), "{said}");
    }
    assert!(!held.is_changed);
}

#[test]
fn of_eight_processes_that_open_a_new_directory_at_once_one_has_it() {
    let rushed = rush(Path::new(PROGRAM), Backend::File, 8).unwrap();

    assert_eq!(rushed.open, 1, "{rushed:?}");
    assert_eq!(rushed.refused.len(), 7, "{rushed:?}");
}
