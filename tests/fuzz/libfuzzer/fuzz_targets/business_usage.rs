#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| threads_fuzz::business_usage(bytes));
