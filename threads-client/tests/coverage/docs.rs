//! The documentation keeps up with the code.

use std::path::{Path, PathBuf};

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

/// What the documentation of a call has to say.
const PARTS: &[(&str, &str)] = &[
    ("https://developers.facebook.com/", "Meta's page"),
    ("Scope", "the scopes"),
    ("# Errors", "the errors"),
];

#[test]
fn every_call_names_metas_page_its_scopes_and_its_errors() {
    let mut calls = 0;
    let mut wrong = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = std::fs::read_to_string(&file).unwrap();
        for (name, documentation) in public_calls(&source) {
            calls += 1;
            // Without a call of its own, or the same call as another one: it says so.
            if documentation.contains("Those of [`") || documentation.contains("Scope: that of") {
                continue;
            }
            for (part, what) in PARTS {
                if !documentation.contains(part) {
                    wrong.push(format!("{}: `{name}` lacks {what}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(calls > 30, "only {calls} calls were found");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Public asynchronous functions with their documentation. The `send` of a request is left out: what the
/// request is, is said where it is made.
fn public_calls(source: &str) -> Vec<(String, String)> {
    let mut documentation = String::new();
    let mut calls = Vec::new();
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            documentation.push_str(text);
            documentation.push('\n');
        } else if let Some(rest) = line.strip_prefix("pub async fn ") {
            let name: String = rest
                .chars()
                .take_while(|next| *next != '(' && *next != '<')
                .collect();
            if name != "send" {
                calls.push((name, std::mem::take(&mut documentation)));
            }
            documentation.clear();
        } else if !line.starts_with("#[") {
            documentation.clear();
        }
    }
    calls
}
