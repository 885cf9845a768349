//! The guide: one page for each area of the API.
//!
//! The pages hold no code of their own; their examples are compiled as tests.

#[doc = include_str!("../docs/authorization.md")]
pub mod authorization {}

#[doc = include_str!("../docs/reading.md")]
pub mod reading {}

#[doc = include_str!("../docs/insights.md")]
pub mod insights {}

#[doc = include_str!("../docs/publishing.md")]
pub mod publishing {}

#[doc = include_str!("../docs/replies.md")]
pub mod replies {}

#[doc = include_str!("../docs/search.md")]
pub mod search {}

#[doc = include_str!("../docs/web.md")]
pub mod web {}

#[doc = include_str!("../docs/webhooks.md")]
pub mod webhooks {}

#[doc = include_str!("../docs/media.md")]
pub mod media {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/limits.md")]
pub mod limits {}

#[doc = include_str!("../docs/coverage.md")]
pub mod coverage {}
