//! Everything the sandbox knows, behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::account::AccountSeed;
use crate::clock::Clock;
use crate::content::Content;
use crate::credentials::{App, Credentials, LONG_LIFETIME, Token, TokenKind};
use crate::delayed::DelayedCall;
use crate::error::SandboxError;
use crate::evolution::{self, PostCounters};
use crate::fault::Faults;
use crate::id::{ContainerId, FIRST_CONTAINER_ID, FIRST_POST_ID, FIRST_USER_ID, PostId, UserId};
use crate::ledger::{Effect, Ledger, LedgerKind};
use crate::people::PlannedPost;
use crate::post::{Container, HideStatus, Post, Publication};
use crate::random::Seed;
use crate::request_log::RequestLog;
use crate::seeding;
use crate::switches::Switches;
use crate::user::{Role, Standing, User};

/// The world of one sandbox.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) app: App,
    pub(crate) clock: Clock,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) auto_approve: bool,
    pub(crate) switches: Switches,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) posts: BTreeMap<PostId, Post>,
    pub(crate) containers: BTreeMap<ContainerId, Container>,
    pub(crate) credentials: Credentials,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    pub(crate) requests: RequestLog,
    pub(crate) seed: Seed,
    /// Calls whose effect is still to come, earliest first.
    pub(crate) delayed: Vec<DelayedCall>,
    /// Posts that other people are going to write, earliest first.
    pub(crate) planned: Vec<PlannedPost>,
    /// When posts were embedded, for the hourly limit.
    pub(crate) embeds: Vec<DateTime<Utc>>,
    last_post: u64,
    last_container: u64,
    secrets: u64,
}

impl State {
    /// A world with these accounts and their history.
    pub(crate) fn new(
        app: App,
        seed: Seed,
        started_at: DateTime<Utc>,
        switches: Switches,
        ledger: Ledger,
        accounts: &[AccountSeed],
    ) -> Self {
        let mut state = Self {
            app,
            clock: Clock::frozen(started_at),
            started_at,
            auto_approve: false,
            switches,
            users: BTreeMap::new(),
            posts: BTreeMap::new(),
            containers: BTreeMap::new(),
            credentials: Credentials::default(),
            faults: Faults::default(),
            ledger,
            requests: RequestLog::default(),
            seed,
            delayed: Vec::new(),
            planned: Vec::new(),
            embeds: Vec::new(),
            last_post: FIRST_POST_ID,
            last_container: FIRST_CONTAINER_ID,
            secrets: 0,
        };
        for (number, account) in (0_u64..).zip(accounts) {
            let seed = seed.child("account", number);
            let id = UserId(FIRST_USER_ID + number * 1_000_003 + seed.bits(0) % 1_000_000);
            let joined_at = started_at - TimeDelta::days(i64::from(account.history_days) + 30);
            let user = User::new(id, seed, account, Role::Account, joined_at);
            state.users.insert(id, user);
        }
        state.add_official_profiles();
        seeding::write_history(&mut state, accounts);
        state
    }

    /// The virtual instant.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A new secret text; the same sandbox always makes the same ones in the same order.
    pub(crate) fn new_secret(&mut self, prefix: &str, length: u64) -> String {
        self.secrets += 1;
        let random = self.seed.child("secrets", 0).text(self.secrets, length);
        format!("{prefix}{random}")
    }

    /// A whole number that a callback has to repeat.
    pub(crate) fn new_challenge(&mut self) -> String {
        self.secrets += 1;
        let random = self.seed.child("challenges", 0).bits(self.secrets);
        (1_000_000_000 + random % 1_000_000_000).to_string()
    }

    /// The account with this id or user name; people who do not use the app are none.
    pub(crate) fn find_user(&self, id_or_username: &str) -> Result<&User, SandboxError> {
        self.accounts()
            .find(|user| user.username == id_or_username || user.id.to_string() == id_or_username)
            .ok_or_else(|| SandboxError::UnknownUser(id_or_username.to_owned()))
    }

    /// Lets the platform restrict or deactivate an account, or take that back.
    pub(crate) fn set_standing(
        &mut self,
        id_or_username: &str,
        standing: Standing,
    ) -> Result<(), SandboxError> {
        let id = self.find_user(id_or_username)?.id;
        if let Some(user) = self.users.get_mut(&id) {
            user.standing = standing;
        }
        Ok(())
    }

    /// The followers of an account at `at`.
    pub(crate) fn followers(&self, user: &User, at: DateTime<Utc>) -> u64 {
        evolution::followers(user, self.started_at, at)
    }

    /// The posts and replies of an account, deleted ones too, without carousel children.
    pub(crate) fn posts_of(&self, author: UserId) -> impl Iterator<Item = &Post> {
        self.posts
            .values()
            .filter(move |post| post.author == author && !post.content.is_carousel_item)
    }

    /// What all posts of an account gained from `since` to `until`.
    pub(crate) fn gained(
        &self,
        author: UserId,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> PostCounters {
        self.posts_of(author)
            .map(|post| {
                evolution::post_counters(post, until).since(evolution::post_counters(post, since))
            })
            .fold(PostCounters::default(), PostCounters::plus)
    }

    /// Keeps a new container and says its id.
    pub(crate) fn add_container(
        &mut self,
        owner: UserId,
        content: Content,
        error: Option<String>,
    ) -> ContainerId {
        self.last_container += 1 + self.seed.child("containers", 0).bits(self.last_container) % 997;
        let id = ContainerId(self.last_container);
        let readiness = match content.kind {
            crate::content::MediaKind::Text => self.switches.text_readiness,
            _ => self.switches.media_readiness,
        };
        let created_at = self.now();
        self.containers.insert(
            id,
            Container {
                owner,
                content,
                created_at,
                readiness,
                polls: 0,
                error,
                is_lost: false,
                published: None,
            },
        );
        id
    }

    /// Makes a post visible: the effect that the ledger is about.
    pub(crate) fn publish(
        &mut self,
        author: UserId,
        content: Content,
        from: ContainerId,
    ) -> PostId {
        let now = self.now();
        let text = content.text.clone();
        let parent = content.reply_to;
        let post = self.add_post(author, content, now);
        if let Some(container) = self.containers.get_mut(&from) {
            container
                .published
                .get_or_insert(Publication { post, at: now });
        }
        if let Some(user) = self.users.get_mut(&author) {
            if parent.is_some() {
                user.replied.push(now);
            } else {
                user.published.push(now);
            }
        }
        self.plan_answers(post);
        self.ledger.record(
            now,
            LedgerKind::PostPublished,
            Effect {
                account: Some(author.to_string()),
                container_id: Some(from.to_string()),
                post_id: Some(post.to_string()),
                text,
                parent: parent.map(|parent| parent.to_string()),
                original: None,
            },
        );
        post
    }

    /// Makes a repost of `original` visible.
    pub(crate) fn repost(&mut self, author: UserId, content: Content, original: PostId) -> PostId {
        let now = self.now();
        let post = self.add_post(author, content, now);
        self.ledger.record(
            now,
            LedgerKind::PostReposted,
            Effect {
                account: Some(author.to_string()),
                post_id: Some(post.to_string()),
                original: Some(original.to_string()),
                ..Effect::default()
            },
        );
        post
    }

    /// Adds a post (and the children of a carousel) without any accounting.
    pub(crate) fn add_post(
        &mut self,
        author: UserId,
        content: Content,
        published_at: DateTime<Utc>,
    ) -> PostId {
        let children: Vec<Content> = content
            .children
            .iter()
            .filter_map(|child| self.containers.get(child))
            .map(|child| child.content.clone())
            .collect();
        let children = children
            .into_iter()
            .map(|child| self.add_post(author, child, published_at))
            .collect();
        self.last_post += 1 + self.seed.child("posts", 0).bits(self.last_post) % 997;
        let id = PostId(self.last_post);
        let seed = self.seed.child("post", id.0);
        let audience = self
            .users
            .get(&author)
            .map_or(0, |user| self.followers(user, published_at));
        let root = content.reply_to.map(|parent| {
            let parent_root = self.posts.get(&parent).and_then(|post| post.root);
            parent_root.unwrap_or(parent)
        });
        let approval = self.approval_of(author, &content);
        let reach = evolution::reach(seed, content.kind, root.is_some(), audience);
        self.posts.insert(
            id,
            Post {
                id,
                author,
                seed,
                content,
                shortcode: format!("D{}", seed.text(1, 10)),
                published_at,
                deleted_at: None,
                root,
                children,
                reach,
                hide_status: HideStatus::NotHushed,
                approval,
                is_flagged: false,
            },
        );
        id
    }

    /// Deletes a post the way its author does in the app.
    pub(crate) fn delete_post(&mut self, id: PostId) -> Result<(), SandboxError> {
        let now = self.now();
        let unknown = || SandboxError::UnknownPost(id.to_string());
        let post = self.posts.get_mut(&id).ok_or_else(unknown)?;
        if !post.is_live() {
            return Err(unknown());
        }
        post.deleted_at = Some(now);
        let effect = Effect {
            account: Some(post.author.to_string()),
            post_id: Some(id.to_string()),
            text: post.content.text.clone(),
            parent: post.content.reply_to.map(|parent| parent.to_string()),
            original: post.content.reposts.map(|original| original.to_string()),
            container_id: None,
        };
        let children = post.children.clone();
        for child in children {
            if let Some(child) = self.posts.get_mut(&child) {
                child.deleted_at = Some(now);
            }
        }
        self.ledger.record(now, LedgerKind::PostDeleted, effect);
        Ok(())
    }

    /// Issues a user's token and says its secret.
    pub(crate) fn issue_token(
        &mut self,
        kind: TokenKind,
        user: Option<UserId>,
        scopes: BTreeSet<String>,
        issued_at: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> String {
        let prefix = if kind == TokenKind::App {
            format!("TH|{}|", self.app.id)
        } else {
            "THQW".to_owned()
        };
        let secret = self.new_secret(&prefix, 44);
        self.credentials.insert(
            secret.clone(),
            Token {
                kind,
                user,
                scopes,
                issued_at,
                expires_at: issued_at + lifetime,
                is_revoked: false,
            },
        );
        self.record_token(LedgerKind::TokenIssued, user);
        secret
    }

    /// Issues a long-lived token of a given age, without the authorization window.
    pub(crate) fn issue_long_lived(
        &mut self,
        user: UserId,
        scopes: BTreeSet<String>,
        age: TimeDelta,
    ) -> String {
        let issued_at = self.now() - age;
        self.issue_token(
            TokenKind::Long,
            Some(user),
            scopes,
            issued_at,
            LONG_LIFETIME,
        )
    }

    /// Writes down that something happened to a user's tokens.
    pub(crate) fn record_token(&mut self, kind: LedgerKind, user: Option<UserId>) {
        let now = self.now();
        self.ledger.record(
            now,
            kind,
            Effect {
                account: user.map(|user| user.to_string()),
                ..Effect::default()
            },
        );
    }

    /// Takes back what a user granted, the way the user does in the app's settings.
    pub(crate) fn revoke(&mut self, user: UserId) {
        self.credentials.revoke_user(user);
        self.record_token(LedgerKind::AccessRevoked, Some(user));
    }
}
