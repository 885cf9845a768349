//! From bytes to a value, or to an error that names the place but not the content.

use serde::de::{Deserialize, DeserializeOwned};
use serde_json::error::Category;

use super::{Call, redact};
use crate::Result;
use crate::error::{DecodeFailure, Error};

/// Longer paths are cut: their keys come from the body.
const LONGEST_PATH: usize = 200;

/// Decodes the body, or says where it is not what was expected.
///
/// Keeping track of the path costs time, and only failures need it: they are decoded twice.
pub(super) fn decode<T: DeserializeOwned>(call: &Call<'_>, body: &[u8]) -> Result<T> {
    parse(body).or_else(|_| {
        decode_with_path(body, &call.secrets).map_err(|(path, source)| Error::Decode {
            endpoint: call.endpoint.clone(),
            path,
            source,
        })
    })
}

/// One check of the whole body for UTF-8 is cheaper than one for each text in it.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    match str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        // Texts that are skipped may be broken.
        Err(_) => serde_json::from_slice(body),
    }
}

/// Decodes the body, or says at which path and in what way it is not what was expected.
#[cold]
pub(crate) fn decode_with_path<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    secrets: &[Option<&str>],
) -> Result<T, (String, DecodeFailure)> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let failure = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(value) => match deserializer.end() {
            Ok(()) => return Ok(value),
            Err(error) => (String::from("."), error),
        },
        Err(error) => (error.path().to_string(), error.into_inner()),
    };
    let (path, error) = failure;
    let path: String = redact::clean(&path, secrets)
        .chars()
        .take(LONGEST_PATH)
        .collect();
    // The text of a `serde_json` error quotes the body, so only the facts are kept.
    let (line, column) = (error.line(), error.column());
    let source = match error.classify() {
        Category::Eof => DecodeFailure::UnexpectedEnd,
        Category::Data => DecodeFailure::Shape { line, column },
        Category::Syntax | Category::Io => DecodeFailure::Syntax { line, column },
    };
    Err((path, source))
}
