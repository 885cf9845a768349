//! Secrets and what Meta says about tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::{Scope, UserId};

macro_rules! secret_type {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        ///
        /// Clones share one copy, which is overwritten with zeroes when the last clone is dropped. There is
        /// no `Display`, no `Serialize` and no `==`; `Debug` prints a placeholder. Copies that the HTTP stack
        /// makes while a request is under way are outside of this promise.
        #[derive(Clone)]
        pub struct $name(Arc<Zeroizing<String>>);

        impl $name {
            /// The secret itself; keep it out of logs, errors and URLs that are shown.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

secret_type! {
    /// An access token, short-lived or long-lived.
    ///
    /// ```
    /// use threads_client::AccessToken;
    ///
    /// let token = AccessToken::new("THQ-example");
    /// assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
    /// assert_eq!(token.expose(), "THQ-example");
    /// ```
    AccessToken
}

impl AccessToken {
    /// Wraps a token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(token.into())))
    }
}

secret_type! {
    /// The secret of the Threads app (not of the Meta app around it).
    ///
    /// Only where a signature is checked, either of the two secrets of an app can be the right one.
    ///
    /// ```
    /// use threads_client::AppSecret;
    ///
    /// let secret = AppSecret::new(std::env::var("THREADS_APP_SECRET").unwrap_or_default());
    /// if secret.expose().is_empty() {
    ///     println!("set THREADS_APP_SECRET");
    /// }
    /// assert_eq!(format!("{secret:?}"), "AppSecret([redacted])");
    /// ```
    AppSecret
}

impl AppSecret {
    /// Wraps an app secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(secret.into())))
    }
}

secret_type! {
    /// The one-time code of an authorization redirect; it lives one hour.
    ///
    /// ```
    /// use threads_client::AuthorizationCode;
    ///
    /// let code = AuthorizationCode::new("AQB1#_");
    /// assert_eq!(code.expose(), "AQB1");
    /// ```
    AuthorizationCode
}

impl AuthorizationCode {
    /// Wraps a code, without the `#_` that Meta appends to the redirect.
    pub fn new(code: impl Into<String>) -> Self {
        let mut code = code.into();
        if code.ends_with("#_") {
            code.truncate(code.len() - 2);
        }
        Self(Arc::new(Zeroizing::new(code)))
    }
}

/// A token as Meta hands it out.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{AccessToken, TokenGrant};
///
/// let mut grant = TokenGrant::new(AccessToken::new("THQ-example"));
/// assert_eq!(grant.expires_in, None);
/// grant.expires_in = Some(Duration::from_secs(60 * 24 * 60 * 60));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TokenGrant {
    /// The token.
    pub access_token: AccessToken,
    /// How long it lives from the moment of the answer, where Meta says so.
    pub expires_in: Option<Duration>,
    /// Usually `bearer`; older answers lack it.
    pub token_type: Option<String>,
    /// Whose token it is; only the exchange of a code tells.
    pub user_id: Option<UserId>,
}

impl TokenGrant {
    /// A token that came another way, such as Meta's token generator or an older store.
    ///
    /// The other fields are unknown until they are set.
    pub fn new(access_token: AccessToken) -> Self {
        Self {
            access_token,
            expires_in: None,
            token_type: None,
            user_id: None,
        }
    }
}

/// What Meta knows about a token: the answer of `debug_token`.
///
/// Instants are `None` where Meta leaves them out or writes 0, which means "never".
///
/// ```
/// use threads_client::{Scope, TokenInfo};
///
/// fn missing(info: &TokenInfo, needed: &[Scope]) -> Vec<Scope> {
///     needed.iter().filter(|scope| !info.scopes.contains(scope)).cloned().collect()
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Whether the token can be used now.
    pub is_valid: bool,
    /// Whose token it is.
    pub user_id: Option<UserId>,
    /// What the user granted.
    pub scopes: Vec<Scope>,
    /// When the token was made.
    pub issued_at: Option<DateTime<Utc>>,
    /// When the token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the user's permission grant ends.
    pub data_access_expires_at: Option<DateTime<Utc>>,
    /// Name of the app the token belongs to.
    pub application: Option<String>,
    /// Kind of token, such as `USER`.
    #[doc(alias = "type")]
    pub kind: Option<String>,
}
