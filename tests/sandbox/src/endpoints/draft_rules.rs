//! The limits of a new container, in the strict reading.

use serde_json::Value;

use crate::content::{Content, MediaKind};
use crate::graph_error::GraphError;
use crate::switches::TextUnit;

const LONGEST_TEXT: usize = 500;
const LONGEST_ALT_TEXT: usize = 1_000;
const LONGEST_TEXT_ATTACHMENT: usize = 10_000;
const LONGEST_TOPIC: usize = 50;
const LONGEST_POLL_OPTION: usize = 25;
const MOST_LINKS: usize = 5;
const MOST_TEXT_ENTITIES: usize = 10;

const REPLY_CONTROLS: [&str; 5] = [
    "everyone",
    "accounts_you_follow",
    "mentioned_only",
    "parent_post_author_only",
    "followers_only",
];

/// Checks everything that can be checked on the content alone.
pub(super) fn check(content: &Content, unit: TextUnit) -> Result<(), GraphError> {
    check_text(content, unit)?;
    check_parts(content)?;
    check_combinations(content)
}

fn refuse<T>(message: impl AsRef<str>) -> Result<T, GraphError> {
    Err(GraphError::parameter(message))
}

fn check_text(content: &Content, unit: TextUnit) -> Result<(), GraphError> {
    if let Some(text) = &content.text {
        let length = match unit {
            TextUnit::Bytes => text.len(),
            TextUnit::CodePoints => text.chars().count(),
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
    if content.links().len() > MOST_LINKS {
        return refuse(format!(
            "THREADS_API__LINK_LIMIT_EXCEEDED: a post has at most {MOST_LINKS} different links"
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
    if let Some(attachment) = &content.text_attachment {
        check_text_attachment(attachment)?;
    }
    if let Some(Value::Array(entities)) = &content.text_entities {
        if entities.len() > MOST_TEXT_ENTITIES {
            return refuse("A post has at most 10 text_entities");
        }
        for entity in entities {
            check_text_entity(entity)?;
        }
    }
    Ok(())
}

fn check_text_attachment(attachment: &Value) -> Result<(), GraphError> {
    check_keys(
        attachment,
        &["plaintext", "link_attachment_url", "text_with_styling_info"],
        "text_attachment",
    )?;
    let Some(text) = attachment.get("plaintext").and_then(Value::as_str) else {
        return refuse("text_attachment needs plaintext");
    };
    if text.is_empty() || text.chars().count() > LONGEST_TEXT_ATTACHMENT {
        return refuse(format!(
            "text_attachment has 1 to {LONGEST_TEXT_ATTACHMENT} characters"
        ));
    }
    Ok(())
}

fn check_text_entity(entity: &Value) -> Result<(), GraphError> {
    check_keys(
        entity,
        &["entity_type", "offset", "length"],
        "text_entities",
    )?;
    let is_spoiler = entity
        .get("entity_type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("spoiler"));
    let is_number = |name: &str| {
        entity
            .get(name)
            .is_some_and(|value| value.as_u64().is_some() || is_digits(value))
    };
    if is_spoiler && is_number("offset") && is_number("length") {
        Ok(())
    } else {
        refuse("Each of text_entities is a SPOILER with offset and length")
    }
}

fn is_digits(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.parse::<u64>().is_ok())
}

fn check_keys(object: &Value, known: &[&str], name: &str) -> Result<(), GraphError> {
    let Value::Object(members) = object else {
        return refuse(format!("{name} must be a JSON object"));
    };
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => refuse(format!("{name} has no member {unknown}")),
        None => Ok(()),
    }
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
    if content.is_carousel_item {
        if !matches!(content.kind, MediaKind::Image | MediaKind::Video) {
            return refuse("is_carousel_item is only for IMAGE and VIDEO");
        }
        if content.text.is_some() || content.reply_to.is_some() || content.quotes.is_some() {
            return refuse("A carousel's text, reply and quote belong to the CAROUSEL itself");
        }
    }
    let ghost_has_more = content.reply_to.is_some()
        || content.quotes.is_some()
        || content.approves_replies
        || content.poll.is_some()
        || content.gif_id.is_some()
        || content.link_attachment.is_some()
        || content.text_attachment.is_some()
        || content.location_id.is_some()
        || !content.countries.is_empty();
    if content.is_ghost && ghost_has_more {
        return refuse("A ghost post has a text, spoilers and nothing else");
    }
    Ok(())
}

/// The options of a `poll_attachment`, in order.
pub(super) fn poll_options(text: &str) -> Result<Vec<String>, GraphError> {
    const NAMES: [&str; 4] = ["option_a", "option_b", "option_c", "option_d"];
    let Ok(poll) = serde_json::from_str::<Value>(text) else {
        return refuse("Param poll_attachment must be a JSON object");
    };
    check_keys(&poll, &NAMES, "poll_attachment")?;
    let mut options = Vec::new();
    let mut is_over = false;
    for name in NAMES {
        match poll.get(name) {
            None => is_over = true,
            Some(_) if is_over => {
                return refuse(format!("poll_attachment has {name} but not the one before"));
            }
            Some(option) => {
                let option = option.as_str().unwrap_or_default();
                if !(1..=LONGEST_POLL_OPTION).contains(&option.chars().count()) {
                    return refuse("Each option of poll_attachment has 1 to 25 characters");
                }
                options.push(option.to_owned());
            }
        }
    }
    if options.len() < 2 {
        return refuse("poll_attachment has 2 to 4 options");
    }
    Ok(options)
}

/// The id inside a `gif_attachment`.
pub(super) fn gif_id(gif: &Value) -> Result<String, GraphError> {
    check_keys(gif, &["gif_id", "provider"], "gif_attachment")?;
    if gif.get("provider").and_then(Value::as_str) != Some("GIPHY") {
        return refuse("The provider of gif_attachment must be GIPHY");
    }
    match gif.get("gif_id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => refuse("gif_attachment needs gif_id"),
    }
}
