//! The limits of a new container, in the strict reading.

use crate::content::{Content, MediaKind};
use crate::graph_error::GraphError;
use crate::switches::{Switches, TextUnit};
use crate::text_length::emoji_bytes;

const LONGEST_TEXT: usize = 500;
const LONGEST_ALT_TEXT: usize = 1_000;
const LONGEST_TOPIC: usize = 50;

const REPLY_CONTROLS: [&str; 5] = [
    "everyone",
    "accounts_you_follow",
    "mentioned_only",
    "parent_post_author_only",
    "followers_only",
];

/// Checks everything that can be checked on the content alone.
pub(super) fn check(content: &Content, switches: &Switches) -> Result<(), GraphError> {
    check_text(content, switches)?;
    check_parts(content)?;
    check_combinations(content)?;
    check_carousel_item(content)?;
    check_ghost(content)
}

fn refuse<T>(message: impl AsRef<str>) -> Result<T, GraphError> {
    Err(GraphError::parameter(message))
}

fn check_text(content: &Content, switches: &Switches) -> Result<(), GraphError> {
    if let Some(text) = &content.text {
        let length = match switches.text_unit {
            TextUnit::Bytes => text.len(),
            TextUnit::CodePoints => text.chars().count(),
            TextUnit::EmojiBytes => emoji_bytes(text),
        };
        if length > LONGEST_TEXT {
            return refuse(format!(
                "Param text must be at most {LONGEST_TEXT} characters long"
            ));
        }
    }
    let is_blank = content
        .text
        .as_deref()
        .is_none_or(|text| text.trim().is_empty());
    let stands_without_text = content.link_attachment.is_some()
        || content.text_attachment.is_some()
        || content.gif_id.is_some();
    if content.kind == MediaKind::Text && is_blank && !stands_without_text {
        return refuse("text can't be blank");
    }
    let most_links = switches.link_limit;
    if u32::try_from(content.links().len()).unwrap_or(u32::MAX) > most_links {
        return refuse(format!(
            "THREADS_API__LINK_LIMIT_EXCEEDED: a post has at most {most_links} different links"
        ));
    }
    Ok(())
}

fn check_parts(content: &Content) -> Result<(), GraphError> {
    if let Some(alt_text) = &content.alt_text {
        if alt_text.chars().count() > LONGEST_ALT_TEXT {
            return refuse(format!(
                "Param alt_text must be at most {LONGEST_ALT_TEXT} characters long"
            ));
        }
        if !matches!(content.kind, MediaKind::Image | MediaKind::Video) {
            return refuse("alt_text is only for IMAGE and VIDEO");
        }
    }
    if let Some(topic) = &content.topic_tag {
        let length = topic.chars().count();
        let has_bad_character = topic
            .chars()
            .any(|character| matches!(character, '.' | '&' | '#' | '\n' | '\r' | '\t'));
        if !(1..=LONGEST_TOPIC).contains(&length) || has_bad_character {
            return refuse("topic_tag has 1 to 50 characters, none of them . & or #");
        }
    }
    if let Some(control) = &content.reply_control
        && !REPLY_CONTROLS.contains(&control.as_str())
    {
        return refuse(format!(
            "reply_control must be one of the following values: {}",
            REPLY_CONTROLS.join(", ")
        ));
    }
    Ok(())
}

fn check_combinations(content: &Content) -> Result<(), GraphError> {
    let is_text = content.kind == MediaKind::Text;
    let only_for_text = [
        ("link_attachment", content.link_attachment.is_some()),
        ("poll_attachment", content.poll.is_some()),
        ("text_attachment", content.text_attachment.is_some()),
        ("gif_attachment", content.gif_id.is_some()),
        ("is_ghost_post", content.is_ghost),
    ];
    for (name, is_set) in only_for_text {
        if is_set && !is_text {
            return refuse(format!("{name} is only for TEXT"));
        }
    }
    if content.is_spoiler_media && is_text {
        return refuse("is_spoiler_media is not for TEXT");
    }
    if content.poll.is_some() && content.link_attachment.is_some() {
        return refuse("poll_attachment and link_attachment exclude each other");
    }
    if content.poll.is_some() && content.text_attachment.is_some() {
        return refuse("poll_attachment and text_attachment exclude each other");
    }
    let attached_link = content
        .text_attachment
        .as_ref()
        .is_some_and(|attachment| attachment.get("link_attachment_url").is_some());
    if attached_link && content.link_attachment.is_some() {
        return refuse("link_attachment and link_attachment_url exclude each other");
    }
    Ok(())
}

/// A child has its medium and an alternative text; the rest belongs to the carousel.
fn check_carousel_item(content: &Content) -> Result<(), GraphError> {
    if !content.is_carousel_item {
        return Ok(());
    }
    if !matches!(content.kind, MediaKind::Image | MediaKind::Video) {
        return refuse("is_carousel_item is only for IMAGE and VIDEO");
    }
    let of_the_carousel = [
        ("text", content.text.is_some()),
        ("reply_to_id", content.reply_to.is_some()),
        ("quote_post_id", content.quotes.is_some()),
        ("is_spoiler_media", content.is_spoiler_media),
        ("topic_tag", content.topic_tag.is_some()),
        ("reply_control", content.reply_control.is_some()),
        ("enable_reply_approvals", content.approves_replies),
        ("location_id", content.location_id.is_some()),
        ("allowlisted_country_codes", !content.countries.is_empty()),
        ("crossreshare_to_ig", content.shares_to_instagram),
    ];
    match of_the_carousel.iter().find(|(_, is_set)| *is_set) {
        Some((name, _)) => refuse(format!(
            "{name} of a carousel belongs to the CAROUSEL itself, not to a child"
        )),
        None => Ok(()),
    }
}

/// A ghost post has a text with spoilers and nothing else.
fn check_ghost(content: &Content) -> Result<(), GraphError> {
    if !content.is_ghost {
        return Ok(());
    }
    let more = [
        ("reply_to_id", content.reply_to.is_some()),
        ("quote_post_id", content.quotes.is_some()),
        ("enable_reply_approvals", content.approves_replies),
        ("reply_control", content.reply_control.is_some()),
        ("topic_tag", content.topic_tag.is_some()),
        ("poll_attachment", content.poll.is_some()),
        ("gif_attachment", content.gif_id.is_some()),
        ("link_attachment", content.link_attachment.is_some()),
        ("text_attachment", content.text_attachment.is_some()),
        ("location_id", content.location_id.is_some()),
        ("allowlisted_country_codes", !content.countries.is_empty()),
        ("crossreshare_to_ig", content.shares_to_instagram),
    ];
    match more.iter().find(|(_, is_set)| *is_set) {
        Some((name, _)) => refuse(format!("A ghost post cannot have {name}")),
        None => Ok(()),
    }
}
