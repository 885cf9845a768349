//! Names of what is measured.

use std::str::FromStr;

/// One call of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// The own profile.
    Profile,
    /// A page of 25 posts.
    Posts25,
    /// A page of 100 posts.
    Posts100,
    /// All metrics of the account that one call can have: all but the demographics.
    AccountInsights,
    /// All metrics of a post.
    PostInsights,
}

/// One way to make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// `reqwest` and `serde_json::Value`.
    Bare,
    /// `threads-client`.
    Typed,
    /// The crate `threads-rs`.
    ThreadsRs,
}

impl FromStr for Case {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "profile" => Ok(Self::Profile),
            "posts-25" => Ok(Self::Posts25),
            "posts-100" => Ok(Self::Posts100),
            "account-insights" => Ok(Self::AccountInsights),
            "post-insights" => Ok(Self::PostInsights),
            other => Err(format!("there is no case {other}")),
        }
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "bare" => Ok(Self::Bare),
            "threads-client" => Ok(Self::Typed),
            "threads-rs" => Ok(Self::ThreadsRs),
            other => Err(format!("there is no variant {other}")),
        }
    }
}
