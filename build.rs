//! Links the program at a fixed address on x86-64 Linux.
//!
//! A position-independent program has its 16 000 addresses corrected at every
//! start, which is a sixth of a short run's instructions and most of its page
//! faults. Stack, heap and libraries keep their random addresses. Whoever wants
//! the program's own too builds with `AIRX_PIE=1`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=AIRX_PIE");
    let target = std::env::var("TARGET").unwrap_or_default();
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let wanted = std::env::var_os("AIRX_PIE").is_some();
    if target == "x86_64-unknown-linux-gnu" && release && !wanted {
        println!("cargo::rustc-link-arg-bin=airx=-no-pie");
    }
}
