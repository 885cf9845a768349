//! The dashboard as a program. See `--help`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use threads_dashboard::options::{DEFAULT_STORE, Options};
use threads_dashboard::{commands, run};
use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise.
const LOGGED: &str = "warn,threads_dashboard=info";

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED)),
        )
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let ended = match (options.command.clone(), run::app_secret(&options)) {
        (Some(command), _) => {
            commands::run(command, options.store.as_deref().unwrap_or(DEFAULT_STORE)).await
        }
        (None, Ok(secret)) => run::run(options, secret, until_told_to_end()).await,
        (None, Err(error)) => Err(error),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last words of a program")]
            {
                eprintln!("threads-dashboard: {}", run::words(&error));
            }
            ExitCode::FAILURE
        }
    }
}

/// Done at Ctrl-C, or at the signal with which service managers end a program.
async fn until_told_to_end() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
