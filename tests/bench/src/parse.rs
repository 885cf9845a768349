//! Parsing alone: the same bytes, without a connection.

use std::hint::black_box;

use serde_json::Value;
use threads_client::{AccountMetric, Insights, Page, Post, PostMetric, Profile};

use crate::{Case, Result, Variant};

/// A function that parses one body and drops what it gave.
pub type Parser = fn(&[u8]) -> Result<()>;

/// How a variant parses the answer of a case.
pub fn parse(variant: Variant, case: Case) -> Parser {
    match (variant, case) {
        (Variant::Bare, _) => read::<Value>,
        (Variant::Typed, Case::Profile) => read::<Profile>,
        (Variant::Typed, Case::Posts25 | Case::Posts100) => read::<Page<Post>>,
        (Variant::Typed, Case::AccountInsights) => read::<Insights<AccountMetric>>,
        (Variant::Typed, Case::PostInsights) => read::<Insights<PostMetric>>,
        (Variant::ThreadsRs, Case::Profile) => read::<threads_rs::User>,
        (Variant::ThreadsRs, Case::Posts25 | Case::Posts100) => read::<threads_rs::PostsResponse>,
        (Variant::ThreadsRs, Case::AccountInsights | Case::PostInsights) => {
            read::<threads_rs::InsightsResponse>
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<()> {
    black_box(serde_json::from_slice::<T>(black_box(body))?);
    Ok(())
}
