//! Ranges of a text that are given by offset and length.

use std::ops::Range;

use serde_json::Value;

use crate::graph_error::GraphError;
use crate::switches::OffsetUnit;

/// Whether an object has an offset and a length: numbers, or digits in a string
/// as Meta's own sample sends them.
pub(super) fn check_shape(object: &Value, name: &str) -> Result<(), GraphError> {
    if number(object, "offset").is_some() && number(object, "length").is_some() {
        Ok(())
    } else {
        Err(GraphError::parameter(format!(
            "Each of {name} needs offset and length, whole numbers"
        )))
    }
}

/// The range that an object names, if it lies in the text and cuts no character.
pub(super) fn read(
    object: &Value,
    text: &str,
    unit: OffsetUnit,
    name: &str,
) -> Result<Range<u64>, GraphError> {
    let outside = || {
        GraphError::parameter(format!(
            "Each of {name} must have a length and lie inside the text"
        ))
    };
    let offset = number(object, "offset").ok_or_else(outside)?;
    let length = number(object, "length")
        .filter(|length| *length > 0)
        .ok_or_else(outside)?;
    let end = offset.checked_add(length).ok_or_else(outside)?;
    let borders = borders(text, unit);
    if [offset, end]
        .iter()
        .all(|position| borders.binary_search(position).is_ok())
    {
        Ok(offset..end)
    } else {
        Err(outside())
    }
}

fn number(object: &Value, name: &str) -> Option<u64> {
    let value = object.get(name)?;
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|digits| digits.parse().ok()))
}

/// The positions between the characters of a text, its start and its end.
fn borders(text: &str, unit: OffsetUnit) -> Vec<u64> {
    let mut position = 0;
    let mut borders = vec![0];
    for character in text.chars() {
        let width = match unit {
            OffsetUnit::Utf16 => character.len_utf16(),
            OffsetUnit::Bytes => character.len_utf8(),
            OffsetUnit::CodePoints => 1,
        };
        position += u64::try_from(width).unwrap_or(1);
        borders.push(position);
    }
    borders
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_range_is_counted_in_the_unit_of_the_world() {
        let text = "é😀x";
        let emoji = |offset: u64, length: u64, unit| {
            let object = json!({ "offset": offset, "length": length });
            read(&object, text, unit, "text_entities").is_ok()
        };

        assert!(emoji(1, 2, OffsetUnit::Utf16));
        assert!(!emoji(2, 4, OffsetUnit::Utf16));
        assert!(emoji(2, 4, OffsetUnit::Bytes));
        assert!(!emoji(1, 2, OffsetUnit::Bytes));
        assert!(emoji(1, 2, OffsetUnit::CodePoints));
        assert!(!emoji(1, 3, OffsetUnit::CodePoints));
    }

    #[test]
    fn a_range_has_a_length_and_ends_with_the_text() {
        let range = |offset: &str, length: u64| {
            let object = json!({ "offset": offset, "length": length });
            read(&object, "abc", OffsetUnit::Utf16, "text_entities").is_ok()
        };

        assert!(range("0", 3));
        assert!(!range("0", 0));
        assert!(!range("0", 4));
        assert!(!range("18446744073709551615", 1));
    }
}
