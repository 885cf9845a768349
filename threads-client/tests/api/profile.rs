//! Profiles: what is asked for and what is read.

use chrono::DateTime;
use threads_client::{Error, ProfileField, UserId};

use crate::support::{client, only_request, requests, server_answering};

#[tokio::test]
async fn own_profile_asks_for_the_fields_every_account_can_read() {
    let server = server_answering(200, "profile.json").await;

    let profile = client(&server).profile().get().await.unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/me");
    let fields = "id,username,name,threads_profile_picture_url,threads_biography,is_verified";
    assert_eq!(request.query(), [("fields", fields)]);
    assert_eq!(profile.id, UserId::new("27000000000000001"));
    assert_eq!(profile.username, "north.harbour");
    assert_eq!(profile.name.as_deref(), Some("North Harbour Café"));
    assert_eq!(
        profile.picture_url.unwrap().as_str(),
        "https://scontent.example/v/pic.jpg?oh=1&oe=2"
    );
    assert_eq!(profile.biography.as_deref(), Some("Coffee ☕ and boats."));
    assert_eq!(profile.is_verified, Some(false));
    assert_eq!(profile.recently_searched_keywords, None);
    assert_eq!(profile.is_eligible_for_geo_gating, None);
}

#[tokio::test]
async fn what_meta_leaves_out_of_a_profile_is_none() {
    let server = server_answering(200, "profile_minimal.json").await;

    let profile = client(&server).profile().get().await.unwrap();

    assert_eq!(profile.id.as_str(), "27000000000000001");
    assert_eq!(
        (profile.name, profile.picture_url, profile.is_verified),
        (None, None, None)
    );
}

#[tokio::test]
async fn chosen_fields_are_asked_for_beside_id_and_username() {
    let server = server_answering(200, "profile_selected.json").await;

    let fields = [
        ProfileField::RecentlySearchedKeywords,
        ProfileField::IsEligibleForGeoGating,
    ];
    let profile = client(&server).profile().select(&fields).await.unwrap();

    let request = only_request(&server).await;
    let fields = "id,username,recently_searched_keywords,is_eligible_for_geo_gating";
    assert_eq!(request.query(), [("fields", fields)]);
    let keyword = &profile.recently_searched_keywords.unwrap()[0];
    assert_eq!(keyword.query, "rustlang");
    assert_eq!(
        keyword.searched_at,
        DateTime::from_timestamp(1_767_225_600, 0)
    );
    assert_eq!(profile.is_eligible_for_geo_gating, Some(true));
    assert_eq!(profile.picture_url, None);
}

#[tokio::test]
async fn public_profile_is_looked_up_by_its_exact_handle() {
    let server = server_answering(200, "public_profile.json").await;

    let profile = client(&server)
        .profile()
        .lookup("@big.lighthouse")
        .await
        .unwrap();

    let request = only_request(&server).await;
    assert_eq!(request.line, "GET /v1.0/profile_lookup");
    assert_eq!(request.query(), [("username", "big.lighthouse")]);
    assert_eq!(profile.username, "big.lighthouse");
    assert_eq!(profile.follower_count, Some(5_123_456));
    // Measured as none at all, and not told, are two things.
    assert_eq!(profile.likes_count, Some(0));
    assert_eq!(profile.replies_count, None);
    assert_eq!(profile.views_count, Some(7_654_321));
}

#[tokio::test]
async fn an_empty_handle_is_not_sent() {
    let server = server_answering(200, "public_profile.json").await;

    for handle in ["", "@", "  "] {
        let error = client(&server).profile().lookup(handle).await.unwrap_err();

        assert!(
            matches!(error, Error::InvalidRequest(_)),
            "{handle:?}: {error:?}"
        );
    }
    assert!(requests(&server).await.is_empty());
}
