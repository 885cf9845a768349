//! The list of what Meta documents, and how it is shown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

/// A documented call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// The sandbox's name of the endpoint, as it stands in its request log.
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Meta's page, below `https://developers.facebook.com/docs/threads/`.
    pub(crate) page: String,
    /// Where the call is in this crate.
    pub(crate) rust: String,
    /// All scopes without one of which it is refused.
    pub(crate) scopes: Vec<String>,
    /// Parameters with the values that Meta lists; for `fields`, the names of the fields.
    pub(crate) parameters: BTreeMap<String, Vec<String>>,
}

/// A documented answer or notification.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) name: String,
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    /// An example with every documented field.
    pub(crate) body: Value,
    /// Fields that the crate leaves alone on purpose, with the reason.
    #[serde(default)]
    pub(crate) not_read: BTreeMap<String, String>,
    /// The listed values of a field.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, Vec<String>>,
}

/// A documented page that a browser is sent to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intent {
    pub(crate) url: String,
    pub(crate) page: String,
    pub(crate) rust: String,
    pub(crate) parameters: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    calls: Vec<Call>,
    pages: Vec<Intent>,
}

fn table() -> Table {
    serde_json::from_str(include_str!("table.json")).unwrap()
}

pub(crate) fn calls() -> Vec<Call> {
    table().calls
}

pub(crate) fn pages() -> Vec<Intent> {
    table().pages
}

pub(crate) fn answers() -> Vec<Answer> {
    serde_json::from_str(include_str!("answers.json")).unwrap()
}

/// The paths of all leaves of a document, such as `data.0.id`.
pub(crate) fn leaves(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.clone(), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => return vec![String::new()],
    };
    children
        .into_iter()
        .flat_map(|(name, child)| {
            leaves(child).into_iter().map(move |rest| {
                if rest.is_empty() {
                    name.clone()
                } else {
                    format!("{name}.{rest}")
                }
            })
        })
        .collect()
}

/// A page for the guide; the test fails if the one that is there differs.
pub(crate) fn render() -> String {
    let mut page = String::from(
        "# What is covered\n\n\
         Every documented call, with its parameters, listed values and scopes, and every documented field of an \
         answer. This page is made from the list that the tests judge by: each parameter and value was sent by \
         this crate to a strict stand-in for Meta and accepted, each scope was left out once and the call refused, \
         and each field was taken out of an answer once and missed.\n\n## Calls\n\n\
         | Call | Here | Parameters | Scopes |\n|---|---|---|---|\n",
    );
    for call in calls() {
        let parameters = parameters(&call.parameters);
        writeln!(
            page,
            "| [`{} {}`](https://developers.facebook.com/docs/threads/{}) | `{}` | {parameters} | {} |",
            call.method,
            call.path,
            call.page,
            call.rust.replace(", ", "`, `"),
            listed(&call.scopes),
        )
        .unwrap();
    }
    for intent in pages() {
        writeln!(
            page,
            "| [browser `{}`](https://developers.facebook.com/docs/threads/{}) | `{}` | {} | |",
            intent.url,
            intent.page,
            intent.rust,
            parameters(&intent.parameters),
        )
        .unwrap();
    }
    page.push_str(
        "\n## Answers and notifications\n\n| What | Fields | Not read, and why |\n|---|---|---|\n",
    );
    for answer in answers() {
        let fields: Vec<String> = leaves(&answer.body)
            .into_iter()
            .filter(|path| !answer.not_read.contains_key(path))
            .map(|path| match answer.values.get(&path) {
                Some(values) => format!("`{}`: {}", shown(&path), listed(values)),
                None => format!("`{}`", shown(&path)),
            })
            .collect();
        let left: Vec<String> = answer
            .not_read
            .iter()
            .map(|(path, reason)| format!("`{}`: {reason}", shown(path)))
            .collect();
        writeln!(
            page,
            "| {} | {} | {} |",
            answer.name,
            fields.join("; "),
            left.join("; ")
        )
        .unwrap();
    }
    page
}

fn parameters(parameters: &BTreeMap<String, Vec<String>>) -> String {
    parameters
        .iter()
        .map(|(name, values)| match values.as_slice() {
            [] => format!("`{name}`"),
            values => format!("`{name}`: {}", listed(values)),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// `data[].id` for `data.0.id`.
fn shown(path: &str) -> String {
    path.split('.').fold(String::new(), |shown, part| {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            shown + "[]"
        } else if shown.is_empty() {
            part.to_owned()
        } else {
            shown + "." + part
        }
    })
}

fn listed(values: &[String]) -> String {
    values
        .iter()
        .map(|value| format!("`{value}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
