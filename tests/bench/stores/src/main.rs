//! What the stores cost in time, space and memory, beside other ways to keep the same.
//!
//! Every figure is a ratio to a baseline of the same run: a shared machine has no stable
//! seconds. `run` next to this package starts the server and prints all tables.

mod claims;
mod history;
mod idle;
mod measure;
mod rivals;
mod setup;
mod tokens;
mod waiting;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Where the stores are.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// A private PostgreSQL server; each table is made in databases of its own.
    #[arg(long, env = "THREADS_BENCH_POSTGRES_URL", global = true)]
    pub postgres: Option<String>,
    /// A directory for files, which should be on a disk and not in memory.
    #[arg(long, default_value = "./bench-data", global = true)]
    pub directory: PathBuf,
}

#[derive(Debug, Parser)]
#[command(about = "Time, space and memory of the stores")]
struct Options {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    table: Table,
}

#[derive(Debug, Clone, Subcommand)]
enum Table {
    /// Saving a token with few and with many accounts.
    Tokens {
        /// How many accounts are many.
        #[arg(long, default_value_t = 100_000)]
        accounts: usize,
    },
    /// Claiming and releasing due jobs, beside bare SQL and two job queues.
    Claims {
        /// How many jobs are drained.
        #[arg(long, default_value_t = 10_000)]
        jobs: usize,
        /// Only those who have this in their names, and the first of them is the measure.
        #[arg(long)]
        only: Option<String>,
    },
    /// A claim while many jobs wait for another day.
    Waiting {
        /// How many jobs are many.
        #[arg(long, default_value_t = 10_000_000)]
        jobs: u64,
        /// Among how many accounts they are spread.
        #[arg(long, default_value_t = 100_000)]
        accounts: u64,
    },
    /// Reading a year of one account among many.
    History {
        /// How many accounts have a year of hourly followers.
        #[arg(long, default_value_t = 1_000)]
        accounts: u64,
    },
    /// Memory of a monitor with many idle accounts.
    Idle {
        /// How many accounts are connected.
        #[arg(long, default_value_t = 100_000)]
        accounts: usize,
        /// `sqlite` or `postgres`.
        #[arg(long, default_value = "sqlite")]
        backend: String,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let place = &options.place;
    match options.table {
        Table::Tokens { accounts } => tokens::table(place, accounts).await,
        Table::Claims { jobs, only } => claims::table(place, jobs, only.as_deref()).await,
        Table::Waiting { jobs, accounts } => waiting::table(place, jobs, accounts).await,
        Table::History { accounts } => history::table(place, accounts).await,
        Table::Idle { accounts, backend } => idle::table(place, accounts, &backend).await,
    }
}
