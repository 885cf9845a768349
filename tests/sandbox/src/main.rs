//! The sandbox as a program: `threads-sandbox --help` says how to use it.

use std::io::{IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Parser;
use threads_sandbox::{DEFAULT_APP_ID, DEFAULT_APP_SECRET, DEFAULT_REDIRECT_URI, Sandbox};
use tracing_subscriber::EnvFilter;
use url::Url;

/// A strict, stateful stand-in for the Threads Graph API.
///
/// It listens on this computer only, keeps everything in memory, and plays
/// accounts, posts, insights and the authorization window over a virtual clock.
/// Point any Threads client, in any language, at its base URL.
#[derive(Parser)]
#[command(name = "threads-sandbox", version, after_long_help = EXAMPLES)]
struct Arguments {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 4010)]
    port: u16,

    /// The loopback address to listen on; anything else is refused.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,

    /// The text that accounts and numbers are made from.
    ///
    /// The same seed gives the same world; `empty` gives one account without
    /// followers and posts, `rich` one with conversations in front of the three
    /// demonstration accounts, every other text those three.
    #[arg(long, default_value = "demo")]
    seed: String,

    /// The virtual date and time of the start, such as 2026-06-01T12:00:00Z
    /// [default: the real one].
    #[arg(long, value_name = "TIME")]
    start_at: Option<DateTime<Utc>>,

    /// Let the virtual clock stand still until it is advanced.
    #[arg(long)]
    frozen: bool,

    /// Let the authorization window allow the first account without asking.
    #[arg(long)]
    auto_approve: bool,

    /// Append one JSON line per effect (post, deletion, token) to this file.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// The id of the app.
    #[arg(long, default_value = DEFAULT_APP_ID, env = "THREADS_APP_ID")]
    app_id: String,

    /// The secret of the app.
    #[arg(
        long,
        default_value = DEFAULT_APP_SECRET,
        env = "THREADS_APP_SECRET",
        hide_env_values = true
    )]
    app_secret: String,

    /// A redirect URI registered for the app; may be given several times.
    #[arg(long, value_name = "URI", default_value = DEFAULT_REDIRECT_URI)]
    redirect_uri: Vec<Url>,
}

const EXAMPLES: &str = "\
Examples:
  Start on port 4010, at the real date, with three made-up accounts:
    threads-sandbox

  Get a token with every scope, then ask for the profile:
    curl -s http://127.0.0.1:4010/__sandbox/tokens \\
      -H 'Content-Type: application/json' -d '{\"user\": \"kedai.senja\"}'
    curl -s 'http://127.0.0.1:4010/v1.0/me?fields=id,username' -H 'Authorization: Bearer TOKEN'

  A clock that stands still, and a ledger to judge a client by:
    threads-sandbox --frozen --start-at 2026-06-01T12:00:00Z --ledger effects.jsonl
    curl -s http://127.0.0.1:4010/__sandbox/time/advance \\
      -H 'Content-Type: application/json' -d '{\"seconds\": 86400}'

  Let the next publish work but lose its answer:
    curl -s http://127.0.0.1:4010/__sandbox/faults -H 'Content-Type: application/json' \\
      -d '{\"endpoint\": \"publish_container\", \"when\": {\"next\": 1},
           \"fault\": {\"kind\": \"drop_after_effect\"}}'

Set RUST_LOG=threads_sandbox=debug to see every request (never a token).
Ctrl-C or SIGTERM stops the program.";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done if not even this can be written.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // The handlers are there before the address is printed: who read it may stop us.
    let stop = stop_signal()?;
    let mut builder = Sandbox::builder()
        .address(arguments.address)
        .port(arguments.port)
        .seed(arguments.seed)
        .running(!arguments.frozen)
        .auto_approve(arguments.auto_approve)
        .app(arguments.app_id, arguments.app_secret);
    builder = match arguments.start_at {
        Some(start_at) => builder.start_at(start_at),
        None => builder.start_now(),
    };
    for redirect_uri in arguments.redirect_uri {
        builder = builder.redirect_uri(redirect_uri);
    }
    if let Some(ledger) = arguments.ledger {
        builder = builder.ledger_file(ledger);
    }
    let sandbox = builder.start().await?;
    greet(&sandbox).context("could not write to standard output")?;
    stop.await;
    sandbox.shutdown().await;
    Ok(())
}

/// Says where everything is.
fn greet(sandbox: &Sandbox) -> anyhow::Result<()> {
    let base = sandbox.base_url();
    let mut authorize = sandbox.authorize_url();
    let redirect_uris = sandbox.redirect_uris();
    authorize
        .query_pairs_mut()
        .append_pair("client_id", &sandbox.app_id())
        .append_pair(
            "redirect_uri",
            redirect_uris.first().map_or("", Url::as_str),
        )
        .append_pair("scope", "threads_basic,threads_manage_insights")
        .append_pair("response_type", "code");
    let users = sandbox.users();
    let first = users.first().map_or("", |user| user.username.as_str());

    let mut out = std::io::stdout().lock();
    writeln!(out, "Base URL:      {base}")?;
    writeln!(out, "Authorize URL: {authorize}")?;
    writeln!(out, "App id:        {}", sandbox.app_id())?;
    for redirect_uri in &redirect_uris {
        writeln!(out, "Redirect URI:  {redirect_uri}")?;
    }
    writeln!(out, "Virtual time:  {}", sandbox.now().to_rfc3339())?;
    for user in &users {
        writeln!(
            out,
            "Account:       {} ({}, {} followers)",
            user.username, user.id, user.followers
        )?;
    }
    writeln!(
        out,
        "Get a token:   curl -s {base}__sandbox/tokens -H 'Content-Type: application/json' \
         -d '{{\"user\": \"{first}\"}}'"
    )?;
    out.flush()?;
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).context("could not watch SIGINT")?;
        let mut terminate = signal(SignalKind::terminate()).context("could not watch SIGTERM")?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            if let Err(error) = tokio::signal::ctrl_c().await {
                tracing::error!(%error, "could not watch Ctrl-C");
            }
        })
    }
}
