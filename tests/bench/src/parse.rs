//! Parsing alone: the same bytes, without a connection, each variant as its client does it.

use std::hint::black_box;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use threads_client::{AccountMetric, Insights, Page, Post, PostMetric, Profile, fuzzing};
use threads_rs::http::Response;

use crate::{Case, Result, Variant, bodies};

/// Parses one body and drops what it gave.
pub type Parser = Box<dyn Fn() -> Result<()>>;

/// How a variant parses the answer of a case.
pub fn parser(variant: Variant, case: Case) -> Parser {
    let body = bodies::body(case).into_bytes();
    match (variant, case) {
        (Variant::Bare, _) => Box::new(move || {
            black_box(serde_json::from_slice::<Value>(black_box(&body))?);
            Ok(())
        }),
        (Variant::Typed, Case::Profile) => typed::<Profile>(body),
        (Variant::Typed, Case::Posts25 | Case::Posts100) => typed::<Page<Post>>(body),
        (Variant::Typed, Case::AccountInsights) => typed::<Insights<AccountMetric>>(body),
        (Variant::Typed, Case::PostInsights) => typed::<Insights<PostMetric>>(body),
        (Variant::ThreadsRs, Case::Profile) => threads_rs::<threads_rs::User>(body),
        (Variant::ThreadsRs, Case::Posts25 | Case::Posts100) => {
            threads_rs::<threads_rs::PostsResponse>(body)
        }
        (Variant::ThreadsRs, Case::AccountInsights | Case::PostInsights) => {
            threads_rs::<threads_rs::InsightsResponse>(body)
        }
    }
}

fn typed<T: DeserializeOwned>(body: Vec<u8>) -> Parser {
    Box::new(move || {
        black_box(fuzzing::decode::<T>(black_box(&body))?);
        Ok(())
    })
}

fn threads_rs<T: DeserializeOwned>(body: Vec<u8>) -> Parser {
    let response = Response {
        status_code: 200,
        body,
        request_id: String::new(),
        rate_limit: None,
        duration: Duration::ZERO,
    };
    Box::new(move || {
        black_box(black_box(&response).json::<T>()?);
        Ok(())
    })
}
