//! What the browser brings back, and answers that hold tokens.

use threads_client::{AuthorizationResponse, fuzzing};
use url::Url;

use crate::promise::{is_clean, text};

/// A query or a whole address: what was granted has a code and a state and prints neither; what was denied is clean.
pub fn authorization_response(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(response) = AuthorizationResponse::from_query(&text) {
        check(&response);
    }
    let url = Url::parse(&text).or_else(|_| Url::parse(&format!("https://app.example/?{text}")));
    if let Ok(url) = url {
        let of_query = AuthorizationResponse::from_query(url.query().unwrap_or_default());
        let of_url = AuthorizationResponse::from_url(&url);
        assert_eq!(of_url.is_ok(), of_query.is_ok());
        if let Ok(response) = of_url {
            check(&response);
        }
    }
}

fn check(response: &AuthorizationResponse) {
    match response {
        AuthorizationResponse::Granted { code, state } => {
            assert!(!state.expose().is_empty());
            assert!(state.matches(state.expose()));
            assert!(!code.expose().is_empty());
            assert_eq!(
                format!("{response:?}"),
                "Granted { code: AuthorizationCode([redacted]), state: CsrfState([redacted]) }"
            );
            assert!(response.clone().code_for(state).is_ok());
        }
        AuthorizationResponse::Denied {
            error,
            reason,
            description,
            state,
        } => {
            assert!(!error.is_empty());
            for text in [Some(error), reason.as_ref(), description.as_ref()]
                .into_iter()
                .flatten()
            {
                is_clean(text);
            }
            assert!(
                state
                    .as_ref()
                    .is_none_or(|state| !state.expose().is_empty())
            );
        }
        _ => {}
    }
}

/// A token that was handed out is not empty and is not printed.
pub fn token_grant(bytes: &[u8]) {
    let Ok(grant) = fuzzing::token_grant(bytes) else {
        return;
    };
    let token = grant.access_token.expose();
    assert!(!token.is_empty());
    let printed = format!("{:?}", grant.access_token);
    assert_eq!(printed, "AccessToken([redacted])");
}

/// What Meta knows about a token: 0 is no time.
pub fn token_info(bytes: &[u8]) {
    let Ok(info) = fuzzing::token_info(bytes) else {
        return;
    };
    for time in [info.issued_at, info.expires_at, info.data_access_expires_at] {
        assert!(time.is_none_or(|time| time.timestamp() != 0));
    }
    assert!(info.scopes.len() <= bytes.len());
}
