//! Checking a draft against the rules before anything is sent.

use url::Url;

use super::rules::{
    DraftError, DraftRule, FEWEST_ITEMS, FEWEST_POLL_OPTIONS, LONGEST_ALT_TEXT,
    LONGEST_POLL_OPTION, LONGEST_TEXT, LONGEST_TEXT_ATTACHMENT, LONGEST_TOPIC_TAG, MOST_ITEMS,
    MOST_LINKS, MOST_POLL_OPTIONS, MOST_SPOILERS,
};
use super::text::{text_length, unique_links};
use super::{
    Draft, DraftContent, DraftGif, DraftPoll, DraftTextAttachment, DraftTextStyle, GifProvider,
    Media,
};

pub(super) fn check(draft: &Draft) -> Result<(), DraftError> {
    check_text(draft)?;
    check_content(draft)?;
    check_link_attachment(draft)?;
    let links = unique_links(draft).len();
    refuse_if(
        links > MOST_LINKS,
        "text",
        DraftRule::TooManyLinks { links },
    )?;
    check_spoilers(draft)?;
    draft.topic_tag.as_deref().map_or(Ok(()), check_topic_tag)?;
    for country in &draft.countries {
        let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        refuse_if(!is_code, "countries", DraftRule::Country)?;
    }
    check_id("reply_to", draft.reply_to.as_ref().map(AsRef::as_ref))?;
    check_id("quote", draft.quote.as_ref().map(AsRef::as_ref))?;
    check_id("location", draft.location.as_ref().map(AsRef::as_ref))
}

pub(super) fn check_media(field: &str, media: &Media) -> Result<(), DraftError> {
    check_url(&format!("{field}.url"), &media.url)?;
    check_alt_text(&format!("{field}.alt_text"), media.alt_text.as_deref())
}

pub(super) fn check_item_count(items: usize) -> Result<(), DraftError> {
    let is_carousel = (FEWEST_ITEMS..=MOST_ITEMS).contains(&items);
    refuse_if(!is_carousel, "media", DraftRule::CarouselSize { items })
}

fn check_text(draft: &Draft) -> Result<(), DraftError> {
    let text = draft.text.as_deref().unwrap_or_default();
    let code_points = text_length(text).code_points;
    refuse_if(
        code_points > LONGEST_TEXT,
        "text",
        DraftRule::TextTooLong { code_points },
    )?;
    let is_needed = match &draft.content {
        DraftContent::Text => draft.link_attachment.is_none(),
        DraftContent::Poll(_) | DraftContent::GhostPost => true,
        // Meta's page wants a text with a GIF and a text attachment, too: that is a warning.
        DraftContent::Gif(_)
        | DraftContent::TextAttachment(_)
        | DraftContent::Single(_)
        | DraftContent::Carousel(_) => false,
    };
    refuse_if(
        is_needed && text.trim().is_empty(),
        "text",
        DraftRule::Empty,
    )
}

fn check_content(draft: &Draft) -> Result<(), DraftError> {
    if !matches!(draft.content, DraftContent::Single(_)) {
        refuse_if(
            draft.alt_text.is_some(),
            "alt_text",
            DraftRule::AltTextWithoutMedia,
        )?;
    }
    if draft.content.is_text() {
        refuse_if(
            draft.is_spoiler_media,
            "is_spoiler_media",
            DraftRule::SpoilerWithoutMedia,
        )?;
    }
    match &draft.content {
        DraftContent::Text => Ok(()),
        DraftContent::Poll(poll) => check_poll(poll),
        DraftContent::Gif(gif) => check_gif(gif),
        DraftContent::TextAttachment(attachment) => check_text_attachment(attachment),
        DraftContent::GhostPost => check_ghost_post(draft),
        DraftContent::Single(media) => {
            check_url("media.url", &media.url)?;
            check_alt_text("alt_text", draft.single_alt_text(media))
        }
        DraftContent::Carousel(items) => {
            check_item_count(items.len())?;
            for (index, item) in items.iter().enumerate() {
                check_media(&format!("media[{index}]"), item)?;
            }
            Ok(())
        }
    }
}

fn check_poll(poll: &DraftPoll) -> Result<(), DraftError> {
    let options = poll.options.len();
    refuse_if(
        !(FEWEST_POLL_OPTIONS..=MOST_POLL_OPTIONS).contains(&options),
        "poll",
        DraftRule::PollSize { options },
    )?;
    for (index, option) in poll.options.iter().enumerate() {
        let code_points = visible_length(option);
        refuse_if(
            !(1..=LONGEST_POLL_OPTION).contains(&code_points),
            &format!("poll[{index}]"),
            DraftRule::PollOptionLength { code_points },
        )?;
    }
    Ok(())
}

fn check_gif(gif: &DraftGif) -> Result<(), DraftError> {
    refuse_if(
        gif.provider != GifProvider::Giphy,
        "gif.provider",
        DraftRule::GifProvider,
    )?;
    let is_odd = |character: char| character.is_whitespace() || character.is_control();
    refuse_if(
        gif.gif_id.is_empty() || gif.gif_id.contains(is_odd),
        "gif.gif_id",
        DraftRule::GifId,
    )
}

fn check_text_attachment(attachment: &DraftTextAttachment) -> Result<(), DraftError> {
    let code_points = visible_length(&attachment.plaintext);
    refuse_if(
        !(1..=LONGEST_TEXT_ATTACHMENT).contains(&code_points),
        "text_attachment.plaintext",
        DraftRule::TextAttachmentLength { code_points },
    )?;
    if let Some(link) = &attachment.link_attachment_url {
        check_url("text_attachment.link_attachment_url", link)?;
    }
    let styles = &attachment.text_with_styling_info;
    for (index, style) in styles.iter().enumerate() {
        let field = format!("text_attachment.text_with_styling_info[{index}]");
        check_range(&field, style.offset, style.length, &attachment.plaintext)?;
        refuse_if(style.styling_info.is_empty(), &field, DraftRule::NoStyle)?;
    }
    match overlap(styles) {
        Some(index) => refuse_if(
            true,
            &format!("text_attachment.text_with_styling_info[{index}]"),
            DraftRule::OverlappingStyles,
        ),
        None => Ok(()),
    }
}

/// The first of the parts, as they are listed, that shares a character with an earlier one of the text.
fn overlap(styles: &[DraftTextStyle]) -> Option<usize> {
    let mut in_order: Vec<_> = styles.iter().enumerate().collect();
    in_order.sort_by_key(|(_, style)| style.offset);
    in_order
        .windows(2)
        .filter_map(|pair| match pair {
            [(_, before), (index, after)] => (range_end(before.offset, before.length)
                > u64::from(after.offset))
            .then_some(*index),
            _ => None,
        })
        .min()
}

/// What a ghost post certainly excludes; what may be excluded is a warning.
fn check_ghost_post(draft: &Draft) -> Result<(), DraftError> {
    let excluded = [
        ("reply_to", draft.reply_to.is_some()),
        ("enable_reply_approvals", draft.enable_reply_approvals),
        ("quote", draft.quote.is_some()),
        ("link_attachment", draft.link_attachment.is_some()),
        ("location", draft.location.is_some()),
        ("countries", !draft.countries.is_empty()),
        ("share_to_instagram", draft.share_to_instagram.is_some()),
    ];
    for (field, is_set) in excluded {
        refuse_if(is_set, field, DraftRule::NotOnGhostPosts)?;
    }
    Ok(())
}

fn check_link_attachment(draft: &Draft) -> Result<(), DraftError> {
    let Some(link) = &draft.link_attachment else {
        return Ok(());
    };
    let rule = match &draft.content {
        DraftContent::Single(_) | DraftContent::Carousel(_) => {
            Some(DraftRule::LinkAttachmentWithMedia)
        }
        DraftContent::Poll(_) => Some(DraftRule::LinkAttachmentWithPoll),
        DraftContent::TextAttachment(attachment) => attachment
            .link_attachment_url
            .is_some()
            .then_some(DraftRule::TwoLinkAttachments),
        DraftContent::Text | DraftContent::Gif(_) | DraftContent::GhostPost => None,
    };
    if let Some(rule) = rule {
        return refuse_if(true, "link_attachment", rule);
    }
    check_url("link_attachment", link)
}

fn check_spoilers(draft: &Draft) -> Result<(), DraftError> {
    let spoilers = draft.spoilers.len();
    refuse_if(
        spoilers > MOST_SPOILERS,
        "spoilers",
        DraftRule::TooManySpoilers { spoilers },
    )?;
    let text = draft.text.as_deref().unwrap_or_default();
    for (index, spoiler) in draft.spoilers.iter().enumerate() {
        let field = format!("spoilers[{index}]");
        check_range(&field, spoiler.offset, spoiler.length, text)?;
    }
    Ok(())
}

/// In bytes a text is at least as long as in anything else Meta may count.
fn check_range(field: &str, offset: u32, length: u32, text: &str) -> Result<(), DraftError> {
    refuse_if(length == 0, field, DraftRule::EmptyRange)?;
    let (end, bytes) = (range_end(offset, length), text.len());
    let is_inside = usize::try_from(end).is_ok_and(|end| end <= bytes);
    refuse_if(
        !is_inside,
        field,
        DraftRule::RangeOutsideText { end, bytes },
    )
}

pub(super) fn range_end(offset: u32, length: u32) -> u64 {
    u64::from(offset) + u64::from(length)
}

/// Code points, or 0 if nothing can be seen.
fn visible_length(text: &str) -> usize {
    if text.trim().is_empty() {
        0
    } else {
        text_length(text).code_points
    }
}

fn check_alt_text(field: &str, text: Option<&str>) -> Result<(), DraftError> {
    let code_points = text.map_or(0, |text| text_length(text).code_points);
    refuse_if(
        code_points > LONGEST_ALT_TEXT,
        field,
        DraftRule::AltTextTooLong { code_points },
    )
}

fn check_topic_tag(tag: &str) -> Result<(), DraftError> {
    let code_points = visible_length(tag);
    refuse_if(
        !(1..=LONGEST_TOPIC_TAG).contains(&code_points),
        "topic_tag",
        DraftRule::TopicTagLength { code_points },
    )?;
    let leading = tag.chars().next().filter(|first| *first == '#');
    let odd = leading.or_else(|| {
        tag.chars()
            .find(|character| matches!(character, '.' | '&') || character.is_control())
    });
    odd.map_or(Ok(()), |character| {
        refuse_if(
            true,
            "topic_tag",
            DraftRule::TopicTagCharacter { character },
        )
    })
}

fn check_url(field: &str, url: &Url) -> Result<(), DraftError> {
    refuse_if(
        !matches!(url.scheme(), "http" | "https"),
        field,
        DraftRule::UrlScheme,
    )?;
    refuse_if(!url.has_host(), field, DraftRule::UrlHost)?;
    refuse_if(
        !url.username().is_empty() || url.password().is_some(),
        field,
        DraftRule::UrlCredentials,
    )
}

fn check_id(field: &str, id: Option<&str>) -> Result<(), DraftError> {
    let is_usable = id.is_none_or(|id| crate::http::path_id("id", id).is_ok());
    refuse_if(!is_usable, field, DraftRule::Id)
}

fn refuse_if(is_broken: bool, field: &str, rule: DraftRule) -> Result<(), DraftError> {
    if is_broken {
        Err(DraftError {
            field: field.to_owned(),
            rule,
        })
    } else {
        Ok(())
    }
}
