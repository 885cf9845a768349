//! Does one thing N times and nothing else, to be counted by callgrind.
//!
//! `bench-call call VARIANT CASE N ADDRESS` or `bench-call parse VARIANT CASE N`.

use threads_bench::{Caller, Case, Result, Variant, parser};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["call", variant, case, count, address] => {
            call(variant.parse()?, case.parse()?, count.parse()?, address)
        }
        ["parse", variant, case, count] => {
            let parse = parser(variant.parse()?, case.parse()?);
            (0..count.parse::<u32>()?).try_for_each(|_| parse())
        }
        _ => Err("usage: bench-call call VARIANT CASE N ADDRESS | parse VARIANT CASE N".into()),
    }
}

fn call(variant: Variant, case: Case, count: u32, address: &str) -> Result<()> {
    // One thread: what is counted is the call, not the scheduler.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let caller = Caller::new(variant, address).await?;
        for _ in 0..count {
            caller.call(case).await?;
        }
        Ok(())
    })
}
