//! The command line, and what it takes from the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::FalseyValueParser;
use threads_monitor::Retention;
use url::Url;

use crate::commands::Command;
use crate::store::{self, Age};

/// Where the dashboard listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8321";
/// Where the data of real accounts is kept unless told otherwise.
pub const DEFAULT_STORE: &str = "sqlite:./threads-data/threads.db";
/// Where the demonstration keeps its data unless told otherwise.
pub const DEMO_STORE: &str = "sqlite:./threads-data-demo/threads.db";

const ABOUT: &str = "A dashboard for Threads accounts: followers, views, scheduled posts.";

const MODES: &str = "\
Without THREADS_APP_ID it shows a demonstration: it starts a sandbox of the Threads API
on this machine, connects three made-up accounts, and collects months of history. It
has a data directory of its own, which it empties at each start, because its sandbox
forgets, and which is never mixed with that of real accounts.

With THREADS_APP_ID and THREADS_APP_SECRET (or --app-secret-file) it talks to Meta.
The app secret is read from the environment or a file, never from the command line,
where other users of the machine could see it.

Where data is kept (--store):
  sqlite:FILE         one file in a directory of its own; several programs of this
                      machine may share it
  postgres://USER:PASSWORD@HOST/DATABASE
                      a PostgreSQL server; programs of many machines may share it. Give
                      the address as THREADS_STORE: others can see a command line
  file:DIRECTORY      plain files, for one program at a time
  memory:             forgotten when the program ends

The access tokens of real accounts are sealed (encrypted) before they are stored. Their
keys lie in a file beside the data, which is made at the first start. Keep a copy of it,
apart from copies of the data: without it every account has to be connected again.

  THREADS_APP_SECRET  the secret of the Threads app (not of the Meta app around it)
  THREADS_KEYS        the keys themselves, instead of --key-file
  RUST_LOG            what is logged to standard error, such as threads_monitor=debug

The pages have no login. They are served to this machine only, unless
--allow-remote-access says that a proxy in front of them asks who is there.";

/// The settings of one start.
#[derive(Debug, Clone, Parser)]
#[command(name = "threads-dashboard", version, about = ABOUT, after_help = MODES)]
pub struct Options {
    /// What to do instead of showing the dashboard
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Address and port to listen on [default: 127.0.0.1:8321, in the demonstration the next free port]
    #[arg(long, env = "THREADS_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Where data is kept: sqlite:FILE, postgres://…, file:DIRECTORY or memory: [default: sqlite:./threads-data/threads.db, in the demonstration sqlite:./threads-data-demo/threads.db]
    #[arg(long, env = "THREADS_STORE", value_name = "ADDRESS", global = true)]
    pub store: Option<String>,

    /// File with the keys that seal the access tokens; made where it is missing [default: beside the data directory, as in ./threads-data.key]
    #[arg(long, env = "THREADS_KEY_FILE", value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,

    /// Name of the systemd credential with the keys, instead of a file
    #[arg(
        long,
        env = "THREADS_KEY_CREDENTIAL",
        value_name = "NAME",
        global = true
    )]
    pub key_credential: Option<String>,

    /// File that remembers who was erased, so that a restored copy of the data brings nobody back [default: beside the data directory, as in ./threads-data.erasures]
    #[arg(
        long,
        env = "THREADS_ERASURES_FILE",
        value_name = "FILE",
        global = true
    )]
    pub erasures_file: Option<PathBuf>,

    /// How browsers reach the dashboard; Meta sends them back to this plus oauth/callback [default: http://ADDRESS:PORT]
    #[arg(long, env = "THREADS_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<Url>,

    /// Id of the Threads app; without it a demonstration is shown
    #[arg(long, env = "THREADS_APP_ID", value_name = "ID")]
    pub app_id: Option<String>,

    /// File that holds the app secret, instead of THREADS_APP_SECRET
    #[arg(long, env = "THREADS_APP_SECRET_FILE", value_name = "FILE")]
    pub app_secret_file: Option<PathBuf>,

    /// Another API host than Meta's, such as a sandbox
    #[arg(long, env = "THREADS_BASE_URL", value_name = "URL")]
    pub base_url: Option<Url>,

    /// Another authorization page than Meta's [default with --base-url: its oauth/authorize]
    #[arg(long, env = "THREADS_AUTHORIZE_URL", value_name = "URL")]
    pub authorize_url: Option<Url>,

    /// Start without asking Meta whether the app id and secret are right
    #[arg(long, env = "THREADS_SKIP_CHECK", value_parser = FalseyValueParser::new())]
    pub skip_check: bool,

    /// Whom to write to about privacy, shown in the privacy policy
    #[arg(long, env = "THREADS_CONTACT", value_name = "TEXT")]
    pub contact: Option<String>,

    /// Keep every number for so many days, and of older days the last one (35, for example) [default: keep them all]
    #[arg(long, env = "THREADS_KEEP_RAW_DAYS", value_name = "DAYS")]
    pub keep_raw_days: Option<u32>,

    /// Keep numbers for so many days, then remove them (762 are 25 months) [default: keep them all]
    #[arg(long, env = "THREADS_KEEP_DAILY_DAYS", value_name = "DAYS")]
    pub keep_daily_days: Option<u32>,

    /// Keep the attempts of a post for so many days after its end (90, for example) [default: keep them all]
    #[arg(long, env = "THREADS_KEEP_ATTEMPTS_DAYS", value_name = "DAYS")]
    pub keep_attempts_days: Option<u32>,

    /// Demonstration: do not collect history, start with an empty page
    #[arg(long, env = "THREADS_NO_DEMO_HISTORY", value_parser = FalseyValueParser::new())]
    pub no_demo_history: bool,

    /// Listen on an address that other machines reach, although the pages have no login
    #[arg(long, env = "THREADS_ALLOW_REMOTE_ACCESS", value_parser = FalseyValueParser::new())]
    pub allow_remote_access: bool,
}

impl Options {
    /// How long what was collected is kept.
    pub(crate) fn retention(&self) -> Retention {
        let days = |days: Option<u32>| days.map(|days| Duration::from_hours(24) * days);
        let mut retention = Retention::default();
        retention.raw = days(self.keep_raw_days);
        retention.daily = days(self.keep_daily_days);
        retention.attempts = days(self.keep_attempts_days);
        retention
    }

    /// The address of real accounts' data, and whose it is.
    pub(crate) fn store_address(&self) -> anyhow::Result<(String, Age)> {
        match &self.store {
            Some(address) => Ok((address.clone(), Age::Current)),
            None => store::usual(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn the_app_secret_is_no_option() {
        let command = Options::command();

        let names: Vec<&str> = command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();

        assert!(names.contains(&"app-secret-file"));
        assert!(!names.contains(&"app-secret"));
    }
}
