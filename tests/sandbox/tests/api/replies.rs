//! Replies below a post: reading, hiding, approving.

use threads_sandbox::{LedgerKind, Switches};

use crate::support::{World, data, each};

const STATUS: &str = "fields=text,username,hide_status&limit=100";

#[tokio::test]
async fn replies_are_direct_and_a_conversation_is_everything_below() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");

    let direct = world
        .get(&format!("{post}/replies?limit=100&fields=id,replied_to"))
        .await
        .ok();
    let all = world
        .get(&format!(
            "{post}/conversation?limit=100&fields=id,root_post,text"
        ))
        .await
        .ok();

    let is_direct = |reply: &serde_json::Value| reply["replied_to"]["id"] == post.as_str();
    assert!(data(&direct).iter().all(is_direct));
    assert_eq!(data(&direct).len(), 33);
    assert_eq!(data(&all).len(), 36);
    assert!(
        data(&all)
            .iter()
            .all(|reply| reply["root_post"]["id"] == post.as_str())
    );
    assert!(each(&all, "text").contains(&"Folded? All of it?"));
}

#[tokio::test]
async fn a_conversation_is_paged_newest_first_or_in_reverse() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let all = world
        .get(&format!("{post}/conversation?limit=100"))
        .await
        .ok();
    let mut newest_first: Vec<String> = each(&all, "id").into_iter().map(str::to_owned).collect();

    for order in ["true", "false"] {
        let mut seen: Vec<String> = Vec::new();
        let mut path = format!("{post}/conversation?reverse={order}");
        for _ in 0..5 {
            let page = world.get(&path).await.ok();
            if data(&page).is_empty() {
                assert!(page.get("paging").is_none());
                break;
            }
            seen.extend(each(&page, "id").into_iter().map(str::to_owned));
            let after = page["paging"]["cursors"]["after"].as_str().unwrap();
            path = format!("{post}/conversation?reverse={order}&after={after}");
        }
        assert_eq!(seen, newest_first, "{order}");
        newest_first.reverse();
    }
    let first = world.get(&format!("{post}/conversation")).await.ok();
    assert_eq!(data(&first).len(), 25);
    for wrong in [
        "reverse=yes",
        "limit=101",
        "since=1780000000",
        "until=1780000000",
    ] {
        let reply = world.get(&format!("{post}/conversation?{wrong}")).await;
        assert_eq!(reply.code(), 100, "{wrong}");
    }
}

#[tokio::test]
async fn every_hide_status_and_kind_of_reply_is_there() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");

    let page = world
        .get(&format!(
            "{post}/replies?limit=100&fields=hide_status,media_type,alt_text"
        ))
        .await
        .ok();

    for status in [
        "NOT_HUSHED",
        "UNHUSHED",
        "HIDDEN",
        "COVERED",
        "BLOCKED",
        "RESTRICTED",
    ] {
        assert!(each(&page, "hide_status").contains(&status), "{status}");
    }
    for kind in ["TEXT_POST", "IMAGE", "AUDIO"] {
        assert!(each(&page, "media_type").contains(&kind), "{kind}");
    }
}

#[tokio::test]
async fn people_with_private_profiles_are_not_named() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let fields = "fields=id,text,username,permalink&limit=100";

    let page = world.get(&format!("{post}/replies?{fields}")).await.ok();

    let private = data(&page).iter().find(|reply| {
        reply["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("Lovely"))
    });
    let private = private.unwrap();
    assert!(private.get("username").is_none() && private.get("permalink").is_none());
    let id = private["id"].as_str().unwrap();
    assert_eq!(world.get(id).await.codes(), (100, 33));
    let named = each(&page, "username").len();
    assert_eq!(named, data(&page).len() - 1);
}

#[tokio::test]
async fn marks_and_pictures_come_with_direct_replies_only() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let fields = "fields=replied_to,is_verified,profile_picture_url&limit=100";

    let page = world
        .get(&format!("{post}/conversation?{fields}"))
        .await
        .ok();

    for reply in data(&page) {
        let is_direct = reply["replied_to"]["id"] == post.as_str();
        assert_eq!(reply["is_verified"].is_boolean(), is_direct, "{reply}");
        assert_eq!(
            reply["profile_picture_url"].is_string(),
            is_direct,
            "{reply}"
        );
    }
}

#[tokio::test]
async fn replies_are_read_below_own_posts_only_and_conversations_below_first_posts() {
    let world = World::rich().await;
    let foreign = world.written_by("kedai.senja", "");
    let own_reply = world.post_like("Neat.");

    for list in ["replies", "conversation", "pending_replies"] {
        let reply = world.get(&format!("{foreign}/{list}")).await;
        assert_eq!(reply.codes(), (100, 33), "{list}");
    }
    let below_own_reply = world
        .get(&format!("{own_reply}/replies?fields=text"))
        .await
        .ok();
    assert_eq!(
        each(&below_own_reply, "text"),
        ["The brown one from the bakery."]
    );
    let conversation = world.get(&format!("{own_reply}/conversation")).await;
    assert_eq!(conversation.code(), 100);
    assert!(conversation.json["error"].get("error_subcode").is_none());
}

#[tokio::test]
async fn hiding_a_direct_reply_hides_what_is_below_it_and_can_be_undone() {
    let world = World::rich().await;
    let post = world.post_like("Ask me");
    let reply = world.written_by("ada.makes", "Which glue");
    let status = async |text: &str| {
        let page = world
            .get(&format!("{post}/conversation?{STATUS}"))
            .await
            .ok();
        let found = data(&page)
            .iter()
            .find(|reply| reply["text"] == text)
            .cloned();
        found.unwrap()["hide_status"].as_str().unwrap().to_owned()
    };

    let path = format!("{reply}/manage_reply");
    let hidden = world.post(&path, &[("hide", "true")]).await.ok();
    let nested_hidden = status("None, it is folded.").await;
    world.post(&path, &[("hide", "true")]).await.ok();
    world.post(&path, &[("hide", "false")]).await.ok();

    assert_eq!(hidden, serde_json::json!({ "success": true }));
    assert_eq!(nested_hidden, "HIDDEN");
    assert_eq!(status("Which glue do you use?").await, "UNHUSHED");
    assert_eq!(status("None, it is folded.").await, "NOT_HUSHED");
    let ledger = world.sandbox.ledger();
    let last = ledger.last().unwrap();
    assert_eq!(last.kind, LedgerKind::ReplyUnhidden);
    assert_eq!(last.post_id.as_deref(), Some(reply.as_str()));
    assert_eq!(last.account.as_deref(), Some(world.user.as_str()));
}

#[tokio::test]
async fn only_direct_replies_to_own_posts_are_managed_and_only_with_a_boolean() {
    let world = World::rich().await;
    let (post, direct) = (
        world.post_like("Ask me"),
        world.written_by("ada.makes", "Which glue"),
    );
    let nested = world.written_by("ada.makes", "Folded?");
    let foreign = world.written_by("ada.makes", "The brown one");

    for reply in [post.as_str(), nested.as_str(), foreign.as_str()] {
        let path = format!("{reply}/manage_reply");
        let refused = world.post(&path, &[("hide", "true")]).await;
        assert_eq!(refused.code(), 100, "{reply}");
    }
    let path = format!("{direct}/manage_reply");
    for form in [
        vec![],
        vec![("hide", "1")],
        vec![("hide", "TRUE")],
        vec![("approve", "true")],
        vec![("hide", "true"), ("nope", "1")],
    ] {
        assert_eq!(world.post(&path, &form).await.code(), 100, "{form:?}");
    }
    let poor = world.token_with(&["threads_basic", "threads_read_replies"]);
    let request = world
        .request(reqwest::Method::POST, &path)
        .bearer_auth(poor);
    let refused = crate::support::send(request.form(&[("hide", "true")])).await;
    assert_eq!((refused.status, refused.code()), (403, 10));
    assert_eq!(world.get(&path).await.codes(), (100, 33));
    assert!(
        world
            .sandbox
            .ledger()
            .iter()
            .all(|entry| entry.kind != LedgerKind::ReplyHidden)
    );
}

#[tokio::test]
async fn waiting_replies_are_listed_apart_until_they_are_approved() {
    let world = World::rich().await;
    let post = world.post_like("Serious questions");
    let fields = "fields=text,reply_approval_status";
    let pending = format!("{post}/pending_replies?{fields}");

    let both = world.get(&pending).await.ok();
    let waiting = world
        .get(&format!("{pending}&approval_status=pending"))
        .await
        .ok();
    let ignored = world
        .get(&format!("{pending}&approval_status=ignored"))
        .await
        .ok();
    let oldest = world.get(&format!("{pending}&reverse=false")).await.ok();
    let shown = world
        .get(&format!("{post}/conversation?fields=text"))
        .await
        .ok();

    let texts = ["Is it edible?", "Is it waterproof?", "Is it fireproof?"];
    assert_eq!(each(&both, "text"), texts);
    assert_eq!(
        each(&both, "reply_approval_status"),
        ["ignored", "pending", "pending"]
    );
    assert_eq!(each(&waiting, "text"), texts[1..]);
    assert_eq!(each(&ignored, "text"), texts[..1]);
    assert_eq!(each(&oldest, "text")[0], texts[2]);
    assert_eq!(
        each(&shown, "text"),
        ["Two winters for me.", "How long does it last?"]
    );
    for wrong in ["PENDING", "Ignored", "approved", ""] {
        let reply = world
            .get(&format!("{pending}&approval_status={wrong}"))
            .await;
        assert_eq!(reply.code(), 100, "{wrong}");
    }
    let elsewhere = world
        .get(&format!("{post}/replies?fields=reply_approval_status"))
        .await;
    assert_eq!(elsewhere.code(), 100);
    let plain = world.post_like("Ask me");
    let none = world.get(&format!("{plain}/pending_replies")).await.ok();
    assert!(data(&none).is_empty());
}

#[tokio::test]
async fn an_ignored_reply_can_still_be_approved_and_an_approved_one_is_done() {
    let world = World::rich().await;
    let post = world.post_like("Serious questions");
    let reply = world.written_by("ada.makes", "Is it fireproof?");
    let decide = async |value: &str| {
        let path = format!("{reply}/manage_pending_reply");
        world.post(&path, &[("approve", value)]).await
    };

    let ignored = decide("false").await.ok();
    let after_ignoring = world.get(&format!("{post}/replies")).await.ok();
    decide("true").await.ok();
    let after_approving = world.get(&format!("{post}/replies?fields=text")).await.ok();
    let again = decide("true").await;

    assert_eq!(ignored, serde_json::json!({ "success": true }));
    assert_eq!(data(&after_ignoring).len(), 1);
    assert!(each(&after_approving, "text").contains(&"Is it fireproof?"));
    assert_eq!(again.code(), 100);
    let kinds: Vec<_> = world
        .sandbox
        .ledger()
        .iter()
        .map(|entry| entry.kind)
        .collect();
    assert!(kinds.ends_with(&[LedgerKind::ReplyIgnored, LedgerKind::ReplyApproved]));
    assert_eq!(decide("maybe").await.code(), 100);
    let plain = world.written_by("ada.makes", "Which glue");
    let path = format!("{plain}/manage_pending_reply");
    assert_eq!(world.post(&path, &[("approve", "true")]).await.code(), 100);
}

#[tokio::test]
async fn a_reply_to_a_post_with_approvals_waits_and_the_authors_own_does_not() {
    let world = World::rich().await;
    let form = [
        ("media_type", "TEXT"),
        ("text", "Careful with this one."),
        ("enable_reply_approvals", "true"),
        ("auto_publish_text", "true"),
    ];
    let post = world.post("me/threads", &form).await.id();

    let foreign = world.sandbox.reply_as("new.face", &post, "May I?").unwrap();
    let form = [
        ("media_type", "TEXT"),
        ("text", "An addition."),
        ("reply_to_id", post.as_str()),
        ("auto_publish_text", "true"),
    ];
    let own = world.post("me/threads", &form).await.id();

    let shown = world.get(&format!("{post}/replies")).await.ok();
    let waiting = world.get(&format!("{post}/pending_replies")).await.ok();
    assert_eq!(each(&shown, "id"), [own]);
    assert_eq!(each(&waiting, "id"), [foreign.as_str()]);
    let noor = world
        .sandbox
        .issue_token("noor.reads", &["threads_basic"], std::time::Duration::ZERO)
        .unwrap();
    assert_eq!(world.get(&foreign).await.status, 200);
    assert_eq!(world.get_as(&noor, &foreign).await.codes(), (100, 33));
}

#[tokio::test]
async fn replies_of_others_are_not_read_alone_without_approval() {
    let world = World::rich().await;
    let reply = world.written_by("ada.makes", "Which glue");
    world.get(&reply).await.ok();

    world.sandbox.set_switches(Switches {
        advanced_access: false,
        ..Switches::default()
    });

    assert_eq!(world.get(&reply).await.codes(), (100, 33));
}
