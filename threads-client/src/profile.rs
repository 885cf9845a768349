//! Profiles: the account's own, and public ones.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;

use crate::http::Fields;
use crate::open_enum::open_enum;
use crate::posts::{PROFILE_POSTS, Place, PostList};
use crate::{Client, PostListRequest, Result, UserId, wire};

/// Profile calls; made by [`Client::profile`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::ProfileApi;
///
/// let profiles: ProfileApi<'_> = client.profile();
/// let own = profiles.get().await?;
/// let other = profiles.lookup("meta").await?;
/// println!("@{} and @{}", own.username, other.username);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProfileApi<'a> {
    client: &'a Client,
}

impl<'a> ProfileApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The profile of the token's own account.
    ///
    /// Asks for the fields that every account can read; see [`select`](Self::select) for the others.
    ///
    /// Scope: `threads_basic`. See [Meta's page](https://developers.facebook.com/docs/threads/threads-profiles).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let profile = client.profile().get().await?;
    /// println!("@{} is {}", profile.username, profile.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`](crate::Error) of a call.
    pub async fn get(self) -> Result<Profile> {
        self.select(&[
            ProfileField::Name,
            ProfileField::PictureUrl,
            ProfileField::Biography,
            ProfileField::IsVerified,
        ])
        .await
    }

    /// The profile of the token's own account, with the chosen fields beside id and username.
    ///
    /// Scope: `threads_basic`. See [Meta's page](https://developers.facebook.com/docs/threads/threads-profiles).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::ProfileField;
    ///
    /// let profile = client.profile().select(&[ProfileField::IsEligibleForGeoGating]).await?;
    /// println!("{:?}", profile.is_eligible_for_geo_gating);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`Error`](crate::Error) of a call. Meta refuses the whole call if one field is not available.
    pub async fn select(self, fields: &[ProfileField]) -> Result<Profile> {
        let mut names = String::from("id,username");
        for field in fields {
            names.push(',');
            names.push_str(field.as_str());
        }
        self.client
            .read("GET /me", &["me"], Fields::new().with("fields", &names))
            .await
    }

    /// A public profile, by its exact username; a leading `@` is dropped.
    ///
    /// Meta answers for profiles with 100 followers or more, up to 1,000 times in 24 hours.
    ///
    /// Scopes: `threads_basic`, `threads_profile_discovery`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/threads-profiles).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`](crate::Error::InvalidRequest) if the username cannot be one; any other
    /// [`Error`](crate::Error) of a call.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let profile = client.profile().lookup("meta").await?;
    /// println!("{:?} followers", profile.follower_count);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn lookup(self, username: impl AsRef<str> + Send) -> Result<PublicProfile> {
        let username = wire::username("username", username.as_ref())?;
        let query = Fields::new().with("username", username);
        self.client
            .read("GET /profile_lookup", &["profile_lookup"], query)
            .await
    }

    /// The posts of a public profile, newest first, by its exact username; a leading `@` is dropped.
    ///
    /// Meta answers for profiles with 100 followers or more, up to 1,000 times in 24 hours. Before the app is
    /// approved, it answers for its own accounts only, such as `meta`.
    ///
    /// Scopes: `threads_basic`, `threads_profile_discovery`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/threads-profiles).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// for post in client.profile().public_posts("meta").limit(10).send().await?.items {
    ///     println!("{:?}", post.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "profile_posts")]
    pub fn public_posts(self, username: impl AsRef<str>) -> PostListRequest<'a> {
        let place = Place::Root("profile_posts");
        let mut list = PostList::new("GET /profile_posts", place, PROFILE_POSTS);
        let username = wire::username("username", username.as_ref());
        list.set_checked("username", username.map(str::to_owned));
        PostListRequest::new(self.client, list)
    }
}

open_enum! {
    /// A field of [`Profile`] that can be asked for.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// use threads_client::ProfileField;
    ///
    /// let fields = [ProfileField::Biography, ProfileField::IsVerified];
    /// println!("asking for {}", fields.each_ref().map(ProfileField::as_str).join(" and "));
    /// let profile = client.profile().select(&fields).await?;
    /// println!("{:?}, {:?}", profile.biography, profile.is_verified);
    /// # Ok(())
    /// # }
    /// ```
    pub enum ProfileField {
        /// Display name.
        Name = "name",
        /// Address of the picture.
        PictureUrl = "threads_profile_picture_url",
        /// Text about the account.
        Biography = "threads_biography",
        /// Whether the account is verified.
        IsVerified = "is_verified",
        /// What the account searched for.
        RecentlySearchedKeywords = "recently_searched_keywords",
        /// Whether the account may limit posts to countries.
        IsEligibleForGeoGating = "is_eligible_for_geo_gating",
    }
}

/// The profile of the token's own account. A field that was not asked for is `None`.
///
/// ```
/// use threads_client::Profile;
///
/// let answer = r#"{
///     "id": "17841400000000001",
///     "username": "acme.lab",
///     "threads_biography": "We measure things"
/// }"#;
/// let profile: Profile = serde_json::from_str(answer)?;
///
/// assert_eq!(profile.username, "acme.lab");
/// assert_eq!(profile.biography.as_deref(), Some("We measure things"));
/// assert_eq!(profile.is_verified, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// Id of the account, scoped to the app.
    pub id: UserId,
    /// Handle, without `@`.
    pub username: String,
    /// Display name.
    pub name: Option<String>,
    /// Address of the picture; it expires.
    #[serde(
        rename = "threads_profile_picture_url",
        default,
        deserialize_with = "wire::url"
    )]
    pub picture_url: Option<Url>,
    /// Text about the account.
    #[serde(rename = "threads_biography")]
    pub biography: Option<String>,
    /// Whether the account is verified.
    pub is_verified: Option<bool>,
    /// What the account searched for lately.
    pub recently_searched_keywords: Option<Vec<SearchedKeyword>>,
    /// Whether the account may limit posts to countries.
    pub is_eligible_for_geo_gating: Option<bool>,
}

/// A search the account made.
///
/// ```
/// use threads_client::SearchedKeyword;
///
/// let answer = r#"{"query": "tea", "timestamp": 1735707600000}"#;
/// let keyword: SearchedKeyword = serde_json::from_str(answer)?;
///
/// assert_eq!(keyword.query, "tea");
/// assert_eq!(keyword.searched_at.map(|time| time.timestamp()), Some(1_735_707_600));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SearchedKeyword {
    /// What was searched for.
    pub query: String,
    /// When.
    #[serde(
        rename = "timestamp",
        default,
        deserialize_with = "wire::unix_milliseconds"
    )]
    pub searched_at: Option<DateTime<Utc>>,
}

/// A public profile of any account. What Meta leaves out is `None`, not 0.
///
/// ```
/// use threads_client::PublicProfile;
///
/// let answer = r#"{"username": "acme.lab", "follower_count": 4210, "likes_count": 0}"#;
/// let profile: PublicProfile = serde_json::from_str(answer)?;
///
/// assert_eq!((profile.follower_count, profile.likes_count), (Some(4_210), Some(0)));
/// assert_eq!(profile.views_count, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PublicProfile {
    /// Handle, without `@`.
    pub username: String,
    /// Display name.
    pub name: Option<String>,
    /// Address of the picture; it expires.
    #[serde(
        rename = "profile_picture_url",
        default,
        deserialize_with = "wire::url"
    )]
    pub picture_url: Option<Url>,
    /// Text about the account.
    pub biography: Option<String>,
    /// Whether the account is verified.
    pub is_verified: Option<bool>,
    /// Followers in all.
    pub follower_count: Option<u64>,
    /// Likes in the past seven days.
    pub likes_count: Option<u64>,
    /// Quotes in the past seven days.
    pub quotes_count: Option<u64>,
    /// Replies in the past seven days.
    pub replies_count: Option<u64>,
    /// Reposts in the past seven days.
    pub reposts_count: Option<u64>,
    /// Views in the past seven days.
    pub views_count: Option<u64>,
}
