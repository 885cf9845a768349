//! Drafts as Meta takes them: flat form fields, written with other names than are read.

use super::{Draft, DraftContent, Media, MediaKind};
use crate::http::Fields;
use crate::{ContainerId, Error, Result};

/// A text, an image or a video.
pub(super) fn single(draft: &Draft) -> Result<Fields> {
    let fields = match &draft.content {
        DraftContent::Text => Fields::new().with("media_type", "TEXT"),
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
    Ok(common(draft, fields))
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
    Ok(common(draft, fields))
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
fn common(draft: &Draft, fields: Fields) -> Fields {
    let countries = (!draft.countries.is_empty()).then(|| draft.countries.join(","));
    fields
        .with_some(
            "text",
            draft.text.as_deref().filter(|text| !text.is_empty()),
        )
        .with_some(
            "link_attachment",
            draft.link_attachment.as_ref().map(url::Url::as_str),
        )
        .with_some("topic_tag", draft.topic_tag.as_deref())
        .with_some(
            "reply_control",
            draft.reply_control.map(super::ReplyControl::as_str),
        )
        .with_some("reply_to_id", draft.reply_to.as_ref().map(AsRef::as_ref))
        .with_some("quote_post_id", draft.quote.as_ref().map(AsRef::as_ref))
        .with_some("location_id", draft.location.as_ref().map(AsRef::as_ref))
        .with_some("allowlisted_country_codes", countries.as_deref())
        .with_some("is_spoiler_media", draft.is_spoiler_media.then_some("true"))
}
