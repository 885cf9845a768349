//! Identifiers: strings for us, numbers or strings on the wire.
//!
//! Meta writes ids sometimes as JSON strings and sometimes as JSON integers beyond 2^53. Both are read
//! here digit by digit; nothing goes through a floating-point number.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

macro_rules! id_type {
    ($(#[$attribute:meta])* $name:ident, $noun:literal) => {
        $(#[$attribute])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// An id from its text.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as Meta writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(IdVisitor($noun)).map(Self)
            }
        }
    };
}

id_type! {
    /// A Threads user, scoped to the app that asked.
    ///
    /// ```
    /// use threads_client::UserId;
    ///
    /// let answer = r#"["17841400000000001", 17841400000000001]"#;
    /// let (text, number): (UserId, UserId) = serde_json::from_str(answer)?;
    ///
    /// assert_eq!(text, number);
    /// assert_eq!(text, UserId::new("17841400000000001"));
    /// assert_eq!(text.as_str(), "17841400000000001");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    UserId, "a user id"
}

id_type! {
    /// A published post, reply or repost.
    ///
    /// ```
    /// use threads_client::{Draft, PostId};
    ///
    /// let post = PostId::new("17900000000000001");
    /// println!("answering {}", post.as_str());
    /// let draft = Draft::text("Well said").reply_to(post);
    /// ```
    #[doc(alias = "media_id")]
    PostId, "a post id"
}

id_type! {
    /// A post that was created but not published yet.
    ///
    /// ```no_run
    /// # async fn run(client: threads_client::Client, kept: String) -> threads_client::Result<()> {
    /// use threads_client::ContainerId;
    ///
    /// let container = ContainerId::new(kept);
    /// println!("publishing {}", container.as_str());
    /// client.publishing().publish_container(&container).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "creation_id")]
    ContainerId, "a container id"
}

id_type! {
    /// A place that can be tagged in a post.
    ///
    /// ```
    /// use threads_client::{Draft, LocationId};
    ///
    /// let place = LocationId::new("12345");
    /// println!("tagging {}", place.as_str());
    /// let draft = Draft::text("From the shore").location(place);
    /// ```
    LocationId, "a location id"
}

/// Reads an id from a JSON string or a JSON integer.
struct IdVisitor(&'static str);

impl Visitor<'_> for IdVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} as a string or an integer", self.0)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<String, E> {
        // An answer "published, with id ``" must not look like a success.
        if value.is_empty() {
            return Err(E::custom("an id must not be empty"));
        }
        Ok(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }
}
