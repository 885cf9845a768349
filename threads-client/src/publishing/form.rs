//! Drafts as Meta takes them: flat form fields, written with other names than are read.
//!
//! Objects are JSON texts in a field, and lists are values with commas between them. Meta ignores what it does
//! not understand without a word, so the tests compare every byte of what is sent.

use serde::Serialize;

use super::{
    Draft, DraftContent, DraftPoll, DraftSpoiler, InstagramShare, Media, MediaKind, ReplyControl,
};
use crate::http::Fields;
use crate::{ContainerId, Error, Result};

/// Anything but a carousel.
pub(super) fn single(draft: &Draft) -> Result<Fields> {
    let text = || Fields::new().with("media_type", "TEXT");
    let fields = match &draft.content {
        DraftContent::Text => text(),
        DraftContent::Poll(poll) => {
            text().with("poll_attachment", &json("poll", &PollAttachment::of(poll))?)
        }
        DraftContent::Gif(gif) => text().with("gif_attachment", &json("gif", gif)?),
        DraftContent::TextAttachment(attachment) => {
            text().with("text_attachment", &json("text_attachment", attachment)?)
        }
        DraftContent::GhostPost => text().with("is_ghost_post", "true"),
        DraftContent::Single(media) => {
            of_media(media).with_some("alt_text", draft.single_alt_text(media))
        }
        DraftContent::Carousel(_) => {
            return Err(Error::invalid(
                "draft",
                "a carousel is created from its items: use `create_carousel`",
            ));
        }
    };
    common(draft, fields)
}

/// One item of a carousel.
pub(super) fn child(item: &Media) -> Fields {
    of_media(item)
        .with_some("alt_text", item.alt_text.as_deref())
        .with("is_carousel_item", "true")
}

/// A carousel of items that are already there.
pub(super) fn carousel(draft: &Draft, children: &[ContainerId]) -> Result<Fields> {
    let DraftContent::Carousel(items) = &draft.content else {
        return Err(Error::invalid(
            "draft",
            "is not a carousel: use `create_container`",
        ));
    };
    if items.len() != children.len() {
        return Err(Error::invalid(
            "children",
            "must be one container for each item of the draft",
        ));
    }
    for child in children {
        crate::http::path_id("children", child.as_str())?;
    }
    let children = children
        .iter()
        .map(ContainerId::as_str)
        .collect::<Vec<_>>()
        .join(",");
    let fields = Fields::new()
        .with("media_type", "CAROUSEL")
        .with("children", &children);
    common(draft, fields)
}

fn of_media(media: &Media) -> Fields {
    let (media_type, url) = match media.kind {
        MediaKind::Image => ("IMAGE", "image_url"),
        MediaKind::Video => ("VIDEO", "video_url"),
    };
    Fields::new()
        .with("media_type", media_type)
        .with(url, media.url.as_str())
}

/// What every kind of post can have.
fn common(draft: &Draft, fields: Fields) -> Result<Fields> {
    let countries = (!draft.countries.is_empty()).then(|| draft.countries.join(","));
    let text = draft.text.as_deref().filter(|text| !text.is_empty());
    let link = draft.link_attachment.as_ref().map(url::Url::as_str);
    let spoilers: Vec<_> = draft.spoilers.iter().copied().map(TextEntity::of).collect();
    let spoilers = (!spoilers.is_empty())
        .then(|| json("spoilers", &spoilers))
        .transpose()?;
    let approvals = draft.enable_reply_approvals.then_some("true");
    let fields = fields
        .with_some("text", text)
        .with_some("text_entities", spoilers.as_deref())
        .with_some("link_attachment", link)
        .with_some("topic_tag", draft.topic_tag.as_deref())
        .with_some(
            "reply_control",
            draft.reply_control.map(ReplyControl::as_str),
        )
        .with_some("enable_reply_approvals", approvals)
        .with_some("reply_to_id", draft.reply_to.as_ref().map(AsRef::as_ref))
        .with_some("quote_post_id", draft.quote.as_ref().map(AsRef::as_ref))
        .with_some("location_id", draft.location.as_ref().map(AsRef::as_ref))
        .with_some("allowlisted_country_codes", countries.as_deref())
        .with_some("is_spoiler_media", draft.is_spoiler_media.then_some("true"));
    Ok(
        match draft.share_to_instagram.map(InstagramShare::parameter) {
            Some(parameter) => fields.with(parameter, "true"),
            None => fields,
        },
    )
}

fn json(field: &'static str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::invalid(field, "cannot be written as JSON"))
}

/// The options of a poll under the names Meta has for them.
#[derive(Serialize)]
struct PollAttachment<'a> {
    #[serde(rename = "option_a", skip_serializing_if = "Option::is_none")]
    a: Option<&'a str>,
    #[serde(rename = "option_b", skip_serializing_if = "Option::is_none")]
    b: Option<&'a str>,
    #[serde(rename = "option_c", skip_serializing_if = "Option::is_none")]
    c: Option<&'a str>,
    #[serde(rename = "option_d", skip_serializing_if = "Option::is_none")]
    d: Option<&'a str>,
}

impl<'a> PollAttachment<'a> {
    fn of(poll: &'a DraftPoll) -> Self {
        let mut options = poll.options.iter().map(String::as_str);
        Self {
            a: options.next(),
            b: options.next(),
            c: options.next(),
            d: options.next(),
        }
    }
}

#[derive(Serialize)]
struct TextEntity {
    entity_type: &'static str,
    offset: u32,
    length: u32,
}

impl TextEntity {
    fn of(spoiler: DraftSpoiler) -> Self {
        Self {
            entity_type: "SPOILER",
            offset: spoiler.offset,
            length: spoiler.length,
        }
    }
}
