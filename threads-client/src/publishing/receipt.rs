//! What Meta answers to a call that created or published something.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::instagram::{InstagramShareStatus, share_status};

/// Meta's answer to a call that created or published something.
///
/// ```
/// use threads_client::{ContainerId, Receipt};
///
/// let receipt: Receipt<ContainerId> = serde_json::from_str(r#"{"id": "18000000000000001"}"#)?;
/// assert_eq!(receipt.id, ContainerId::new("18000000000000001"));
/// assert_eq!(receipt.crossreshare_to_ig_status, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt<I> {
    /// The id of what there is now.
    pub id: I,
    /// How sharing to Instagram went, if Meta says so here.
    ///
    /// Meta's text says that it is in the answer to the publication, its sample shows it in the answer to the
    /// creation of the container. So it may be in either, or in none.
    pub crossreshare_to_ig_status: Option<InstagramShareStatus>,
}

/// Only an object is a receipt. Derived code would also take a list for one, by the order of its members, and a
/// list of anything must not become "published, with this id".
impl<'de, I: Deserialize<'de>> Deserialize<'de> for Receipt<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReceiptVisitor(PhantomData))
    }
}

struct ReceiptVisitor<I>(PhantomData<I>);

impl<'de, I: Deserialize<'de>> Visitor<'de> for ReceiptVisitor<I> {
    type Value = Receipt<I>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with an id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Receipt<I>, A::Error> {
        let (mut id, mut status) = (None, None);
        while let Some(member) = map.next_key()? {
            match member {
                Member::Id if id.is_some() => return Err(de::Error::duplicate_field("id")),
                Member::Id => id = Some(map.next_value()?),
                Member::CrossreshareToIgStatus => status = map.next_value::<ShareStatus>()?.0,
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Receipt {
            id: id.ok_or_else(|| de::Error::missing_field("id"))?,
            crossreshare_to_ig_status: status,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Member {
    Id,
    CrossreshareToIgStatus,
    #[serde(other)]
    Other,
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct ShareStatus(#[serde(deserialize_with = "share_status")] Option<InstagramShareStatus>);
