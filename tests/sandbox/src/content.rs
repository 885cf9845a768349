//! What a container or a post consists of.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::id::{ContainerId, PostId};

/// The kinds of posts, with their two spellings on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaKind {
    Text,
    Image,
    Video,
    Carousel,
    /// A voice post; the app makes them, the API only reads them.
    Audio,
    /// Somebody's post shown again in another list.
    Repost,
}

impl MediaKind {
    /// The kind that `POST /{user}/threads` spells like this.
    pub(crate) fn from_parameter(text: &str) -> Option<Self> {
        match text {
            "TEXT" => Some(Self::Text),
            "IMAGE" => Some(Self::Image),
            "VIDEO" => Some(Self::Video),
            "CAROUSEL" => Some(Self::Carousel),
            _ => None,
        }
    }

    /// The spelling of the `media_type` field when a post is read.
    pub(crate) fn as_field(self) -> &'static str {
        match self {
            Self::Text => "TEXT_POST",
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
            Self::Carousel => "CAROUSEL_ALBUM",
            Self::Audio => "AUDIO",
            Self::Repost => "REPOST_FACADE",
        }
    }
}

/// Everything a container was created with.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent yes-or-no parameters of one documented call"
)]
pub(crate) struct Content {
    pub(crate) kind: MediaKind,
    pub(crate) text: Option<String>,
    pub(crate) media_url: Option<String>,
    pub(crate) alt_text: Option<String>,
    pub(crate) link_attachment: Option<String>,
    pub(crate) topic_tag: Option<String>,
    pub(crate) reply_control: Option<String>,
    pub(crate) poll: Option<Vec<String>>,
    pub(crate) text_attachment: Option<Value>,
    pub(crate) text_entities: Option<Value>,
    pub(crate) gif_id: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) countries: Vec<String>,
    pub(crate) children: Vec<ContainerId>,
    pub(crate) reply_to: Option<PostId>,
    pub(crate) quotes: Option<PostId>,
    /// The post that a [`MediaKind::Repost`] shows again.
    pub(crate) reposts: Option<PostId>,
    pub(crate) is_carousel_item: bool,
    pub(crate) is_spoiler_media: bool,
    pub(crate) is_ghost: bool,
    pub(crate) approves_replies: bool,
    pub(crate) shares_to_instagram: bool,
}

impl Content {
    /// Content of this kind and nothing else.
    pub(crate) fn new(kind: MediaKind) -> Self {
        Self {
            kind,
            text: None,
            media_url: None,
            alt_text: None,
            link_attachment: None,
            topic_tag: None,
            reply_control: None,
            poll: None,
            text_attachment: None,
            text_entities: None,
            gif_id: None,
            location_id: None,
            countries: Vec::new(),
            children: Vec::new(),
            reply_to: None,
            quotes: None,
            reposts: None,
            is_carousel_item: false,
            is_spoiler_media: false,
            is_ghost: false,
            approves_replies: false,
            shares_to_instagram: false,
        }
    }

    /// The different links of the post, as the link limit counts them.
    pub(crate) fn links(&self) -> BTreeSet<String> {
        let attached = self
            .text_attachment
            .as_ref()
            .and_then(|attachment| attachment.get("link_attachment_url"))
            .and_then(Value::as_str);
        self.text
            .iter()
            .flat_map(|text| links_in(text))
            .chain(self.link_attachment.as_deref())
            .chain(attached)
            .map(|link| link.trim_end_matches('/').to_owned())
            .collect()
    }
}

/// The links inside a text: what starts with a web scheme, up to white space.
fn links_in(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().filter_map(|word| {
        let start = word.find("https://").or_else(|| word.find("http://"))?;
        word.get(start..)
            .map(|link| link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '"', '\'']))
    })
}

/// The first `#tag` of a text, which becomes the topic when none is given.
pub(crate) fn first_tag(text: &str) -> Option<String> {
    text.match_indices('#').find_map(|(position, _)| {
        let before = text.get(..position)?.chars().next_back();
        if before.is_some_and(|character| !character.is_whitespace()) {
            return None;
        }
        let tag: String = text
            .get(position + 1..)?
            .chars()
            .take_while(|character| !character.is_whitespace() && !".&@!?,;:#".contains(*character))
            .collect();
        let length = tag.chars().count();
        let is_number = tag.chars().all(|character| character.is_ascii_digit());
        ((1..=50).contains(&length) && !is_number).then_some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_links_count_once() {
        let mut content = Content::new(MediaKind::Text);
        content.text = Some("see https://a.example/x, then https://a.example/x again".to_owned());
        content.link_attachment = Some("https://a.example/x/".to_owned());

        assert_eq!(content.links().len(), 1);
    }

    #[test]
    fn a_number_after_a_hash_is_no_tag() {
        assert_eq!(first_tag("we are #1 in #Tea, now"), Some("Tea".to_owned()));
        assert_eq!(first_tag("no tag in a#b"), None);
    }
}
