//! Every documented page that a browser is sent to, with every parameter and listed value.

use std::collections::BTreeSet;

use threads_client::{FollowIntent, PostIntent, ReplyControl};
use url::Url;

use crate::table;

#[test]
fn every_documented_page_is_built_with_every_parameter_and_value() {
    let post = PostIntent::new()
        .text("Hello")
        .link("https://example.com/".parse().unwrap())
        .tag("Wood")
        .reply_to("DAbc123")
        .quote("DAbc124");
    let mut built: Vec<Url> = [
        ReplyControl::Everyone,
        ReplyControl::AccountsYouFollow,
        ReplyControl::MentionedOnly,
        ReplyControl::FollowersOnly,
    ]
    .into_iter()
    .map(|control| post.clone().reply_control(control).url().unwrap())
    .collect();
    built.push(FollowIntent::new("acme.lab").url().unwrap());

    for page in table::pages() {
        let sent: BTreeSet<(String, String)> = built
            .iter()
            .filter(|url| url.as_str().starts_with(&format!("{}?", page.url)))
            .flat_map(|url| url.query_pairs().into_owned().collect::<Vec<_>>())
            .collect();
        let names: BTreeSet<&String> = sent.iter().map(|(name, _)| name).collect();
        assert_eq!(names, page.parameters.keys().collect(), "{}", page.url);
        for (name, values) in page.parameters {
            for value in values {
                assert!(
                    sent.contains(&(name.clone(), value.clone())),
                    "{}: {name}={value}",
                    page.url
                );
            }
        }
    }
}
