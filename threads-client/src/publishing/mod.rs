//! From a draft to a published post.
//!
//! A container is created (it may be created twice, nobody sees an orphan), Meta prepares it, and then it is
//! published by exactly one request. Meta offers no way to say "this is the same publication as before": what
//! a failed publication did can only be found out by asking about the container.

mod container;
mod draft;
mod form;
mod media;
mod rules;
mod text;
mod wait;

use serde::Deserialize;

pub use container::{Container, ContainerError, ContainerStatus};
pub use draft::{Draft, DraftContent, ReplyControl};
pub use media::{Media, MediaKind};
pub use rules::{DraftError, DraftRule, DraftWarning};
pub use text::{TextLength, text_length, unique_links};
pub use wait::WaitPolicy;

use crate::error::PublishError;
use crate::http::retry::pause;
use crate::http::{Fields, Repeat, path_id};
use crate::{Client, ContainerId, Error, PostId, Result};

/// Calls that publish; made by [`Client::publishing`].
#[derive(Debug, Clone, Copy)]
pub struct PublishingApi<'a> {
    client: &'a Client,
}

impl<'a> PublishingApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Creates the container of a text, an image or a video.
    ///
    /// It may be sent a second time after a passing failure: a container that nobody publishes is never seen.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`; `threads_manage_replies` for replies. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the draft breaks a rule or is a carousel; any other [`Error`] of a call.
    pub async fn create_container(self, draft: &Draft) -> Result<ContainerId> {
        draft.validate()?;
        self.create(form::single(draft)?).await
    }

    /// Creates the container of one item of a carousel.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the item breaks a rule; any other [`Error`] of a call.
    pub async fn create_child(self, item: &Media) -> Result<ContainerId> {
        rules::check_media("media", item)?;
        self.create(form::child(item)).await
    }

    /// Creates the container of a carousel from the containers of its items, in order.
    ///
    /// The items must be `FINISHED`; see [`wait_until_finished`](Self::wait_until_finished).
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the draft breaks a rule, is no carousel, or has another number of items;
    /// any other [`Error`] of a call.
    pub async fn create_carousel(
        self,
        draft: &Draft,
        children: &[ContainerId],
    ) -> Result<ContainerId> {
        draft.validate()?;
        rules::check_item_count(children.len())?;
        self.create(form::carousel(draft, children)?).await
    }

    /// How far a container is.
    ///
    /// A container that failed is not an [`Error`] here: its [`status`](Container::status) says so.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#publishing-does-not-return-a-media-id).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the id cannot be one; any other [`Error`] of a call.
    pub async fn container(self, container: &ContainerId) -> Result<Container> {
        let path = [path_id("container", container.as_str())?];
        self.client
            .read(
                "GET /{container}",
                &path,
                Fields::new().with("fields", "id,status,error_message"),
            )
            .await
    }

    /// Waits until a container can be published, or was.
    ///
    /// # Errors
    ///
    /// [`Error::Container`] if it failed, expired, or is still not finished when the policy ends; any
    /// [`Error`] of [`container`](Self::container).
    pub async fn wait_until_finished(
        self,
        container: &ContainerId,
        policy: &WaitPolicy,
    ) -> Result<Container> {
        let mut pauses = policy.pauses();
        loop {
            let state = self.container(container).await?;
            match state.status {
                ContainerStatus::Published => return Ok(state),
                ContainerStatus::Finished => {
                    pause(policy.settling()).await;
                    return Ok(state);
                }
                ContainerStatus::Error | ContainerStatus::Expired => {
                    return Err(Error::Container(Box::new(state)));
                }
                ContainerStatus::InProgress | ContainerStatus::Unknown(_) => match pauses.next() {
                    Some(next) => pause(next).await,
                    None => return Err(Error::Container(Box::new(state))),
                },
            }
        }
    }

    /// Publishes a container, by exactly one request on a connection of its own.
    ///
    /// It is never sent again, whatever the [`RetryPolicy`](crate::RetryPolicy) says. After any error but a
    /// [`TransportError`](crate::TransportError) that [is about connecting](crate::TransportError::is_connect)
    /// the post may be live; dropping the future leaves the outcome just as open. Ask with
    /// [`container`](Self::container) before publishing again.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    pub async fn publish_container(self, container: &ContainerId) -> Result<PostId> {
        path_id("container", container.as_str())?;
        let form = Fields::new().with("creation_id", container.as_str());
        let answer: Created<PostId> = self
            .client
            .write(
                "POST /me/threads_publish",
                &["me", "threads_publish"],
                form,
                Repeat::Never,
            )
            .await?;
        Ok(answer.id)
    }

    /// Does everything: creates the containers, waits for them and publishes.
    ///
    /// A program that must not lose track of a post after a crash takes the steps by itself and keeps the
    /// container's id before the last one.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the draft breaks a rule; [`Error::Container`] if Meta could not prepare
    /// it; [`Error::Publish`], with the container's id, if the last step failed and the post may or may not be
    /// live; any other [`Error`] means that nothing was published.
    pub async fn publish(self, draft: Draft) -> Result<PostId> {
        self.publish_with(draft, &WaitPolicy::default()).await
    }

    /// Does everything, and waits as the policy says.
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish).
    pub async fn publish_with(self, draft: Draft, policy: &WaitPolicy) -> Result<PostId> {
        draft.validate()?;
        let container = match &draft.content {
            DraftContent::Text | DraftContent::Single(_) => self.create_container(&draft).await?,
            DraftContent::Carousel(items) => {
                let children = self.create_children(items, policy).await?;
                self.create_carousel(&draft, &children).await?
            }
        };
        // Also for text: Meta has been seen not to find a text container right after creating it.
        self.wait_until_finished(&container, policy).await?;
        self.publish_container(&container)
            .await
            .map_err(|source| Error::Publish(Box::new(PublishError { container, source })))
    }

    async fn create_children(
        self,
        items: &[Media],
        policy: &WaitPolicy,
    ) -> Result<Vec<ContainerId>> {
        let mut children = Vec::with_capacity(items.len());
        for item in items {
            children.push(self.create_child(item).await?);
        }
        // All are created before the first is waited for, so that Meta prepares them side by side.
        for child in &children {
            self.wait_until_finished(child, policy).await?;
        }
        Ok(children)
    }

    async fn create(self, form: Fields) -> Result<ContainerId> {
        let answer: Created<ContainerId> = self
            .client
            .write("POST /me/threads", &["me", "threads"], form, Repeat::Once)
            .await?;
        Ok(answer.id)
    }
}

#[derive(Deserialize)]
struct Created<I> {
    id: I,
}
