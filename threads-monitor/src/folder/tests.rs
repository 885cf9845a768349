//! Files that come and go while they are looked at.

use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::Folder;

/// As often as it takes to meet the file both there and gone, with much to spare.
const LOOKS: usize = 20_000;

#[test]
fn a_file_that_is_removed_while_it_is_opened_is_there_or_not() {
    let place = TempDir::new().unwrap();
    let folder = Folder::open_or_make("file", &place.path().join("held")).unwrap();
    let is_done = AtomicBool::new(false);

    let met = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Acquire) {
                drop(folder.create_file("log").unwrap());
                folder.remove("log").unwrap();
            }
        });
        let mut met = [0, 0];
        let found = (0..LOOKS).try_for_each(|_| {
            folder
                .open_file("log")
                .map(|file| met[usize::from(file.is_some())] += 1)
        });
        is_done.store(true, Ordering::Release);
        found.unwrap();
        met
    });

    assert!(met[0] > 0, "it was always there");
    assert!(met[1] > 0, "it was never there");
}
