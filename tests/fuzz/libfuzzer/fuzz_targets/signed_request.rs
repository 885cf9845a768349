#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| threads_fuzz::signed_request(bytes));
