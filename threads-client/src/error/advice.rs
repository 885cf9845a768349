//! What to tell the owner of an account about a failure, and what a program can do about it.

use std::str::FromStr;
use std::time::Duration;

use super::table::{self, CONTAINER_ROWS, Entry};
use super::{ApiError, ApiErrorKind, Error, HeldBack, classify, recorded};
use crate::http::class;
use crate::{Container, ContainerError, ContainerStatus, Scope};

/// What happened and what to do, for the owner of an account.
///
/// The texts and actions of all failures stand in one table, next to the kinds of Meta's codes.
///
/// ```
/// use threads_client::{Action, Advice, Language};
///
/// let advice = Advice::of_code(Some(190), Some(463), "");
///
/// assert_eq!(advice.action(), &Action::Reauthorise);
/// assert_eq!(
///     advice.sentence(Language::English),
///     "The login of this account has expired. Connect the account again."
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    entry: &'static Entry,
    action: Action,
}

/// What helps after a failure.
///
/// ```
/// use std::time::Duration;
/// use threads_client::{Action, Advice, ApiErrorKind};
///
/// let pause = match Advice::of_kind(ApiErrorKind::RateLimited).action() {
///     Action::RetryAfter(pause) => pause.unwrap_or(Duration::from_secs(60)),
///     other => {
///         println!("not by waiting: {}", other.name());
///         Duration::ZERO
///     }
/// };
/// assert_eq!(pause, Duration::from_secs(60));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Wait, for as long as Meta says if it says so, and try again.
    RetryAfter(Option<Duration>),
    /// Make a new container.
    RecreateContainer,
    /// Connect the account again.
    Reauthorise,
    /// Ask the user for a permission: this one, if Meta names it.
    AskForScope(Option<Scope>),
    /// Give Meta other media, or an address it can load.
    FixMedia,
    /// Change the request.
    FixRequest,
    /// Wait until a quota has room again.
    WaitForQuota,
    /// Find out whether it is live before anything is sent again.
    CheckBeforeRetry,
    /// Correct the settings of the app, here or at Meta.
    SetUpApp,
    /// Use a version of this program that knows Meta's answer.
    UpdateProgram,
    /// Only Meta can help.
    ContactMeta,
}

impl Action {
    /// A stable name, such as `retry_after`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RetryAfter(_) => "retry_after",
            Self::RecreateContainer => "recreate_container",
            Self::Reauthorise => "reauthorise",
            Self::AskForScope(_) => "ask_for_scope",
            Self::FixMedia => "fix_media",
            Self::FixRequest => "fix_request",
            Self::WaitForQuota => "wait_for_quota",
            Self::CheckBeforeRetry => "check_before_retry",
            Self::SetUpApp => "set_up_app",
            Self::UpdateProgram => "update_program",
            Self::ContactMeta => "contact_meta",
        }
    }
}

/// A language of the sentences.
///
/// ```
/// use threads_client::{Advice, Language};
///
/// let language: Language = "id-ID".parse()?;
/// assert_eq!(language, Language::Indonesian);
///
/// for language in Language::ALL {
///     println!("{}: {}", language.tag(), Advice::outcome_unknown().sentence(language));
/// }
/// # Ok::<(), threads_client::UnknownLanguage>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Indonesian.
    Indonesian,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Indonesian];

    /// The language's tag: `en` or `id`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Indonesian => "id",
        }
    }
}

/// A language that there are no sentences in.
///
/// ```
/// use threads_client::{Language, UnknownLanguage};
///
/// assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are sentences in `en` and `id` only")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a tag such as `id`, `id-ID` or `en_GB`.
    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
            .ok_or(UnknownLanguage)
    }
}

impl Advice {
    /// Advice for a code that was kept without the rest of the answer.
    ///
    /// The message decides where Meta uses one code for several things; an empty one is fine.
    pub fn of_code(code: Option<i64>, subcode: Option<i64>, message: &str) -> Self {
        let row = classify::row(code, subcode, message);
        Self::new(row.map_or(&table::REFUSED, |row| row.entry)).naming_scope_in(message)
    }

    /// Advice for a kind of failure of which no more is known.
    pub fn of_kind(kind: ApiErrorKind) -> Self {
        Self::new(table::of_kind(kind))
    }

    /// Advice for an error that was kept as the text that it displays; none if the text is not one of ours.
    ///
    /// ```
    /// use threads_client::{Advice, ApiError};
    ///
    /// let body = br#"{"error": {"message": "Expired", "code": 190, "error_subcode": 463}}"#;
    /// let kept = ApiError::from_response(401, body).to_string();
    ///
    /// let advice = Advice::of_text(&kept);
    /// assert_eq!(advice.map(|advice| advice.id()), Some("login_expired"));
    /// ```
    pub fn of_text(text: &str) -> Option<Self> {
        recorded::advice(text)
    }

    /// Advice for a publication of which it is not known whether it happened.
    pub fn outcome_unknown() -> Self {
        Self::new(&table::OUTCOME_UNKNOWN)
    }

    /// A stable name, such as `login_expired`.
    pub fn id(&self) -> &'static str {
        self.entry.id
    }

    /// What helps.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// What happened and what to do, in one or two plain sentences.
    pub fn sentence(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.entry.english,
            Language::Indonesian => self.entry.indonesian,
        }
    }

    pub(super) fn new(entry: &'static Entry) -> Self {
        Self {
            entry,
            action: entry.action.clone(),
        }
    }

    fn after(mut self, pause: Option<Duration>) -> Self {
        if let Action::RetryAfter(after) = &mut self.action {
            *after = pause;
        }
        self
    }

    fn naming_scope_in(mut self, message: &str) -> Self {
        if let Action::AskForScope(scope) = &mut self.action {
            *scope = scope_in(message);
        }
        self
    }
}

impl Error {
    /// What to tell the owner of the account, and what to do.
    ///
    /// After a publication whose outcome is not known it is always [`Action::CheckBeforeRetry`].
    pub fn advice(&self) -> Advice {
        let entry = match self {
            Self::Api(error) => return error.advice(),
            Self::Container(container) => {
                return container
                    .advice()
                    .unwrap_or_else(|| Advice::new(&table::CONTAINER_UNFINISHED));
            }
            Self::Publish(error) => return error.source.advice_of_a_publication(),
            Self::Transport(error) if error.is_connect() => &table::NOT_CONNECTED,
            Self::Timeout { endpoint } | Self::Decode { endpoint, .. }
                if class::is_publication(endpoint) =>
            {
                &table::OUTCOME_UNKNOWN
            }
            Self::Transport(error) if class::is_publication(error.endpoint()) => {
                &table::OUTCOME_UNKNOWN
            }
            Self::Timeout { .. } => &table::NO_ANSWER,
            Self::Transport(_) => &table::CONNECTION_LOST,
            Self::Decode { .. } => &table::ANSWER_NOT_UNDERSTOOD,
            Self::InvalidRequest(_) => &table::REQUEST_INVALID,
            Self::Throttled { reason, .. } => held_back(*reason),
            Self::PageLimit { .. } => &table::LIST_TOO_LONG,
        };
        Advice::new(entry).after(self.retry_after())
    }

    /// The same for an error that is known to be of a publication, whatever its endpoint.
    fn advice_of_a_publication(&self) -> Advice {
        match self {
            Self::Api(error) => error.advice_of_a_publication(),
            Self::Transport(error) if !error.is_connect() => Advice::outcome_unknown(),
            Self::Timeout { .. } | Self::Decode { .. } => Advice::outcome_unknown(),
            _ => self.advice(),
        }
    }
}

impl ApiError {
    /// What to tell the owner of the account, and what to do.
    pub fn advice(&self) -> Advice {
        let endpoint = self.endpoint.as_deref().unwrap_or_default();
        if class::is_publication(endpoint) {
            return self.advice_of_a_publication();
        }
        let advice = self.of_row();
        if self.code.is_some() && may_be_a_dead_token(advice.entry, endpoint) {
            return Advice::new(&table::LOGIN_IN_DOUBT);
        }
        advice
    }

    fn advice_of_a_publication(&self) -> Advice {
        if self.refusal().is_some() {
            self.of_row()
        } else {
            Advice::outcome_unknown()
        }
    }

    fn of_row(&self) -> Advice {
        let entry = classify::row(self.code, self.subcode, &self.message)
            .map_or_else(|| table::of_kind(self.kind), |row| row.entry);
        Advice::new(entry)
            .after(self.retry_after)
            .naming_scope_in(&self.message)
    }
}

impl Container {
    /// What to tell the owner of the account; none if the container is, or was, fit to be published.
    pub fn advice(&self) -> Option<Advice> {
        match &self.status {
            ContainerStatus::Finished | ContainerStatus::Published => None,
            ContainerStatus::Expired => Some(Advice::new(&table::CONTAINER_EXPIRED)),
            ContainerStatus::Error => Some(self.error_message.as_ref().map_or_else(
                || Advice::new(&table::CONTAINER_FAILED),
                ContainerError::advice,
            )),
            ContainerStatus::InProgress | ContainerStatus::Unknown(_) => {
                Some(Advice::new(&table::CONTAINER_UNFINISHED))
            }
        }
    }
}

impl ContainerError {
    /// What to tell the owner of the account.
    ///
    /// Names that this version does not know are matched loosely: Meta misspells one of them and may correct
    /// it any day.
    pub fn advice(&self) -> Advice {
        let name = self.as_str();
        let row = CONTAINER_ROWS.iter().find(|row| name.contains(row.part));
        Advice::new(row.map_or(&table::CONTAINER_FAILED, |row| row.entry))
    }
}

/// A dead token can come as "does not exist", but only the own account is known to exist.
pub(super) fn may_be_a_dead_token(entry: &'static Entry, endpoint: &str) -> bool {
    let is_missing = [
        &table::RESOURCE_MISSING,
        &table::NOT_VISIBLE,
        &table::NOT_FOUND,
    ]
    .contains(&entry);
    is_missing && endpoint.starts_with("GET /me")
}

fn held_back(reason: HeldBack) -> &'static Entry {
    match reason {
        HeldBack::Usage | HeldBack::Asked => &table::HELD_BACK,
        HeldBack::Quota(_) => &table::QUOTA_USED_UP,
        HeldBack::Outage => &table::META_DOWN,
    }
}

/// The permission that Meta's text names, if it names one.
fn scope_in(message: &str) -> Option<Scope> {
    message
        .split(|character: char| !(character.is_ascii_lowercase() || character == '_'))
        .filter(|word| word.starts_with("threads_"))
        .map(Scope::from)
        .find(|scope| !matches!(scope, Scope::Unknown(_)))
}

#[cfg(test)]
pub(super) mod tests;
