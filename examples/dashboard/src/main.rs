//! The dashboard as a program. See `--help`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser;
use threads_dashboard::options::Options;
use threads_dashboard::run;
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
    // From the beginning, so that being told early ends it cleanly, too.
    let told = tokio::spawn(until_told_to_end());
    let told = async move {
        // An error means that the program is ending anyway.
        let _ = told.await;
    };
    let ended = match run::app_secret(&options) {
        // A command asks Meta nothing.
        _ if options.command.is_some() => run::run(options, None, told).await,
        Ok(secret) => run::run(options, secret, told).await,
        Err(error) => Err(error),
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
