//! Reading what Meta writes: its timestamps, references and loosely typed values.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

use crate::{PostId, UserId, plain_url};

/// `2026-05-17T05:42:03+0000`, `…+00:00` and `…Z` alike; `null` is none.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    deserializer.deserialize_any(TextVisitor("a timestamp", |text: &str| {
        parse_timestamp(text).map(Some).ok_or("not a timestamp")
    }))
}

pub(crate) fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    usual_timestamp(text).or_else(|| other_timestamp(text))
}

/// `2026-05-17T05:42:03+0000`: Meta writes all of them so, and there are several in a post.
fn usual_timestamp(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.strip_suffix("+0000")?.split_once('T')?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date.as_bytes() else {
        return None;
    };
    let &[h1, h2, b':', n1, n2, b':', s1, s2] = time.as_bytes() else {
        return None;
    };
    NaiveDate::from_ymd_opt(
        i32::try_from(digits([y1, y2, y3, y4])?).ok()?,
        digits([m1, m2])?,
        digits([d1, d2])?,
    )?
    .and_hms_opt(digits([h1, h2])?, digits([n1, n2])?, digits([s1, s2])?)
    .map(|time| time.and_utc())
}

fn digits<const N: usize>(text: [u8; N]) -> Option<u32> {
    text.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u32::from(digit - b'0'))
    })
}

fn other_timestamp(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()
        .map(|time| time.with_timezone(&Utc))
}

/// Seconds since 1970; 0 means "never" and reads as none, like `null`.
pub(crate) fn unix_seconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    match Option::<i64>::deserialize(deserializer)? {
        None | Some(0) => Ok(None),
        Some(seconds) => DateTime::from_timestamp(seconds, 0)
            .map(Some)
            .ok_or_else(|| de::Error::custom("not a time in seconds")),
    }
}

/// Milliseconds since 1970.
pub(crate) fn unix_milliseconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    match Option::<i64>::deserialize(deserializer)? {
        None => Ok(None),
        Some(milliseconds) => DateTime::from_timestamp_millis(milliseconds)
            .map(Some)
            .ok_or_else(|| de::Error::custom("not a time in milliseconds")),
    }
}

/// A URL that is only shown: an empty or broken one is none rather than the loss of the whole object.
pub(crate) fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    deserializer.deserialize_any(TextVisitor("a URL", |text: &str| {
        Ok(plain_url::parse(text))
    }))
}

/// Reads a text where it lies, without a copy; `null` is none, and so is what the function makes none.
struct TextVisitor<F>(&'static str, F);

impl<T, F: Fn(&str) -> Result<Option<T>, &'static str>> Visitor<'_> for TextVisitor<F> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        (self.1)(text).map_err(E::custom)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// `{"id": …}`: a reference to another post, of which only the id is kept.
pub(crate) fn post_reference<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<PostId>, D::Error> {
    Ok(Option::<Reference<PostId>>::deserialize(deserializer)?.and_then(|reference| reference.id))
}

/// `[…]` or `{"data": […]}`, of which Meta documents one and sends the other; `null` is none at all.
pub(crate) fn items<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(ItemsVisitor(PhantomData))
}

struct ItemsVisitor<T>(PhantomData<T>);

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum ItemsKey {
    Data,
    #[serde(other)]
    Other,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemsVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list, or an object with a list as `data`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
        let mut items = None;
        while let Some(key) = map.next_key()? {
            match key {
                ItemsKey::Data => items = map.next_value::<Option<Vec<T>>>()?,
                ItemsKey::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(items.unwrap_or_default())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
}

/// `{"id": …}` without more: the owner of a post.
pub(crate) fn user_reference<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<UserId>, D::Error> {
    Ok(Option::<Reference<UserId>>::deserialize(deserializer)?.and_then(|reference| reference.id))
}

/// The `true` of `{"success": true}`; anything else is not an answer that means "done".
pub(crate) fn success<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    if bool::deserialize(deserializer)? {
        Ok(())
    } else {
        Err(de::Error::custom("not a success"))
    }
}

/// An object of which only the id matters.
#[derive(serde::Deserialize)]
pub(crate) struct Reference<I> {
    #[serde(default = "none")]
    pub(crate) id: Option<I>,
}

fn none<I>() -> Option<I> {
    None
}

/// `{"data": [...]}` without paging.
#[derive(serde::Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
}

/// Any scalar as text; other values read as none.
pub(crate) fn lenient_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match deserializer.deserialize_any(LenientVisitor)? {
        Lenient::Text(text) => Some(text),
        Lenient::Integer(number) => Some(number.to_string()),
        Lenient::Bool(value) => Some(value.to_string()),
        Lenient::Fraction(_) | Lenient::Nothing => None,
    })
}

/// An integer, or its digits in a string; other values read as none.
pub(crate) fn lenient_i64<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    Ok(match deserializer.deserialize_any(LenientVisitor)? {
        Lenient::Text(text) => text.trim().parse().ok(),
        Lenient::Integer(number) => Some(number),
        Lenient::Fraction(_) | Lenient::Bool(_) | Lenient::Nothing => None,
    })
}

/// A count, or its digits in a string; other values read as none.
pub(crate) fn lenient_u64<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(lenient_i64(deserializer)?.and_then(|number| u64::try_from(number).ok()))
}

/// A number, or one in a string; other values read as none.
pub(crate) fn lenient_f64<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<f64>, D::Error> {
    let number = match deserializer.deserialize_any(LenientVisitor)? {
        Lenient::Text(text) => text.trim().parse().ok(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "degrees and shares, not identifiers"
        )]
        Lenient::Integer(number) => Some(number as f64),
        Lenient::Fraction(number) => Some(number),
        Lenient::Bool(_) | Lenient::Nothing => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite()))
}

/// A truth value; other values read as none.
pub(crate) fn lenient_bool<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    Ok(match deserializer.deserialize_any(LenientVisitor)? {
        Lenient::Bool(value) => Some(value),
        _ => None,
    })
}

enum Lenient {
    Text(String),
    Integer(i64),
    Fraction(f64),
    Bool(bool),
    Nothing,
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Lenient, E> {
        Ok(Lenient::Text(value.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Lenient, E> {
        Ok(Lenient::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Lenient, E> {
        Ok(i64::try_from(value).map_or(Lenient::Nothing, Lenient::Integer))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Lenient, E> {
        Ok(Lenient::Fraction(value))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Lenient, E> {
        Ok(Lenient::Bool(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Lenient, E> {
        Ok(Lenient::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Lenient, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lenient, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient::Nothing)
    }
}

/// `since` and `until` as Meta takes them, if they are in order and not before `earliest`.
pub(crate) fn window(
    earliest: i64,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> crate::Result<(Option<String>, Option<String>)> {
    if since.is_some_and(|since| since.timestamp() < earliest) {
        return Err(crate::Error::invalid(
            "since",
            format!("must not be before {earliest} seconds after 1970"),
        ));
    }
    if let (Some(since), Some(until)) = (since, until)
        && since.timestamp() >= until.timestamp()
    {
        return Err(crate::Error::invalid("since", "must be before `until`"));
    }
    let seconds = |time: DateTime<Utc>| time.timestamp().to_string();
    Ok((since.map(seconds), until.map(seconds)))
}

/// A handle without its `@`, if it can be one.
pub(crate) fn username<'u>(field: &'static str, username: &'u str) -> crate::Result<&'u str> {
    let username = username.trim();
    let username = username.strip_prefix('@').unwrap_or(username);
    let is_plain = !username.is_empty()
        && username
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
    if is_plain {
        Ok(username)
    } else {
        Err(crate::Error::invalid(
            field,
            "must be letters, digits, `_` or `.`",
        ))
    }
}
