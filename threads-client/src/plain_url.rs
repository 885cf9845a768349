//! Addresses that need no parsing.
//!
//! Answers are full of long addresses that already are what the `url` crate would make of them. To parse them all
//! the same was a third of the work for a page of posts, and more than half of it for a profile. Where every byte is
//! one that the parser leaves as it is, the borders of the parts are found by looking at the text, and
//! [`Url::deserialize_internal`] takes them.
//!
//! What is not plain in every byte is parsed. The internal form belongs to the `url` crate: it is compared once per
//! process with what the parser makes of samples, so a version with another form costs speed, not correctness. The
//! fuzz target `address` compares the rest.

use std::fmt;
use std::sync::LazyLock;

use serde::de::value::{Error as FormError, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use url::Url;

const SCHEME: &str = "https";
const START: &str = "https://";

/// The address, if the text is one.
pub(crate) fn parse(text: &str) -> Option<Url> {
    plain(text).or_else(|| Url::parse(text).ok())
}

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn is_plain(text: &str) -> bool {
    Borders::find(text).is_some()
}

pub(crate) fn plain(text: &str) -> Option<Url> {
    let borders = Borders::find(text)?;
    FORM_IS_KNOWN.then(|| borders.url(text)).flatten()
}

static FORM_IS_KNOWN: LazyLock<bool> = LazyLock::new(|| {
    // `Debug` shows all parts; `==` compares the text alone.
    let shown = |url: &dyn fmt::Debug| format!("{url:?}");
    ["https://a.example/b/c.jpg?d=e", "https://a.example/"]
        .iter()
        .all(|sample| {
            let built = Borders::find(sample).and_then(|borders| borders.url(sample));
            built.is_some_and(|built| {
                Url::parse(sample).is_ok_and(|parsed| shown(&built) == shown(&parsed))
            })
        })
});

/// Where the host ends and the query starts.
struct Borders {
    host_end: u32,
    query: Option<u32>,
}

impl Borders {
    /// The borders in a text of which the parser would change nothing.
    fn find(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(START)?;
        let (host, path) = rest.split_at(run(rest, HOST));
        if !is_plain_host(host) || !path.starts_with('/') {
            return None;
        }
        let (path, query) = path.split_at(run(path, PATH));
        // Segments of dots go away.
        if path.as_bytes().windows(2).any(|pair| pair == b"/.") {
            return None;
        }
        let is_whole = match query.strip_prefix('?') {
            Some(query) => run(query, QUERY) == query.len(),
            None => query.is_empty(),
        };
        let end = u32::try_from(text.len()).ok()?;
        let length = |part: &str| u32::try_from(part.len()).ok();
        is_whole.then_some(Self {
            host_end: length(START)? + length(host)?,
            query: match length(query)? {
                0 => None,
                length => Some(end - length),
            },
        })
    }

    fn url(&self, text: &str) -> Option<Url> {
        let scheme_end = u32::try_from(SCHEME.len()).ok()?;
        let host_start = u32::try_from(START.len()).ok()?;
        let parts = [
            Part::Text(text),
            Part::Border(scheme_end),
            // No user name: it ends where the host starts.
            Part::Border(host_start),
            Part::Border(host_start),
            Part::Border(self.host_end),
            Part::DomainName,
            Part::Maybe(None),
            Part::Border(self.host_end),
            Part::Maybe(self.query),
            Part::Maybe(None),
        ];
        Url::deserialize_internal(SeqDeserializer::<_, FormError>::new(parts.into_iter())).ok()
    }
}

/// Lower-case labels with a name at the end: no number, nothing encoded, nothing to normalise.
fn is_plain_host(host: &str) -> bool {
    let labels_are_plain = host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.contains("--")
    });
    let last = host.rsplit('.').next().unwrap_or_default();
    labels_are_plain && last.starts_with(|first: char| first.is_ascii_lowercase())
}

const HOST: u8 = 1;
const PATH: u8 = 2;
const QUERY: u8 = 4;

/// How many bytes at the start are of the kind.
fn run(text: &str, kind: u8) -> usize {
    text.bytes()
        .position(|byte| {
            KINDS
                .get(usize::from(byte))
                .is_none_or(|kinds| kinds & kind == 0)
        })
        .unwrap_or(text.len())
}

/// The bytes that the parser leaves alone, for each place. A `%` in a path can mean a dot, so it is not there.
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated by the compiler, and a byte is below 256"
        )]
        {
            kinds[byte as usize] = match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => HOST | PATH | QUERY,
                b'A'..=b'Z'
                | b'_'
                | b'~'
                | b'/'
                | b'@'
                | b':'
                | b'='
                | b'&'
                | b'+'
                | b','
                | b';'
                | b'!'
                | b'$'
                | b'('
                | b')'
                | b'*' => PATH | QUERY,
                b'%' | b'?' => QUERY,
                _ => 0,
            };
        }
        byte += 1;
    }
    kinds
}

/// One part of the internal form.
enum Part<'t> {
    Text(&'t str),
    Border(u32),
    Maybe(Option<u32>),
    DomainName,
}

impl IntoDeserializer<'_, FormError> for Part<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Part<'_> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self {
            Self::Text(text) => visitor.visit_str(text),
            Self::Border(border) => visitor.visit_u32(border),
            Self::Maybe(Some(border)) => visitor.visit_some(border.into_deserializer()),
            Self::Maybe(None) => visitor.visit_none(),
            Self::DomainName => visitor.visit_enum("Domain".into_deserializer()),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installed_url_crate_has_the_known_form() {
        assert!(*FORM_IS_KNOWN);
    }

    #[test]
    fn plain_addresses_are_built_and_have_the_parts_the_parser_finds() {
        for text in [
            "https://www.threads.com/@north.harbour/post/DAbc_1-2",
            "https://scontent.example/v/t51.82787-15/1_n.jpg?stp=dst-jpg_e35&efg=eyJ%3D&_nc_ht=x.y&oh=00_A",
            "https://a/",
            "https://a.example//x?",
            "https://a.example/?a?b/../c",
        ] {
            let built = plain(text).map(|url| format!("{url:?}"));
            let parsed = Url::parse(text).map(|url| format!("{url:?}"));

            assert_eq!(built, parsed.ok(), "{text}");
        }
    }

    #[test]
    fn what_the_parser_would_change_or_refuse_is_left_to_it() {
        for text in [
            "http://a.example/",
            "https://a.example",
            "https://A.example/",
            "https://user@a.example/",
            "https://a.example:443/",
            "https://127.0.0.1/",
            "https://1/",
            "https://0x7f/",
            "https://xn--bcher-kva.example/",
            "https://a..example/",
            "https://a.example./",
            "https:///x",
            "https://a.example/../x",
            "https://a.example/x/./y",
            "https://a.example/%2e%2e/x",
            "https://a.example/é",
            "https://a.example/ x",
            "https://a.example/x\\y",
            "https://a.example/?'",
            "https://a.example/'",
            "https://a.example/?x y",
            "https://a.example/#x",
            " https://a.example/",
            "https://a.example/\n",
            "",
        ] {
            assert!(!is_plain(text), "{text}");
            assert_eq!(parse(text), Url::parse(text).ok(), "{text}");
        }
    }
}
