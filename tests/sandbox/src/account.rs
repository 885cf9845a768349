//! The accounts a sandbox starts with.

use serde::{Deserialize, Serialize};

/// An account to seed the sandbox with.
///
/// ```
/// use threads_sandbox::AccountSeed;
///
/// let account = AccountSeed::new("small.cafe")
///     .name("Small Café")
///     .followers(240)
///     .posts(12)
///     .history_days(60);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSeed {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) biography: String,
    pub(crate) is_verified: bool,
    pub(crate) followers: u64,
    pub(crate) posts: u32,
    pub(crate) history_days: u32,
    pub(crate) daily_growth: f64,
    pub(crate) voice: Voice,
    #[serde(default)]
    pub(crate) is_lively: bool,
}

/// The language and place an account's posts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Voice {
    /// English, posting on a New York day.
    English,
    /// Indonesian, posting on a Jakarta day.
    Indonesian,
    /// Arabic (written right to left), posting on a Cairo day.
    Arabic,
    /// English from a workshop, posting on a New York day.
    Workshop,
}

impl AccountSeed {
    /// An account without followers and posts.
    pub fn new(username: impl Into<String>) -> Self {
        let username = username.into();
        Self {
            name: username.clone(),
            username,
            biography: String::new(),
            is_verified: false,
            followers: 0,
            posts: 0,
            history_days: 90,
            daily_growth: 0.002,
            voice: Voice::English,
            is_lively: false,
        }
    }

    /// The display name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The biography.
    pub fn biography(mut self, biography: impl Into<String>) -> Self {
        self.biography = biography.into();
        self
    }

    /// Gives the account its check mark.
    pub fn verified(mut self) -> Self {
        self.is_verified = true;
        self
    }

    /// The followers at the sandbox's start instant.
    pub fn followers(mut self, followers: u64) -> Self {
        self.followers = followers;
        self
    }

    /// How many posts exist at the start.
    pub fn posts(mut self, posts: u32) -> Self {
        self.posts = posts;
        self
    }

    /// Over how many days before the start those posts are spread.
    pub fn history_days(mut self, days: u32) -> Self {
        self.history_days = days;
        self
    }

    /// The mean growth of the followers per day (0.002 is 0.2 %).
    pub fn daily_growth(mut self, growth: f64) -> Self {
        self.daily_growth = growth;
        self
    }

    /// The language and place of the posts.
    pub fn voice(mut self, voice: Voice) -> Self {
        self.voice = voice;
        self
    }

    /// Gives the account a post of every kind, and people who reply to it, mention and quote it.
    ///
    /// They go on as virtual time goes by: some answer whatever the account publishes.
    pub fn lively(mut self) -> Self {
        self.is_lively = true;
        self
    }

    /// The user name.
    pub fn username(&self) -> &str {
        &self.username
    }
}

/// The accounts of the seed `rich`: one with conversations, and the demonstration.
pub(crate) fn rich_accounts() -> Vec<AccountSeed> {
    let studio = AccountSeed::new("studio.lab")
        .name("Studio Lab")
        .biography("Small machines, built on a kitchen table.")
        .verified()
        .followers(15_200)
        .posts(30)
        .history_days(90)
        .daily_growth(0.003)
        .voice(Voice::Workshop)
        .lively();
    std::iter::once(studio).chain(demo_accounts()).collect()
}

/// The three accounts of a demonstration: large, middle, and under 100 followers.
pub(crate) fn demo_accounts() -> Vec<AccountSeed> {
    vec![
        AccountSeed::new("kedai.senja")
            .name("Kedai Senja")
            .biography("Kopi, roti, dan matahari terbenam. Bandung, buka jam 10.")
            .verified()
            .followers(12_480)
            .posts(168)
            .history_days(240)
            .daily_growth(0.003)
            .voice(Voice::Indonesian),
        AccountSeed::new("noor.reads")
            .name("نور تقرأ")
            .biography("كتاب كل أسبوع، وفنجان قهوة كل صباح.")
            .followers(642)
            .posts(84)
            .history_days(180)
            .daily_growth(0.004)
            .voice(Voice::Arabic),
        AccountSeed::new("tiny.telescope")
            .name("Tiny Telescope")
            .biography("Backyard astronomy with a 76 mm mirror.")
            .followers(58)
            .posts(31)
            .history_days(120)
            .daily_growth(0.003)
            .voice(Voice::English),
    ]
}
