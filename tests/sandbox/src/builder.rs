//! Setting up a sandbox.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::account::{AccountSeed, demo_accounts, rich_accounts};
use crate::clock::{end_of_time, wall_clock_now};
use crate::credentials::App;
use crate::error::SandboxError;
use crate::fault::FaultPlan;
use crate::ledger::Ledger;
use crate::random::Seed;
use crate::sandbox::Sandbox;
use crate::server;
use crate::shared::Shared;
use crate::state::State;
use crate::switches::Switches;

/// The instant at which a sandbox stands unless told otherwise.
pub const DEFAULT_START: &str = "2026-06-01T12:00:00Z";
/// The app id unless told otherwise.
pub const DEFAULT_APP_ID: &str = "100200300400500";
/// The app secret unless told otherwise; like everything here it protects nothing.
pub const DEFAULT_APP_SECRET: &str = "sandbox-app-secret";
/// The redirect URI registered unless told otherwise.
pub const DEFAULT_REDIRECT_URI: &str = "https://app.example/callback";

/// How far back an account's posts may go.
const LONGEST_HISTORY_DAYS: u32 = 3_650;
/// How many posts an account may start with.
const MOST_POSTS: u32 = 10_000;

/// The settings of a sandbox that is about to start.
#[derive(Clone)]
#[must_use]
pub struct SandboxBuilder {
    address: IpAddr,
    port: u16,
    seed: String,
    accounts: Option<Vec<AccountSeed>>,
    start_at: Option<DateTime<Utc>>,
    is_running: bool,
    pace: u32,
    auto_approve: bool,
    app_id: String,
    app_secret: String,
    redirect_uris: Vec<Url>,
    ledger_file: Option<PathBuf>,
    switches: Switches,
    faults: FaultPlan,
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SandboxBuilder")
            .field("address", &self.address)
            .field("port", &self.port)
            .field("seed", &self.seed)
            .field("accounts", &self.accounts)
            .field("start_at", &self.start_at)
            .field("is_running", &self.is_running)
            .field("pace", &self.pace)
            .field("auto_approve", &self.auto_approve)
            .field("app_id", &self.app_id)
            .field("redirect_uris", &self.redirect_uris)
            .field("ledger_file", &self.ledger_file)
            .field("switches", &self.switches)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            seed: "demo".to_owned(),
            accounts: None,
            start_at: None,
            is_running: false,
            pace: 1,
            auto_approve: false,
            app_id: DEFAULT_APP_ID.to_owned(),
            app_secret: DEFAULT_APP_SECRET.to_owned(),
            redirect_uris: Vec::new(),
            ledger_file: None,
            switches: Switches::default(),
            faults: FaultPlan::default(),
        }
    }
}

impl SandboxBuilder {
    /// The loopback address to listen on; 127.0.0.1 unless told otherwise.
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// The port to listen on; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The text that every made-up number and name is drawn from.
    ///
    /// `empty` starts with one account without followers and posts; `rich` adds
    /// an account with conversations in front of the three demonstration
    /// accounts; every other text starts with those three, each with numbers of
    /// its own. The default is `demo`.
    pub fn seed(mut self, seed: impl Into<String>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Adds an account; the first one takes the place of the seeded accounts.
    pub fn account(mut self, account: AccountSeed) -> Self {
        self.accounts.get_or_insert_default().push(account);
        self
    }

    /// The virtual instant of the start; [`DEFAULT_START`] unless told otherwise.
    pub fn start_at(mut self, start_at: DateTime<Utc>) -> Self {
        self.start_at = Some(start_at);
        self
    }

    /// Starts at the real date and time.
    pub fn start_now(self) -> Self {
        self.start_at(wall_clock_now())
    }

    /// Whether real time moves the virtual clock; a frozen clock is the default.
    pub fn running(mut self, is_running: bool) -> Self {
        self.is_running = is_running;
        self
    }

    /// How many virtual seconds a real one is while the clock runs; 1 unless told otherwise.
    ///
    /// For clients whose clock runs as fast, so that their hours pass in seconds.
    pub fn pace(mut self, pace: u32) -> Self {
        self.pace = pace;
        self
    }

    /// Whether the authorization window allows without asking.
    pub fn auto_approve(mut self, auto_approve: bool) -> Self {
        self.auto_approve = auto_approve;
        self
    }

    /// The app's id and secret.
    pub fn app(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.app_id = id.into();
        self.app_secret = secret.into();
        self
    }

    /// Registers a redirect URI; without any, [`DEFAULT_REDIRECT_URI`] is registered.
    pub fn redirect_uri(mut self, redirect_uri: Url) -> Self {
        self.redirect_uris.push(redirect_uri);
        self
    }

    /// Appends the ledger to this file, too, one JSON line per effect.
    pub fn ledger_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ledger_file = Some(path.into());
        self
    }

    /// Chooses between the worlds that the documentation leaves possible.
    pub fn switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// The faults in force from the start.
    pub fn faults(mut self, plan: FaultPlan) -> Self {
        self.faults = plan;
        self
    }

    /// Starts the sandbox.
    ///
    /// # Errors
    ///
    /// Fails for an address that is not loopback, a port in use, a redirect URI
    /// that could not be registered, or a ledger file that cannot be opened.
    pub async fn start(self) -> Result<Sandbox, SandboxError> {
        if !self.address.is_loopback() {
            return Err(SandboxError::NotLoopback {
                address: self.address,
            });
        }
        let listen = |source| SandboxError::Listen {
            address: self.address,
            port: self.port,
            source,
        };
        let listener = TcpListener::bind(SocketAddr::new(self.address, self.port))
            .await
            .map_err(listen)?;
        let local = listener.local_addr().map_err(listen)?;
        let base_url = Url::parse(&format!("http://{local}/"))
            .map_err(|error| SandboxError::Setting(error.to_string()))?;
        let state = self.state()?;
        let shared = Arc::new(Shared::new(state, base_url));
        let stop = CancellationToken::new();
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shared), stop.clone()));
        Ok(Sandbox::new(shared, stop, task))
    }

    fn state(&self) -> Result<State, SandboxError> {
        let mut redirect_uris = self.redirect_uris.clone();
        if redirect_uris.is_empty() {
            redirect_uris.push(parse_setting(DEFAULT_REDIRECT_URI)?);
        }
        for redirect_uri in &redirect_uris {
            check_redirect_uri(redirect_uri)?;
        }
        let started_at = match self.start_at {
            Some(start_at) => start_at,
            None => parse_setting(DEFAULT_START)?,
        };
        if !(launch()..end_of_time()).contains(&started_at) {
            return Err(SandboxError::Setting(format!(
                "the start {started_at} does not lie between 2023-07-05 and the year 3000"
            )));
        }
        let accounts = match &self.accounts {
            Some(accounts) => accounts.clone(),
            None if self.seed == "empty" => vec![AccountSeed::new("blank.page").name("Blank Page")],
            None if self.seed == "rich" => rich_accounts(),
            None => demo_accounts(),
        };
        check_accounts(&accounts)?;
        let app = App {
            id: self.app_id.clone(),
            secret: self.app_secret.clone(),
            name: "Sandbox App".to_owned(),
            redirect_uris,
        };
        let ledger = Ledger::open(self.ledger_file.as_deref())?;
        let mut state = State::new(
            app,
            Seed::from_text(&self.seed),
            started_at,
            self.switches.clone(),
            ledger,
            &accounts,
        );
        state.auto_approve = self.auto_approve;
        state.faults.replace(self.faults.clone());
        state.clock.set_pace(self.pace);
        if self.is_running {
            state.clock.run();
        }
        Ok(state)
    }
}

/// Refuses what the developer dashboard would refuse, except plain HTTP to this machine.
pub(crate) fn check_redirect_uri(redirect_uri: &Url) -> Result<(), SandboxError> {
    let is_local = match redirect_uri.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if redirect_uri.scheme() == "https" || (redirect_uri.scheme() == "http" && is_local) {
        Ok(())
    } else {
        Err(SandboxError::Setting(format!(
            "the redirect URI {redirect_uri} must use HTTPS (or point to this machine)"
        )))
    }
}

/// The day Threads started; nothing can be older.
fn launch() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_688_540_400)
}

fn check_accounts(accounts: &[AccountSeed]) -> Result<(), SandboxError> {
    let mut names = std::collections::BTreeSet::new();
    for account in accounts {
        if !names.insert(account.username()) {
            return Err(SandboxError::Setting(format!(
                "two accounts are called {:?}",
                account.username()
            )));
        }
        if account.history_days > LONGEST_HISTORY_DAYS || account.posts > MOST_POSTS {
            return Err(SandboxError::Setting(format!(
                "the account {:?} has more than {LONGEST_HISTORY_DAYS} days or {MOST_POSTS} posts",
                account.username()
            )));
        }
    }
    Ok(())
}

fn parse_setting<T: std::str::FromStr>(text: &str) -> Result<T, SandboxError>
where
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error: T::Err| SandboxError::Setting(format!("{text:?}: {error}")))
}
