//! `-o FILE` that could not be replaced at the end of the run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::{Airx, airx, bash, file, folder, run};

/// A run that cannot write everywhere, even if root runs the tests.
fn powerless(args: &[&str]) -> Airx {
    if rustix::process::geteuid().is_root() {
        let program = crate::harness::program();
        return run("setpriv", ["--bounding-set=-all", program]).args(args);
    }
    airx(args)
}

#[test]
fn a_file_that_cannot_be_replaced_in_its_folder_is_refused_before_anything_is_sent() {
    for before in ["", "old\n"] {
        for args in [
            &["chat"][..],
            &["chat", "--each"],
            &["chat", "--each", "--resume"],
        ] {
            if args.len() == 3 && !before.is_empty() {
                continue;
            }
            let folder = folder();
            let place = folder.path().join("place");
            fs::create_dir(&place).unwrap();
            fs::write(place.join("out"), before).unwrap();
            fs::set_permissions(&place, Permissions::from_mode(0o555)).unwrap();
            let mut all = args.to_vec();
            match args {
                ["chat"] => all.extend(["-o", "place/out", "hi"]),
                _ => all.extend(["-o", "place/out", "--items", "items"]),
            }
            file(&folder, "items", "a\n");
            let ran = powerless(&all).nowhere().within(folder.path()).run();
            ran.is(
                2,
                "",
                "airx: usage: --output place/out: Permission denied (os error 13)\nhint: nothing was sent\n",
            );
            assert_eq!(fs::read_to_string(place.join("out")).unwrap(), before);
        }
    }
}

#[test]
fn a_file_that_is_mounted_by_itself_is_refused_before_anything_is_sent() {
    let folder = folder();
    file(&folder, "items", "a\n");
    file(&folder, "out", "");
    file(&folder, "other", "");
    if !is_allowed("unshare -m mount --bind other out", folder.path()) {
        return;
    }
    for run in [
        "airx chat hi -o out",
        "airx chat --each --items items -o out",
    ] {
        let script = format!("unshare -m sh -c 'mount --bind other out && exec {run}'");
        let ran = bash(&script).nowhere().within(folder.path()).run();
        let message = "airx: usage: --output out: it cannot be replaced at the end of the run: it is mounted by itself; mount its folder instead\nhint: nothing was sent\n";
        ran.is(2, "", message);
    }
}

/// Whether this command succeeds on this machine. If not, reports the test as skipped.
pub fn is_allowed(command: &str, folder: &Path) -> bool {
    let allowed = bash(command).within(folder).run().code == 0;
    if !allowed {
        crate::harness::skipped(&format!("`{command}` is not allowed here"));
    }
    allowed
}
