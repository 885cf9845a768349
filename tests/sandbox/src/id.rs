//! Numeric ids of the things the sandbox keeps; on the wire they are strings.

use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(pub(crate) u64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// An account.
    UserId
);
id!(
    /// A published post or reply.
    PostId
);
id!(
    /// An unpublished (or already used) container.
    ContainerId
);

/// Where each kind of id starts; the ranges never meet.
pub(crate) const FIRST_USER_ID: u64 = 17_841_400_000_000_001;
/// Where the ids of people who do not use the app start.
pub(crate) const FIRST_PERSON_ID: u64 = 17_851_400_000_000_001;
pub(crate) const FIRST_POST_ID: u64 = 17_900_000_000_000_001;
pub(crate) const FIRST_CONTAINER_ID: u64 = 18_000_000_000_000_001;
