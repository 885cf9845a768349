//! The command line, and what it takes from the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use clap::builder::FalseyValueParser;
use url::Url;

use crate::commands::Command;

/// Where the dashboard listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8321";
/// Where the data of real accounts is kept unless told otherwise.
pub const DEFAULT_STORE: &str = "file:./threads-data";
/// Where the demonstration keeps its data unless told otherwise.
pub const DEMO_STORE: &str = "file:./threads-data-demo";

const ABOUT: &str = "A dashboard for Threads accounts: followers, views, scheduled posts.";

const MODES: &str = "\
Without THREADS_APP_ID it shows a demonstration: it starts a sandbox of the Threads API
on this machine, connects three made-up accounts, and collects months of history. It
has a data directory of its own, which it empties at each start, because its sandbox
forgets, and which is never mixed with that of real accounts.

With THREADS_APP_ID and THREADS_APP_SECRET (or --app-secret-file) it talks to Meta.
The app secret is read from the environment or a file, never from the command line,
where other users of the machine could see it.

  THREADS_APP_SECRET  the secret of the Threads app (not of the Meta app around it)
  RUST_LOG            what is logged to standard error, such as threads_monitor=debug

The pages have no login. They are served to this machine only, unless
--allow-remote-access says that a proxy in front of them asks who is there.";

/// The settings of one start.
#[derive(Debug, Clone, Parser)]
#[command(name = "threads-dashboard", version, about = ABOUT, after_help = MODES)]
pub struct Options {
    /// What to do instead of showing the pages
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Address and port to listen on [default: 127.0.0.1:8321, in the demonstration the next free port]
    #[arg(long, env = "THREADS_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Where data is kept: file:DIRECTORY or memory: [default: file:./threads-data, in the demonstration memory:]
    #[arg(long, env = "THREADS_STORE", value_name = "ADDRESS", global = true)]
    pub store: Option<String>,

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

    /// Demonstration: do not collect history, start with an empty page
    #[arg(long, env = "THREADS_NO_DEMO_HISTORY", value_parser = FalseyValueParser::new())]
    pub no_demo_history: bool,

    /// Listen on an address that other machines reach, although the pages have no login
    #[arg(long, env = "THREADS_ALLOW_REMOTE_ACCESS", value_parser = FalseyValueParser::new())]
    pub allow_remote_access: bool,
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
