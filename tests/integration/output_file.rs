//! `-o FILE`: the complete answer, or the file as it was.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::harness::watch::await_text_in;
use crate::harness::{
    DONE, Play, Server, Step, airx, bash, chunk, delta, file, finish, finish_frame, folder, json,
    last_chunk, reply, reply_body, stream, stream_head,
};

fn ran(folder: &TempDir, args: &[&str], play: Play) -> crate::harness::Ran {
    let server = Server::once(play);
    airx(args).at(&server).within(folder.path()).run()
}

#[track_caller]
fn holds(folder: &TempDir, name: &str, text: &str) {
    assert_eq!(
        std::fs::read_to_string(folder.path().join(name)).unwrap(),
        text
    );
}

/// Checks that the folder contains exactly these files.
#[track_caller]
fn only(folder: &TempDir, names: &[&str]) {
    let entries = folder.path().read_dir().unwrap();
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
}

fn mode(path: impl AsRef<Path>) -> u32 {
    path.as_ref().metadata().unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_answer_goes_to_a_new_file_and_nothing_else_stays() {
    let folder = folder();
    ran(&folder, &["chat", "-o", "out", "hi"], reply("a")).is(0, "", "");
    holds(&folder, "out", "a\n");
    only(&folder, &["out"]);
}

#[test]
fn a_new_file_and_its_partial_are_for_their_owner_alone() {
    for (umask, left) in [
        ("000", 0o600),
        ("022", 0o600),
        ("077", 0o600),
        ("277", 0o400),
    ] {
        let folder = folder();
        let cut = json(200, &reply_body("Hel", "length"));
        let server = Server::play([reply("a"), cut]);
        let script = format!("umask {umask}; airx chat -o new hi; airx chat -q -o cut hi");
        bash(&script)
            .at(&server)
            .within(folder.path())
            .run()
            .code_is(9);
        only(&folder, &["cut.partial", "new"]);
        for name in ["new", "cut.partial"] {
            assert_eq!(mode(folder.path().join(name)), left, "{name} under {umask}");
        }
    }
}

#[test]
fn what_is_written_next_to_a_file_that_all_can_read_is_for_its_owner_alone() {
    let folder = folder();
    let path = file(&folder, "out", "old");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    // The mode of an old partial file is not kept.
    let partial = file(&folder, "out.partial", "older");
    std::fs::set_permissions(&partial, std::fs::Permissions::from_mode(0o644)).unwrap();
    let play = vec![
        stream_head(),
        chunk(delta("Hel").as_bytes()),
        Step::Gate,
        Step::Close,
    ];
    let server = Server::once(play);
    let child = airx(["stream", "-n", "-q", "-o", "out", "hi"])
        .at(&server)
        .within(folder.path())
        .start();
    let temporary = await_text_in(folder.path(), "Hel");
    assert_eq!(mode(temporary), 0o600);
    server.open_gate();
    assert_eq!(finish(child).code, 7);
    holds(&folder, "out", "old");
    assert_eq!(mode(path), 0o644);
    holds(&folder, "out.partial", "Hel\n");
    assert_eq!(mode(partial), 0o600);
    only(&folder, &["out", "out.partial"]);
}

#[test]
fn an_old_file_is_replaced_and_keeps_its_mode() {
    let folder = folder();
    let path = file(&folder, "out", "old and longer");
    // The setuid and setgid bits are dropped; the permissions are kept.
    for (old, kept) in [(0o644, 0o644), (0o606, 0o606), (0o6755, 0o755)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(old)).unwrap();
        ran(&folder, &["chat", "-o", "out", "hi"], reply("a")).is(0, "", "");
        holds(&folder, "out", "a\n");
        assert_eq!(mode(&path), kept);
        only(&folder, &["out"]);
    }
}

#[test]
fn a_link_stays_a_link_and_its_target_is_written() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    symlink("d/b", folder.path().join("a")).unwrap();
    symlink("target", folder.path().join("d/b")).unwrap();
    // At first the links lead to no file, then to one.
    for answer in ["1", "2"] {
        ran(&folder, &["chat", "-o", "a", "hi"], reply(answer)).is(0, "", "");
        holds(&folder, "d/target", &format!("{answer}\n"));
    }
    assert!(folder.path().join("a").is_symlink() && folder.path().join("d/b").is_symlink());
    only(&folder, &["a", "d"]);
}

#[test]
fn every_format_goes_to_the_file() {
    let folder = folder();
    let body = reply_body("a", "stop");
    ran(
        &folder,
        &["chat", "--format", "json", "-o", "out", "hi"],
        json(200, &body),
    )
    .is(0, "", "");
    holds(&folder, "out", &format!("{body}\n"));
    let args = ["stream", "--format", "ndjson", "-o", "out", "hi"];
    ran(
        &folder,
        &args,
        stream([delta("a"), finish_frame("stop"), DONE.into()]),
    )
    .is(0, "", "");
    let text = std::fs::read_to_string(folder.path().join("out")).unwrap();
    assert!(
        text.lines()
            .last()
            .unwrap()
            .starts_with(r#"{"type":"done","#),
        "{text}"
    );
}

#[test]
fn a_failing_run_leaves_the_old_file_and_what_came_in_partial() {
    let folder = folder();
    file(&folder, "out", "old");
    let cut = || stream([delta("Hel"), finish_frame("length"), DONE.into()]);
    let ran = ran(&folder, &["stream", "-o", "out", "hi"], cut());
    assert_eq!((ran.code, ran.stdout.as_str()), (9, ""));
    let named = format!(
        "airx: the part that arrived is in {}\nairx: truncated: ",
        "out.partial"
    );
    assert!(ran.stderr.starts_with(&named), "{}", ran.stderr);
    holds(&folder, "out", "old");
    holds(&folder, "out.partial", "Hel\n");
    only(&folder, &["out", "out.partial"]);
}

#[test]
fn an_answer_that_broke_off_is_in_partial() {
    for end in [Step::Close, Step::Reset] {
        let folder = folder();
        let play = vec![
            stream_head(),
            chunk(delta("Hel").as_bytes()),
            Step::Gate,
            end,
        ];
        let server = Server::once(play);
        let child = airx(["stream", "-n", "-o", "out", "hi"])
            .at(&server)
            .within(folder.path())
            .start();
        await_text_in(folder.path(), "Hel");
        server.open_gate();
        let ran = finish(child);
        assert_eq!((ran.code, ran.stdout.as_str()), (7, ""), "{}", ran.stderr);
        holds(&folder, "out.partial", "Hel\n");
        only(&folder, &["out.partial"]);
    }
}

#[test]
fn a_failing_run_that_got_nothing_leaves_no_file_at_all() {
    let folder = folder();
    let ran = ran(&folder, &["chat", "-o", "out", "hi"], json(401, "{}"));
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.starts_with("airx: account: "), "{}", ran.stderr);
    only(&folder, &[]);
}

#[test]
fn refused_input_leaves_the_old_file() {
    let folder = folder();
    file(&folder, "out", "old");
    let ran = airx(["chat", "-o", "out", ""])
        .nowhere()
        .within(folder.path())
        .run();
    assert_eq!(ran.code, 2);
    holds(&folder, "out", "old");
    only(&folder, &["out"]);
}

#[test]
fn a_file_that_cannot_be_opened_is_exit_2_and_nothing_is_sent() {
    let folder = folder();
    let (lost, folder_hint) = ("its folder does not exist", "name a file in the folder");
    for (path, why, hint) in [
        ("no/out", "No such file or directory (os error 2)", lost),
        (".", "Is a directory (os error 21)", folder_hint),
        ("new/", "is a directory", folder_hint),
        ("new/.", "is a directory", folder_hint),
    ] {
        let report =
            format!("airx: usage: --output {path}: {why}\nhint: {hint}; nothing was sent\n");
        airx(["chat", "-o", path, "hi"])
            .nowhere()
            .within(folder.path())
            .run()
            .is(2, "", &report);
    }
    only(&folder, &[]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_may_not_be_written_is_exit_2() {
    let ran = airx(["chat", "-o", "/proc/version", "hi"]).nowhere().run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr
            .starts_with("airx: usage: --output /proc/version: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_dash_is_standard_output() {
    let folder = folder();
    ran(&folder, &["chat", "-o", "-", "hi"], reply("a")).is(0, "a\n", "");
    only(&folder, &[]);
}

#[test]
fn what_came_is_kept_though_partial_is_a_folder() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("out.partial")).unwrap();
    let cut = json(200, &reply_body("Hel", "length"));
    let ran = ran(&folder, &["chat", "-o", "out", "hi"], cut);
    assert_eq!(ran.code, 9);
    let report = ran.stderr.lines().next().unwrap();
    let path = report
        .strip_prefix("airx: the part that arrived is in ")
        .unwrap();
    holds(&folder, path, "Hel\n");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_exit_1() {
    let folder = folder();
    let report = "airx: internal: cannot write the output: No space left on device (os error 28)\n";
    ran(&folder, &["chat", "-o", "/dev/full", "hi"], reply("a")).is(1, "", report);
}

#[test]
#[cfg(target_os = "linux")]
fn standard_output_by_name_is_added_to_and_never_cut() {
    let folder = folder();
    let server = Server::play([reply("a"), reply("b"), reply("c")]);
    let script = "(echo before; airx chat -n -o /dev/stdout hi; echo after) >log; airx chat -n -o /proc/self/fd/1 hi; airx chat -n -o /dev/fd/3 hi 3>&1";
    bash(script)
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "b\nc\n", "");
    holds(&folder, "log", "before\na\nafter\n");
}

#[test]
fn a_descriptor_of_the_callers_keeps_its_place_in_the_file() {
    let folder = folder();
    let server = Server::once(reply("a"));
    let script = "exec 3>log; echo before >&3; airx chat -n -o /dev/fd/3 hi; echo after >&3";
    let ran = bash(script).at(&server).within(folder.path()).run();
    ran.is(0, "", "");
    holds(&folder, "log", "before\na\nafter\n");
}

#[test]
fn a_fifo_gets_the_answer_as_it_comes() {
    let folder = folder();
    let server = Server::once(stream([
        delta("a"),
        delta("b"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    let script = "mkfifo pipe; cat pipe & airx stream -n -o pipe hi; wait";
    bash(script)
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "ab\n", "");
}

#[test]
fn nothing_of_the_answer_is_in_the_file_before_the_run_has_ended() {
    let folder = folder();
    file(&folder, "out", "old");
    let gated = vec![
        stream_head(),
        chunk(delta("new").as_bytes()),
        Step::Gate,
        chunk([finish_frame("stop"), DONE.into()].concat().as_bytes()),
        last_chunk(),
    ];
    let server = Server::once(gated);
    let child = airx(["stream", "-n", "-o", "out", "hi"])
        .at(&server)
        .within(folder.path())
        .start();
    await_text_in(folder.path(), "new");
    holds(&folder, "out", "old");
    server.open_gate();
    assert_eq!(finish(child).code, 0);
    holds(&folder, "out", "new\n");
    only(&folder, &["out"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_size_of_files_is_an_error_like_a_full_disk() {
    let (server, folder) = (Server::once(reply(&"x".repeat(9000))), folder());
    file(&folder, "out.txt", "old");
    let ran = bash("ulimit -f 4; exec airx chat -n hi -o out.txt")
        .at(&server)
        .within(folder.path())
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("airx: internal: cannot write the output: File too large"),
        "{}",
        ran.stderr
    );
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("out.txt"), "old");
    assert_eq!(read("out.txt.partial"), "x".repeat(4096));
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "a temporary file was left");
}

#[cfg(target_os = "linux")]
#[test]
fn a_dry_run_that_a_full_disk_cuts_leaves_no_temporary_file() {
    let folder = folder();
    file(&folder, "out.txt", "old");
    let prompt = "x".repeat(9000);
    let ran = bash(&format!(
        "ulimit -f 4; exec airx chat --dry-run -o out.txt {prompt}"
    ))
    .within(folder.path())
    .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    let why = "airx: the part that arrived is in out.txt.partial\n\
               airx: internal: cannot write the output: File too large";
    assert!(ran.stderr.starts_with(why), "{}", ran.stderr);
    holds(&folder, "out.txt", "old");
    only(&folder, &["out.txt", "out.txt.partial"]);
}
