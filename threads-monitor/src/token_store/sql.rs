//! Tokens in a SQL database.

use async_trait::async_trait;
use threads_client::{AccessToken, UserId};

use super::{Credential, StoredToken, Token, TokenStore};
use crate::error::StoreError;
use crate::sql::{Row, SqlDatabase, Statement, Value, damaged, limit, signed, unsigned};
use crate::version::Version;

/// Tokens in a [`SqlDatabase`].
///
/// Clones share the rows. The tokens lie in the database as they are given. Dropping a
/// future of this store loses its answer: a write that was begun may still happen, whole.
#[derive(Debug, Clone)]
pub struct SqlTokenStore {
    database: SqlDatabase,
}

impl SqlTokenStore {
    /// The tokens of a database; there are none in a new one.
    pub fn new(database: &SqlDatabase) -> Self {
        Self {
            database: database.clone(),
        }
    }
}

const LOAD: Statement = Statement::both(
    "SELECT version, access_token, obtained_at, expires_at, expiry_assumed, \
     candidate_token, candidate_obtained_at, candidate_expires_at, candidate_expiry_assumed, \
     scopes, connected_at FROM tokens WHERE account = $1",
);

const LIST: Statement =
    Statement::both("SELECT account FROM tokens WHERE account > $1 ORDER BY account LIMIT $2");

const FIRST: Statement = Statement::both("SELECT account FROM tokens ORDER BY account LIMIT $1");

const DELETE: Statement = Statement::both("DELETE FROM tokens WHERE account = $1");

/// Only SQLite counts in a row of its own.
const NEXT_VERSION: Statement =
    Statement::each("UPDATE numbers SET token_version = token_version + 1", "");

macro_rules! versioned {
    ($before:literal, $after:literal) => {
        Statement::each(
            concat!($before, "(SELECT token_version FROM numbers)", $after),
            concat!($before, "nextval('token_versions')", $after),
        )
    };
}

const INSERT: Statement = versioned!(
    "INSERT INTO tokens (account, access_token, obtained_at, expires_at, expiry_assumed, \
     candidate_token, candidate_obtained_at, candidate_expires_at, candidate_expiry_assumed, \
     scopes, connected_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ",
    ") ON CONFLICT (account) DO NOTHING RETURNING version"
);

const REPLACE: Statement = versioned!(
    "UPDATE tokens SET access_token = $2, obtained_at = $3, expires_at = $4, \
     expiry_assumed = $5, candidate_token = $6, candidate_obtained_at = $7, \
     candidate_expires_at = $8, candidate_expiry_assumed = $9, scopes = $10, \
     connected_at = $11, version = ",
    " WHERE account = $1 AND version = $12 RETURNING version"
);

#[async_trait]
impl TokenStore for SqlTokenStore {
    async fn load(&self, user: &UserId) -> Result<Option<StoredToken>, StoreError> {
        let rows = self
            .database
            .read("loading a token", LOAD, vec![user.into()])
            .await?;
        rows.first().map(|row| stored(user, row)).transpose()
    }

    async fn save(&self, token: &Token, replaces: Option<Version>) -> Result<Version, StoreError> {
        let mut values = fields(token)?;
        let statement = match replaces {
            None => INSERT,
            Some(version) => {
                values.push(signed(version.number()).into());
                REPLACE
            }
        };
        let mut step = self.database.begin("saving a token").await?;
        step.run(NEXT_VERSION, Vec::new()).await?;
        let rows = step.rows(statement, values).await?;
        let Some(row) = rows.first() else {
            return Err(StoreError::conflict(format!(
                "the token of account {}",
                token.user
            )));
        };
        let version = Version::new(unsigned(row.integer(0)?));
        step.commit().await?;
        Ok(version)
    }

    async fn delete(&self, user: &UserId) -> Result<(), StoreError> {
        self.database
            .write("deleting a token", DELETE, vec![user.into()])
            .await?;
        self.database.forget(&["tokens"]).await
    }

    async fn list(&self, after: Option<&UserId>, page: usize) -> Result<Vec<UserId>, StoreError> {
        let page = Value::from(limit(page));
        let (statement, values) = match after {
            Some(after) => (LIST, vec![after.into(), page]),
            None => (FIRST, vec![page]),
        };
        let rows = self
            .database
            .read("listing accounts", statement, values)
            .await?;
        rows.iter()
            .map(|row| Ok(UserId::new(row.text(0)?)))
            .collect()
    }
}

/// The columns from the account to the day of connecting.
fn fields(token: &Token) -> Result<Vec<Value>, StoreError> {
    let scopes = serde_json::to_string(&token.scopes)
        .map_err(|error| StoreError::backend("sql", "saving a token", error))?;
    let Credential {
        access_token,
        obtained_at,
        expires_at,
        expiry_assumed,
    } = &token.credential;
    let candidate = token.candidate.as_ref();
    let candidate_token = candidate.map(|credential| credential.access_token.expose().as_bytes());
    Ok(vec![
        (&token.user).into(),
        access_token.expose().as_bytes().into(),
        (*obtained_at).into(),
        (*expires_at).into(),
        (*expiry_assumed).into(),
        candidate_token.into(),
        candidate.map(|credential| credential.obtained_at).into(),
        candidate.map(|credential| credential.expires_at).into(),
        candidate
            .map(|credential| i64::from(credential.expiry_assumed))
            .into(),
        scopes.into(),
        token.connected_at.into(),
    ])
}

fn stored(user: &UserId, row: &Row) -> Result<StoredToken, StoreError> {
    let credential = Credential {
        access_token: secret(row.bytes(1)?)?,
        obtained_at: row.instant(2)?,
        expires_at: row.instant(3)?,
        expiry_assumed: row.integer(4)? != 0,
    };
    let candidate = match (
        row.maybe_bytes(5)?,
        row.maybe_instant(6)?,
        row.maybe_instant(7)?,
        row.maybe_integer(8)?,
    ) {
        (None, None, None, None) => None,
        (Some(token), Some(obtained_at), Some(expires_at), Some(expiry_assumed)) => {
            Some(Credential {
                access_token: secret(token)?,
                obtained_at,
                expires_at,
                expiry_assumed: expiry_assumed != 0,
            })
        }
        _ => return Err(damaged("a refreshed token has only some of its columns")),
    };
    Ok(StoredToken {
        token: Token {
            user: user.clone(),
            credential,
            candidate,
            scopes: row.json(9)?,
            connected_at: row.instant(10)?,
        },
        version: Version::new(unsigned(row.integer(0)?)),
    })
}

fn secret(bytes: Vec<u8>) -> Result<AccessToken, StoreError> {
    String::from_utf8(bytes)
        .map(AccessToken::new)
        .map_err(|_| damaged("a token is no text"))
}
