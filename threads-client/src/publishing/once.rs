//! Calls that make something visible, each by exactly one request.
//!
//! None of them is ever sent again, whatever the [`RetryPolicy`](crate::RetryPolicy) says, and each has a
//! connection of its own: Meta has no way to say that two of them are the same one.

use super::{Draft, PublishingApi, Receipt, form};
use crate::http::{Fields, Repeat, path_id};
use crate::{ContainerId, Error, PostId, Result};

impl PublishingApi<'_> {
    /// Publishes a container, by exactly one request on a connection of its own.
    ///
    /// It is never sent again, whatever the [`RetryPolicy`](crate::RetryPolicy) says. After any error but one
    /// that [was not sent](Error::was_not_sent) the post may be live; dropping the future leaves the outcome
    /// just as open. Ask with [`container`](Self::container) before publishing again.
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// ```no_run
    /// # async fn run(
    /// #     client: threads_client::Client,
    /// #     id: threads_client::ContainerId,
    /// # ) -> threads_client::Result<()> {
    /// match client.publishing().publish_container(&id).await {
    ///     Ok(post) => println!("published {post}"),
    ///     Err(error) if error.was_not_sent() => println!("not published: {error}"),
    ///     Err(error) => println!("ask about the container before publishing again: {error}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`] of a call.
    pub async fn publish_container(self, container: &ContainerId) -> Result<PostId> {
        Ok(self.publish_container_receipt(container).await?.id)
    }

    /// Publishes a container like [`publish_container`](Self::publish_container) and keeps all of the answer.
    ///
    /// For drafts that are [shared to Instagram](Draft::share_to_instagram): Meta documents that this answer
    /// says how that went.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{Draft, InstagramShare, WaitPolicy};
    ///
    /// let draft = Draft::text("Hello").share_to_instagram(InstagramShare::DarkMode);
    /// let publishing = client.publishing();
    /// let container = publishing.create_container(&draft).await?;
    /// publishing.wait_until_finished(&container, &WaitPolicy::default()).await?;
    /// let receipt = publishing.publish_container_receipt(&container).await?;
    /// match receipt.crossreshare_to_ig_status {
    ///     Some(status) => println!("{}: the story is {status}", receipt.id),
    ///     None => println!("{}: Meta does not say", receipt.id),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`, `threads_share_to_instagram`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/share-to-ig-stories).
    ///
    /// # Errors
    ///
    /// Those of [`publish_container`](Self::publish_container).
    pub async fn publish_container_receipt(
        self,
        container: &ContainerId,
    ) -> Result<Receipt<PostId>> {
        path_id("container", container.as_str())?;
        let form = Fields::new().with("creation_id", container.as_str());
        self.client
            .write(
                "POST /me/threads_publish",
                &["me", "threads_publish"],
                form,
                Repeat::Never,
            )
            .await
    }

    /// Creates and publishes a text post, by exactly one request on a connection of its own.
    ///
    /// For any draft whose content [is a text](crate::DraftContent::is_text). There is no container, so nothing
    /// can be asked about it: after any error but one that [was not sent](Error::was_not_sent) the post may be
    /// live, and only the account's own list can tell. A program that must not publish twice
    /// uses [`publish`](Self::publish) or its steps.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::Draft;
    ///
    /// let post = client.publishing().auto_publish_text(&Draft::text("Hello")).await?;
    /// println!("published {post}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Scopes: those of [`create_container`](Self::create_container). See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the draft breaks a rule or has media; any other [`Error`] of a call.
    pub async fn auto_publish_text(self, draft: &Draft) -> Result<PostId> {
        Ok(self.auto_publish_text_receipt(draft).await?.id)
    }

    /// Publishes like [`auto_publish_text`](Self::auto_publish_text) and keeps all of the answer.
    ///
    /// Scopes: those of [`create_container`](Self::create_container). See
    /// [Meta's page](https://developers.facebook.com/docs/threads/create-posts/share-to-ig-stories).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{Draft, InstagramShare};
    ///
    /// let draft = Draft::text("Hello").share_to_instagram(InstagramShare::Standard);
    /// let receipt = client.publishing().auto_publish_text_receipt(&draft).await?;
    /// println!("{}: {:?}", receipt.id, receipt.crossreshare_to_ig_status);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`auto_publish_text`](Self::auto_publish_text).
    pub async fn auto_publish_text_receipt(self, draft: &Draft) -> Result<Receipt<PostId>> {
        draft.validate()?;
        if !draft.content.is_text() {
            return Err(Error::invalid(
                "content",
                "only a text post can be published at once",
            ));
        }
        let form = form::single(draft)?.with("auto_publish_text", "true");
        self.client
            .write(
                "POST /me/threads?auto_publish_text",
                &["me", "threads"],
                form,
                Repeat::Never,
            )
            .await
    }

    /// Reposts a post, by exactly one request on a connection of its own, and returns the repost.
    ///
    /// After any error but one that [was not sent](Error::was_not_sent) it may be reposted: look for a
    /// [`REPOST_FACADE`](crate::MediaType::RepostFacade) in the account's own list before trying again.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::PostId;
    ///
    /// let repost = client.publishing().repost(&PostId::new("17900000000000001")).await?;
    /// println!("reposted as {repost}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Scopes: `threads_basic`, `threads_content_publish`, and access to the post. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/posts/reposts).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the id cannot be one; any other [`Error`] of a call.
    pub async fn repost(self, post: &PostId) -> Result<PostId> {
        let path = [path_id("post", post.as_str())?, "repost"];
        let answer: Receipt<PostId> = self
            .client
            .write("POST /{post}/repost", &path, Fields::new(), Repeat::Never)
            .await?;
        Ok(answer.id)
    }
}
