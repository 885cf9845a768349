//! What a parser accepts it reads faithfully.

use proptest::prelude::*;
use threads_client::{ApiError, Insights, PostId, PostMetric};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ids_keep_every_digit(number in any::<u64>()) {
        let id: PostId = serde_json::from_str(&number.to_string()).unwrap();

        prop_assert_eq!(id.as_str(), number.to_string());
    }

    #[test]
    fn figures_are_read_as_they_are_written(figures in prop::collection::vec(any::<u64>(), 0..8)) {
        let values: Vec<_> = figures.iter().map(|value| serde_json::json!({ "value": value })).collect();
        let body = serde_json::json!({ "data": [{ "name": "views", "values": values }] });
        let insights: Insights<PostMetric> = serde_json::from_value(body).unwrap();

        let read: Vec<_> = insights.series(&PostMetric::Views).unwrap().iter().map(|point| point.value).collect();
        prop_assert_eq!(&read, &figures);
        let total = if let [only] = figures[..] { Some(only) } else { None };
        prop_assert_eq!(insights.total(&PostMetric::Views), total);
    }
}

proptest! {
    // Cleaning takes longest where nothing can be cut early.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn error_texts_are_cut_to_a_thousand_characters(character in any::<char>(), length in 900_usize..3_000) {
        let body = serde_json::json!({ "error": { "message": String::from(character).repeat(length), "code": 100 } });
        let message = ApiError::from_response(400, &serde_json::to_vec(&body).unwrap()).message;

        prop_assert!(message.chars().count() <= 1_001);
        prop_assert!(!message.chars().any(char::is_control));
    }
}
