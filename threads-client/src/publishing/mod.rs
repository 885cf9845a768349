//! From a draft to a published post.
//!
//! A container is created (it may be created twice, nobody sees an orphan), Meta prepares it, and then it is
//! published by exactly one request. Meta offers no way to say "this is the same publication as before": what
//! a failed publication did can only be found out by asking about the container.

mod check;
mod container;
mod draft;
mod form;
mod gif;
mod instagram;
mod media;
mod once;
mod poll;
mod receipt;
mod reply_control;
mod rules;
mod spoiler;
mod text;
mod text_attachment;
mod wait;
mod warnings;

pub use container::{Container, ContainerError, ContainerStatus};
pub use draft::{Draft, DraftContent};
pub use gif::{DraftGif, GifProvider};
pub use instagram::{InstagramShare, InstagramShareStatus};
pub use media::{Media, MediaKind};
pub use poll::DraftPoll;
pub use receipt::Receipt;
pub use reply_control::ReplyControl;
pub use rules::{DraftError, DraftRule};
pub use spoiler::DraftSpoiler;
pub use text::{TextLength, in_text_tags, text_length, unique_links};
pub use text_attachment::{DraftStyling, DraftTextAttachment, DraftTextStyle};
pub use wait::WaitPolicy;
pub use warnings::DraftWarning;

use crate::error::PublishError;
use crate::http::retry::pause;
use crate::http::{Fields, Repeat, path_id};
use crate::{Client, ContainerId, Error, PostId, Result};

/// Calls that publish; made by [`Client::publishing`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client, draft: threads_client::Draft) -> threads_client::Result<()> {
/// use threads_client::{PublishingApi, WaitPolicy};
///
/// // The steps of `publish`, with a place to keep the id of the container.
/// let publishing: PublishingApi<'_> = client.publishing();
/// let container = publishing.create_container(&draft).await?;
/// println!("to be kept: {container}");
/// publishing.wait_until_finished(&container, &WaitPolicy::default()).await?;
/// let post = publishing.publish_container(&container).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PublishingApi<'a> {
    client: &'a Client,
}

impl<'a> PublishingApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Creates the container of any draft but a carousel.
    ///
    /// It may be sent a second time after a passing failure: a container that nobody publishes is never seen.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`; `threads_manage_replies` for replies,
    /// `threads_location_tagging` for a location, `threads_share_to_instagram` for a share. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::Draft;
    ///
    /// let container = client.publishing().create_container(&Draft::text("Hello")).await?;
    /// println!("not to be seen yet: {container}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the draft breaks a rule or is a carousel; any other [`Error`] of a call.
    pub async fn create_container(self, draft: &Draft) -> Result<ContainerId> {
        draft.validate()?;
        Ok(self.create(form::single(draft)?).await?.id)
    }

    /// Creates the container of one item of a carousel.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     client: threads_client::Client,
    /// #     items: Vec<threads_client::Media>,
    /// # ) -> threads_client::Result<()> {
    /// let mut children = Vec::new();
    /// for item in &items {
    ///     children.push(client.publishing().create_child(item).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the item breaks a rule; any other [`Error`] of a call.
    pub async fn create_child(self, item: &Media) -> Result<ContainerId> {
        check::check_media("media", item)?;
        Ok(self.create(form::child(item)).await?.id)
    }

    /// Creates the container of a carousel from the containers of its items, in order.
    ///
    /// The items must be `FINISHED`; see [`wait_until_finished`](Self::wait_until_finished).
    ///
    /// Scopes: those of [`create_container`](Self::create_container). See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     client: threads_client::Client,
    /// #     items: Vec<threads_client::Media>,
    /// #     children: Vec<threads_client::ContainerId>,
    /// # ) -> threads_client::Result<()> {
    /// use threads_client::Draft;
    ///
    /// let draft = Draft::carousel(items).with_text("Seen today");
    /// let container = client.publishing().create_carousel(&draft, &children).await?;
    /// # Ok(())
    /// # }
    /// ```
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
        check::check_item_count(children.len())?;
        Ok(self.create(form::carousel(draft, children)?).await?.id)
    }

    /// Creates a container and keeps all of the answer; `children` are the items of a carousel, or none.
    ///
    /// For drafts that are [shared to Instagram](Draft::share_to_instagram): Meta's sample shows how that went
    /// in this answer.
    ///
    /// Scopes: those of [`create_container`](Self::create_container). See
    /// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/share-to-ig-stories).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{Draft, InstagramShare};
    ///
    /// let draft = Draft::text("Hello").share_to_instagram(InstagramShare::Standard);
    /// let receipt = client.publishing().create_receipt(&draft, &[]).await?;
    /// println!("{}: {:?}", receipt.id, receipt.crossreshare_to_ig_status);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`create_container`](Self::create_container) and [`create_carousel`](Self::create_carousel).
    pub async fn create_receipt(
        self,
        draft: &Draft,
        children: &[ContainerId],
    ) -> Result<Receipt<ContainerId>> {
        draft.validate()?;
        let form = match &draft.content {
            DraftContent::Carousel(_) => {
                check::check_item_count(children.len())?;
                form::carousel(draft, children)?
            }
            _ if children.is_empty() => form::single(draft)?,
            _ => return Err(Error::invalid("children", "are only for a carousel")),
        };
        self.create(form).await
    }

    /// How far a container is.
    ///
    /// A container that failed is not an [`Error`] here: its [`status`](Container::status) says so.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#publishing-does-not-return-a-media-id).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     client: threads_client::Client,
    /// #     id: threads_client::ContainerId,
    /// # ) -> threads_client::Result<()> {
    /// use threads_client::ContainerStatus;
    ///
    /// let container = client.publishing().container(&id).await?;
    /// println!("live: {}", container.status == ContainerStatus::Published);
    /// # Ok(())
    /// # }
    /// ```
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
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/troubleshooting#publishing-does-not-return-a-media-id).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     client: threads_client::Client,
    /// #     id: threads_client::ContainerId,
    /// # ) -> threads_client::Result<()> {
    /// use threads_client::{Error, WaitPolicy};
    ///
    /// match client.publishing().wait_until_finished(&id, &WaitPolicy::default()).await {
    ///     Ok(container) => println!("{} is {}", container.id, container.status),
    ///     Err(Error::Container(container)) => println!("failed: {:?}", container.error_message),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
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

    /// Does everything: creates the containers, waits for them and publishes.
    ///
    /// A program that must not lose track of a post after a crash takes the steps by itself and keeps the
    /// container's id before the last one.
    ///
    /// Scopes: those of [`create_container`](Self::create_container). See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{Draft, Error};
    ///
    /// match client.publishing().publish(Draft::text("Hello")).await {
    ///     Ok(post) => println!("published {post}"),
    ///     Err(Error::Publish(error)) => println!("ask about container {}", error.container),
    ///     Err(error) => println!("nothing was published: {error}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
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
    /// Scopes: those of [`create_container`](Self::create_container). See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, video: url::Url) -> threads_client::Result<()> {
    /// use std::time::Duration;
    /// use threads_client::{Draft, WaitPolicy};
    ///
    /// let policy = WaitPolicy::default().give_up_after(Duration::from_secs(15 * 60));
    /// let post = client.publishing().publish_with(Draft::video(video), &policy).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish).
    pub async fn publish_with(self, draft: Draft, policy: &WaitPolicy) -> Result<PostId> {
        draft.validate()?;
        let container = match &draft.content {
            DraftContent::Carousel(items) => {
                let children = self.create_children(items, policy).await?;
                self.create_carousel(&draft, &children).await?
            }
            _ => self.create_container(&draft).await?,
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

    async fn create(self, form: Fields) -> Result<Receipt<ContainerId>> {
        self.client
            .write("POST /me/threads", &["me", "threads"], form, Repeat::Once)
            .await
    }
}
