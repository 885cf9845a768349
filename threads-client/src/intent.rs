//! Addresses that open Threads with something prepared. They need no token, and nothing is sent.

use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::embed::is_shortcode;
use crate::{Error, ReplyControl, Result, wire};

/// An address that opens Threads with a post prepared, which the person then publishes.
///
/// See [Meta's page](https://developers.facebook.com/docs/threads/threads-web-intents).
///
/// ```
/// use threads_client::PostIntent;
///
/// let address = PostIntent::new().text("Read this & that").tag("Books").url()?;
/// assert_eq!(
///     address.as_str(),
///     "https://www.threads.com/intent/post?text=Read%20this%20%26%20that&tag=Books"
/// );
/// # Ok::<(), threads_client::Error>(())
/// ```
///
/// What a post is about, and who may answer it:
///
/// ```
/// use threads_client::{PostIntent, ReplyControl};
///
/// let address = PostIntent::new()
///     .text("Well said")
///     .link("https://acme.example/tea".parse()?)
///     .reply_control(ReplyControl::FollowersOnly)
///     .reply_to("DAbc123")
///     .quote("DAbc124")
///     .url()?;
/// assert!(address.as_str().contains("reply_post_shortcode=DAbc123"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct PostIntent {
    text: Option<String>,
    link: Option<Url>,
    tag: Option<String>,
    reply_control: Option<ReplyControl>,
    reply_to: Option<String>,
    quote: Option<String>,
}

impl PostIntent {
    /// An empty post.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text to start with.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// A link to attach: the `url` of the intent.
    pub fn link(mut self, link: Url) -> Self {
        self.link = Some(link);
        self
    }

    /// The topic: 1 to 50 characters without line breaks, tabs, `.` and `&`.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Who may reply; [`ReplyControl::ParentPostAuthorOnly`] is not to be had here.
    pub fn reply_control(mut self, control: ReplyControl) -> Self {
        self.reply_control = Some(control);
        self
    }

    /// The post to answer, by the [short form](crate::Post::shortcode) of its id.
    #[doc(alias = "reply_post_shortcode")]
    pub fn reply_to(mut self, shortcode: impl Into<String>) -> Self {
        self.reply_to = Some(shortcode.into());
        self
    }

    /// The post to quote, by the [short form](crate::Post::shortcode) of its id.
    #[doc(alias = "quote_post_shortcode")]
    pub fn quote(mut self, shortcode: impl Into<String>) -> Self {
        self.quote = Some(shortcode.into());
        self
    }

    /// The address.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] with the parameter that breaks a rule.
    pub fn url(&self) -> Result<Url> {
        if let Some(tag) = &self.tag {
            check_tag(tag)?;
        }
        if self.reply_control == Some(ReplyControl::ParentPostAuthorOnly) {
            return Err(Error::invalid(
                "reply_control",
                "cannot be `parent_post_author_only` in a web intent",
            ));
        }
        let reply_to = shortcode("reply_post_shortcode", self.reply_to.as_deref())?;
        let quote = shortcode("quote_post_shortcode", self.quote.as_deref())?;
        intent(
            "https://www.threads.com/intent/post",
            &[
                ("text", self.text.as_deref()),
                ("url", self.link.as_ref().map(Url::as_str)),
                ("tag", self.tag.as_deref()),
                (
                    "reply_control",
                    self.reply_control.map(ReplyControl::as_str),
                ),
                ("reply_post_shortcode", reply_to),
                ("quote_post_shortcode", quote),
            ],
        )
    }
}

/// An address that opens a profile of Threads, ready to be followed.
///
/// See [Meta's page](https://developers.facebook.com/docs/threads/threads-web-intents).
///
/// ```
/// use threads_client::FollowIntent;
///
/// let address = FollowIntent::new("acme.lab").url()?;
/// assert_eq!(address.as_str(), "https://www.threads.com/intent/follow?username=acme.lab");
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct FollowIntent {
    username: String,
}

impl FollowIntent {
    /// For this account, by its username; a leading `@` is dropped.
    pub fn new(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
        }
    }

    /// The address.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the username cannot be one.
    pub fn url(&self) -> Result<Url> {
        let username = wire::username("username", &self.username)?;
        intent(
            "https://www.threads.com/intent/follow",
            &[("username", Some(username))],
        )
    }
}

fn check_tag(tag: &str) -> Result<()> {
    let length = tag.chars().count();
    if !(1..=50).contains(&length) || tag.contains(['\n', '\r', '\t', '.', '&']) {
        return Err(Error::invalid(
            "tag",
            "must be 1 to 50 characters without line breaks, tabs, `.` and `&`",
        ));
    }
    Ok(())
}

fn shortcode<'t>(field: &'static str, text: Option<&'t str>) -> Result<Option<&'t str>> {
    match text {
        Some(text) if !is_shortcode(text) => {
            Err(Error::invalid(field, "must be letters, digits, `_` or `-`"))
        }
        text => Ok(text),
    }
}

/// A blank is `%20` here: not everything that opens these addresses reads `+` as one.
fn intent(address: &str, parameters: &[(&'static str, Option<&str>)]) -> Result<Url> {
    let mut text = String::from(address);
    let mut separator = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            text.push(separator);
            text.push_str(name);
            text.push('=');
            text.push_str(
                &byte_serialize(value.as_bytes())
                    .collect::<String>()
                    .replace('+', "%20"),
            );
            separator = '&';
        }
    }
    Url::parse(&text).map_err(|_| Error::invalid("url", "is not a URL"))
}
