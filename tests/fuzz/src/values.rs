//! Times and addresses inside of answers.

use threads_client::fuzzing;
use url::Url;

use crate::promise::text;

/// An address is what the `url` crate makes of it, in every part.
pub fn address(bytes: &[u8]) {
    let text = text(bytes);
    let (read, expected) = (fuzzing::address(&text), Url::parse(&text).ok());
    assert_eq!(read, expected);
    let (is_plain, built) = fuzzing::plain_address(&text);
    assert_eq!(is_plain, built.is_some(), "plain, but put together wrongly");
    if let Some(built) = built {
        assert_eq!(built.as_str(), text);
        assert_eq!(expected.as_ref().map(parts), Some(parts(&built)));
    }
    if let (Some(read), Some(expected)) = (read, expected) {
        assert_eq!(parts(&read), parts(&expected));
        assert_eq!(read.host(), expected.host());
        assert_eq!(
            read.origin().ascii_serialization(),
            expected.origin().ascii_serialization()
        );
        assert_eq!(read.join("x?y"), expected.join("x?y"));
    }
}

type Parts<'a> = (
    &'a str,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<u16>,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
);

fn parts(url: &Url) -> Parts<'_> {
    (
        url.scheme(),
        url.username(),
        url.password(),
        url.host_str(),
        url.port(),
        url.path(),
        url.query(),
        url.fragment(),
    )
}

/// A time is what the formats of `chrono` make of it, and is read again as it is written.
pub fn timestamp(bytes: &[u8]) {
    let text = text(bytes);
    let expected = chrono::DateTime::parse_from_rfc3339(&text)
        .or_else(|_| chrono::DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()
        .map(|time| time.to_utc());
    let read = fuzzing::timestamp(&text);
    assert_eq!(read, expected);
    if let Some(time) = read {
        assert_eq!(fuzzing::timestamp(&time.to_rfc3339()), Some(time));
    }
}

/// The start of a media file: an image has an extent within what its format can say, or none.
pub fn image(bytes: &[u8]) {
    if let Some(extent) = fuzzing::image_dimensions(bytes) {
        assert!(extent.width > 0 && extent.height > 0);
        assert!(bytes.len() > 8);
    }
    let _ = fuzzing::has_its_index_last(bytes);
}
