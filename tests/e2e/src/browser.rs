//! A browser without a window: cookies, forms and redirects, nothing more.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use url::Url;

/// Longer chains of redirects are a mistake.
const REDIRECTS: usize = 8;

/// One person's browser.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    /// Cookies by host and port, then by name.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Every address it was sent to, for tests about what addresses hold.
    pub visited: Vec<Url>,
}

/// A page as it arrived after all redirects.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The response headers, one a line.
    pub headers: String,
    /// The text.
    pub body: String,
}

impl Page {
    /// The value of the first input of this name.
    pub fn input(&self, name: &str) -> Option<String> {
        let marker = format!("name=\"{name}\"");
        let after = self.body.split_once(&marker)?.1;
        let tag = after.split_once('>')?.0;
        let value = tag.split_once("value=\"")?.1.split_once('"')?.0;
        Some(
            value
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&"),
        )
    }
}

impl Browser {
    /// A new browser without cookies.
    ///
    /// # Errors
    ///
    /// No HTTP client.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .build()?,
            cookies: BTreeMap::new(),
            visited: Vec::new(),
        })
    }

    /// Opens an address.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn open(&mut self, url: Url) -> anyhow::Result<Page> {
        self.follow(url, None).await
    }

    /// Sends a form that stands on `from`.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn submit(
        &mut self,
        from: &Page,
        action: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Page> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.follow(from.url.join(action)?, Some((from.url.clone(), form)))
            .await
    }

    async fn follow(
        &mut self,
        mut url: Url,
        mut form: Option<(Url, String)>,
    ) -> anyhow::Result<Page> {
        for _ in 0..REDIRECTS {
            self.visited.push(url.clone());
            let response = self.send(&url, form.take()).await?;
            self.keep_cookies(&url, &response);
            let status = response.status();
            if status.is_redirection() {
                let location = response
                    .headers()
                    .get(LOCATION)
                    .context("a redirect without a target")?;
                url = url.join(location.to_str()?)?;
                continue;
            }
            let headers = response
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")))
                .collect::<Vec<_>>()
                .join("\n");
            #[expect(
                clippy::disallowed_methods,
                reason = "a test's browser, not the client"
            )]
            let body = response.text().await?;
            return Ok(Page {
                url,
                status: status.as_u16(),
                headers,
                body,
            });
        }
        bail!("too many redirects")
    }

    async fn send(
        &self,
        url: &Url,
        form: Option<(Url, String)>,
    ) -> anyhow::Result<reqwest::Response> {
        let mut request = match form {
            Some((from, form)) => self
                .http
                .post(url.clone())
                .header("content-type", "application/x-www-form-urlencoded")
                .header(ORIGIN, from.origin().ascii_serialization())
                .body(form),
            None => self.http.get(url.clone()),
        };
        if let Some(cookies) = self.cookies.get(url.authority()) {
            let pairs: Vec<String> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's browser, not the client"
        )]
        let response = request.send().await?;
        Ok(response)
    }

    fn keep_cookies(&mut self, url: &Url, response: &reqwest::Response) {
        let jar = self.cookies.entry(url.authority().to_owned()).or_default();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap_or_default();
            let pair = pair.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }

    /// The values of all cookies.
    pub fn cookie_values(&self) -> Vec<String> {
        self.cookies
            .values()
            .flat_map(|jar| jar.values().cloned())
            .collect()
    }
}
