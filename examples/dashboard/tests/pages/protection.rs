//! What stands around every page.

use crate::common::{Answer, Dashboard, answer};
use reqwest::Method;
use threads_sandbox::AccountSeed;

const PAYLOAD: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";

fn assert_protected(name: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{name}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{name}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{name}");
    assert_eq!(
        answer.header("cross-origin-opener-policy"),
        "same-origin",
        "{name}"
    );
    let cache = answer.header("cache-control");
    if name.starts_with("/assets") || name.starts_with("/favicon") {
        assert!(cache.starts_with("public"), "{name}: {cache}");
    } else {
        assert_eq!(cache, "no-store", "{name}");
    }
}

/// Nothing that a strict policy would have to block, and nothing from elsewhere.
fn assert_clean(name: &str, html: &str) {
    let lower = html.to_lowercase();
    for forbidden in [
        "style=\"",
        "<style",
        "javascript:",
        "data:",
        "<iframe",
        "src=\"http",
    ] {
        assert!(!lower.contains(forbidden), "{name} contains {forbidden}");
    }
    for tag in lower.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        // Attribute names only: values cannot contain an unescaped quote.
        for (index, part) in tag.split('"').enumerate() {
            if index % 2 == 0 {
                for word in part.split_whitespace() {
                    assert!(
                        !(word.starts_with("on") && word.contains('=')),
                        "{name}: <{tag}>"
                    );
                }
            }
        }
    }
    for link in lower.split("href=\"").skip(1) {
        let target = link.split('"').next().unwrap();
        let is_own = target.starts_with('/') || target.starts_with('#');
        assert!(
            is_own || target.starts_with("https://www.threads.com/"),
            "{name}: {target}"
        );
    }
    assert_eq!(lower.matches("<script").count(), 1, "{name}");
    assert!(
        lower.contains("demonstration"),
        "{name} does not say that it is one"
    );
}

#[tokio::test]
async fn every_answer_is_protected() {
    let (dashboard, user) = Dashboard::connected().await;
    let pages = [
        "/".to_owned(),
        format!("/accounts/{user}"),
        format!("/accounts/{user}/posts"),
        format!("/accounts/{user}/plan"),
        format!("/accounts/{user}/table"),
        format!("/accounts/{user}/disconnect"),
        "/connect".to_owned(),
        "/privacy".to_owned(),
        "/terms".to_owned(),
        "/nowhere".to_owned(),
        "/accounts/12345".to_owned(),
        "/posts/not-an-id".to_owned(),
        "/oauth/callback".to_owned(),
        "/posts/0190a3c4-0000-7000-8000-000000000000".to_owned(),
    ];
    for page in &pages {
        let answer = dashboard.get(page).await;
        assert_protected(page, &answer);
        assert_clean(page, &answer.body);
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{page}"
        );
    }
    for other in [
        "/healthz".to_owned(),
        "/api/accounts".to_owned(),
        "/api/jobs".to_owned(),
        format!("/api/accounts/{user}/series?metric=followers"),
        format!("/api/accounts/{user}/series?metric=nonsense"),
        "/api/nowhere".to_owned(),
        format!("/accounts/{user}/followers.csv"),
        "/assets/app.css".to_owned(),
        "/assets/app.js".to_owned(),
        "/favicon.svg".to_owned(),
    ] {
        assert_protected(&other, &dashboard.get(&other).await);
    }
}

#[tokio::test]
async fn refused_requests_are_protected_and_explained_too() {
    let (dashboard, user) = Dashboard::connected().await;
    let foreign = dashboard
        .request(Method::POST, "/connect")
        .header("sec-fetch-site", "cross-site");
    let other_name = dashboard
        .request(Method::GET, "/")
        .header("host", "evil.example");
    let too_large = dashboard
        .own_post(&format!("/accounts/{user}/posts"))
        .form(&[("text", "x".repeat(300_000))]);
    let wrong_method = dashboard.request(Method::DELETE, "/");

    for (status, request) in [
        (403, foreign),
        (421, other_name),
        (413, too_large),
        (405, wrong_method),
    ] {
        let refused = answer(request).await;

        assert_eq!(refused.status.as_u16(), status);
        assert_protected(&status.to_string(), &refused);
        assert_clean(&status.to_string(), &refused.body);
    }
}

#[tokio::test]
async fn a_name_that_is_not_ours_reads_nothing() {
    let (dashboard, user) = Dashboard::connected().await;

    for host in ["evil.example", "localhost.evil.example", "192.0.2.7:8321"] {
        for path in ["/", "/api/accounts", &format!("/accounts/{user}")] {
            let refused = answer(dashboard.request(Method::GET, path).header("host", host)).await;

            assert_eq!(refused.status.as_u16(), 421, "{host} {path}");
            assert!(!refused.body.contains("Small Caf"), "{host} {path}");
        }
    }
    let ours = answer(
        dashboard
            .request(Method::GET, "/")
            .header("host", "localhost:9999"),
    )
    .await;
    assert_eq!(ours.status.as_u16(), 200);
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    let (dashboard, user) = Dashboard::connected().await;
    let posts = format!("/accounts/{user}/posts");
    let form = [("text", "Forged"), ("due", "2026-06-02T19:00")];
    let scheduled = dashboard.post(&posts, &form).await.location();
    let post = scheduled.split('?').next().unwrap();
    let targets = [
        posts.clone(),
        format!("/accounts/{user}/disconnect"),
        format!("/accounts/{user}/repeated"),
        format!("/accounts/{user}/queue"),
        format!("/accounts/{user}/table"),
        format!("/accounts/{user}/zone"),
        format!("/accounts/{user}/collect"),
        format!("{post}/cancel"),
        format!("{post}/decide"),
        "/connect".to_owned(),
    ];
    let requests_before = dashboard.sandbox.requests().len();

    for target in &targets {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            let refused = answer(
                dashboard
                    .request(Method::POST, target)
                    .header(name, value)
                    .form(&form),
            )
            .await;

            assert_eq!(refused.status.as_u16(), 403, "{target} {name}: {value}");
        }
    }

    let posts = dashboard.monitor.scheduled_posts(&user).await.unwrap();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].post.phase.name(), "scheduled");
    assert_eq!(dashboard.monitor.accounts().await.unwrap().len(), 1);
    assert_eq!(dashboard.sandbox.requests().len(), requests_before);
}

#[tokio::test]
async fn markup_in_profiles_and_posts_is_shown_as_text() {
    let hostile = AccountSeed::new("hostile")
        .name(PAYLOAD)
        .biography(PAYLOAD)
        .posts(0);
    let dashboard = Dashboard::start_with(&[hostile], None).await;
    let user = dashboard.connect(0).await;
    let scheduled = dashboard
        .post(
            &format!("/accounts/{user}/posts"),
            &[("text", PAYLOAD), ("due", "2026-06-01T12:05:00")],
        )
        .await;
    dashboard.live(20, std::time::Duration::from_mins(1)).await;
    dashboard.monitor.collect_now(&user).await.unwrap();
    let post = scheduled.location();
    for (form, fields) in [
        ("posts", vec![("text", PAYLOAD), ("action", "draft")]),
        (
            "repeated",
            vec![
                ("text", PAYLOAD),
                ("every", "day"),
                ("interval", "1"),
                ("times", "09:00"),
                ("first", "2026-07-01"),
            ],
        ),
    ] {
        let sent = dashboard
            .post(&format!("/accounts/{user}/{form}"), &fields)
            .await;
        assert_eq!(sent.status.as_u16(), 303, "{}", sent.body);
    }

    for page in [
        "/",
        &format!("/accounts/{user}"),
        &format!("/accounts/{user}/posts"),
        &format!("/accounts/{user}/plan"),
        &format!("/accounts/{user}/disconnect"),
        &post,
    ] {
        let shown = dashboard.get(page).await;

        assert_clean(page, &shown.body);
        assert!(
            shown.body.contains("alert(1)"),
            "{page} does not show it at all"
        );
    }
    let recent = dashboard.monitor.recent_posts(&user, 5).await.unwrap();
    assert_eq!(recent[0].post.text.as_deref(), Some(PAYLOAD));
}

#[tokio::test]
async fn markup_in_a_refused_form_is_shown_as_text() {
    let (dashboard, user) = Dashboard::connected().await;

    let refused = dashboard
        .post(
            &format!("/accounts/{user}/posts"),
            &[
                ("key", PAYLOAD),
                ("text", PAYLOAD),
                ("due", PAYLOAD),
                ("media_url", PAYLOAD),
                ("media_alt", PAYLOAD),
                ("topic_tag", PAYLOAD),
                ("reply_control", PAYLOAD),
            ],
        )
        .await;
    let zone = dashboard
        .post(&format!("/accounts/{user}/zone"), &[("zone", PAYLOAD)])
        .await;

    for shown in [refused, zone] {
        assert_eq!(shown.status.as_u16(), 422);
        assert_clean("the form", &shown.body);
    }
}

#[tokio::test]
async fn over_tls_the_cookie_belongs_to_the_host_alone() {
    let dashboard = Dashboard::start_with(
        &[crate::common::small_account()],
        Some("https://threads.example.org/"),
    )
    .await;

    let sent = dashboard.post("/connect", &[]).await;

    // The origin is the one that the browser sees, the proxy passes Host on.
    assert_eq!(sent.status.as_u16(), 303);
    let cookie = sent.header("set-cookie");
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!sent.header("strict-transport-security").is_empty());
}
