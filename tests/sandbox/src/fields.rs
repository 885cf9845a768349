//! The `fields` parameter: parsing `a,b{c,d}` strictly and selecting from an object.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::graph_error::GraphError;

/// A field that an object has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    name: &'static str,
    inner: &'static [Field],
    scope: Option<&'static str>,
}

impl Field {
    /// A field that is returned as it is.
    pub(crate) const fn plain(name: &'static str) -> Self {
        Self {
            name,
            inner: &[],
            scope: None,
        }
    }

    /// A field whose own fields are asked for with `name{…}`.
    pub(crate) const fn nested(name: &'static str, inner: &'static [Field]) -> Self {
        Self {
            name,
            inner,
            scope: None,
        }
    }

    /// The same field, which needs one more scope.
    pub(crate) const fn with_scope(self, scope: &'static str) -> Self {
        Self {
            scope: Some(scope),
            ..self
        }
    }
}

/// The names in a `fields` parameter, inner ones as `outer.inner`; none if it is malformed.
pub(crate) fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (name, inner) in split(text).unwrap_or_default() {
        names.push(name.to_owned());
        for inner in inner.map(self::names).unwrap_or_default() {
            names.push(format!("{name}.{inner}"));
        }
    }
    names
}

/// The fields a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection(Vec<(&'static str, Part)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Whole,
    Inner(Selection),
    /// An object without `id` that was asked for without its own fields.
    LeftOut,
}

impl Selection {
    /// Reads the value of a `fields` parameter; none means the default field `id`.
    pub(crate) fn parse(
        text: Option<&str>,
        known: &'static [Field],
        node: &str,
        scopes: &BTreeSet<String>,
    ) -> Result<Self, GraphError> {
        let Some(text) = text else {
            return Ok(Self(vec![("id", Part::Whole)]));
        };
        let mut selection = Self(Vec::new());
        for (name, inner) in split(text)? {
            let field = known
                .iter()
                .find(|field| field.name == name)
                .ok_or_else(|| GraphError::unknown_field(name, node))?;
            if let Some(scope) = field.scope
                && !scopes.contains(scope)
            {
                return Err(GraphError::permission(&format!(
                    "the field {name} needs the scope {scope}"
                )));
            }
            let part = match inner {
                Some(_) if field.inner.is_empty() => {
                    return Err(GraphError::parameter(format!(
                        "Subfields are not supported by the field {name}"
                    )));
                }
                Some(inner) => Part::Inner(Self::parse(Some(inner), field.inner, name, scopes)?),
                None if field.inner.is_empty() => Part::Whole,
                None if field.inner.iter().any(|inner| inner.name == "id") => {
                    Part::Inner(Self(vec![("id", Part::Whole)]))
                }
                None => Part::LeftOut,
            };
            if selection.0.iter().all(|(chosen, _)| *chosen != name) {
                selection.0.push((field.name, part));
            }
        }
        Ok(selection)
    }

    /// Whether the client asked for this field by name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(chosen, _)| *chosen == name)
    }

    /// The asked-for part of an object; `id` always comes along.
    pub(crate) fn apply(&self, object: &Value) -> Value {
        let mut selected = Map::new();
        for (name, part) in &self.0 {
            let Some(value) = object.get(name) else {
                continue;
            };
            let value = match part {
                Part::Whole => value.clone(),
                Part::Inner(inner) => inner.apply_inside(value),
                Part::LeftOut => continue,
            };
            selected.insert((*name).to_owned(), value);
        }
        if let Some(id) = object.get("id") {
            selected.insert("id".to_owned(), id.clone());
        }
        Value::Object(selected)
    }

    fn apply_inside(&self, value: &Value) -> Value {
        match value.get("data").and_then(Value::as_array) {
            Some(items) => {
                let items = items.iter().map(|item| self.apply(item)).collect();
                Value::Object(Map::from_iter([("data".to_owned(), Value::Array(items))]))
            }
            None => self.apply(value),
        }
    }
}

/// Splits `a,b{c,d}` at its outer commas.
fn split(text: &str) -> Result<Vec<(&str, Option<&str>)>, GraphError> {
    let malformed = || GraphError::parameter(format!("Syntax error in the fields \"{text}\""));
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (position, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1).ok_or_else(malformed)?,
            ',' if depth == 0 => {
                parts.push(text.get(start..position).ok_or_else(malformed)?);
                start = position + 1;
            }
            _ => {}
        }
    }
    if depth != 0 {
        return Err(malformed());
    }
    parts.push(text.get(start..).ok_or_else(malformed)?);
    parts
        .into_iter()
        .map(|part| {
            let part = part.trim();
            let (name, inner) = match part.split_once('{') {
                None => (part, None),
                Some((name, rest)) => (name, Some(rest.strip_suffix('}').ok_or_else(malformed)?)),
            };
            if name.is_empty() {
                return Err(malformed());
            }
            Ok((name, inner))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const POLL: &[Field] = &[Field::plain("option_a"), Field::plain("total_votes")];
    const CHILD: &[Field] = &[Field::plain("id"), Field::plain("alt_text")];
    const KNOWN: &[Field] = &[
        Field::plain("id"),
        Field::plain("text"),
        Field::nested("children", CHILD),
        Field::nested("poll_attachment", POLL),
        Field::plain("reply_audience").with_scope("threads_read_replies"),
    ];

    fn select(fields: &str) -> Result<Value, GraphError> {
        let object = json!({
            "id": "1",
            "text": "hello",
            "children": { "data": [{ "id": "2", "alt_text": "a cat" }] },
            "poll_attachment": { "option_a": "yes", "total_votes": 3 },
        });
        Selection::parse(Some(fields), KNOWN, "ThreadsMedia", &BTreeSet::new())
            .map(|selection| selection.apply(&object))
    }

    #[test]
    fn only_the_named_fields_and_the_id_come_back() {
        assert_eq!(
            select("text").unwrap(),
            json!({ "id": "1", "text": "hello" })
        );
    }

    #[test]
    fn nested_objects_show_their_id_unless_expanded() {
        assert_eq!(
            select("children").unwrap()["children"],
            json!({ "data": [{ "id": "2" }] })
        );
        assert_eq!(
            select("children{alt_text}").unwrap()["children"],
            json!({ "data": [{ "alt_text": "a cat", "id": "2" }] })
        );
    }

    #[test]
    fn a_poll_that_is_not_expanded_is_left_out() {
        assert_eq!(select("poll_attachment").unwrap(), json!({ "id": "1" }));
        assert_eq!(
            select("poll_attachment{total_votes}").unwrap()["poll_attachment"],
            json!({ "total_votes": 3 })
        );
    }

    #[test]
    fn names_tell_inner_fields_apart() {
        assert_eq!(
            names("id,children{id,alt_text}"),
            ["id", "children", "children.id", "children.alt_text"]
        );
        assert!(names("children{id").is_empty());
    }

    #[test]
    fn unknown_fields_bad_syntax_and_missing_scopes_are_refused() {
        assert_eq!(select("nope").unwrap_err().code, 100);
        assert_eq!(select("children{nope}").unwrap_err().code, 100);
        assert_eq!(select("text{id}").unwrap_err().code, 100);
        assert_eq!(select("children{id").unwrap_err().code, 100);
        assert_eq!(select("text,,id").unwrap_err().code, 100);
        assert_eq!(select("reply_audience").unwrap_err().code, 10);
    }
}
