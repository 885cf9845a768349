//! Places that can be tagged in posts.

use serde::Deserialize;

use crate::http::{Fields, path_id};
use crate::wire::List;
use crate::{Client, Error, LocationId, Result, wire};

const FIELDS: &str = "id,name,address,city,country,latitude,longitude,postal_code";

/// Calls about places; made by [`Client::locations`].
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// use threads_client::{Draft, LocationsApi};
///
/// let locations: LocationsApi<'_> = client.locations();
/// if let Some(place) = locations.search().query("Menlo Park").send().await?.into_iter().next() {
///     let draft = Draft::text("From here").location(place.id);
///     client.publishing().publish(draft).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct LocationsApi<'a> {
    client: &'a Client,
}

impl<'a> LocationsApi<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Places by name, by position or by both.
    ///
    /// Meta allows 500 searches in 24 hours. Before the app is approved, it knows "Menlo Park" only.
    ///
    /// Scopes: `threads_basic`, `threads_location_tagging`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reference/location-search).
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let search = client.locations().search().query("Menlo Park").near(37.48, -122.14);
    /// for place in search.send().await? {
    ///     println!("{}: {:?}", place.id, place.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(self) -> LocationSearchRequest<'a> {
        LocationSearchRequest {
            client: self.client,
            query: None,
            position: None,
        }
    }

    /// One place.
    ///
    /// Scopes: `threads_basic`, `threads_location_tagging`. See
    /// [Meta's page](https://developers.facebook.com/docs/threads/reference/locations).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the id cannot be one; any other [`Error`] of a call.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
    /// let place = client.locations().get(&"12345".into()).await?;
    /// println!("{:?}, {:?}", place.name, place.city);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(self, location: &LocationId) -> Result<Location> {
        let path = [path_id("location", location.as_str())?];
        self.client
            .read(
                "GET /{location}",
                &path,
                Fields::new().with("fields", FIELDS),
            )
            .await
    }
}

/// A search for places; made by [`LocationsApi::search`]. It needs a name, a position or both.
///
/// ```no_run
/// # async fn run(client: threads_client::Client) -> threads_client::Result<()> {
/// let near = client.locations().search().query("harbour").near(-8.11, 112.93);
/// for place in near.send().await? {
///     println!("{}: {:?}, {:?}", place.id, place.name, place.city);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LocationSearchRequest<'a> {
    client: &'a Client,
    query: Option<String>,
    position: Option<(f64, f64)>,
}

impl LocationSearchRequest<'_> {
    /// What the place is called.
    #[doc(alias = "q")]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Where it is, in degrees.
    pub fn near(mut self, latitude: f64, longitude: f64) -> Self {
        self.position = Some((latitude, longitude));
        self
    }

    /// Sends the search; Meta has no pages here.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if there is neither a name nor a position, or if one of them cannot be right;
    /// any other [`Error`] of a call.
    pub async fn send(self) -> Result<Vec<Location>> {
        if self.query.is_none() && self.position.is_none() {
            return Err(Error::invalid("q", "needs a name, a position or both"));
        }
        let mut query = Fields::new();
        if let Some(name) = &self.query {
            if name.trim().is_empty() {
                return Err(Error::invalid("q", "must not be empty"));
            }
            // One of Meta's pages calls it `query`; the guide and Meta's collection say `q`.
            query.add("q", name);
        }
        if let Some((latitude, longitude)) = self.position {
            query.add("latitude", &degrees("latitude", latitude, 90.0)?);
            query.add("longitude", &degrees("longitude", longitude, 180.0)?);
        }
        query.add("fields", FIELDS);
        let places: List<Location> = self
            .client
            .read("GET /location_search", &["location_search"], query)
            .await?;
        Ok(places.data)
    }
}

fn degrees(field: &'static str, degrees: f64, most: f64) -> Result<String> {
    if (-most..=most).contains(&degrees) {
        Ok(degrees.to_string())
    } else {
        Err(Error::invalid(
            field,
            format!("must be from -{most} to {most}"),
        ))
    }
}

/// A place. What Meta leaves out is `None`.
///
/// ```
/// use threads_client::Location;
///
/// let answer = r#"{"id": "12345", "name": "Harbour", "country": "Indonesia", "latitude": -8.11}"#;
/// let place: Location = serde_json::from_str(answer)?;
///
/// assert_eq!(place.name.as_deref(), Some("Harbour"));
/// assert_eq!((place.latitude, place.longitude), (Some(-8.11), None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Location {
    /// Id of the place.
    pub id: LocationId,
    /// What it is called.
    pub name: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Degrees north of the equator.
    #[serde(default, deserialize_with = "wire::lenient_f64")]
    pub latitude: Option<f64>,
    /// Degrees east of Greenwich.
    #[serde(default, deserialize_with = "wire::lenient_f64")]
    pub longitude: Option<f64>,
    /// Postal code.
    #[serde(default, deserialize_with = "wire::lenient_text")]
    pub postal_code: Option<String>,
}
