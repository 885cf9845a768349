//! The probe kit: against the sandbox in each of its worlds, and, by hand, against Meta.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may fail the test"
)]

use std::time::Duration;

use threads_e2e::facts::{Answer, Facts, Probe};
use threads_sandbox::{
    LedgerKind, PublishedContainer, RefreshedToken, Republish, Sandbox, Switches,
};
use url::Url;

/// Old enough to be refreshed.
const AGE: Duration = Duration::from_hours(48);

async fn probe(change: impl FnOnce(&mut Switches)) -> (Sandbox, Facts) {
    let sandbox = Sandbox::start().await.unwrap();
    let mut switches = sandbox.switches();
    change(&mut switches);
    sandbox.set_switches(switches);
    let probe = Probe {
        base_url: sandbox.base_url(),
        authorize_url: sandbox.authorize_url(),
        access_token: sandbox
            .issue_token("kedai.senja", Sandbox::all_scopes(), AGE)
            .unwrap(),
        looks: vec![Duration::ZERO, Duration::from_millis(20)],
        may_refresh: true,
    };
    let facts = probe.run().await.unwrap();
    (sandbox, facts)
}

fn seen<'a>(facts: &'a Facts, id: &str) -> &'a str {
    match facts.answer(id).unwrap() {
        Answer::Seen(seen) => seen,
        Answer::NotProbed(why) => panic!("{id} was not probed: {why}"),
    }
}

#[tokio::test]
async fn the_documented_world_is_seen_as_it_is() {
    let (sandbox, facts) = probe(|_| ()).await;

    let ids: Vec<_> = facts.facts.iter().map(|fact| fact.id).collect();
    let all = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10"];
    assert_eq!(ids, all);
    assert!(seen(&facts, "P1").starts_with("HTTP 400, code 24/4279009; 1 of that text"));
    assert_eq!(
        seen(&facts, "P2"),
        "after 0 ms: PUBLISHED; after 20 ms: PUBLISHED"
    );
    assert_eq!(seen(&facts, "P3"), "it was there at the look after 0 ms");
    assert!(seen(&facts, "P4").contains("double spaces: as sent"));
    assert_eq!(
        seen(&facts, "P5"),
        "the old one: HTTP 200; the new one: HTTP 200"
    );
    assert!(seen(&facts, "P6").starts_with("profile: HTTP 200; list: HTTP 200"));
    assert_eq!(
        facts.answer("P8").unwrap(),
        &Answer::NotProbed("7 of 250 are used".to_owned())
    );
    assert_eq!(seen(&facts, "P9"), "none");
    assert!(facts.left_over.is_empty());
    let ledger = sandbox.ledger();
    let count = |kind| ledger.iter().filter(|entry| entry.kind == kind).count();
    assert_eq!(
        count(LedgerKind::PostPublished),
        count(LedgerKind::PostDeleted)
    );
}

#[tokio::test]
async fn a_second_post_of_one_container_is_seen_and_both_are_deleted() {
    let (_sandbox, facts) = probe(|switches| switches.republish = Republish::SecondPost).await;
    assert_eq!(seen(&facts, "P1"), "another id; 2 of that text in the list");
    assert!(facts.left_over.is_empty());
}

#[tokio::test]
async fn a_repeated_id_is_told_from_a_second_post() {
    let (_sandbox, facts) = probe(|switches| switches.republish = Republish::SamePost).await;
    assert_eq!(
        seen(&facts, "P1"),
        "the same id; 1 of that text in the list"
    );
}

#[tokio::test]
async fn a_container_that_is_gone_after_publishing_is_seen() {
    let (_sandbox, facts) =
        probe(|switches| switches.published_container = PublishedContainer::NotFound).await;
    assert!(seen(&facts, "P2").starts_with("after 0 ms: HTTP 400, code 100/33"));
}

#[tokio::test]
async fn a_late_list_is_seen() {
    let (_sandbox, facts) = probe(|switches| switches.listing_lag_seconds = 60).await;
    assert_eq!(seen(&facts, "P3"), "not within 20 ms");
}

#[tokio::test]
async fn an_old_token_that_ends_is_seen_and_the_new_one_is_kept() {
    let (sandbox, facts) =
        probe(|switches| switches.refresh = RefreshedToken::NewAndOldInvalid).await;
    assert!(
        seen(&facts, "P5").starts_with("the old one: HTTP 400, code 190"),
        "{:?}",
        facts.facts
    );
    let new = facts.refreshed_token.as_deref().unwrap();
    assert!(!facts.markdown().contains(new));
    let me = threads_client::Client::builder()
        .base_url(sandbox.base_url())
        .access_token(threads_client::AccessToken::new(new))
        .build()
        .unwrap();
    assert_eq!(me.profile().get().await.unwrap().username, "kedai.senja");
}

#[tokio::test]
async fn a_used_up_quota_is_probed() {
    let (_sandbox, facts) = probe(|switches| switches.post_quota = 7).await;
    assert_eq!(
        seen(&facts, "P8"),
        "HTTP 400, code 9/2207042",
        "{:?}",
        facts.facts
    );
}

/// Publishes some ten posts and deletes them again.
///
/// ```sh
/// export THREADS_ACCESS_TOKEN=…   # long-lived, of an account for tests
/// export THREADS_APP_ID=…         # for P7
/// cargo test -p threads-e2e --test platform_facts -- --ignored --nocapture
/// ```
///
/// `THREADS_REFRESHED_TOKEN_FILE` names a new file for the refreshed token and allows P5.
/// `THREADS_LONG_LOOKS=1` looks at the container for 25 hours.
#[tokio::test]
#[ignore = "asks Meta itself, with an account of yours"]
async fn probe_meta() {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let access_token = variable("THREADS_ACCESS_TOKEN").expect("THREADS_ACCESS_TOKEN is needed");
    let app = variable("THREADS_APP_ID").unwrap_or_else(|| "0".to_owned());
    let base_url = variable("THREADS_BASE_URL");
    let base_url = base_url.as_deref().unwrap_or("https://graph.threads.net/");
    let mut looks: Vec<_> = [0, 1, 5, 30, 300].map(Duration::from_secs).to_vec();
    if variable("THREADS_LONG_LOOKS").is_some() {
        looks.extend([Duration::from_hours(1), Duration::from_hours(25)]);
    }
    let file = variable("THREADS_REFRESHED_TOKEN_FILE").map(|path| {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(path).expect("a new file for the token")
    });
    let authorize_url = format!(
        "https://threads.net/oauth/authorize?client_id={app}\
         &redirect_uri=https://localhost/&scope=threads_basic&response_type=code"
    );
    let probe = Probe {
        base_url: Url::parse(base_url).unwrap(),
        authorize_url: Url::parse(&authorize_url).unwrap(),
        access_token,
        looks,
        may_refresh: file.is_some(),
    };
    let facts = probe.run().await.unwrap();
    if let (Some(mut file), Some(token)) = (file, &facts.refreshed_token) {
        std::io::Write::write_all(&mut file, token.as_bytes()).unwrap();
    }
    println!("{}", facts.markdown());
    println!("Not deleted again: {:?}", facts.left_over);
}
