//! Promises that several parsers share.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::Value;
use threads_client::{Error, fuzzing};

/// Texts that come out of an error are no longer than this.
const LONGEST_TEXT: usize = 1_001;

/// Reads an answer of Meta as the client does.
///
/// - Both ways of decoding agree: the fast one, and the one that finds the path of a mistake.
/// - Neither the order of members nor blanks change what is read.
/// - What is read is not larger than what came, but for a factor.
/// - A refusal names a short path without control characters, and quotes nothing else.
pub(crate) fn answer<T: DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let value = match fuzzing::decode::<T>(bytes) {
        Ok(value) => value,
        Err(error) => {
            assert!(
                serde_json::from_slice::<T>(bytes).is_err(),
                "only the decoder refuses it"
            );
            is_discreet(&error);
            return None;
        }
    };
    assert!(
        format!("{value:?}").len() <= 8_192 + 512 * bytes.len(),
        "it grew beyond reason"
    );
    // What is skipped may be broken in ways that a whole document may not.
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        let again = serde_json::from_str::<T>(&document.to_string());
        assert_eq!(again.ok().as_ref(), Some(&value), "the order matters");
    }
    Some(value)
}

fn is_discreet(error: &Error) {
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    let Error::Decode { path, .. } = error else {
        return;
    };
    assert!(path.chars().count() <= 200, "a long path");
    is_clean(path);
    assert!(error.to_string().len() <= 2_000, "a long message");
}

/// A text that may be printed: short, on one line.
pub(crate) fn is_clean(text: &str) {
    assert!(text.chars().count() <= LONGEST_TEXT, "a long text");
    assert!(!text.contains(char::is_control), "control characters");
}

/// The bytes as text, as a web server hands it on.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
