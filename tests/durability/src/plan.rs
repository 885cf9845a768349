//! Steps as text, for the program that does them.

use anyhow::{Context, Result, bail};

use crate::workload::{Op, Step};

/// One step a line, operations separated by commas.
pub fn write(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let ops: Vec<String> = step.iter().copied().map(op).collect();
        text.push_str(&ops.join(","));
        text.push('\n');
    }
    text
}

/// Reads what [`write`] wrote.
///
/// # Errors
///
/// When it is something else.
pub fn read(text: &str) -> Result<Vec<Step>> {
    text.lines()
        .map(|line| line.split(',').map(parse).collect())
        .collect()
}

fn op(op: Op) -> String {
    match op {
        Op::Save(account) => format!("save {account}"),
        Op::DeleteToken(account) => format!("delete-token {account}"),
        Op::Enqueue(account, slot, size) => format!("enqueue {account} {slot} {size}"),
        Op::Claim(account, slot) => format!("claim {account} {slot}"),
        Op::ClaimDue => "claim-due".to_owned(),
        Op::Intent(account, slot) => format!("intent {account} {slot}"),
        Op::Done(account, slot) => format!("done {account} {slot}"),
        Op::Update(account, slot) => format!("update {account} {slot}"),
        Op::Evidence(account, slot) => format!("evidence {account} {slot}"),
        Op::Append(account, count) => format!("append {account} {count}"),
        Op::Prune => "prune".to_owned(),
        Op::EraseJobs(account) => format!("erase-jobs {account}"),
        Op::EraseSnapshots(account) => format!("erase-snapshots {account}"),
    }
}

fn parse(text: &str) -> Result<Op> {
    let mut parts = text.split(' ');
    let word = parts.next().unwrap_or_default();
    let mut number = || -> Result<usize> {
        let number = parts.next().context("a number is missing")?;
        number.parse().context("not a number")
    };
    let small = |number: usize| u8::try_from(number).context("too large");
    Ok(match word {
        "save" => Op::Save(small(number()?)?),
        "delete-token" => Op::DeleteToken(small(number()?)?),
        "enqueue" => Op::Enqueue(small(number()?)?, small(number()?)?, number()?),
        "claim" => Op::Claim(small(number()?)?, small(number()?)?),
        "claim-due" => Op::ClaimDue,
        "intent" => Op::Intent(small(number()?)?, small(number()?)?),
        "done" => Op::Done(small(number()?)?, small(number()?)?),
        "update" => Op::Update(small(number()?)?, small(number()?)?),
        "evidence" => Op::Evidence(small(number()?)?, small(number()?)?),
        "append" => Op::Append(small(number()?)?, number()?),
        "prune" => Op::Prune,
        "erase-jobs" => Op::EraseJobs(small(number()?)?),
        "erase-snapshots" => Op::EraseSnapshots(small(number()?)?),
        other => bail!("no operation: {other}"),
    })
}
