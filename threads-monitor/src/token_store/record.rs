//! The form in which access tokens are written down.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use threads_client::AccessToken;

use super::Credential;

/// A credential as it is written; the types of the API have no `Serialize`, on purpose.
#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialRecord {
    #[serde(serialize_with = "expose", deserialize_with = "wrap")]
    access_token: AccessToken,
    obtained_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    expiry_assumed: bool,
}

fn expose<S: Serializer>(token: &AccessToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

fn wrap<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccessToken, D::Error> {
    String::deserialize(deserializer).map(AccessToken::new)
}

impl From<&Credential> for CredentialRecord {
    fn from(credential: &Credential) -> Self {
        Self {
            access_token: credential.access_token.clone(),
            obtained_at: credential.obtained_at,
            expires_at: credential.expires_at,
            expiry_assumed: credential.expiry_assumed,
        }
    }
}

impl From<CredentialRecord> for Credential {
    fn from(record: CredentialRecord) -> Self {
        Self {
            access_token: record.access_token,
            obtained_at: record.obtained_at,
            expires_at: record.expires_at,
            expiry_assumed: record.expiry_assumed,
        }
    }
}
