//! The rules of this crate's documentation, held against its source.
//!
//! 1. Every public type and free function has an example in its own documentation that uses it: names it, or calls
//!    one of its methods.
//! 2. Every call, which is whatever is asynchronous or a stream, has an example of its own. That of a request may
//!    stand at the type of the request.
//! 3. Every other public method or constant is used by an example: its own, that of its type, or any other of the
//!    crate, its guide and its README that also names the type.
//! 4. Every call names Meta's page, the scopes and its errors. What a request is, is said where it is made: the
//!    documentation of its type links to these methods, and they name the page and the scopes.
//! 5. No example unwraps.
//!
//! An example is a block of Rust that rustdoc compiles. It uses what stands in the lines that it shows; the lines
//! that rustdoc hides only count as naming a type. Public is what `lib.rs` exports; the module for the fuzz harness
//! is hidden and left out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail the test"
)]

mod example;
mod rules;
mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use example::Example;
use source::{Item, Kind};

/// The public items of the crate, and all its examples.
struct Documentation {
    items: Vec<Item>,
    examples: Vec<Example>,
}

impl Documentation {
    fn of_this_crate() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        let sources: Vec<String> = files(&root.join("src"), "rs")
            .iter()
            .filter(|path| !path.ends_with("fuzzing.rs"))
            .map(read)
            .collect();
        let mut pages: Vec<String> = files(&root.join("docs"), "md").iter().map(read).collect();
        pages.push(read(&root.join("README.md")));
        let lib = read(&root.join("src/lib.rs"));
        // Items of other public modules would need no export.
        let modules = lib.lines().filter(|line| line.starts_with("pub mod "));
        assert!(modules.eq(["pub mod fuzzing;", "pub mod guide;"]));
        let exports = source::exports(&lib);
        Self::new(&exports, &sources, &pages)
    }

    fn new(exports: &BTreeSet<String>, sources: &[String], pages: &[String]) -> Self {
        let items = source::items(sources);
        for export in exports {
            let found = items
                .iter()
                .filter(|item| item.owner.is_none() && item.name == *export);
            assert_eq!(found.count(), 1, "`{export}` is exported");
        }
        let items: Vec<Item> = items
            .into_iter()
            .filter(|item| exports.contains(item.owner.as_ref().unwrap_or(&item.name)))
            .collect();
        let examples = items
            .iter()
            .map(|item| item.docs.as_str())
            .chain(pages.iter().map(String::as_str))
            .flat_map(example::of)
            .collect();
        Self { items, examples }
    }

    fn judge(&self, rule: impl Fn(&Self, &Item) -> Vec<String>) -> Vec<String> {
        self.items
            .iter()
            .flat_map(|item| rule(self, item))
            .collect()
    }

    fn item(&self, path: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.path() == path)
    }

    fn methods_of<'d>(&'d self, owner: &'d str) -> impl Iterator<Item = &'d Item> {
        self.items
            .iter()
            .filter(move |item| item.owner.as_deref() == Some(owner))
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path, extension)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

fn assert_kept(rule: impl Fn(&Documentation, &Item) -> Vec<String>) {
    let broken = Documentation::of_this_crate().judge(rule);

    assert!(broken.is_empty(), "{} are: {broken:#?}", broken.len());
}

#[test]
fn every_type_and_function_has_an_example_that_uses_it() {
    assert_kept(rules::types_and_functions);
}

#[test]
fn every_call_has_an_example_of_its_own() {
    assert_kept(rules::calls_have_examples);
}

#[test]
fn every_other_method_is_used_by_an_example() {
    assert_kept(rules::methods_are_used);
}

#[test]
fn every_call_names_metas_page_its_scopes_and_its_errors() {
    assert_kept(rules::calls_name_their_facts);
}

#[test]
fn no_example_unwraps() {
    assert_kept(rules::examples_do_not_unwrap);
}

#[test]
fn the_public_items_are_found() {
    let documentation = Documentation::of_this_crate();

    let count = |is_one: fn(&Item) -> bool| {
        documentation
            .items
            .iter()
            .filter(|item| is_one(item))
            .count()
    };
    assert!(count(|item| item.kind == Kind::Type) > 110);
    assert!(count(|item| item.kind == Kind::Function) >= 3);
    assert!(count(Item::is_call) > 45);
    assert!(count(|item| item.owner.is_some()) > 280);
    for path in [
        "Client::profile",
        "Scope::as_str",
        "AccessToken::expose",
        "PendingReplyListRequest::stream",
        "PostSearchRequest::since",
        "Quota::ALL",
    ] {
        assert!(documentation.item(path).is_some(), "{path}");
    }
}
