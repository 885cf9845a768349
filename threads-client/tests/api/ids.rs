//! Ids: strings for us, strings or exact integers on the wire.

use threads_client::{ContainerId, LocationId, PostId, UserId};

#[test]
fn integers_beyond_two_to_the_53_keep_every_digit() {
    for digits in [
        "17841499999999918",
        "9007199254740993",
        "18446744073709551615",
        "-1",
        "0",
        "12345",
    ] {
        let from_number: UserId = serde_json::from_str(digits).unwrap();
        let from_string: UserId = serde_json::from_str(&format!("\"{digits}\"")).unwrap();

        assert_eq!(from_number.as_str(), digits);
        assert_eq!(from_string, from_number);
        assert_eq!(
            serde_json::to_string(&from_number).unwrap(),
            format!("\"{digits}\"")
        );
    }
}

#[test]
fn what_is_not_an_exact_id_is_refused() {
    for json in [
        "1.0",
        "1e3",
        "18446744073709551616",
        "\"\"",
        "null",
        "true",
        "[]",
        "{}",
    ] {
        assert!(serde_json::from_str::<PostId>(json).is_err(), "{json}");
    }
}

#[test]
fn debug_names_the_kind_of_id() {
    assert_eq!(format!("{:?}", UserId::new("1784")), r#"UserId("1784")"#);
    assert_eq!(format!("{:?}", PostId::from("1")), r#"PostId("1")"#);
    assert_eq!(
        format!("{:?}", ContainerId::from("2".to_owned())),
        r#"ContainerId("2")"#
    );
    assert_eq!(
        format!(
            "{} {}",
            LocationId::new("3"),
            LocationId::new("3").as_ref() as &str
        ),
        "3 3"
    );
}
