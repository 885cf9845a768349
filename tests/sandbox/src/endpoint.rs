//! The table of endpoints: one row each, so that adding one is adding a row.

use std::collections::BTreeSet;

use axum::http::Method;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::fields::{Field, Selection};
use crate::graph_error::{Failure, GraphError};
use crate::id::{ContainerId, PostId, UserId};
use crate::reply::Reply;
use crate::request::Request;
use crate::state::State;

/// An endpoint of the API, as faults and the request log name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// `GET /oauth/authorize`: the authorization window (and its buttons).
    Authorize,
    /// `POST /oauth/access_token`: code to short-lived token.
    ExchangeCode,
    /// `GET /oauth/access_token`: the app's own token.
    AppToken,
    /// `GET /access_token`: short-lived to long-lived token.
    ExchangeToken,
    /// `GET /refresh_access_token`.
    RefreshToken,
    /// `GET /debug_token`.
    DebugToken,
    /// `GET /{user}`.
    Profile,
    /// `GET /profile_lookup`.
    ProfileLookup,
    /// `GET /{media}/insights`.
    PostInsights,
    /// `GET /{user}/threads_insights`.
    AccountInsights,
    /// `POST /{user}/threads`.
    CreateContainer,
    /// `POST /{user}/threads_publish`.
    PublishContainer,
    /// `GET /{container}`.
    ContainerStatus,
    /// `GET /{user}/threads`.
    Posts,
    /// `GET /{media}`.
    Post,
    /// `GET /{user}/threads_publishing_limit`.
    PublishingLimit,
    // Publishing beyond containers.
    /// `POST /{media}/repost`.
    Repost,
    /// `DELETE /{media}`.
    DeletePost,
    /// `GET /profile_posts`.
    ProfilePosts,
    /// `GET /{user}/replies`.
    UserReplies,
    /// `GET /{user}/mentions`.
    Mentions,
    /// `GET /{user}/ghost_posts`.
    GhostPosts,
    /// `GET /{media}/replies`.
    Replies,
    /// `GET /{media}/conversation`.
    Conversation,
    /// `GET /{media}/pending_replies`.
    PendingReplies,
    /// `POST /{reply}/manage_reply`.
    ManageReply,
    /// `POST /{reply}/manage_pending_reply`.
    ManagePendingReply,
    /// `GET /keyword_search`.
    KeywordSearch,
    /// `GET /location_search`.
    LocationSearch,
    /// `GET /{location}`.
    Location,
    /// `GET /oembed`.
    Oembed,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct EndpointSpec {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    pub(crate) path: &'static [Segment],
    pub(crate) access: Access,
    /// The scopes the token needs.
    pub(crate) scopes: &'static [&'static str],
    /// The parameters known besides `fields` and the token.
    pub(crate) parameters: &'static [&'static str],
    /// The fields known; none means that the endpoint has no `fields` parameter.
    pub(crate) fields: &'static [Field],
    /// How errors of the request's form are answered.
    pub(crate) errors: ErrorShape,
    pub(crate) handler: fn(&mut Call<'_>) -> Result<Reply, Failure>,
}

/// One part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(&'static str),
    /// `me` or the id of an account.
    User,
    /// The id of a published post.
    Post,
    /// The id of a container.
    Container,
    /// The id of a place.
    Location,
}

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody; the handler checks what it needs.
    Open,
    /// The bearer of a user's valid token.
    User,
}

/// The shape of an endpoint's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorShape {
    Graph,
    Flat,
    Window,
}

/// What the placeholder of the path stood for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    None,
    User(UserId),
    Post(PostId),
    Container(ContainerId),
    Location(u64),
}

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserId,
    pub(crate) scopes: BTreeSet<String>,
}

/// A call that passed all general checks, on its way to the handler.
pub(crate) struct Call<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) request: &'a Request,
    pub(crate) base_url: &'a Url,
    pub(crate) now: DateTime<Utc>,
    pub(crate) caller: Option<Caller>,
    pub(crate) target: Target,
    pub(crate) selection: Selection,
    /// The `error_message` that a fault gives the container created now.
    pub(crate) container_error: Option<String>,
    /// Whether a fault lets publishing never find the container that is made now.
    pub(crate) container_is_lost: bool,
}

impl Call<'_> {
    /// The caller, for endpoints that need one.
    pub(crate) fn caller(&self) -> Result<&Caller, Failure> {
        self.caller
            .as_ref()
            .ok_or_else(|| GraphError::token_missing().into())
    }

    /// The account in the path.
    pub(crate) fn user(&self) -> Result<UserId, Failure> {
        match self.target {
            Target::User(user) => Ok(user),
            _ => Err(self.no_such_object()),
        }
    }

    /// The post in the path.
    pub(crate) fn post(&self) -> Result<PostId, Failure> {
        match self.target {
            Target::Post(post) => Ok(post),
            _ => Err(self.no_such_object()),
        }
    }

    /// The container in the path.
    pub(crate) fn container(&self) -> Result<ContainerId, Failure> {
        match self.target {
            Target::Container(container) => Ok(container),
            _ => Err(self.no_such_object()),
        }
    }

    /// Refuses the call unless the token has the scope.
    pub(crate) fn need_scope(&self, scope: &str, what: &str) -> Result<(), Failure> {
        if self.caller()?.scopes.contains(scope) {
            Ok(())
        } else {
            Err(GraphError::permission(&format!("{what} needs the scope {scope}")).into())
        }
    }

    fn no_such_object(&self) -> Failure {
        let id = self.request.path.rsplit('/').next().unwrap_or_default();
        GraphError::no_such_object("get", id).into()
    }
}

impl ErrorShape {
    /// A refusal in this shape.
    pub(crate) fn refuse(self, error: GraphError) -> Failure {
        match self {
            Self::Graph => error.into(),
            Self::Flat => Failure::flat("invalid_request", error.message),
            Self::Window => Failure::window(error.code, error.message),
        }
    }
}
