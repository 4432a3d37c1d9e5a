//! Named pipes whose other end is not open yet, or never.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use crate::harness::{Server, airx, bash, folder, reply, run};

pub fn pipe(folder: &TempDir, name: &str) {
    let path = folder.path().join(name);
    assert_eq!(run("mkfifo", [&path]).run().code, 0);
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_pipe_that_no_one_reads_or_writes_is_refused_and_not_waited_for() {
    let folder = folder();
    pipe(&folder, "pipe");
    std::os::unix::fs::symlink("pipe", folder.path().join("link")).unwrap();
    for name in ["pipe", "./pipe", "link"] {
        let read = format!("{name}: no program reads this pipe\nhint: nothing was sent\n");
        let written = format!("{name}: no program writes to this pipe\n");
        for (args, code, message) in [
            (
                &["-o", name][..],
                2,
                format!("airx: usage: --output {read}"),
            ),
            (&["--meta", name], 2, format!("airx: usage: --meta {read}")),
            (
                &["--each", "--items", "/dev/null", "-o", name],
                2,
                format!("airx: usage: --output {read}"),
            ),
            (
                &["--key-file", name],
                3,
                format!("airx: account: --key-file {written}"),
            ),
        ] {
            let ran = airx(["chat", "hi"])
                .args(args)
                .nowhere()
                .within(folder.path())
                .run();
            assert_eq!((ran.code, &*ran.stdout), (code, ""), "{args:?}");
            assert!(ran.stderr.ends_with(&message), "{args:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_pipe_whose_other_end_opens_later_is_used() {
    for option in ["-o pipe", "--meta pipe"] {
        let (server, folder) = (Server::once(reply("a")), folder());
        pipe(&folder, "pipe");
        let script =
            format!("(sleep .2; cat pipe) & airx chat -n --format ndjson {option} hi; wait");
        let ran = bash(&script).at(&server).within(folder.path()).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains(r#"{"type":"done""#), "{}", ran.stdout);
    }
    let (server, folder) = (Server::once(reply("a")), folder());
    pipe(&folder, "pipe");
    let script = "(sleep .2; exec >pipe; sleep .2; echo secret-of-the-pipe) & airx chat --key-file pipe hi; wait";
    let ran = bash(script).at(&server).within(folder.path()).run();
    ran.is(0, "a\n", "");
    let asked = server.requests();
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer secret-of-the-pipe")
    );
}
