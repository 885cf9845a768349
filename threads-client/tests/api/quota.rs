//! Quotas: asked for one family at a time.

use std::time::Duration;

use crate::support::{client, only_request, server_answering};

#[tokio::test]
async fn the_post_quota_is_asked_for_by_itself() {
    let server = server_answering(200, "quota.json").await;

    let quota = client(&server).quota().publishing().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/me/threads_publishing_limit");
    assert_eq!(request.query(), [("fields", "quota_usage,config")]);
    assert_eq!(quota.quota_usage, Some(4));
    let config = quota.config.unwrap();
    assert_eq!(config.quota_total, Some(250));
    assert_eq!(config.quota_duration, Some(Duration::from_hours(24)));
    assert_eq!((quota.reply_quota_usage, quota.reply_config), (None, None));
}

#[tokio::test]
async fn the_reply_quota_is_asked_for_by_itself() {
    let server = server_answering(200, "quota_replies.json").await;

    let quota = client(&server).quota().replies().await.unwrap();

    assert_eq!(
        only_request(&server).await.query(),
        [("fields", "reply_quota_usage,reply_config")]
    );
    assert_eq!(quota.reply_quota_usage, Some(0));
    assert_eq!(quota.reply_config.unwrap().quota_total, Some(1_000));
    assert_eq!(quota.quota_usage, None);
}

#[tokio::test]
async fn the_quota_of_deletions_is_asked_for_by_itself() {
    let server = server_answering(200, "quota_deletions.json").await;

    let quota = client(&server).quota().deletions().await.unwrap();

    assert_eq!(
        only_request(&server).await.query(),
        [("fields", "delete_quota_usage,delete_config")]
    );
    assert_eq!(quota.delete_quota_usage, Some(3));
    assert_eq!(quota.delete_config.unwrap().quota_total, Some(100));
    assert_eq!(quota.reply_config, None);
}

#[tokio::test]
async fn the_quota_of_searches_for_places_is_asked_for_by_itself() {
    let server = server_answering(200, "quota_location_searches.json").await;

    let quota = client(&server).quota().location_searches().await.unwrap();

    assert_eq!(
        only_request(&server).await.query(),
        [(
            "fields",
            "location_search_quota_usage,location_search_config"
        )]
    );
    assert_eq!(quota.location_search_quota_usage, Some(12));
    assert_eq!(quota.location_search_config.unwrap().quota_total, Some(500));
    assert_eq!(quota.delete_config, None);
}

#[tokio::test]
async fn a_quota_that_meta_does_not_tell_is_none() {
    let server = server_answering(200, "insights_empty.json").await;

    let quota = client(&server).quota().publishing().await.unwrap();

    assert_eq!(quota, threads_client::PublishingQuota::default());
}
