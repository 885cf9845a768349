//! Every kind of post against a strict stand-in for Meta that shares no code with this crate.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use threads_client::{
    Client, Draft, DraftGif, DraftPoll, DraftSpoiler, DraftStyling, DraftTextAttachment,
    DraftTextStyle, Error, InstagramShare, Media, MediaType,
};
use threads_sandbox::{Endpoint, Fault, Sandbox};

use crate::support::{self, quick_wait};

const ACCOUNT: &str = "kedai.senja";

fn client(sandbox: &Sandbox) -> Client {
    support::sandbox::client(sandbox, ACCOUNT, Sandbox::all_scopes())
}

fn texts() -> Vec<Draft> {
    let long = DraftTextAttachment::new("First things first")
        .link_attachment_url("https://a.example/x".parse().unwrap())
        .style(DraftTextStyle::new(
            0,
            5,
            [DraftStyling::Bold, DraftStyling::Highlight],
        ))
        .style(DraftTextStyle::new(6, 6, [DraftStyling::Underline]));
    vec![
        Draft::poll(
            "Tea or coffee?",
            DraftPoll::new("Tea", "Coffee")
                .option("Neither")
                .option("Both"),
        ),
        Draft::gif(DraftGif::giphy("3o7abKhOpu0NwenH3O")).with_text("Done"),
        Draft::text_attachment(long).with_text("A longer read"),
        Draft::ghost_post("Gone tomorrow").spoiler(DraftSpoiler::new(0, 4)),
        Draft::text("It was the gardener")
            .spoiler(DraftSpoiler::new(7, 12))
            .enable_reply_approvals()
            .share_to_instagram(InstagramShare::DarkMode),
    ]
}

#[tokio::test]
async fn every_kind_of_text_post_is_taken_and_published() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox);

    for draft in texts() {
        let post = client
            .publishing()
            .publish_with(draft.clone(), &quick_wait())
            .await
            .unwrap();

        let post = client.posts().get(&post).await.unwrap();
        assert_eq!(post.text, draft.text);
        assert_eq!(post.media_type, Some(MediaType::TextPost));
    }
}

#[tokio::test]
async fn every_kind_of_text_post_can_be_published_at_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox);

    for draft in texts() {
        let post = client.publishing().auto_publish_text(&draft).await.unwrap();

        assert_eq!(client.posts().get(&post).await.unwrap().text, draft.text);
    }
}

#[tokio::test]
async fn media_take_spoilers_approvals_and_shares() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox);
    let image = |name| Media::image(format!("https://media.example/{name}.jpg").parse().unwrap());
    let extras = |draft: Draft| {
        draft
            .with_text("It was the gardener")
            .spoiler(DraftSpoiler::new(7, 12))
            .spoiler_media()
            .enable_reply_approvals()
            .share_to_instagram(InstagramShare::Standard)
    };

    for draft in [
        Draft::image(image("one").url),
        Draft::carousel(vec![image("one"), image("two")]),
    ] {
        client
            .publishing()
            .publish_with(extras(draft), &quick_wait())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_text_whose_answer_is_lost_is_live_and_was_sent_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = client(&sandbox);
    let before = sandbox.posts(ACCOUNT).unwrap().len();
    sandbox.fail_next(Endpoint::CreateContainer, Fault::DropAfterEffect);

    let error = client
        .publishing()
        .auto_publish_text(&Draft::text("Once"))
        .await
        .unwrap_err();

    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert_eq!(sandbox.posts(ACCOUNT).unwrap().len(), before + 1);
}
