//! oEmbed.

use reqwest::Method;
use threads_sandbox::Switches;

use crate::support::{HOUR, Reply, World, send};

async fn embed(world: &World, query: &[(&str, &str)]) -> Reply {
    send(world.request(Method::GET, "v1.0/oembed").query(query)).await
}

async fn permalink(world: &World, post: &str) -> String {
    let read = world.get(&format!("{post}?fields=permalink")).await.ok();
    read["permalink"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_post_is_embedded_by_both_forms_of_its_address_without_a_token() {
    let world = World::rich().await;
    let url = permalink(&world, &world.post_like("Ask me")).await;
    let short = url.split_once("/post/").unwrap().1;
    let short = format!("https://www.threads.com/t/{short}");

    let long = embed(&world, &[("url", &url)]).await.ok();
    let narrow = embed(&world, &[("url", &short), ("maxwidth", "320")])
        .await
        .ok();

    assert_eq!(long["type"], "rich");
    assert_eq!(long["version"], "1.0");
    assert_eq!(long["provider_name"], "Threads");
    assert_eq!(long["provider_url"], "https://www.threads.com/");
    assert_eq!(
        (long["width"].as_i64(), narrow["width"].as_i64()),
        (Some(658), Some(320))
    );
    assert_eq!(long["html"], narrow["html"]);
    let html = long["html"].as_str().unwrap();
    assert!(html.contains(&url) && html.contains("https://www.threads.com/embed.js"));
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused() {
    let world = World::rich().await;
    let url = permalink(&world, &world.post_like("Ask me")).await;
    let gated = permalink(&world, &world.post_like("Workshop in Bandung")).await;
    let ghost = permalink(&world, &world.post_like("Gone by")).await;

    for wrong in [
        gated.as_str(),
        ghost.as_str(),
        &url.replace("studio.lab", "noor.reads"),
        &url.replace("https:", "http:"),
        &url.replace("threads.com", "threads.example"),
        "https://www.threads.com/@studio.lab",
        "https://www.threads.com/t/Dnothing",
        "nonsense",
        "",
    ] {
        let reply = embed(&world, &[("url", wrong)]).await;
        assert_eq!((reply.status, reply.code()), (400, 100), "{wrong}");
    }
    for (name, value) in [
        ("maxwidth", "319"),
        ("maxwidth", "659"),
        ("maxheight", "400"),
        ("access_token", world.token.as_str()),
    ] {
        let reply = embed(&world, &[("url", &url), (name, value)]).await;
        assert_eq!(reply.code(), 100, "{name} {value}");
    }
    let post = world.request(Method::POST, "oembed").form(&[("url", &url)]);
    assert_eq!(send(post).await.codes(), (100, 33));
}

#[tokio::test]
async fn embedding_has_an_hourly_limit() {
    let world = World::rich().await;
    world.sandbox.set_switches(Switches {
        embed_quota: 1,
        ..Switches::default()
    });
    let url = permalink(&world, &world.post_like("Ask me")).await;

    embed(&world, &[("url", &url)]).await.ok();
    let refused = embed(&world, &[("url", &url)]).await;
    world.sandbox.advance(HOUR);
    embed(&world, &[("url", &url)]).await.ok();

    assert_eq!(refused.code(), 4);
    assert_eq!(Switches::default().embed_quota, 1_000);
}
