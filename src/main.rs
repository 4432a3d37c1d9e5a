//! The `airx` program; all of it lives in the library.
#![cfg_attr(all(target_os = "linux", target_env = "gnu"), no_main)]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(
    unsafe_code,
    reason = "the one name the C runtime calls; nothing else defines it"
)]
#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    airx::run_bare()
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn main() -> ! {
    airx::run()
}
