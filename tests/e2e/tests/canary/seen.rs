//! What was seen, and the search for secrets in it.

use std::error::Error as StdError;
use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;

/// Everything that anybody could read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    pub(crate) fn add(&self, text: &str) {
        let mut bytes = self.0.lock().unwrap();
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
    }

    pub(crate) fn error(&self, error: &(dyn StdError + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.add(&format!("{error} {error:?} {error:#?}"));
            next = error.source();
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A secret in the disguises in which it could leak.
pub(crate) fn disguises(secret: &str) -> Vec<String> {
    let hex: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    vec![
        secret.to_owned(),
        secret.chars().rev().collect(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret),
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(secret),
        hex.clone(),
        hex.to_uppercase(),
        bytes.join(", "),
        secret.get(..secret.len() / 2).unwrap_or(secret).to_owned(),
    ]
}

pub(crate) fn assert_clean(seen: &str, secrets: &[(String, String)]) {
    for (name, secret) in secrets {
        assert!(secret.len() >= 16, "{name} is too short to be a marker");
        for disguise in disguises(secret) {
            if let Some(place) = seen.find(&disguise) {
                let start = seen[..place].rfind('\n').map_or(0, |start| start + 1);
                let line: String = seen[start..]
                    .lines()
                    .next()
                    .unwrap_or("")
                    .chars()
                    .take(300)
                    .collect();
                panic!("{name} is visible in: {line}");
            }
        }
    }
}
