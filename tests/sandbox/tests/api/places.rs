//! Places: searching, reading, the quota.

use serde_json::json;
use threads_sandbox::{LocationQuery, Switches};

use crate::support::{DAY, World, data, each};

const ALL: &str = "fields=id,name,address,city,country,latitude,longitude,postal_code";

#[tokio::test]
async fn places_are_found_by_name_and_have_numbers_as_ids_in_searches_only() {
    let world = World::start().await;

    let found = world
        .get(&format!("location_search?q=menlo&{ALL}"))
        .await
        .ok();
    let place = world.get(&format!("107000000000011?{ALL}")).await.ok();
    let bare = world.get("location_search?q=Bandung").await.ok();
    let large = world.get("location_search?q=Studio&fields=id").await;

    assert_eq!(data(&found).len(), 2);
    assert_eq!(found["data"][0]["id"], 107_000_000_000_011_u64);
    assert_eq!(
        place,
        json!({
            "id": "107000000000011",
            "name": "Menlo Park",
            "address": "1 Example Way",
            "city": "Menlo Park",
            "country": "United States",
            "latitude": 37.4848,
            "longitude": -122.1484,
            "postal_code": "94025",
        })
    );
    assert_eq!(bare, json!({ "data": [{ "id": 107_000_000_000_033_u64 }] }));
    assert!(large.text.contains("9007199254740993"), "{}", large.text);
    assert!(found.get("paging").is_none());
}

#[tokio::test]
async fn places_are_found_near_a_position_nearest_first() {
    let world = World::start().await;
    let near = "latitude=37.4529&longitude=-122.18";

    let around = world
        .get(&format!("location_search?{near}&fields=name"))
        .await
        .ok();
    let both = world
        .get(&format!("location_search?{near}&q=library&fields=name"))
        .await
        .ok();
    let nowhere = world
        .get("location_search?latitude=0&longitude=0")
        .await
        .ok();

    assert_eq!(
        each(&around, "name"),
        ["Menlo Park Example Library", "Menlo Park"]
    );
    assert_eq!(each(&both, "name"), ["Menlo Park Example Library"]);
    assert!(data(&nowhere).is_empty());
}

#[tokio::test]
async fn incomplete_and_wrong_searches_for_places_are_refused() {
    let world = World::start().await;
    for query in [
        "",
        "q=",
        "latitude=1",
        "longitude=1",
        "latitude=91&longitude=0",
        "latitude=0&longitude=181",
        "latitude=x&longitude=0",
        "latitude=NaN&longitude=0",
        "q=menlo&latitude=1",
        "q=menlo&limit=5",
        "q=menlo&after=x",
        "query=menlo",
    ] {
        let reply = world.get(&format!("location_search?{query}")).await;
        assert_eq!(reply.code(), 100, "{query}");
    }
    assert_eq!(
        world.get("107000000000099?fields=id").await.codes(),
        (100, 33)
    );
    let usage = world
        .get("me/threads_publishing_limit?fields=location_search_quota_usage")
        .await
        .ok();
    assert_eq!(usage["data"][0]["location_search_quota_usage"], 0);
}

#[tokio::test]
async fn the_text_can_be_called_query_in_another_world() {
    let world = World::start().await;
    let status = async |location_query, query: &str| {
        world.sandbox.set_switches(Switches {
            location_query,
            ..Switches::default()
        });
        world.get(&format!("location_search?{query}")).await.status
    };

    assert_eq!(status(LocationQuery::Query, "query=menlo").await, 200);
    assert_eq!(status(LocationQuery::Query, "q=menlo").await, 400);
    assert_eq!(status(LocationQuery::Either, "query=menlo").await, 200);
    assert_eq!(status(LocationQuery::Either, "q=menlo").await, 200);
    assert_eq!(
        status(LocationQuery::Either, "q=menlo&query=menlo").await,
        400
    );
}

#[tokio::test]
async fn without_approval_only_menlo_park_is_found() {
    let world = World::start().await;
    world.sandbox.set_switches(Switches {
        advanced_access: false,
        ..Switches::default()
    });

    assert_eq!(
        world.get("location_search?q=Menlo%20Park").await.status,
        200
    );
    for query in ["q=Bandung", "latitude=37.4&longitude=-122.1"] {
        let refused = world.get(&format!("location_search?{query}")).await;
        assert_eq!((refused.status, refused.code()), (403, 10), "{query}");
    }
}

#[tokio::test]
async fn searches_for_places_have_a_quota_that_can_be_asked_for() {
    let world = World::start().await;
    world.sandbox.set_switches(Switches {
        location_search_quota: 2,
        ..Switches::default()
    });
    let fields = "fields=location_search_quota_usage,location_search_config";
    let limit = format!("me/threads_publishing_limit?{fields}");
    let only = world.token_with(&["threads_basic", "threads_location_tagging"]);

    world.get("location_search?q=menlo").await.ok();
    let one = world.get_as(&only, &limit).await.ok();
    world.get("location_search?q=nowhere").await.ok();
    let refused = world.get("location_search?q=menlo").await;
    world.sandbox.advance(DAY);
    world.get("location_search?q=menlo").await.ok();

    assert_eq!(
        one,
        json!({ "data": [{
            "location_search_quota_usage": 1,
            "location_search_config": { "quota_total": 2, "quota_duration": 86_400 },
        }] })
    );
    assert_eq!(refused.code(), 4);
    assert_eq!(Switches::default().location_search_quota, 500);
}
