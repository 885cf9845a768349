//! Every target, on some thousand documents: made up, mutated from fixtures, and plain bytes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Number, Value};
use threads_fuzz::TARGETS;

const CASES: u32 = 2_000;

/// Names that the parsers look for, so that made-up documents get deep into them.
const NAMES: &[&str] = &[
    "access_token",
    "after",
    "algorithm",
    "alt_text",
    "app_id",
    "application",
    "before",
    "breakdowns",
    "call_count",
    "carousel",
    "changes",
    "children",
    "code",
    "config",
    "content",
    "cursors",
    "data",
    "data_access_expires_at",
    "deleted_at",
    "dimension_keys",
    "dimension_values",
    "end_time",
    "entry",
    "error",
    "error_code",
    "error_description",
    "error_message",
    "error_subcode",
    "error_type",
    "error_user_msg",
    "error_user_title",
    "estimated_time_to_regain_access",
    "expires",
    "expires_at",
    "expires_in",
    "fbtrace_id",
    "field",
    "follower_count",
    "html",
    "id",
    "is_quote_post",
    "is_transient",
    "is_valid",
    "issued_at",
    "kind",
    "latitude",
    "link_attachment_url",
    "link_total_values",
    "link_url",
    "longitude",
    "media_type",
    "media_url",
    "message",
    "name",
    "next",
    "option_a",
    "option_b",
    "owner",
    "owner_id",
    "paging",
    "period",
    "permalink",
    "poll_attachment",
    "postal_code",
    "query",
    "quota_duration",
    "quota_total",
    "quota_usage",
    "quoted_post",
    "recently_searched_keywords",
    "replied_to",
    "results",
    "root_post",
    "scopes",
    "single",
    "status",
    "subscription_id",
    "target_id",
    "text",
    "text_attachment",
    "text_entities",
    "time",
    "timestamp",
    "topic",
    "total_cputime",
    "total_time",
    "total_value",
    "type",
    "url",
    "user_id",
    "username",
    "value",
    "values",
    "width",
];

/// Values that the parsers know.
const VALUES: &[&str] = &[
    "views",
    "lifetime",
    "day",
    "IMAGE",
    "FINISHED",
    "OAuthException",
    "190",
    "0",
    "",
    "17900000000000001",
    "2026-05-17T05:42:03+0000",
    "2026-05-17T05:42:03Z",
    "2026-02-30T25:61:61+9999",
    "https://a.example/",
    "http://[::1",
    "access_token=abc",
    "a\r\nb\u{1b}[2J",
    "text",
    "HMAC-SHA256",
    "replies",
    "delete",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0_u64..400).prop_map(Value::from),
        any::<f64>().prop_map(|float| Number::from_f64(float).map_or(Value::Null, Value::Number)),
        text(12).prop_map(Value::from),
        prop::sample::select(VALUES).prop_map(Value::from),
    ]
}

/// Cheaper than a regular expression, and as wild.
fn text(longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..=longest).prop_map(String::from_iter)
}

fn document() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 24, 5, |inner| {
        let name =
            prop_oneof![8 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => text(4)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Text as hostile as a body can hold: names of secrets, control characters, links.
fn foreign_text() -> impl Strategy<Value = String> {
    let pieces = [
        "access_token=",
        "code%3D",
        "Bearer ",
        "\r\n",
        "\u{1b}[2J",
        "&",
        "state=",
        "code=",
        "error=",
        "#_",
        "?",
        "http://",
        "HTTPS://a.example/",
        ".",
        "#",
        "@",
        "☕",
        " ",
    ];
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(pieces.map(str::to_owned).to_vec()),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

/// One change of a good input.
#[derive(Debug, Clone)]
enum Change {
    Byte(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Replace(prop::sample::Index, Value),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || any::<prop::sample::Index>();
    prop_oneof![
        1 => (place(), any::<u8>()).prop_map(|(place, byte)| Change::Byte(place, byte)),
        1 => (place(), prop::collection::vec(any::<u8>(), 1..6))
            .prop_map(|(place, bytes)| Change::Insert(place, bytes)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 1_usize..20).prop_map(|(place, length)| Change::Remove(place, length)),
        6 => (place(), scalar()).prop_map(|(place, value)| Change::Replace(place, value)),
    ]
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Byte(place, byte) => *place.get_mut(bytes) = byte,
            Self::Insert(place, inserted) => {
                let at = place.index(bytes.len());
                bytes.splice(at..at, inserted);
            }
            Self::Cut(place) => bytes.truncate(place.index(bytes.len())),
            Self::Remove(place, length) => {
                let at = place.index(bytes.len());
                bytes.drain(at..bytes.len().min(at + length));
            }
            Self::Replace(place, value) => {
                if let Ok(mut document) = serde_json::from_slice::<Value>(bytes) {
                    let mut skip = place.index(nodes(&document));
                    replace(&mut document, &mut skip, &value);
                    *bytes = document.to_string().into_bytes();
                }
            }
        }
    }
}

/// Values in a document, itself included.
fn nodes(document: &Value) -> usize {
    1 + match document {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum::<usize>(),
        _ => 0,
    }
}

/// Replaces the value that `skip` others stand before.
fn replace(document: &mut Value, skip: &mut usize, value: &Value) -> bool {
    if *skip == 0 {
        *document = value.clone();
        return true;
    }
    *skip -= 1;
    match document {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, skip, value)),
        Value::Object(members) => members
            .values_mut()
            .any(|member| replace(member, skip, value)),
        _ => false,
    }
}

/// Good inputs: the fixtures of the client, and those of the target that are no JSON.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![here.join("../../threads-client/tests/fixtures")];
    let own = here.join("seeds").join(target);
    if own.is_dir() {
        // Enough of them that half of the cases start here.
        folders = vec![own];
    }
    let seeds: Vec<_> = folders
        .iter()
        .flat_map(files)
        .map(|file| fs::read(file).unwrap())
        .collect();
    assert!(!seeds.is_empty());
    seeds
}

fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn input(target: &str) -> impl Strategy<Value = Vec<u8>> {
    let mutated = (
        prop::sample::select(seeds(target)),
        prop::collection::vec(change(), 0..4),
    )
        .prop_map(|(mut bytes, changes)| {
            for change in changes {
                change.apply(&mut bytes);
            }
            bytes
        });
    prop_oneof![
        5 => mutated,
        3 => document().prop_map(|document| document.to_string().into_bytes()),
        1 => foreign_text().prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// Runs the target of this name on its cases.
fn keeps_its_promises(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&input(name), |bytes| {
        (target.run)(&bytes);
        Ok(())
    });
    outcome.unwrap();
}

macro_rules! each_keeps_its_promises {
    ($($name:ident,)+) => {
        mod keeps_its_promises_whatever_it_is_given {
            $(#[test] fn $name() { super::keeps_its_promises(stringify!($name)); })+
        }

        const TESTED: &[&str] = &[$(stringify!($name)),+];
    };
}

each_keeps_its_promises! {
    account_insights,
    address,
    api_error,
    app_usage,
    authorization_response,
    business_usage,
    challenge,
    container,
    draft,
    embed,
    ids,
    image,
    page_of_posts,
    place,
    post,
    post_insights,
    profile,
    public_profile,
    publishing_quota,
    redaction,
    retry_after,
    signed_request,
    texts,
    timestamp,
    token_grant,
    token_info,
    webhook,
}

#[test]
fn every_target_has_a_test_and_a_libfuzzer_program() {
    let targets: BTreeSet<_> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    let tested = TESTED.iter().map(|name| (*name).to_owned()).collect();
    let libfuzzer = Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer");
    let programs: BTreeSet<_> = files(libfuzzer.join("fuzz_targets"))
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let manifest = fs::read_to_string(libfuzzer.join("Cargo.toml")).unwrap();

    assert_eq!(targets, tested);
    assert_eq!(targets, programs);
    for name in &targets {
        assert!(
            manifest.contains(&format!("name = \"{name}\"")),
            "{name} is not in the manifest"
        );
    }
}

/// A harness that refuses all it is given finds nothing.
#[test]
fn fixtures_are_accepted_by_the_parsers_they_are_for() {
    let fixture = |name: &str| {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../threads-client/tests/fixtures");
        fs::read(path.join(name)).unwrap()
    };

    assert!(
        serde_json::from_slice::<threads_client::Page<threads_client::Post>>(&fixture(
            "posts_page_1.json"
        ))
        .is_ok()
    );
    assert!(threads_client::fuzzing::token_grant(&fixture("grant_long_lived.json")).is_ok());
    assert!(threads_client::fuzzing::token_info(&fixture("token_info.json")).is_ok());
    assert!(threads_client::fuzzing::token_grant(&fixture("grant_empty.json")).is_err());
}
