//! The questions, each as the calls that ask it.

#![expect(
    clippy::disallowed_methods,
    reason = "an error is stripped of its address here, and real time passes at Meta"
)]

use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use url::Url;

use super::Answer;
use super::graph::Graph;

/// Every text of a run is another one, or the platform might refuse it as a duplicate.
fn unique(what: &str) -> String {
    let number = std::process::id()
        ^ std::time::UNIX_EPOCH.elapsed().map_or(0, |time| {
            // Any number will do; only its lower half differs between runs.
            u32::try_from(time.as_millis() & u128::from(u32::MAX)).unwrap_or(0)
        });
    format!("A test of the publishing protocol, soon deleted: {what} {number:x}")
}

fn seen(result: anyhow::Result<String>) -> Answer {
    match result {
        Ok(seen) => Answer::Seen(seen),
        Err(why) => Answer::NotProbed(format!("{why:#}")),
    }
}

/// Whether the account can be read at all.
pub(super) async fn expect_account(graph: &Graph) -> anyhow::Result<()> {
    let me = graph
        .call(Method::GET, "v1.0/me", &[("fields", "id")])
        .await?;
    anyhow::ensure!(
        me.is_success(),
        "the account cannot be read: {}",
        me.words()
    );
    Ok(())
}

/// What was seen of one published post.
pub(super) struct Looks {
    pub(super) status: Answer,
    pub(super) listing: Answer,
}

/// P1, P2, P3: publishes a text, looks again and again, and publishes it once more.
pub(super) async fn publish_and_look(graph: &mut Graph, looks: &[Duration]) -> (Looks, Answer) {
    match look(graph, looks).await {
        Ok(found) => found,
        Err(why) => {
            let why = Answer::NotProbed(format!("{why:#}"));
            let looks = Looks {
                status: why.clone(),
                listing: why.clone(),
            };
            (looks, why)
        }
    }
}

async fn look(graph: &mut Graph, looks: &[Duration]) -> anyhow::Result<(Looks, Answer)> {
    let text = unique("once");
    let container = graph
        .container(&[("media_type", "TEXT"), ("text", &text)])
        .await?;
    let published = graph.publish(&container).await?;
    anyhow::ensure!(published.is_success(), "publishing: {}", published.words());
    let first = published.text("id").unwrap_or_default().to_owned();
    let answered = Instant::now();
    let mut statuses = Vec::new();
    let mut listed = None;
    for after in looks {
        tokio::time::sleep_until(answered + *after).await;
        let status = graph.status(&container).await?;
        let said = status
            .text("status")
            .map_or_else(|| status.words(), str::to_owned);
        statuses.push(format!("after {}: {said}", span(*after)));
        if listed.is_none() {
            let posts = graph.newest("id").await?;
            let is_there = posts
                .iter()
                .any(|post| post.get("id").and_then(|id| id.as_str()) == Some(&first));
            listed = is_there.then_some(*after);
        }
    }
    let listing = match (listed, looks.last()) {
        (Some(after), _) => format!("it was there at the look after {}", span(after)),
        (None, Some(last)) => format!("not within {}", span(*last)),
        (None, None) => "nobody looked".to_owned(),
    };
    let again = graph.publish(&container).await?;
    let same = graph
        .newest("id,text")
        .await?
        .iter()
        .filter(|post| post.get("text").and_then(|text| text.as_str()) == Some(&text))
        .count();
    let answer = match again.text("id") {
        Some(id) if id == first => "the same id".to_owned(),
        Some(_) => "another id".to_owned(),
        None => again.words(),
    };
    Ok((
        Looks {
            status: Answer::Seen(statuses.join("; ")),
            listing: Answer::Seen(listing),
        },
        Answer::Seen(format!("{answer}; {same} of that text in the list")),
    ))
}

fn span(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{} s", time.as_secs())
    }
}

/// P4: texts with what platforms like to change.
pub(super) async fn texts(graph: &mut Graph) -> Answer {
    let mut found = Vec::new();
    for (name, special) in [
        ("double spaces", "two  spaces"),
        ("line breaks", "one\n\n\ntwo"),
        ("a link", "see https://example.com/a?b=c"),
        ("a tag", "about #threads"),
        ("emoji", "\u{1f469}\u{200d}\u{1f680} and \u{2615}\u{fe0f}"),
        ("decomposed letters", "cafe\u{301}"),
    ] {
        let text = format!("{} {special}", unique(name));
        let answer = sent_and_listed(graph, &text).await;
        let answer = answer.unwrap_or_else(|why| format!("not probed ({why:#})"));
        found.push(format!("{name}: {answer}"));
    }
    Answer::Seen(found.join("; "))
}

async fn sent_and_listed(graph: &mut Graph, text: &str) -> anyhow::Result<String> {
    let id = graph.post(text).await?;
    let reply = graph
        .call(Method::GET, &format!("v1.0/{id}"), &[("fields", "text")])
        .await?;
    Ok(match reply.text("text") {
        Some(read) if read == text => "as sent".to_owned(),
        Some(read) => format!("changed to {read:?}"),
        None => reply.words(),
    })
}

/// P5: the old token after a refresh. Gives the new one, which must not be lost.
pub(super) async fn old_token(graph: &Graph) -> (Answer, Option<String>) {
    let parameters = [("grant_type", "th_refresh_token")];
    let refreshed = match graph
        .call_by_query("refresh_access_token", &parameters)
        .await
    {
        Ok(refreshed) => refreshed,
        Err(why) => return (Answer::NotProbed(format!("{why:#}")), None),
    };
    let Some(new) = refreshed.text("access_token").map(str::to_owned) else {
        let why = format!("the refresh was refused: {}", refreshed.words());
        return (Answer::NotProbed(why), None);
    };
    let fields = [("fields", "id")];
    let old = graph.call(Method::GET, "v1.0/me", &fields).await;
    let fresh = graph.with_token(&new);
    let fresh = fresh.call(Method::GET, "v1.0/me", &fields).await;
    let (Ok(old), Ok(fresh)) = (old, fresh) else {
        let why = "the account could not be read after it".to_owned();
        return (Answer::NotProbed(why), Some(new));
    };
    let answer = format!(
        "the old one: {}; the new one: {}",
        old.words(),
        fresh.words()
    );
    (Answer::Seen(answer), Some(new))
}

/// P6: the header on the calls that are documented with the token in the query.
pub(super) async fn bearer(graph: &Graph) -> Answer {
    let mut found = Vec::new();
    for (name, path, parameters) in [
        ("profile", "v1.0/me", vec![("fields", "id")]),
        (
            "list",
            "v1.0/me/threads",
            vec![("fields", "id"), ("limit", "1")],
        ),
        (
            "limits",
            "v1.0/me/threads_publishing_limit",
            vec![("fields", "quota_usage")],
        ),
        // Without the parameter it refreshes nothing: only whether the token is seen counts.
        ("refresh", "refresh_access_token", Vec::new()),
    ] {
        let answer = graph.call(Method::GET, path, &parameters).await;
        let answer = answer.map_or_else(|why| format!("not probed ({why:#})"), |it| it.words());
        found.push(format!("{name}: {answer}"));
    }
    Answer::Seen(found.join("; "))
}

/// P7: nobody is logged in here, so all that shows is whether the parameter is an error.
pub(super) async fn challenge(authorize_url: &Url) -> Answer {
    seen(open_window(authorize_url).await)
}

async fn open_window(authorize_url: &Url) -> anyhow::Result<String> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let mut found = Vec::new();
    for (name, challenge) in [("without", None), ("with", Some("0".repeat(43)))] {
        let mut url = authorize_url.clone();
        if let Some(challenge) = challenge {
            url.query_pairs_mut()
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        let answer = http.get(url).send().await;
        let answer = answer.map_err(reqwest::Error::without_url)?;
        found.push(format!("{name} it HTTP {}", answer.status().as_u16()));
    }
    Ok(found.join(", "))
}

/// P8: only where the quota happens to be used up; nobody publishes 250 posts for this.
pub(super) async fn quota(graph: &mut Graph) -> Answer {
    seen(refused_by_quota(graph).await)
}

async fn refused_by_quota(graph: &mut Graph) -> anyhow::Result<String> {
    let path = "v1.0/me/threads_publishing_limit";
    let limit = graph
        .call(Method::GET, path, &[("fields", "quota_usage,config")])
        .await?;
    let number = |at: &str| limit.body.pointer(at).and_then(serde_json::Value::as_i64);
    let used = number("/data/0/quota_usage");
    let total = number("/data/0/config/quota_total");
    let (Some(used), Some(total)) = (used, total) else {
        anyhow::bail!("the quota cannot be read: {}", limit.words());
    };
    anyhow::ensure!(used >= total, "{used} of {total} are used");
    let text = unique("one too many");
    let container = graph
        .container(&[("media_type", "TEXT"), ("text", &text)])
        .await?;
    Ok(graph.publish(&container).await?.words())
}

/// P9: names only; the values belong to the account.
pub(super) async fn limit_headers(graph: &Graph) -> Answer {
    let answer = graph
        .call(Method::GET, "v1.0/me", &[("fields", "id")])
        .await;
    seen(answer.map(|answer| {
        let mut names: Vec<_> = answer
            .headers
            .keys()
            .map(reqwest::header::HeaderName::as_str)
            .filter(|name| {
                ["usage", "limit", "retry"]
                    .iter()
                    .any(|word| name.contains(word))
            })
            .collect();
        names.sort_unstable();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    }))
}

/// P10: a reply whose parent is deleted between its container and its publish call.
pub(super) async fn orphan(graph: &mut Graph) -> Answer {
    seen(publish_orphan(graph).await)
}

async fn publish_orphan(graph: &mut Graph) -> anyhow::Result<String> {
    let parent = graph.post(&unique("a parent")).await?;
    let text = unique("its reply");
    let container = graph
        .container(&[
            ("media_type", "TEXT"),
            ("text", &text),
            ("reply_to_id", &parent),
        ])
        .await?;
    graph.delete(&parent).await?;
    let published = graph.publish(&container).await?;
    let status = graph.status(&container).await?;
    let status = status
        .text("status")
        .map_or_else(|| status.words(), str::to_owned);
    Ok(format!(
        "{}; then the status is {status}",
        published.words()
    ))
}
