//! The campaigns, and the program that they kill.

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod campaign;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<std::process::ExitCode> {
    use clap::Parser as _;
    use threads_reliability::{child, config};

    #[derive(Debug, clap::Parser)]
    #[command(about = "The monitor in real processes that are killed, judged by the sandbox")]
    enum Command {
        /// Publishes until it is killed.
        #[command(hide = true)]
        Child,
        /// Runs campaigns, or all of them.
        Campaign(campaign::Campaign),
    }

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    match Command::parse() {
        Command::Child => {
            if let Ok(filter) = std::env::var("RUST_LOG") {
                tracing_subscriber::fmt()
                    .with_env_filter(filter)
                    .with_ansi(false)
                    .with_writer(std::io::stderr)
                    .init();
            }
            runtime.block_on(child::work(config::Config::from_environment()?))?;
            Ok(std::process::ExitCode::SUCCESS)
        }
        Command::Campaign(campaign) => runtime.block_on(campaign.run()),
    }
}
