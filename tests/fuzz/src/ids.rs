//! Ids: strings for us, numbers or strings on the wire.

use std::fmt::{Debug, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;
use threads_client::{ContainerId, LocationId, PostId, UserId};

/// Every digit is kept, an id is never empty, and it is written as the string it is.
pub fn ids(bytes: &[u8]) {
    id::<PostId>(bytes);
    id::<UserId>(bytes);
    id::<ContainerId>(bytes);
    id::<LocationId>(bytes);
}

fn id<I: DeserializeOwned + Serialize + AsRef<str> + PartialEq + Debug + Display>(bytes: &[u8]) {
    let Ok(id) = serde_json::from_slice::<I>(bytes) else {
        return;
    };
    assert!(!id.as_ref().is_empty());
    assert_eq!(id.to_string(), id.as_ref());
    if let Ok(number) = serde_json::from_slice::<u64>(bytes) {
        assert_eq!(id.as_ref(), number.to_string());
    }
    let written = serde_json::to_string(&id);
    let again = written
        .ok()
        .and_then(|text| serde_json::from_str::<I>(&text).ok());
    assert_eq!(again.as_ref(), Some(&id));
}
