//! People who do not use the app: they reply to, mention and quote the accounts.

use chrono::{DateTime, TimeDelta, Utc};

use crate::account::AccountSeed;
use crate::content::{Content, MediaKind, first_tag};
use crate::error::SandboxError;
use crate::id::{FIRST_PERSON_ID, PostId, UserId};
use crate::ledger::{Effect, LedgerKind};
use crate::post::Post;
use crate::random::hash_bytes;
use crate::state::State;
use crate::user::{Role, User};

/// The person whose profile is private, in every sandbox.
pub(crate) const PRIVATE_PERSON: &str = "closed.door";

/// The profiles that every app may look up, with their display names.
const OFFICIAL: [(&str, &str); 4] = [
    ("meta", "Meta"),
    ("threads", "Threads"),
    ("instagram", "Instagram"),
    ("facebook", "Facebook"),
];

/// Who answers what a lively account publishes.
pub(crate) const FANS: [&str; 6] = [
    "ada.makes",
    "bo.builds",
    "cy.carves",
    "dee.draws",
    "eli.etches",
    "fay.folds",
];

const ANSWERS: [&str; 8] = [
    "This is the one I waited for.",
    "How long did it take?",
    "Saving this for the weekend.",
    "Mine broke at exactly this step.",
    "Could you share the drawings?",
    "The sound alone!",
    "What wood is that?",
    "Tried it, works with glue, too.",
];

/// The longest user name.
const LONGEST_NAME: usize = 30;

/// A post that somebody is going to write.
#[derive(Debug, Clone)]
pub(crate) struct PlannedPost {
    pub(crate) due: DateTime<Utc>,
    pub(crate) author: UserId,
    pub(crate) content: Content,
}

impl State {
    /// The accounts that can connect the app, in the order in which they were seeded.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &User> {
        self.users
            .values()
            .filter(|user| user.role == Role::Account)
    }

    /// Anybody with this id or user name.
    pub(crate) fn find_person(&self, id_or_username: &str) -> Result<&User, SandboxError> {
        self.users
            .values()
            .find(|user| user.username == id_or_username || user.id.to_string() == id_or_username)
            .ok_or_else(|| SandboxError::UnknownUser(id_or_username.to_owned()))
    }

    /// The person with this user name, who is made up when there is none yet.
    pub(crate) fn person(&mut self, username: &str) -> Result<UserId, SandboxError> {
        if let Some(user) = self.users.values().find(|user| user.username == username) {
            return Ok(user.id);
        }
        let is_name = (1..=LONGEST_NAME).contains(&username.len())
            && username.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte)
            });
        if !is_name {
            return Err(SandboxError::Setting(format!(
                "{username:?} cannot be a user name"
            )));
        }
        let role = if username == PRIVATE_PERSON {
            Role::PrivatePerson
        } else {
            Role::Person
        };
        let followers = 20 + hash_bytes(username.as_bytes()) % 2_000;
        Ok(self.add_person(&AccountSeed::new(username).followers(followers), role))
    }

    /// Lets Meta's own profiles exist.
    pub(crate) fn add_official_profiles(&mut self) {
        for (username, name) in OFFICIAL {
            if self.find_person(username).is_err() {
                let profile = AccountSeed::new(username)
                    .name(name)
                    .verified()
                    .followers(5_000_000);
                self.add_person(&profile, Role::Official);
            }
        }
    }

    fn add_person(&mut self, profile: &AccountSeed, role: Role) -> UserId {
        let hash = hash_bytes(profile.username().as_bytes());
        let mut id = UserId(FIRST_PERSON_ID + hash % 1_000_000_000);
        while self.users.contains_key(&id) {
            id.0 += 1;
        }
        let seed = self.seed.child("person", hash);
        let joined_at = self.started_at - TimeDelta::days(400);
        self.users
            .insert(id, User::new(id, seed, profile, role, joined_at));
        id
    }

    /// Lets somebody write a post.
    pub(crate) fn post_as(&mut self, username: &str, text: &str) -> Result<PostId, SandboxError> {
        let author = self.person(username)?;
        Ok(self.receive(author, None, text_content(text)))
    }

    /// Lets somebody reply to a post.
    pub(crate) fn reply_as(
        &mut self,
        username: &str,
        post: &str,
        text: &str,
    ) -> Result<PostId, SandboxError> {
        let (parent, owner) = self.live_post(post)?;
        let author = self.person(username)?;
        let mut content = text_content(text);
        content.reply_to = Some(parent);
        Ok(self.receive(author, Some(owner), content))
    }

    /// Lets somebody quote a post.
    pub(crate) fn quote_as(
        &mut self,
        username: &str,
        post: &str,
        text: &str,
    ) -> Result<PostId, SandboxError> {
        let (quoted, owner) = self.live_post(post)?;
        let author = self.person(username)?;
        let mut content = text_content(text);
        content.quotes = Some(quoted);
        Ok(self.receive(author, Some(owner), content))
    }

    /// Lets somebody mention an account.
    pub(crate) fn mention_as(
        &mut self,
        username: &str,
        account: &str,
        text: &str,
    ) -> Result<PostId, SandboxError> {
        let account = self.find_user(account)?;
        let (owner, name) = (account.id, account.username.clone());
        let author = self.person(username)?;
        let content = if mentions(text, &name) {
            text_content(text)
        } else {
            text_content(&format!("@{name} {text}"))
        };
        Ok(self.receive(author, Some(owner), content))
    }

    /// Writes the posts whose time has come.
    pub(crate) fn write_planned(&mut self) {
        let now = self.now();
        while self.planned.first().is_some_and(|post| post.due <= now) {
            let planned = self.planned.remove(0);
            let is_possible = planned
                .content
                .reply_to
                .is_none_or(|parent| self.posts.get(&parent).is_some_and(Post::is_live));
            if is_possible {
                self.add_post(planned.author, planned.content, planned.due);
            }
        }
    }

    /// Keeps a post for later.
    pub(crate) fn plan(&mut self, post: PlannedPost) {
        let position = self.planned.partition_point(|other| other.due <= post.due);
        self.planned.insert(position, post);
    }

    /// Lets people answer a new post, if its author is a lively account.
    pub(crate) fn plan_answers(&mut self, id: PostId) {
        let Some(post) = self.posts.get(&id) else {
            return;
        };
        let is_answered = post.is_top_level()
            && self
                .users
                .get(&post.author)
                .is_some_and(|author| author.is_lively);
        if !is_answered {
            return;
        }
        let seed = post.seed.child("answers", 0);
        let published_at = post.published_at;
        for number in 0..=seed.bits(0) % 4 {
            let key = 10 * (number + 1);
            let minutes = i64::try_from(5 + seed.bits(key) % 2_880).unwrap_or(5);
            let fan = seed.pick(key + 1, &FANS).copied().unwrap_or_default();
            let text = seed.pick(key + 2, &ANSWERS).copied().unwrap_or_default();
            let mut content = text_content(text);
            content.reply_to = Some(id);
            if let Ok(author) = self.person(fan) {
                self.plan(PlannedPost {
                    due: published_at + TimeDelta::minutes(minutes),
                    author,
                    content,
                });
            }
        }
    }

    fn live_post(&self, id: &str) -> Result<(PostId, UserId), SandboxError> {
        id.parse()
            .ok()
            .and_then(|id: PostId| self.posts.get(&id))
            .filter(|post| post.is_live())
            .map(|post| (post.id, post.author))
            .ok_or_else(|| SandboxError::UnknownPost(id.to_owned()))
    }

    /// Adds somebody's post, which the ledger counts apart from what clients publish.
    fn receive(&mut self, author: UserId, account: Option<UserId>, content: Content) -> PostId {
        let now = self.now();
        let text = content.text.clone();
        let parent = content.reply_to.map(|parent| parent.to_string());
        let post = self.add_post(author, content, now);
        self.ledger.record(
            now,
            LedgerKind::PostReceived,
            Effect {
                account: account.map(|account| account.to_string()),
                post_id: Some(post.to_string()),
                text,
                parent,
                ..Effect::default()
            },
        );
        post
    }
}

/// Whether a text mentions the user name: `@name` with nothing of a name behind it.
pub(crate) fn mentions(text: &str, username: &str) -> bool {
    let text = text.to_lowercase();
    let wanted = format!("@{username}");
    text.match_indices(&wanted).any(|(position, found)| {
        let rest = text.get(position + found.len()..).unwrap_or_default();
        let mut rest = rest.chars();
        // A dot belongs to the name only when more of a name follows.
        let next = match rest.next() {
            Some('.') => rest.next(),
            next => next,
        };
        next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_')
    })
}

/// A TEXT post.
pub(crate) fn text_content(text: &str) -> Content {
    let mut content = Content::new(MediaKind::Text);
    content.topic_tag = first_tag(text);
    content.text = Some(text.to_owned());
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_the_whole_name() {
        assert!(mentions("thanks @Studio.Lab!", "studio.lab"));
        assert!(mentions("see @studio.lab.", "studio.lab"));
        assert!(!mentions("see @studio.lab.two", "studio.lab"));
        assert!(!mentions("see @studio.laboratory", "studio.lab"));
        assert!(!mentions("see studio.lab", "studio.lab"));
    }
}
