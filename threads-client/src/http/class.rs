//! What a call is for: the one table from endpoint to class and quota.

use super::quota_counter::Quota;

/// What a call is for. When the limit runs short, the less important ones are held back first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Gets, refreshes or inspects tokens; Meta counts these apart from the calls of an account.
    Token,
    /// Finds out what became of a publication.
    Verify,
    /// Makes containers, which nobody sees.
    Create,
    /// Publishes.
    Publish,
    /// Changes something else.
    Write,
    /// Reads.
    Read,
}

impl Class {
    /// How many there are.
    pub(super) const COUNT: usize = 6;

    /// A place in an array of [`COUNT`](Self::COUNT).
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Class and quota of a call, from the template that errors and logs show as well.
///
/// A template that is not listed is a read if it is a `GET`, and a write if not.
pub(crate) fn of(endpoint: &str) -> (Class, Option<Quota>) {
    match endpoint {
        "POST /me/threads_publish" => (Class::Publish, Some(Quota::Posts)),
        "POST /me/threads" => (Class::Create, None),
        "GET /{container}" | "GET /me/threads_publishing_limit" => (Class::Verify, None),
        "GET /keyword_search" => (Class::Read, Some(Quota::KeywordSearches)),
        "GET /profile_lookup" | "GET /profile_posts" => {
            (Class::Read, Some(Quota::ProfileDiscovery))
        }
        "GET /location_search" => (Class::Read, Some(Quota::LocationSearches)),
        "GET /oembed" => (Class::Read, Some(Quota::Embeds)),
        "POST /oauth/access_token"
        | "GET /oauth/access_token"
        | "GET /access_token"
        | "GET /refresh_access_token"
        | "GET /debug_token" => (Class::Token, None),
        other if other.starts_with("GET ") => (Class::Read, None),
        other if other.starts_with("DELETE ") => (Class::Write, Some(Quota::Deletes)),
        // A container that publishes itself counts as a publication from the start.
        other if other.contains("auto_publish") => (Class::Publish, Some(Quota::Posts)),
        other if other.ends_with("/repost") => (Class::Publish, None),
        _ => (Class::Write, None),
    }
}

/// Whether the call makes something visible that must not be made twice.
pub(crate) fn is_publication(endpoint: &str) -> bool {
    of(endpoint).0 == Class::Publish
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_the_class_that_its_importance_asks_for() {
        let table = [
            ("GET /me", Class::Read, None),
            ("GET /me/threads", Class::Read, None),
            ("GET /{post}/insights", Class::Read, None),
            (
                "GET /keyword_search",
                Class::Read,
                Some(Quota::KeywordSearches),
            ),
            ("GET /{container}", Class::Verify, None),
            ("POST /me/threads", Class::Create, None),
            (
                "POST /me/threads_publish",
                Class::Publish,
                Some(Quota::Posts),
            ),
            (
                "POST /me/threads (auto_publish_text)",
                Class::Publish,
                Some(Quota::Posts),
            ),
            ("POST /{post}/repost", Class::Publish, None),
            ("POST /{reply}/manage_reply", Class::Write, None),
            ("DELETE /{post}", Class::Write, Some(Quota::Deletes)),
            ("GET /refresh_access_token", Class::Token, None),
        ];

        for (endpoint, class, quota) in table {
            assert_eq!(of(endpoint), (class, quota), "{endpoint}");
        }
    }

    #[test]
    fn only_what_becomes_visible_is_a_publication() {
        for endpoint in [
            "POST /me/threads_publish",
            "POST /{post}/repost",
            "POST /me/threads (auto_publish_text)",
        ] {
            assert!(is_publication(endpoint), "{endpoint}");
        }
        for endpoint in ["POST /me/threads", "GET /{container}", "DELETE /{post}", ""] {
            assert!(!is_publication(endpoint), "{endpoint}");
        }
    }
}
