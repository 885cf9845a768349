//! Errors in the three shapes Meta answers with.

use serde_json::{Map, Value, json};

/// An error in the Graph envelope, `{"error": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) kind: ErrorType,
    pub(crate) message: String,
    pub(crate) is_transient: bool,
    pub(crate) user_title: Option<&'static str>,
    pub(crate) user_message: Option<String>,
}

/// The `type` of a Graph error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorType {
    OAuthException,
    ThApiException,
}

/// Why a token is refused: the subcode of error 190.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    /// The user removed the app, or the grant is gone.
    AppNotInstalled,
    /// The account is deactivated or held at a check.
    Checkpointed,
    /// The token's time is over.
    Expired,
    /// Nobody issued such a token.
    Invalid,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: i64, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            subcode: None,
            kind: ErrorType::OAuthException,
            message: message.into(),
            is_transient: false,
            user_title: None,
            user_message: None,
        }
    }

    /// Error 100: a parameter is missing, unknown or wrong.
    pub(crate) fn parameter(message: impl AsRef<str>) -> Self {
        Self {
            kind: ErrorType::ThApiException,
            ..Self::new(400, 100, format!("(#100) {}", message.as_ref()))
        }
    }

    /// Error 100 for a field the object does not have.
    pub(crate) fn unknown_field(field: &str, node: &str) -> Self {
        Self::new(
            400,
            100,
            format!("(#100) Tried accessing nonexisting field ({field}) on node type ({node})"),
        )
    }

    /// Error 100 with subcode 33: no such object, or none that this token may see.
    pub(crate) fn no_such_object(verb: &str, id: &str) -> Self {
        Self {
            subcode: Some(33),
            kind: ErrorType::ThApiException,
            ..Self::new(
                400,
                100,
                format!(
                    "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be \
                     loaded due to missing permissions, or does not support this operation"
                ),
            )
        }
    }

    /// Error 10: the token lacks a scope, or the app lacks approval.
    pub(crate) fn permission(detail: &str) -> Self {
        Self {
            kind: ErrorType::ThApiException,
            ..Self::new(
                403,
                10,
                format!("(#10) Application does not have permission for this action: {detail}"),
            )
        }
    }

    /// Error 4: a hidden limit is reached; its real code is not known.
    pub(crate) fn limit_reached(what: &str) -> Self {
        Self::new(400, 4, format!("(#4) The limit of {what} is reached"))
    }

    /// Error 24 with subcode 4279009: the container (or parent) is not there yet.
    pub(crate) fn media_not_found(id: &str) -> Self {
        Self {
            subcode: Some(4_279_009),
            user_title: Some("Media Not Found"),
            user_message: Some(format!("The media with id {id} cannot be found.")),
            ..Self::new(400, 24, "The requested resource does not exist")
        }
    }

    /// Error 100 with subcode 4279013: the platform lets the account only read.
    pub(crate) fn user_restricted() -> Self {
        Self {
            subcode: Some(4_279_013),
            kind: ErrorType::ThApiException,
            user_title: Some("Account Restricted"),
            ..Self::new(400, 100, "The user is restricted from this action")
        }
    }

    /// Error 190 and its subcode.
    pub(crate) fn token(problem: TokenProblem) -> Self {
        let (subcode, message) = match problem {
            TokenProblem::AppNotInstalled => (
                458,
                "Error validating access token: the user has not authorized this application",
            ),
            TokenProblem::Checkpointed => (
                459,
                "Error validating access token: the user has to log in and fix a problem first",
            ),
            TokenProblem::Expired => (
                463,
                "Error validating access token: the session has expired",
            ),
            TokenProblem::Invalid => (
                467,
                "Invalid OAuth access token - cannot parse access token",
            ),
        };
        Self {
            subcode: Some(subcode),
            ..Self::new(400, 190, message)
        }
    }

    /// Error 190 when no token was sent at all.
    pub(crate) fn token_missing() -> Self {
        Self::new(
            400,
            190,
            "An access token is required to request this resource",
        )
    }

    /// The error for any code and subcode, as a fault asks for it.
    pub(crate) fn from_codes(status: u16, code: i64, subcode: Option<i64>) -> Self {
        let message = match code {
            1 => "An unknown error occurred",
            2 => "Service temporarily unavailable",
            4 => "(#4) Application request limit reached",
            10 => "(#10) Application does not have permission for this action",
            17 => "(#17) User request limit reached",
            24 => "The requested resource does not exist",
            32 => "(#32) Page request limit reached",
            100 => "(#100) Invalid parameter",
            102 => "Session key invalid or no longer valid",
            190 => "Error validating access token",
            200..=299 => "Permissions error",
            341 => "(#341) Feed action request limit reached",
            368 => "The action attempted has been deemed abusive or is otherwise disallowed",
            506 => "(#506) Duplicate status message",
            613 => "(#613) Calls to this api have exceeded the rate limit",
            _ => "The sandbox was told to fail this call",
        };
        Self {
            subcode,
            is_transient: matches!(code, 1 | 2),
            ..Self::new(status, code, message)
        }
    }

    /// The JSON body.
    pub(crate) fn to_json(&self, trace_id: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), json!(self.message));
        let kind = match self.kind {
            ErrorType::OAuthException => "OAuthException",
            ErrorType::ThApiException => "THApiException",
        };
        error.insert("type".to_owned(), json!(kind));
        error.insert("code".to_owned(), json!(self.code));
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".to_owned(), json!(subcode));
            error.insert("is_transient".to_owned(), json!(self.is_transient));
        } else if self.is_transient {
            error.insert("is_transient".to_owned(), json!(true));
        }
        if let Some(title) = self.user_title {
            error.insert("error_user_title".to_owned(), json!(title));
        }
        if let Some(message) = &self.user_message {
            error.insert("error_user_msg".to_owned(), json!(message));
        }
        error.insert("fbtrace_id".to_owned(), json!(trace_id));
        json!({ "error": error })
    }
}

/// Any refusal, in the shape its endpoint answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// `{"error": {…}}`, from every Graph endpoint.
    Graph(Box<GraphError>),
    /// `{"error_type", "code", "error_message"}`, from the code exchange.
    Flat {
        error_type: &'static str,
        message: String,
    },
    /// `{"error_message", "error_code"}`, from the authorization window.
    Window { code: i64, message: String },
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::Graph(Box::new(error))
    }
}

impl Failure {
    /// The refusal of the code exchange.
    pub(crate) fn flat(error_type: &'static str, message: impl Into<String>) -> Self {
        Self::Flat {
            error_type,
            message: message.into(),
        }
    }

    /// The refusal of the authorization window.
    pub(crate) fn window(code: i64, message: impl Into<String>) -> Self {
        Self::Window {
            code,
            message: message.into(),
        }
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Graph(error) => error.status,
            Self::Flat { .. } | Self::Window { .. } => 400,
        }
    }

    /// The error code inside the body.
    pub(crate) fn code(&self) -> i64 {
        match self {
            Self::Graph(error) => error.code,
            Self::Flat { .. } => 400,
            Self::Window { code, .. } => *code,
        }
    }

    /// The error subcode inside the body.
    pub(crate) fn subcode(&self) -> Option<i64> {
        match self {
            Self::Graph(error) => error.subcode,
            Self::Flat { .. } | Self::Window { .. } => None,
        }
    }

    /// The JSON body.
    pub(crate) fn to_json(&self, trace_id: &str) -> Value {
        match self {
            Self::Graph(error) => error.to_json(trace_id),
            Self::Flat {
                error_type,
                message,
            } => json!({ "error_type": error_type, "code": 400, "error_message": message }),
            Self::Window { code, message } => {
                json!({ "error_message": message, "error_code": code })
            }
        }
    }
}
