//! What the reading endpoints have in common: scopes, parameters, fields, methods, the log.

use reqwest::Method;
use threads_sandbox::{Endpoint, TokenPlacement};

use crate::support::{World, send};

/// A good call of each reading endpoint (path, query, scope, whether it has fields).
fn calls(world: &World) -> Vec<(String, &'static str, &'static str)> {
    let post = world.post_like("Ask me");
    let waiting = world.post_like("Serious questions");
    let name = "username=noor.reads";
    vec![
        (
            "profile_posts".to_owned(),
            name,
            "threads_profile_discovery",
        ),
        ("me/replies".to_owned(), "limit=5", "threads_read_replies"),
        (
            "me/mentions".to_owned(),
            "limit=5",
            "threads_manage_mentions",
        ),
        ("me/ghost_posts".to_owned(), "limit=5", ""),
        (
            format!("{post}/replies"),
            "reverse=true",
            "threads_read_replies",
        ),
        (
            format!("{post}/conversation"),
            "reverse=true",
            "threads_read_replies",
        ),
        (
            format!("{waiting}/pending_replies"),
            "approval_status=pending",
            "threads_read_replies",
        ),
        (
            "keyword_search".to_owned(),
            "q=lamp",
            "threads_keyword_search",
        ),
        (
            "location_search".to_owned(),
            "q=Menlo",
            "threads_location_tagging",
        ),
        (
            "9007199254740993".to_owned(),
            "fields=name",
            "threads_location_tagging",
        ),
    ]
}

#[tokio::test]
async fn every_reading_endpoint_keeps_the_common_rules() {
    let world = World::rich().await;
    let basic = world.token_with(&["threads_basic"]);
    for (path, query, scope) in calls(&world) {
        let call = format!("{path}?{query}");

        assert_eq!(world.get(&call).await.status, 200, "{call}");
        for (wrong, message) in [
            (format!("{call}&nope=1"), "not documented"),
            (format!("{call}&pretty=1"), "not documented"),
            (
                format!("{path}?fields=nope&{}", query.replace("fields=", "q=")),
                "",
            ),
        ] {
            let reply = world.get(&wrong).await;
            assert_eq!(reply.code(), 100, "{wrong}");
            let said = reply.json["error"]["message"].as_str().unwrap();
            assert!(said.contains(message), "{wrong}: {said}");
        }
        let poor = world.get_as(&basic, &call).await;
        if scope.is_empty() {
            assert_eq!(poor.status, 200, "{call}");
        } else {
            assert_eq!((poor.status, poor.code()), (403, 10), "{call}");
            let enough = world.token_with(&["threads_basic", scope]);
            assert_eq!(world.get_as(&enough, &call).await.status, 200, "{call}");
        }
        let post = world.request(Method::POST, &path).bearer_auth(&world.token);
        assert_eq!(send(post).await.codes(), (100, 33), "{path}");
        let nobody = send(world.request(Method::GET, &call)).await;
        assert_eq!(nobody.code(), 190, "{call}");
    }
}

#[tokio::test]
async fn unknown_fields_are_named_by_every_list() {
    let world = World::rich().await;
    for (path, query, _) in calls(&world) {
        let query = query.replace("fields=name", "");
        for field in ["like_count", "gif_attachment", "children{nope}"] {
            let reply = world
                .get(&format!("{path}?{query}&fields=id,{field}"))
                .await;

            assert_eq!(reply.code(), 100, "{path} {field}");
        }
    }
}

#[tokio::test]
async fn the_owner_is_told_in_lists_of_own_posts_only() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let refused = [
        "me/replies?fields=owner".to_owned(),
        format!("{post}/replies?fields=owner"),
        format!("{post}/conversation?fields=owner"),
        format!("{post}/pending_replies?fields=owner"),
        "keyword_search?q=lamp&fields=owner".to_owned(),
        "profile_posts?username=noor.reads&fields=owner".to_owned(),
    ];
    for path in refused {
        let reply = world.get(&path).await;
        let message = reply.json["error"]["message"].as_str().unwrap();
        assert!(message.contains("nonexisting field (owner)"), "{path}");
    }

    let own = world.get("me/threads?fields=owner").await.ok();
    let ghosts = world.get("me/ghost_posts?fields=owner").await.ok();
    let mentions = world.get("me/mentions?fields=owner").await.ok();

    assert_eq!(own["data"][0]["owner"]["id"], world.user.as_str());
    assert!(ghosts["data"][0]["id"].is_string());
    assert!(mentions["data"][0].get("owner").is_none());
}

#[tokio::test]
async fn some_fields_need_a_scope_of_their_own_everywhere() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let yard = world.post_like("Our yard");
    let basic = world.token_with(&["threads_basic", "threads_keyword_search"]);
    for field in ["reply_audience", "location", "location_id"] {
        for path in [
            "me/threads?",
            "me/ghost_posts?",
            "keyword_search?q=lamp&",
            "me/threads?",
        ] {
            let reply = world
                .get_as(&basic, &format!("{path}fields=id,{field}"))
                .await;
            assert_eq!((reply.status, reply.code()), (403, 10), "{path}{field}");
        }
    }

    let audience = world
        .get(&format!("{post}?fields=reply_audience"))
        .await
        .ok();
    let place = world
        .get(&format!(
            "{yard}?fields=location_id,location{{id,name,latitude}}"
        ))
        .await
        .ok();

    assert_eq!(audience["reply_audience"], "EVERYONE");
    assert_eq!(place["location_id"], "9007199254740993");
    assert_eq!(place["location"]["id"], "9007199254740993");
    assert_eq!(place["location"]["name"], "Studio Lab");
    assert!(place["location"]["latitude"].is_f64());
}

#[tokio::test]
async fn the_log_tells_fields_scopes_and_parameters_but_no_secret() {
    let world = World::rich().await;
    let token = world.token_with(&["threads_keyword_search", "threads_basic"]);
    let path = "keyword_search?q=lamp&search_type=RECENT&fields=id,children{id,alt_text},text";
    world.get_as(&token, path).await.ok();
    let post = world
        .request(Method::POST, "1/manage_reply")
        .query(&[("access_token", "THQWno")]);
    send(post.form(&[("hide", "true")])).await;

    let log = world.sandbox.requests();

    let search = &log[0];
    assert_eq!(search.endpoint, Some(Endpoint::KeywordSearch));
    assert_eq!(
        (search.method.as_str(), search.path.as_str()),
        ("GET", "/keyword_search")
    );
    assert_eq!(search.parameter("search_type"), Some("RECENT"));
    assert_eq!(
        search.fields,
        ["id", "children", "children.id", "children.alt_text", "text"]
    );
    assert_eq!(search.scopes, ["threads_basic", "threads_keyword_search"]);
    assert_eq!((search.status, search.error_code), (Some(200), None));
    let refused = &log[1];
    assert_eq!(refused.token_placement, Some(TokenPlacement::Query));
    assert!(refused.scopes.is_empty() && refused.fields.is_empty());
    assert_eq!((refused.status, refused.error_code), (Some(400), Some(190)));
    assert_eq!(refused.parameter("hide"), Some("true"));
    assert!(!serde_json::to_string(&log).unwrap().contains("THQW"));
}
