#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| repo_census::fuzz::history(data));
