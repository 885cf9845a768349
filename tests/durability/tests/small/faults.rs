//! A disk that fails once, or is full for a while, costs nothing that was acknowledged.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use threads_durability::backend::Backend;
use threads_durability::faults::{Fault, Figures, Settings, nth};

fn some(backend: Backend, operations: usize, every: usize) -> Figures {
    let figures = nth(&Settings {
        program: PathBuf::from(env!("CARGO_BIN_EXE_threads-durability")),
        backend,
        seed: 20_261_124,
        operations,
        every,
        crash_states: 2,
    });
    figures.unwrap()
}

fn assert_endured(figures: &Figures) {
    assert!(figures.bad.is_empty(), "{:#?}", figures.bad);
    for ((fault, was_sync), taken) in &figures.taken {
        assert!(taken.runs > 0);
        if !was_sync && *fault != Fault::Device {
            assert_eq!(taken.stopped, 0, "{fault} stopped it for good: {taken:?}");
        }
    }
    let synced = &figures.taken[&(Fault::Device, true)];
    assert!(synced.stopped > 0, "{synced:?}");
    let full = &figures.taken[&(Fault::FullDisk, false)];
    assert!(full.went_on > 0, "{full:?}");
}

#[test]
fn a_directory_endures_each_fault() {
    assert_endured(&some(Backend::File, 30, 3));
}

#[test]
fn a_sqlite_database_endures_each_fault() {
    assert_endured(&some(Backend::Sqlite, 12, 41));
}
