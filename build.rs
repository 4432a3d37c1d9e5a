//! How the program is linked on x86-64 Linux, for a start that costs little.
//!
//! At a fixed address: a position-independent program has its 16 000 addresses
//! corrected at every start, which is a sixth of a short run's instructions and
//! most of its page faults. Stack, heap and libraries keep their random
//! addresses. Whoever wants the program's own too builds with `AIRX_PIE=1`.
//!
//! With what short runs go through side by side, as src/hot.ld lists it
//! (benches/order writes that): such a run takes in the pages of a tenth of the
//! program, and the code of all else is not read at all.
//!
//! With the unwinder inside, where the C compiler has it as an archive: libgcc_s
//! is then neither looked for nor mapped, and need not be installed.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=AIRX_PIE");
    let target = std::env::var("TARGET").unwrap_or_default();
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if target != "x86_64-unknown-linux-gnu" || !release {
        return;
    }
    if std::env::var_os("AIRX_PIE").is_none() {
        println!("cargo::rustc-link-arg-bin=airx=-no-pie");
        // What is measured beside it.
        println!("cargo::rustc-link-arg-examples=-no-pie");
    }
    if !another_linker() {
        println!("cargo::rerun-if-changed=src/hot.ld");
        // A copy among what is built, whose place cargo follows when all is moved.
        let folder = std::env::var("OUT_DIR").unwrap_or_default();
        let list = Path::new(&folder).join("hot.ld");
        match std::fs::copy("src/hot.ld", &list) {
            Ok(_) => println!("cargo::rustc-link-arg-bin=airx=-T{}", list.display()),
            Err(why) => println!("cargo::warning=src/hot.ld is left out: {why}"),
        }
    }
    if has_unwinder() {
        println!("cargo::rustc-link-lib=static:-bundle,+verbatim={UNWINDER}");
    }
}

/// Whether whoever builds has chosen a linker. rustc's own and GNU ld take a list
/// that adds to their layout; others take it for the whole layout, or not at all.
fn another_linker() -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    flags.contains("fuse-ld") || flags.contains("linker-flavor")
}

const UNWINDER: &str = "libgcc_eh.a";

/// Whether the compiler that links knows where the archive is: it then prints
/// more than its name.
fn has_unwinder() -> bool {
    let linker = std::env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let asked = Command::new(linker)
        .arg(format!("-print-file-name={UNWINDER}"))
        .output();
    asked.is_ok_and(|asked| {
        String::from_utf8(asked.stdout).is_ok_and(|path| Path::new(path.trim()).is_absolute())
    })
}
