//! The JSON objects among the parameters of a container: first their shape, then their rules.
//!
//! The real platform is known to drop an object of the wrong shape without a
//! word; `silently_ignore_malformed_objects` plays that. A broken rule (a poll
//! option too long, an unknown style) is an error either way.

use serde_json::{Map, Value, json};

use crate::content::Content;
use crate::endpoint::Call;
use crate::endpoints::draft::is_web_url;
use crate::endpoints::draft_spans;
use crate::graph_error::GraphError;
use crate::switches::OffsetUnit;

const LONGEST_TEXT_ATTACHMENT: usize = 10_000;
const LONGEST_POLL_OPTION: usize = 25;
const MOST_TEXT_ENTITIES: usize = 10;
const POLL_OPTIONS: [&str; 4] = ["option_a", "option_b", "option_c", "option_d"];
const STYLES: [&str; 5] = ["bold", "italic", "highlight", "underline", "strikethrough"];

/// Reads all of them; the text has to be known already.
pub(super) fn read(call: &Call<'_>, content: &mut Content) -> Result<(), GraphError> {
    let unit = call.state.switches.offset_unit;
    content.poll = object(call, "poll_attachment", poll_shape)?
        .map(|poll| poll_options(&poll))
        .transpose()?;
    content.gif_id = object(call, "gif_attachment", gif_shape)?
        .map(|gif| gif_id(&gif))
        .transpose()?;
    content.text_attachment = object(call, "text_attachment", text_attachment_shape)?
        .map(|attachment| text_attachment(&attachment, unit))
        .transpose()?;
    let text = content.text.clone().unwrap_or_default();
    content.text_entities = object(call, "text_entities", text_entities_shape)?
        .map(|entities| text_entities(&entities, &text, unit))
        .transpose()?;
    Ok(())
}

/// A parameter as JSON; none if it is absent or, in that world, misshapen.
fn object(
    call: &Call<'_>,
    name: &str,
    shape: fn(&Value) -> Result<(), GraphError>,
) -> Result<Option<Value>, GraphError> {
    let Some(text) = call.request.parameters.get(name) else {
        return Ok(None);
    };
    let read = serde_json::from_str::<Value>(text)
        .map_err(|_| GraphError::parameter(format!("Param {name} must be JSON")))
        .and_then(|value| shape(&value).map(|()| value));
    match read {
        Ok(value) => Ok(Some(value)),
        Err(_) if call.state.switches.silently_ignore_malformed_objects => Ok(None),
        Err(error) => Err(error),
    }
}

fn refuse<T>(message: impl AsRef<str>) -> Result<T, GraphError> {
    Err(GraphError::parameter(message))
}

fn members<'a>(
    object: &'a Value,
    known: &[&str],
    name: &str,
) -> Result<&'a Map<String, Value>, GraphError> {
    let Value::Object(members) = object else {
        return refuse(format!("{name} must be a JSON object"));
    };
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => refuse(format!("{name} has no member {unknown}")),
        None => Ok(members),
    }
}

fn poll_shape(poll: &Value) -> Result<(), GraphError> {
    let options = members(poll, &POLL_OPTIONS, "poll_attachment")?;
    if options.values().all(Value::is_string) {
        Ok(())
    } else {
        refuse("The options of poll_attachment must be strings")
    }
}

/// The options of a `poll_attachment`, in order.
fn poll_options(poll: &Value) -> Result<Vec<String>, GraphError> {
    let mut options = Vec::new();
    let mut is_over = false;
    for name in POLL_OPTIONS {
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

fn gif_shape(gif: &Value) -> Result<(), GraphError> {
    members(gif, &["gif_id", "provider"], "gif_attachment")?;
    for name in ["gif_id", "provider"] {
        if !gif.get(name).is_some_and(Value::is_string) {
            return refuse(format!("gif_attachment needs {name}, a string"));
        }
    }
    Ok(())
}

/// The id inside a `gif_attachment`.
fn gif_id(gif: &Value) -> Result<String, GraphError> {
    let member = |name: &str| gif.get(name).and_then(Value::as_str).unwrap_or_default();
    match member("provider") {
        "GIPHY" => {}
        "TENOR" => return refuse("The provider TENOR of gif_attachment ended on 2026-03-31"),
        _ => return refuse("The provider of gif_attachment must be GIPHY"),
    }
    match member("gif_id") {
        "" => refuse("gif_attachment needs gif_id"),
        id => Ok(id.to_owned()),
    }
}

fn text_attachment_shape(attachment: &Value) -> Result<(), GraphError> {
    members(
        attachment,
        &["plaintext", "link_attachment_url", "text_with_styling_info"],
        "text_attachment",
    )?;
    if !attachment.get("plaintext").is_some_and(Value::is_string) {
        return refuse("text_attachment needs plaintext, a string");
    }
    if attachment
        .get("link_attachment_url")
        .is_some_and(|link| !link.is_string())
    {
        return refuse("link_attachment_url of text_attachment must be a string");
    }
    let Some(styled) = attachment.get("text_with_styling_info") else {
        return Ok(());
    };
    let Value::Array(styled) = styled else {
        return refuse("text_with_styling_info must be a JSON array");
    };
    for span in styled {
        members(
            span,
            &["offset", "length", "styling_info"],
            "text_with_styling_info",
        )?;
        draft_spans::check_shape(span, "text_with_styling_info")?;
        let has_styles = span
            .get("styling_info")
            .and_then(Value::as_array)
            .is_some_and(|styles| styles.iter().all(Value::is_string));
        if !has_styles {
            return refuse("styling_info must be an array of strings");
        }
    }
    Ok(())
}

/// A `text_attachment` as it is read back.
fn text_attachment(attachment: &Value, unit: OffsetUnit) -> Result<Value, GraphError> {
    let text = attachment
        .get("plaintext")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() || text.chars().count() > LONGEST_TEXT_ATTACHMENT {
        return refuse(format!(
            "text_attachment has 1 to {LONGEST_TEXT_ATTACHMENT} characters"
        ));
    }
    let link = attachment
        .get("link_attachment_url")
        .and_then(Value::as_str);
    if link.is_some_and(|link| !is_web_url(link)) {
        return refuse("link_attachment_url of text_attachment must be a URL");
    }
    let styled = attachment
        .get("text_with_styling_info")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut spans = Vec::new();
    for span in styled {
        let chosen = styles(span)?;
        let range = draft_spans::read(span, text, unit, "text_with_styling_info")?;
        spans.push((range, chosen));
    }
    spans.sort_by_key(|(range, _)| range.start);
    let overlaps = spans
        .iter()
        .zip(spans.iter().skip(1))
        .any(|((earlier, _), (later, _))| later.start < earlier.end);
    if overlaps {
        return refuse("The ranges of text_with_styling_info must not overlap");
    }
    let mut object = json!({ "plaintext": text });
    if let Some(link) = link {
        object["link_attachment_url"] = json!(link);
    }
    if !spans.is_empty() {
        let spans: Vec<Value> = spans
            .into_iter()
            .map(|(range, chosen)| {
                let length = range.end - range.start;
                json!({ "offset": range.start, "length": length, "styling_info": chosen })
            })
            .collect();
        object["text_with_styling_info"] = json!(spans);
    }
    Ok(object)
}

fn styles(span: &Value) -> Result<Vec<&str>, GraphError> {
    let styles: Vec<&str> = span
        .get("styling_info")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if styles.is_empty() || styles.iter().any(|style| !STYLES.contains(style)) {
        return refuse(format!(
            "styling_info must be some of the following values: {}",
            STYLES.join(", ")
        ));
    }
    Ok(styles)
}

fn text_entities_shape(entities: &Value) -> Result<(), GraphError> {
    let Value::Array(entities) = entities else {
        return refuse("Param text_entities must be a JSON array");
    };
    for entity in entities {
        members(
            entity,
            &["entity_type", "offset", "length"],
            "text_entities",
        )?;
        if !entity.get("entity_type").is_some_and(Value::is_string) {
            return refuse("Each of text_entities needs entity_type, a string");
        }
        draft_spans::check_shape(entity, "text_entities")?;
    }
    Ok(())
}

/// The `text_entities` as they are read back.
fn text_entities(entities: &Value, text: &str, unit: OffsetUnit) -> Result<Value, GraphError> {
    let entities = entities.as_array().map_or(&[][..], Vec::as_slice);
    if entities.len() > MOST_TEXT_ENTITIES {
        return refuse(format!(
            "A post has at most {MOST_TEXT_ENTITIES} text_entities"
        ));
    }
    if text.is_empty() && !entities.is_empty() {
        return refuse("text_entities need a text");
    }
    let mut spoilers = Vec::new();
    for entity in entities {
        let is_spoiler = entity
            .get("entity_type")
            .and_then(Value::as_str)
            .is_some_and(|kind| matches!(kind, "SPOILER" | "spoiler"));
        if !is_spoiler {
            return refuse("The entity_type of text_entities must be SPOILER");
        }
        let range = draft_spans::read(entity, text, unit, "text_entities")?;
        let length = range.end - range.start;
        spoilers.push(json!({ "entity_type": "SPOILER", "offset": range.start, "length": length }));
    }
    Ok(json!(spoilers))
}
