//! The client: one token, one set of connections, one handle per area.

mod builder;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use serde::de::DeserializeOwned;
use url::Url;

pub use builder::ClientBuilder;

use crate::auth::grant;
use crate::http::date::ServerTime;
use crate::http::meter::{Meter, Meters, Pace, Purpose, Turn};
use crate::http::quota_counter::Quota;
use crate::http::usage::AppUsage;
use crate::http::{self, Call, Fields, Repeat, Sender, Transport};
use crate::{
    AccessToken, EmbedRequest, Error, GetRequest, InsightsApi, LocationsApi, PostsApi, ProfileApi,
    PublishingApi, QuotaApi, RepliesApi, Result, SearchApi, TokenGrant,
};

/// Version of the Graph API that all data calls go to.
const VERSION: &str = "v1.0";

/// A client for the Threads API, acting for one account.
///
/// Clones are cheap and share everything: connections, settings and the token. For many accounts build one
/// client and derive the others [`with_access_token`](Self::with_access_token).
///
/// Dropping the future of a call stops waiting for it; a request that was already sent may still be carried
/// out.
///
/// ```no_run
/// # async fn run() -> threads_client::Result<()> {
/// use threads_client::{AccessToken, Client};
///
/// let client = Client::builder().access_token(AccessToken::new("THQ…")).build()?;
/// let profile = client.profile().get().await?;
/// println!("logged in as {}", profile.username);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Arc<Connection>,
    auth: Option<Auth>,
    meter: Arc<Meter>,
    purpose: Purpose,
}

/// What clients of several accounts share.
struct Connection {
    transport: Transport,
    base: Url,
    data: Url,
    placement: TokenPlacement,
    meters: Meters,
    /// Counts the calls without a token.
    open: Meter,
}

#[derive(Clone)]
struct Auth {
    token: AccessToken,
    /// None if the token cannot be a header; calls then fail before sending.
    header: Option<HeaderValue>,
}

/// Where the token travels in data calls.
///
/// ```
/// use threads_client::{AccessToken, Client, TokenPlacement};
///
/// // For a proxy in between that takes the header for itself.
/// let client = Client::builder()
///     .access_token(AccessToken::new("THQ-example"))
///     .token_placement(TokenPlacement::Query)
///     .build()?;
/// # Ok::<(), threads_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenPlacement {
    /// In the `Authorization` header, which stays out of access logs.
    #[default]
    Header,
    /// As `access_token` in the query of reads and in the form body of writes, as Meta's samples do.
    Query,
}

impl Client {
    /// Starts building a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same client for another account: shares connections and settings, not the usage figures.
    ///
    /// Clients of one token share its figures, however they came about; a token that was refreshed here goes on
    /// with those of the one before.
    ///
    /// ```
    /// use threads_client::{AccessToken, Client};
    ///
    /// let shared = Client::builder().build()?;
    /// let accounts: Vec<Client> = ["THQ-one", "THQ-two"]
    ///     .into_iter()
    ///     .map(|token| shared.with_access_token(AccessToken::new(token)))
    ///     .collect();
    /// # Ok::<(), threads_client::Error>(())
    /// ```
    pub fn with_access_token(&self, token: AccessToken) -> Self {
        let inner = Inner {
            connection: Arc::clone(&self.inner.connection),
            meter: self.inner.connection.meters.of(&token),
            auth: Some(Auth::new(token)),
            purpose: self.inner.purpose.renewed(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same client for reads that nobody waits for, such as polls.
    ///
    /// When the call limit runs short these are the first to be held back, see
    /// [`ThrottlePolicy`](crate::ThrottlePolicy). Take one for each run of polls: a run is let through, or held
    /// back, as a whole.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::Error;
    ///
    /// match client.background().profile().get().await {
    ///     Ok(profile) => println!("@{}", profile.username),
    ///     Err(Error::Throttled { retry_after, .. }) => println!("not now, but in {retry_after:?}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn background(&self) -> Self {
        self.with_purpose(Purpose::Background(Turn::default()))
    }

    /// The same client for reads that find out what became of a publication.
    ///
    /// They are sent even when the call limit is all but used up, because nothing else is to be published
    /// before their answer is known. Status reads of containers are among them with every client.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// // Is the post whose publication broke off among the newest?
    /// for post in client.verifying().posts().list().limit(10).send().await?.items {
    ///     println!("{:?}: {:?}", post.timestamp, post.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn verifying(&self) -> Self {
        self.with_purpose(Purpose::Verification)
    }

    fn with_purpose(&self, purpose: Purpose) -> Self {
        let inner = Inner {
            connection: Arc::clone(&self.inner.connection),
            meter: Arc::clone(&self.inner.meter),
            auth: self.inner.auth.clone(),
            purpose,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The profile of the account, and public profiles.
    pub fn profile(&self) -> ProfileApi<'_> {
        ProfileApi::new(self)
    }

    /// The posts of the account, and those that mention it.
    pub fn posts(&self) -> PostsApi<'_> {
        PostsApi::new(self)
    }

    /// Replies: below a post, of the account, and waiting for approval.
    pub fn replies(&self) -> RepliesApi<'_> {
        RepliesApi::new(self)
    }

    /// Searching public posts.
    pub fn search(&self) -> SearchApi<'_> {
        SearchApi::new(self)
    }

    /// Places that can be tagged in posts.
    pub fn locations(&self) -> LocationsApi<'_> {
        LocationsApi::new(self)
    }

    /// HTML that shows a public post on a web page, by the address of the post.
    ///
    /// It needs no token and sends none, so a client without one can do it, up to 1,000 times an hour. There is
    /// no HTML for posts of private accounts and for posts limited by age or country. Meta allows to show the
    /// HTML and forbids every other use, such as analysis.
    ///
    /// Scope: none. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/tools-and-resources/embed-a-threads-post).
    ///
    /// ```no_run
    /// # async fn run(post: url::Url) -> threads_client::Result<()> {
    /// let client = threads_client::Client::builder().build()?;
    /// let embed = client.embed(&post).max_width(550).send().await?;
    /// println!("{}", embed.html);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "oembed")]
    pub fn embed(&self, post: &Url) -> EmbedRequest<'_> {
        EmbedRequest::new(self, post)
    }

    /// Figures about the account and its posts.
    pub fn insights(&self) -> InsightsApi<'_> {
        InsightsApi::new(self)
    }

    /// Creating and publishing posts.
    pub fn publishing(&self) -> PublishingApi<'_> {
        PublishingApi::new(self)
    }

    /// How many posts the account may still publish.
    pub fn quota(&self) -> QuotaApi<'_> {
        QuotaApi::new(self)
    }

    /// A read that this crate has no method for, relative to the API version.
    ///
    /// It has the same authentication, retries and errors as every other read.
    ///
    /// Scopes: those of the path. See [Meta's pages](https://developers.facebook.com/docs/threads/reference).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::{Page, Post};
    ///
    /// let mentions: Page<Post> =
    ///     client.get("me/mentions").query(&[("fields", "id,username,text")]).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get<T: DeserializeOwned>(&self, path: impl Into<String>) -> GetRequest<'_, T> {
        GetRequest::new(self, path.into())
    }

    /// Trades the client's long-lived token for one that lives another 60 days.
    ///
    /// Works from 24 hours after the token was made until it ends, and needs no app secret. The client keeps
    /// its old token; use the new one with [`with_access_token`](Self::with_access_token). The new token goes
    /// on with the usage figures of the old one, because Meta's limits are those of the account.
    ///
    /// Scope: `threads_basic`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/get-started/long-lived-tokens).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let grant = client.refresh_access_token().await?;
    /// println!("for {:?} more", grant.expires_in);
    /// let client = client.with_access_token(grant.access_token);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::is_auth`] if the token is no longer good; any other [`Error`] of a call.
    pub async fn refresh_access_token(&self) -> Result<TokenGrant> {
        let connection = &self.inner.connection;
        let token = &self.auth()?.token;
        let grant = grant::refresh(&connection.transport, &connection.base, token).await?;
        let meters = &connection.meters;
        meters.carry_over(&self.inner.meter, &grant.access_token);
        Ok(grant)
    }

    /// The time of day at Meta, as its latest answer to any token told it; `None` before the first.
    ///
    /// Meta counts quotas, ages of tokens and lives of containers by its own clock. This crate reads no time
    /// of day; whoever does can find out with this that theirs is wrong.
    pub fn server_time(&self) -> Option<ServerTime> {
        self.inner.connection.transport.server_time()
    }

    /// Asks Meta for its time of day: one read without a token, whose refusal has a date as all answers have.
    ///
    /// Scope: none. It reads `me`, see
    /// [Meta's page](https://developers.facebook.com/docs/threads/threads-profiles).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// if let Some(time) = client.ask_server_time().await? {
    ///     println!("at Meta it is {}", time.date);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A connection that fails. Any answer is good enough; `None` if there is no date in it.
    pub async fn ask_server_time(&self) -> Result<Option<ServerTime>> {
        let call = Call::get("GET /me", self.url(&["me"])?, &Fields::new());
        self.inner.connection.transport.ask_server_time(call).await
    }

    /// The latest use of the call limit that Meta reported for this token, if it reported one.
    ///
    /// ```
    /// let client = threads_client::Client::builder().build()?;
    /// match client.usage() {
    ///     Some(usage) => println!("{} % of the call limit is used", usage.highest()),
    ///     None => println!("Meta has not said"),
    /// }
    /// assert_eq!(client.usage(), None);
    /// # Ok::<(), threads_client::Error>(())
    /// ```
    pub fn usage(&self) -> Option<AppUsage> {
        self.inner.meter.usage()
    }

    /// The pace of this token: own counts, what Meta has said, and what is still sent.
    ///
    /// Embeds need no token, so their count is that of all clients of the connection.
    pub fn pace(&self) -> Pace {
        let connection = &self.inner.connection;
        let policy = connection.transport.throttle();
        let mut pace = self.inner.meter.pace(policy);
        for quota in &mut pace.quotas {
            if quota.quota == Quota::Embeds {
                quota.used = connection.open.used(Quota::Embeds);
            }
        }
        pace
    }

    /// A read below the API version.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        endpoint: impl Into<Cow<'static, str>>,
        path: &[&str],
        mut query: Fields,
    ) -> Result<T> {
        let auth = self.auth()?;
        if self.inner.connection.placement == TokenPlacement::Query {
            query.add("access_token", auth.token.expose());
        }
        self.send(Call::get(endpoint, self.url(path)?, &query), auth)
            .await
    }

    /// A read below the API version that every caller may make, token or not.
    pub(crate) async fn read_without_token<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        path: &[&str],
        query: Fields,
    ) -> Result<T> {
        let connection = &self.inner.connection;
        let call = Call::get(endpoint, self.url(path)?, &query);
        let sender = Sender {
            meter: &connection.open,
            purpose: &self.inner.purpose,
        };
        connection.transport.send(call, Some(sender)).await
    }

    /// A removal below the API version: one request, on a connection of its own.
    pub(crate) async fn remove<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        path: &[&str],
    ) -> Result<T> {
        let auth = self.auth()?;
        let mut query = Fields::new();
        if self.inner.connection.placement == TokenPlacement::Query {
            query.add("access_token", auth.token.expose());
        }
        let call = Call::delete(endpoint, self.url(path)?, &query).on_fresh_connection();
        self.send(call, auth).await
    }

    /// A write below the API version.
    pub(crate) async fn write<T: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        path: &[&str],
        mut form: Fields,
        repeat: Repeat,
    ) -> Result<T> {
        let auth = self.auth()?;
        if self.inner.connection.placement == TokenPlacement::Query {
            form.add("access_token", auth.token.expose());
        }
        let call = Call::post(endpoint, self.url(path)?, form).repeat(repeat);
        let call = if repeat == Repeat::Never {
            call.on_fresh_connection()
        } else {
            call
        };
        self.send(call, auth).await
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        http::join(&self.inner.connection.data, path)
    }

    async fn send<'a, T: DeserializeOwned>(&'a self, call: Call<'a>, auth: &'a Auth) -> Result<T> {
        let connection = &self.inner.connection;
        let header = match connection.placement {
            TokenPlacement::Header => auth.header.as_ref(),
            TokenPlacement::Query => None,
        };
        let call = call
            .bearer(header)
            .secrets([Some(auth.token.expose()), None, None]);
        let sender = Sender {
            meter: &self.inner.meter,
            purpose: &self.inner.purpose,
        };
        connection.transport.send(call, Some(sender)).await
    }

    fn auth(&self) -> Result<&Auth> {
        let auth = self
            .inner
            .auth
            .as_ref()
            .ok_or_else(|| Error::invalid("access_token", "this call needs one"))?;
        if auth.header.is_none() {
            http::bearer(&auth.token)?;
        }
        Ok(auth)
    }
}

impl Auth {
    fn new(token: AccessToken) -> Self {
        let header = http::bearer(&token).ok();
        Self { token, header }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field(
                "host",
                &self.inner.connection.base.host_str().unwrap_or_default(),
            )
            .field(
                "token",
                &format_args!("{}", presence(self.inner.auth.is_some())),
            )
            .finish()
    }
}

fn presence(is_present: bool) -> &'static str {
    if is_present { "present" } else { "absent" }
}
