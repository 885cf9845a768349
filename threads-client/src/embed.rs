//! HTML for showing a post on a web page.

use serde::Deserialize;
use url::Url;

use crate::http::Fields;
use crate::{Client, Error, Result, wire};

/// A post to be shown on a web page; made by [`Client::embed`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let post = "https://www.threads.com/@acme.lab/post/DAbc123".parse()?;
/// let embed = client.embed(&post).max_width(400).send().await?;
/// println!("{}", embed.html);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EmbedRequest<'a> {
    client: &'a Client,
    post: Url,
    max_width: Option<u16>,
}

impl<'a> EmbedRequest<'a> {
    pub(crate) fn new(client: &'a Client, post: &Url) -> Self {
        Self {
            client,
            post: post.clone(),
            max_width: None,
        }
    }

    /// How wide it may be, from 320 to 658 pixels. Meta has no limit of the height.
    #[doc(alias = "maxwidth")]
    pub fn max_width(mut self, pixels: u16) -> Self {
        self.max_width = Some(pixels);
        self
    }

    /// Asks for the HTML.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the address is not one of a post or the width is not allowed; any other
    /// [`Error`] of a call.
    pub async fn send(self) -> Result<Embed> {
        if self
            .max_width
            .is_some_and(|width| !(320..=658).contains(&width))
        {
            return Err(Error::invalid("maxwidth", "must be from 320 to 658"));
        }
        let post = address_of_post(&self.post)
            .ok_or_else(|| Error::invalid("url", "must be the address of a Threads post"))?;
        let width = self.max_width.map(|width| width.to_string());
        let query = Fields::new()
            .with("url", &post)
            .with_some("maxwidth", width.as_deref());
        self.client
            .read_without_token("GET /oembed", &["oembed"], query)
            .await
    }
}

/// The address in one of the two forms that Meta documents, without query and fragment.
fn address_of_post(url: &Url) -> Option<String> {
    let is_threads = matches!(
        url.host_str()?,
        "www.threads.com" | "threads.com" | "www.threads.net" | "threads.net"
    );
    if url.scheme() != "https" || url.port().is_some() || !is_threads {
        return None;
    }
    let segments: Vec<&str> = url
        .path_segments()?
        .filter(|segment| !segment.is_empty())
        .collect();
    match segments[..] {
        [author, "post", shortcode] if is_shortcode(shortcode) => {
            let author = wire::username("url", author.strip_prefix('@')?).ok()?;
            Some(format!(
                "https://www.threads.com/@{author}/post/{shortcode}"
            ))
        }
        ["t", shortcode] if is_shortcode(shortcode) => {
            Some(format!("https://www.threads.com/t/{shortcode}"))
        }
        _ => None,
    }
}

pub(crate) fn is_shortcode(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// HTML that shows a post. Meta allows to show it, and nothing else.
///
/// ```
/// use threads_client::Embed;
///
/// let answer = r#"{"version": "1.0", "html": "<blockquote>…</blockquote>", "width": 658}"#;
/// let embed: Embed = serde_json::from_str(answer)?;
/// let page = format!("{}<script async src=\"{}\"></script>", embed.html, Embed::SCRIPT);
///
/// assert!(page.starts_with("<blockquote>"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Embed {
    /// The HTML; it needs [`Embed::SCRIPT`] on the same page.
    pub html: String,
    /// Kind of embed, such as `rich`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Version of oEmbed.
    #[serde(default, deserialize_with = "wire::lenient_text")]
    pub version: Option<String>,
    /// Where the post comes from: `Threads`.
    pub provider_name: Option<String>,
    /// Address of Threads.
    #[serde(default, deserialize_with = "wire::url")]
    pub provider_url: Option<Url>,
    /// How wide it will be, in pixels.
    #[serde(default, deserialize_with = "wire::lenient_u64")]
    pub width: Option<u64>,
}

impl Embed {
    /// Address of the script that brings the HTML to life.
    pub const SCRIPT: &'static str = "https://www.threads.com/embed.js";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_posts_are_brought_into_a_documented_form() {
        let long = Some("https://www.threads.com/@acme.lab/post/DAbc_-1".to_owned());
        let short = Some("https://www.threads.com/t/DAbc_-1".to_owned());
        let cases = [
            ("https://www.threads.com/@acme.lab/post/DAbc_-1", &long),
            ("https://www.threads.net/@acme.lab/post/DAbc_-1", &long),
            ("https://threads.net/@acme.lab/post/DAbc_-1/?xmt=1#x", &long),
            ("https://www.threads.com/t/DAbc_-1", &short),
            ("https://threads.com/t/DAbc_-1/", &short),
            ("http://www.threads.com/t/DAbc", &None),
            ("https://www.threads.com:8443/t/DAbc", &None),
            ("https://www.threads.com.evil.example/t/DAbc", &None),
            ("https://www.instagram.com/p/DAbc", &None),
            ("https://www.threads.com/@acme.lab", &None),
            ("https://www.threads.com/acme.lab/post/DAbc", &None),
            ("https://www.threads.com/@/post/DAbc", &None),
            ("https://www.threads.com/@a%20b/post/DAbc", &None),
            ("https://www.threads.com/@acme/post/D%2FA", &None),
            ("https://www.threads.com/@acme/post/DAbc/media", &None),
            ("https://www.threads.com/t/", &None),
            ("data:text/plain,x", &None),
        ];

        for (address, expected) in cases {
            let url = Url::parse(address).unwrap();
            assert_eq!(&address_of_post(&url), expected, "{address}");
        }
    }
}
