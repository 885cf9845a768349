//! How replies hang together: what is shown, hidden and still to be approved.

use crate::content::Content;
use crate::id::{PostId, UserId};
use crate::post::{Approval, HideStatus, Post};
use crate::state::State;

impl State {
    /// What a new post of `author` begins with, if it has to be approved.
    ///
    /// Direct replies of others have to, below a post that asks for approvals;
    /// what is below such a reply is shown and hidden with it.
    pub(crate) fn approval_of(&self, author: UserId, content: &Content) -> Option<Approval> {
        let parent = self.posts.get(&content.reply_to?)?;
        let must_wait = parent.content.approves_replies && parent.author != author;
        must_wait.then_some(Approval::Pending)
    }

    /// The live posts that answer `id` directly.
    pub(crate) fn replies_to(&self, id: PostId) -> impl Iterator<Item = &Post> {
        self.posts
            .values()
            .filter(move |post| post.content.reply_to == Some(id) && post.is_live())
    }

    /// The live posts below the conversation's first post `root`, at any depth.
    pub(crate) fn conversation_of(&self, root: PostId) -> impl Iterator<Item = &Post> {
        self.posts
            .values()
            .filter(move |post| post.root == Some(root) && post.is_live())
    }

    /// Whether nothing on the way to the conversation's first post waits for approval.
    pub(crate) fn is_shown(&self, post: &Post) -> bool {
        self.upwards(post).all(|post| {
            post.approval
                .is_none_or(|state| state == Approval::Approved)
        })
    }

    /// The hide status that counts: what is below a hidden reply is hidden with it.
    pub(crate) fn hide_status(&self, post: &Post) -> HideStatus {
        self.upwards(post)
            .map(|post| post.hide_status)
            .find(|status| *status == HideStatus::Hidden)
            .unwrap_or(post.hide_status)
    }

    /// The author of the first post of a reply's conversation.
    pub(crate) fn root_author(&self, post: &Post) -> Option<UserId> {
        self.posts.get(&post.root?).map(|root| root.author)
    }

    /// The post and everything that it answers, up to the first post.
    fn upwards<'a>(&'a self, post: &'a Post) -> impl Iterator<Item = &'a Post> {
        std::iter::successors(Some(post), |post| self.posts.get(&post.content.reply_to?))
    }
}
