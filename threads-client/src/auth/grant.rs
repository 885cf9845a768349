//! Answers that hold tokens, and the refresh that both clients offer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use crate::http::{Call, Fields, Transport, join};
use crate::{AccessToken, Result, Scope, TokenGrant, TokenInfo, UserId, wire};

/// Refreshing needs no app secret, so a data client can do it, too.
///
/// It may be repeated. Meta does not say whether the token that was sent stays good; if it does not, a lost
/// answer has lost the new one anyway, and a repetition makes nothing worse.
pub(crate) async fn refresh(
    transport: &Transport,
    base: &Url,
    token: &AccessToken,
) -> Result<TokenGrant> {
    let query = Fields::new()
        .with("grant_type", "th_refresh_token")
        .with("access_token", token.expose());
    let call = Call::get(
        "GET /refresh_access_token",
        join(base, &["refresh_access_token"])?,
        &query,
    )
    .secrets([Some(token.expose()), None, None]);
    send(transport, call).await
}

pub(super) async fn send(transport: &Transport, call: Call<'_>) -> Result<TokenGrant> {
    let body: GrantBody = transport.send(call, None).await?;
    Ok(body.into_grant())
}

pub(super) async fn inspect(transport: &Transport, call: Call<'_>) -> Result<TokenInfo> {
    let body: InfoBody = transport.send(call, None).await?;
    Ok(body.into_info())
}

#[derive(Deserialize)]
pub(crate) struct GrantBody {
    #[serde(deserialize_with = "token")]
    access_token: String,
    expires_in: Option<u64>,
    token_type: Option<String>,
    user_id: Option<UserId>,
}

impl GrantBody {
    pub(crate) fn into_grant(self) -> TokenGrant {
        TokenGrant {
            access_token: AccessToken::new(self.access_token),
            expires_in: self.expires_in.map(Duration::from_secs),
            token_type: self.token_type,
            user_id: self.user_id,
        }
    }
}

/// An empty token would look like a success.
fn token<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let token = String::deserialize(deserializer)?;
    if token.is_empty() {
        Err(serde::de::Error::custom("an empty token"))
    } else {
        Ok(token)
    }
}

#[derive(Deserialize)]
pub(crate) struct InfoBody {
    data: InfoData,
}

impl InfoBody {
    pub(crate) fn into_info(self) -> TokenInfo {
        let data = self.data;
        TokenInfo {
            is_valid: data.is_valid,
            user_id: data.user_id,
            scopes: data.scopes,
            issued_at: data.issued_at,
            expires_at: data.expires_at,
            data_access_expires_at: data.data_access_expires_at,
            application: data.application,
            kind: data.kind,
        }
    }
}

#[derive(Deserialize)]
struct InfoData {
    is_valid: bool,
    user_id: Option<UserId>,
    #[serde(default)]
    scopes: Vec<Scope>,
    #[serde(default, deserialize_with = "wire::unix_seconds")]
    issued_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::unix_seconds")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::unix_seconds")]
    data_access_expires_at: Option<DateTime<Utc>>,
    application: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}
