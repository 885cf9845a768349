//! The programs that the tests watch, disturb and start in crowds; and the full campaign.

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod campaign;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() -> anyhow::Result<()> {
    use std::path::PathBuf;

    use anyhow::Context as _;
    use clap::Parser as _;
    use threads_durability::backend::{Backend, runtime};
    use threads_durability::{child, crowd, plan, trace};

    #[derive(Debug, clap::Parser)]
    #[command(about = "What the stores keep through power loss, failing disks, damage and crowds")]
    enum Command {
        /// Works on a store and is watched.
        #[command(hide = true)]
        Child {
            backend: Backend,
            place: PathBuf,
            marks: PathBuf,
            plan: PathBuf,
            first: usize,
        },
        /// Works on a store and is disturbed.
        #[command(hide = true)]
        Endure {
            backend: Backend,
            place: PathBuf,
            marks: PathBuf,
            plan: PathBuf,
        },
        /// Counts in a crowd.
        #[command(hide = true)]
        Count {
            backend: Backend,
            place: PathBuf,
            name: usize,
            rounds: usize,
        },
        /// Keeps a store open.
        #[command(hide = true)]
        Hold { backend: Backend, place: PathBuf },
        /// Runs parts of the campaign, or all of it.
        Campaign(campaign::Campaign),
    }

    let command = Command::parse();
    if matches!(command, Command::Child { .. } | Command::Endure { .. }) {
        trace::be_watched()?;
    }
    let read = |path: PathBuf| -> anyhow::Result<_> {
        plan::read(&std::fs::read_to_string(path).context("reading the plan")?)
    };
    match command {
        Command::Child {
            backend,
            place,
            marks,
            plan,
            first,
        } => {
            let (marks, steps) = (child::Marks::open(&marks)?, read(plan)?);
            runtime()?.block_on(child::work(backend, &place, &marks, first, &steps))
        }
        Command::Endure {
            backend,
            place,
            marks,
            plan,
        } => {
            let (marks, steps) = (child::Marks::open(&marks)?, read(plan)?);
            runtime()?.block_on(child::endure(backend, &place, &marks, &steps))
        }
        Command::Count {
            backend,
            place,
            name,
            rounds,
        } => {
            let said = runtime()?.block_on(crowd::count_on(backend, &place, name, rounds))?;
            std::io::Write::write_all(&mut std::io::stdout(), said.as_bytes())?;
            Ok(())
        }
        Command::Hold { backend, place } => runtime()?.block_on(crowd::hold_open(backend, &place)),
        Command::Campaign(campaign) => campaign.run(),
    }
}
