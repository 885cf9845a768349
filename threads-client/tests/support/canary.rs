//! Looking for secrets where they must not be.

use std::error::Error as StdError;
use std::fmt::Write as _;

use super::{CODE, SECRET, TOKEN};

/// Parts of a secret of this length count as the secret.
const WINDOW: usize = 8;

/// Everything a program could print of an error.
pub(crate) fn everything_of(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, "{error}\n{error:?}\n{error:#?}\n").unwrap();
        next = error.source();
    }
    text
}

/// Fails if the text holds a secret of this test, or eight bytes of one, plain, reversed or encoded.
pub(crate) fn assert_clean(what: &str, text: &str) {
    for secret in [
        TOKEN,
        SECRET,
        CODE,
        "THQVJsecretInsidePaging",
        "THQVJcanaryInBody0001",
    ] {
        let reversed: String = secret.chars().rev().collect();
        let mut hex = String::new();
        for byte in secret.bytes() {
            write!(hex, "{byte:02x}").unwrap();
        }
        for form in [secret, &reversed, &hex] {
            for start in 0..=form.len() - WINDOW {
                let window = &form[start..start + WINDOW];
                assert!(
                    !text.contains(window),
                    "{what} shows `{window}` of a secret:\n{text}"
                );
            }
        }
    }
}

pub(crate) fn assert_error_is_clean(what: &str, error: &(dyn StdError + 'static)) {
    assert_clean(what, &everything_of(error));
}
