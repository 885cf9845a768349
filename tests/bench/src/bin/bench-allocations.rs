//! Prints how many allocations one call or one parsing makes, and of how many bytes.
//!
//! `bench-allocations call VARIANT CASE ADDRESS` or `bench-allocations parse VARIANT CASE`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use threads_bench::{Caller, Case, Result, Variant, parser};

/// The system's allocator, with two counters. A reallocation counts as one of its new size.
struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn count(size: usize) {
    COUNT.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(size as u64, Ordering::Relaxed);
}

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without; every call is passed on as it came"
)]
// SAFETY: the system's allocator keeps the contract, and the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The first calls fill caches and buffers.
const WARM_UP: u32 = 5;
const MEASURED: u32 = 100;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["call", variant, case, address] => call(variant.parse()?, case.parse()?, address),
        ["parse", variant, case] => {
            let parse = parser(variant.parse()?, case.parse()?);
            let before = counters();
            (0..MEASURED).try_for_each(|_| parse())?;
            report(before);
            Ok(())
        }
        _ => Err("usage: bench-allocations call VARIANT CASE ADDRESS | parse VARIANT CASE".into()),
    }
}

fn call(variant: Variant, case: Case, address: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let caller = Caller::new(variant, address).await?;
        for _ in 0..WARM_UP {
            caller.call(case).await?;
        }
        let before = counters();
        for _ in 0..MEASURED {
            caller.call(case).await?;
        }
        report(before);
        Ok(())
    })
}

fn counters() -> (u64, u64) {
    (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
}

fn report((count, bytes): (u64, u64)) {
    let (count_now, bytes_now) = counters();
    let each = |total: u64| total / u64::from(MEASURED);
    println!("{} {}", each(count_now - count), each(bytes_now - bytes));
}
