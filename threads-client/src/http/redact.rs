//! Cleaning of foreign text and of transport errors before anybody can print them.

use std::borrow::Cow;

use crate::error::{Error, TransportError, TransportStep};

const PLACEHOLDER: &str = "[redacted]";

/// Parts of a secret shorter than this are not recognised: ordinary words are that long.
const WINDOW: usize = 8;

/// Longer texts are cut; Meta's messages are a few hundred characters long.
const LONGEST_TEXT: usize = 1_000;

/// Names whose values are secrets wherever they stand.
const SECRET_NAMES: &[&str] = &[
    "access_token",
    "input_token",
    "client_secret",
    "appsecret_proof",
    "code",
    "bearer",
];

/// The one place where a `reqwest` error enters this crate: its URL can hold the token.
pub(super) fn transport_error(
    endpoint: Cow<'static, str>,
    step: TransportStep,
    error: reqwest::Error,
) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        // Also for a connect timeout: that nothing was sent is worth more than that it was slow.
        return Error::Transport(TransportError::new(
            endpoint,
            TransportStep::Connect,
            error.into(),
        ));
    }
    if error.is_timeout() {
        return Error::Timeout { endpoint };
    }
    Error::Transport(TransportError::new(endpoint, step, error.into()))
}

/// Foreign text without secrets, control characters and excess length.
pub(crate) fn clean(text: &str, secrets: &[Option<&str>]) -> String {
    // Cut first, generously: the searches below are quadratic in the worst case.
    let mut text: String = text
        .chars()
        .take(LONGEST_TEXT * 2)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    for secret in secrets.iter().copied().flatten() {
        text = without_secret(&text, secret);
    }
    text = without_named_values(&text);
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => {
            text.truncate(end);
            text + "…"
        }
        None => text,
    }
}

/// Replaces the secret and every part of it that is at least a window long.
fn without_secret(text: &str, secret: &str) -> String {
    let window = WINDOW.min(secret.len());
    if window == 0 {
        return text.to_owned();
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = common_prefix(rest, secret, window);
        if length == 0 {
            cleaned.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            cleaned.push_str(PLACEHOLDER);
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    cleaned
}

/// Bytes at the start of `text` that stand somewhere in `secret`; 0 if fewer than `window`.
fn common_prefix(text: &str, secret: &str, window: usize) -> usize {
    let mut longest = 0;
    for (start, _) in secret.char_indices() {
        let part = secret.get(start..).unwrap_or_default();
        let length: usize = part
            .chars()
            .zip(text.chars())
            .take_while(|(ours, theirs)| ours == theirs)
            .map(|(character, _)| character.len_utf8())
            .sum();
        longest = longest.max(length);
    }
    if longest >= window { longest } else { 0 }
}

/// Replaces the values in `access_token=…`, `"client_secret":"…"`, `code%3D…` and their like.
fn without_named_values(text: &str) -> String {
    // ASCII lower-casing keeps every byte where it is.
    let lower = text.to_ascii_lowercase();
    let mut cleaned = String::with_capacity(text.len());
    let mut position = 0;
    while position < text.len() {
        let value = SECRET_NAMES
            .iter()
            .find_map(|name| named_value(&lower, position, name));
        if let Some((start, end)) = value {
            cleaned.push_str(text.get(position..start).unwrap_or_default());
            cleaned.push_str(PLACEHOLDER);
            position = end;
        } else {
            let width = text
                .get(position..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8);
            cleaned.push_str(text.get(position..position + width).unwrap_or_default());
            position += width;
        }
    }
    cleaned
}

/// Where the value of `name` starts and ends, if the name stands at `position`.
fn named_value(lower: &str, position: usize, name: &str) -> Option<(usize, usize)> {
    if is_inside_a_word(lower.get(..position)?) {
        return None;
    }
    let rest = lower.get(position..)?.strip_prefix(name)?;
    let value = separated(rest, name == "bearer")?;
    let start = lower.len() - value.len();
    let length = value
        .find(|character: char| character.is_whitespace() || "&\"'<>,;)}]".contains(character))
        .unwrap_or(value.len());
    (length > 0).then_some((start, start + length))
}

/// Whether the text that ends here goes on as a word, as `error_` does before `code`.
fn is_inside_a_word(before: &str) -> bool {
    let ends_in_an_escape =
        before.len() >= 3 && before.as_bytes().get(before.len() - 3) == Some(&b'%');
    let ends_in_a_word = before.ends_with(|last: char| last.is_ascii_alphanumeric() || last == '_');
    ends_in_a_word && !ends_in_an_escape
}

/// The text after `=`, `:`, `%3d` or their quoted forms; after a space for `Bearer`.
fn separated(rest: &str, space_separates: bool) -> Option<&str> {
    if space_separates && let Some(value) = rest.strip_prefix(' ') {
        return Some(value);
    }
    let rest = rest.trim_start_matches(['"', '\'', '\\', ' ']);
    let value = rest
        .strip_prefix('=')
        .or_else(|| rest.strip_prefix(':'))
        .or_else(|| rest.strip_prefix("%3d"))?;
    Some(value.trim_start_matches(['"', '\'', '\\', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_in_use_and_long_parts_of_it_are_replaced() {
        let secret = "THQVJabcdefghijklmnop";

        assert_eq!(
            clean("token THQVJabcdefghijklmnop is bad", &[Some(secret)]),
            "token [redacted] is bad"
        );
        assert_eq!(
            clean("token VJabcdefgh is bad", &[Some(secret)]),
            "token [redacted] is bad"
        );
        assert_eq!(
            clean("token abcdefg is bad", &[Some(secret)]),
            "token abcdefg is bad"
        );
        assert_eq!(clean("héllo", &[None, Some("é")]), "h[redacted]llo");
        assert_eq!(clean("nothing", &[Some("")]), "nothing");
    }

    #[test]
    fn values_that_are_named_like_secrets_are_replaced() {
        let cases = [
            (
                "GET /x?access_token=abc&fields=id failed",
                "GET /x?access_token=[redacted]&fields=id failed",
            ),
            ("client_secret=abc", "client_secret=[redacted]"),
            ("code=AQB-_1 was used", "code=[redacted] was used"),
            (
                r#"{"access_token":"abc","id":1}"#,
                r#"{"access_token":"[redacted]","id":1}"#,
            ),
            (
                r#"{\"access_token\": \"abc\"}"#,
                r#"{\"access_token\": \"[redacted]"}"#,
            ),
            ("ACCESS_TOKEN=abc", "ACCESS_TOKEN=[redacted]"),
            (
                "url%3Faccess_token%3Dabc",
                "url%3Faccess_token%3D[redacted]",
            ),
            (
                "Authorization: Bearer abc.def",
                "Authorization: Bearer [redacted]",
            ),
            ("error_code=100", "error_code=100"),
            ("the code was used", "the code was used"),
            ("access_token=", "access_token="),
        ];

        for (text, expected) in cases {
            assert_eq!(clean(text, &[]), expected, "{text}");
        }
    }

    #[test]
    fn control_characters_and_excess_length_are_removed() {
        assert_eq!(clean("a\r\nb\u{1b}[31m", &[]), "a  b [31m");
        assert_eq!(
            clean(&"é".repeat(5_000), &[]).chars().count(),
            LONGEST_TEXT + 1
        );
    }
}
