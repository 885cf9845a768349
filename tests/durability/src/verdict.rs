//! Whether what is there after a start is what was acknowledged.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};

use crate::backend::{Backend, chain};
use crate::workload::{Op, State, Step, World};

/// What has to be found in a crash state.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// What was acknowledged.
    pub(crate) floor: Arc<State>,
    /// What the step that was under way leads to, and which of its operations are
    /// acknowledged.
    pub(crate) next: Option<(Arc<State>, Step, Vec<bool>)>,
    /// The newest version of a token that anybody was told.
    pub(crate) version: u64,
    /// For people.
    pub(crate) moment: String,
}

/// Opens stores, looks at everything in them, and works on with them.
pub(crate) async fn judge(
    backend: Backend,
    place: &Path,
    expected: &Expected,
    twice: bool,
) -> Result<()> {
    let refused = |error| anyhow!("it was refused: {}", chain(&error));
    let mut opened = backend.open(place).await.map_err(refused)?;
    let mut world = World::new(opened.storage.clone());
    let found = world.state().await.map_err(refused)?;
    expected.check(&found)?;
    if twice {
        drop(world);
        opened.close().await;
        opened = backend.open(place).await.map_err(refused)?;
        world = World::new(opened.storage.clone());
        let second = world.state().await.map_err(refused)?;
        ensure!(found == second, "opened once more, it holds something else");
    }
    for account in 0..2 {
        let version = world
            .run(9_000, Op::Save(account))
            .await
            .map_err(|error| anyhow!("afterwards: {}", chain(&error)))?;
        let version = version.context("a token was not saved")?;
        ensure!(
            version > expected.version,
            "version {version} was given again: {} was told",
            expected.version
        );
    }
    drop(world);
    opened.close().await;
    Ok(())
}

impl Expected {
    fn check(&self, found: &State) -> Result<()> {
        if found == &*self.floor && self.next.iter().all(|(.., done)| !done.contains(&true)) {
            return Ok(());
        }
        let Some((next, step, done)) = &self.next else {
            return Err(differs(found, &self.floor));
        };
        if found == &**next {
            return Ok(());
        }
        // Operations of different accounts are under way at the same time.
        for (account, text) in found {
            let op = step.iter().position(|op| op.account() == Some(*account));
            let floor = self.floor.get(account) == Some(text);
            let is_fine = match op {
                None => floor,
                Some(op) => {
                    let is_done = done.get(op).copied().unwrap_or(false);
                    next.get(account) == Some(text) || (floor && !is_done)
                }
            };
            // What changes all accounts is one operation.
            if !is_fine || step.iter().any(|op| op.account().is_none()) {
                return Err(differs(found, &self.floor));
            }
        }
        Ok(())
    }
}

fn differs(found: &State, floor: &State) -> anyhow::Error {
    let lines = |state: &State| -> BTreeSet<String> {
        let lines = state.values().flat_map(|text| text.lines());
        lines.map(str::to_owned).collect()
    };
    let (found, floor) = (lines(found), lines(floor));
    let lost: Vec<_> = floor.difference(&found).take(2).collect();
    let extra: Vec<_> = found.difference(&floor).take(2).collect();
    anyhow!("acknowledged and not there: {lost:?}; there instead: {extra:?}")
}
