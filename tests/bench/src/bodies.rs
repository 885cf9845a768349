//! Answers as Meta writes them, with made-up values: what every variant reads.

use std::fmt::Write as _;

use crate::Case;

/// The body of the answer.
pub fn body(case: Case) -> String {
    match case {
        Case::Profile => PROFILE.to_owned(),
        Case::Posts25 => posts(25),
        Case::Posts100 => posts(100),
        Case::AccountInsights => account_insights(),
        Case::PostInsights => post_insights(),
    }
}

const PROFILE: &str = r#"{"id":"27000000000000001","username":"north.harbour","name":"North Harbour Caf\u00e9","threads_profile_picture_url":"https://scontent.example/v/t51.82787-19/500000000_18050000000000001_8123456789012345678_n.jpg?stp=dst-jpg_s640x640_tt6&_nc_cat=101&ccb=7-5&_nc_sid=bf7eb4&efg=eyJ2ZW5jb2RlX3RhZyI6InByb2ZpbGVfcGljIn0%3D&_nc_ohc=kW3xq0aBcDeQ7kNvwHfGh1i&_nc_zt=24&_nc_ht=scontent.example&oh=00_AfmN0pQrStUvWxYz0123456789abcdefghij&oe=6A1B2C3D","threads_biography":"Coffee \u2615 and boats, every day from seven.","is_verified":false}"#;

/// A page with all kinds of posts, in the mix of an account that posts text most of the time.
fn posts(count: usize) -> String {
    let mut page = String::from(r#"{"data":["#);
    for index in 0..count {
        if index > 0 {
            page.push(',');
        }
        post(&mut page, index);
    }
    page.push_str(
        r#"],"paging":{"cursors":{"before":"QVFIUmJlZm9yZTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwZD","after":"QVFIUmFmdGVyMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwZD"}}}"#,
    );
    page
}

fn post(page: &mut String, index: usize) {
    let id = 17_900_000_000_000_000_u64 + index as u64;
    let (day, minute) = (28 - index % 28, index % 60);
    let media_type = match index % 8 {
        4 => "IMAGE",
        5 => "VIDEO",
        6 => "CAROUSEL_ALBUM",
        _ => "TEXT_POST",
    };
    let _ = write!(
        page,
        r#"{{"id":"{id}","media_product_type":"THREADS","media_type":"{media_type}","permalink":"https://www.threads.com/@north.harbour/post/DAbc{index:07}","owner":{{"id":"27000000000000001"}},"username":"north.harbour","text":"Post {index}: the ferry leaves at seven, the coffee is ready at six.\nBring a friend \u2615 and tell them that \"early\" means early.","timestamp":"2026-05-{day:02}T05:{minute:02}:03+0000","shortcode":"DAbc{index:07}","is_quote_post":{is_quote},"has_replies":{has_replies},"is_verified":false,"profile_picture_url":"{picture}","is_spoiler_media":false"#,
        is_quote = index % 8 == 7,
        has_replies = index.is_multiple_of(3),
        picture = media_url("t51.82787-19", index % 4, "jpg"),
    );
    match index % 8 {
        1 => page.push_str(r#","link_attachment_url":"https://harbour.example/timetable?season=summer","topic_tag":"Ferries""#),
        3 if index.is_multiple_of(3) => page.push_str(
            r#","poll_attachment":{"option_a":"Six","option_b":"Seven","option_a_votes_percentage":0.25,"option_b_votes_percentage":0.75,"total_votes":48,"expiration_timestamp":"2026-05-30T05:42:03+0000"}"#,
        ),
        4 => media(page, index, "jpg"),
        5 => {
            media(page, index, "mp4");
            let _ = write!(
                page,
                r#","thumbnail_url":"{}""#,
                media_url("t51.71878-15", index, "jpg")
            );
        }
        6 => {
            media(page, index, "jpg");
            let _ = write!(
                page,
                r#","children":{{"data":[{{"id":"{}"}},{{"id":"{}"}},{{"id":"{}"}}]}}"#,
                id + 1_000,
                id + 2_000,
                id + 3_000
            );
        }
        7 => {
            let _ = write!(page, r#","quoted_post":{{"id":"{}"}}"#, id + 4_000);
        }
        _ => {}
    }
    page.push('}');
}

fn media(page: &mut String, index: usize, extension: &str) {
    let _ = write!(
        page,
        r#","media_url":"{}","alt_text":"A red and a blue boat at the pier""#,
        media_url("t51.82787-15", index, extension)
    );
}

/// Addresses of media are signed and long.
fn media_url(kind: &str, index: usize, extension: &str) -> String {
    format!(
        "https://scontent.example/v/{kind}/500000000_18050000000{index:06}_8123456789012345678_n.{extension}?stp=dst-{extension}_e35_tt6&_nc_cat=101&ccb=7-5&_nc_sid=18de74&efg=eyJlZmdfdGFnIjoiVEhSRUFEUy5pbWFnZSJ9&_nc_ohc=kW3xq0aBcDeQ7kNvwHfGh1i&_nc_oc=AdmQ0pQrStUvWxYz0123456789&_nc_zt=23&_nc_ht=scontent.example&_nc_gid=0pQrStUvWxYz0123456789&oh=00_AfmN0pQrStUvWxYz0123456789abcdefghij&oe=6A1B2C3D"
    )
}

fn account_insights() -> String {
    let mut body = String::from(r#"{"data":["#);
    body.push_str(r#"{"name":"views","period":"day","values":["#);
    for day in 1..=7 {
        let comma = if day > 1 { "," } else { "" };
        let _ = write!(
            body,
            r#"{comma}{{"value":{},"end_time":"2026-05-{day:02}T07:00:00+0000"}}"#,
            day * 1_013
        );
    }
    body.push_str(r#"],"title":"views","description":"The number of times your profile was viewed.","id":"27000000000000001/insights/views/day"}"#);
    for (name, value) in [
        ("likes", 9_213),
        ("replies", 311),
        ("reposts", 87),
        ("quotes", 12),
        ("followers_count", 10_492),
    ] {
        let _ = write!(
            body,
            r#",{{"name":"{name}","period":"day","title":"{name}","description":"The number of {name} on your posts.","total_value":{{"value":{value}}},"id":"27000000000000001/insights/{name}/day"}}"#
        );
    }
    body.push_str(r#",{"name":"clicks","period":"day","title":"clicks","description":"The number of clicks on your links.","link_total_values":[{"value":11,"link_url":"https://harbour.example/timetable?season=summer"},{"value":2,"link_url":"https://harbour.example/menu"}],"id":"27000000000000001/insights/clicks/day"}]"#);
    body.push_str(r#","paging":{"previous":"https://graph.example/v1.0/27000000000000001/threads_insights?access_token=made-up&pretty=0&metric=views&since=1778000000&until=1778086400","next":"https://graph.example/v1.0/27000000000000001/threads_insights?access_token=made-up&pretty=0&metric=views&since=1778172800&until=1778259200"}}"#);
    body
}

fn post_insights() -> String {
    let mut body = String::from(r#"{"data":["#);
    let metrics = [
        ("views", 1_423),
        ("likes", 92),
        ("replies", 7),
        ("reposts", 3),
        ("quotes", 0),
        ("shares", 5),
    ];
    for (index, (name, value)) in metrics.into_iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            body,
            r#"{comma}{{"name":"{name}","period":"lifetime","values":[{{"value":{value}}}],"title":"{name}","description":"The number of {name} of your post.","id":"17900000000000001/insights/{name}/lifetime"}}"#
        );
    }
    body.push_str("]}");
    body
}
