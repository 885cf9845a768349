//! The page of the guide keeps up with the list.

use std::path::Path;

use crate::table;

/// Set to write the page anew.
const WRITE: &str = "THREADS_WRITE_COVERAGE";

#[test]
fn the_page_of_the_guide_is_made_from_the_list() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&page, table::render()).unwrap();
    }

    assert!(
        std::fs::read_to_string(&page).unwrap() == table::render(),
        "the list has changed: set {WRITE}=1 and run this test again"
    );
}
