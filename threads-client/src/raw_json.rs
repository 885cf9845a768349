//! JSON that this crate does not interpret.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// A JSON value exactly as Meta wrote it, for what this version of the crate does not know.
///
/// ```
/// use std::collections::BTreeMap;
/// use threads_client::RawJson;
///
/// let value: RawJson = serde_json::from_str(r#"{"likes": 3}"#)?;
/// let likes: BTreeMap<String, u64> = value.decode()?;
///
/// assert_eq!(likes["likes"], 3);
/// assert_eq!(value.as_str(), r#"{"likes": 3}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// The text of the value.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The value as a type of one's own.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`](crate::Error::Decode) if it is not of that type.
    pub fn decode<T: DeserializeOwned>(&self) -> crate::Result<T> {
        crate::http::decode_with_path(self.as_str().as_bytes(), &[]).map_err(|(path, source)| {
            crate::Error::Decode {
                endpoint: "raw JSON".into(),
                path,
                source,
            }
        })
    }
}

impl From<&RawValue> for RawJson {
    fn from(value: &RawValue) -> Self {
        Self(value.to_owned())
    }
}

impl<'de> serde::Deserialize<'de> for RawJson {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

impl PartialEq for RawJson {
    /// Whether the texts are the same, spaces included.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("RawJson")
            .field(&self.as_str())
            .finish()
    }
}
