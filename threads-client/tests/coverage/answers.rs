//! Every documented field of an answer is read: take it away, and what the crate returns is another thing.

use serde_json::{Value, json};

use crate::outcome::Judge;
use crate::table::{self, Answer, leaves};

#[tokio::test]
async fn every_documented_field_is_read_or_left_alone_for_a_reason() {
    let judge = Judge::new().await;
    let mut wrong = Vec::new();
    for answer in table::answers() {
        let status = answer.status.unwrap_or(200);
        let whole = judge.outcome(&answer.call, status, &answer.body).await;
        assert_eq!(
            whole.is_failure,
            status != 200,
            "{}: {}",
            answer.name,
            whole.text
        );

        for path in leaves(&answer.body) {
            let mut body = answer.body.clone();
            remove(&mut body, &path);
            let without = judge.outcome(&answer.call, status, &body).await;

            let is_read = whole.text != without.text;
            if is_read == answer.not_read.contains_key(&path) {
                let what = if is_read { "is read" } else { "is not read" };
                wrong.push(format!("{}: `{path}` {what}", answer.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn every_listed_value_is_known_and_a_new_one_is_kept() {
    let judge = Judge::new().await;
    let mut wrong = Vec::new();
    for answer in table::answers() {
        let status = answer.status.unwrap_or(200);
        for (path, values) in &answer.values {
            for value in values {
                let mut body = answer.body.clone();
                replace(&mut body, path, json!(value));
                let known = judge.outcome(&answer.call, status, &body).await;
                if known.is_failure || known.text.contains("Unknown(\"") {
                    wrong.push(format!(
                        "{}: `{path}` = {value}: {}",
                        answer.name, known.text
                    ));
                }
            }

            let mut body = answer.body.clone();
            replace(&mut body, path, json!("zz_new_value"));
            let new = judge.outcome(&answer.call, status, &body).await;
            if new.is_failure || !new.text.contains("\"zz_new_value\"") {
                wrong.push(format!("{}: a new `{path}`: {}", answer.name, new.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reasons_name_fields_that_exist() {
    for Answer {
        name,
        body,
        not_read,
        values,
        ..
    } in table::answers()
    {
        let leaves = leaves(&body);
        for path in not_read.keys().chain(values.keys()) {
            assert!(leaves.contains(path), "{name}: there is no `{path}`");
        }
    }
}

/// Takes one leaf out of a document.
fn remove(body: &mut Value, path: &str) {
    let (parent, last) = parent(body, path);
    match parent {
        Value::Object(members) => {
            members.remove(last);
        }
        Value::Array(items) => {
            items.remove(last.parse().unwrap());
        }
        _ => panic!("`{path}` is not in the document"),
    }
}

fn replace(body: &mut Value, path: &str, value: Value) {
    let (parent, last) = parent(body, path);
    match parent {
        Value::Object(members) => members.insert(last.to_owned(), value),
        Value::Array(items) => Some(std::mem::replace(
            &mut items[last.parse::<usize>().unwrap()],
            value,
        )),
        _ => panic!("`{path}` is not in the document"),
    };
}

fn parent<'b, 'p>(body: &'b mut Value, path: &'p str) -> (&'b mut Value, &'p str) {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = parents
        .split('.')
        .filter(|part| !part.is_empty())
        .fold(body, |value, part| match value {
            Value::Array(items) => &mut items[part.parse::<usize>().unwrap()],
            other => &mut other[part],
        });
    (parent, last)
}
