//! `--each -o FILE` and `--resume`: nothing that was paid for is lost or paid for
//! twice.

use std::fs::{metadata, read_to_string, write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use crate::harness::items::{Items, contents, echo, echoes, numbers, refusal, results};
use crate::harness::signals::send;
use crate::harness::{Airx, Ran, airx, file, finish, folder, reply_body};
use crate::signals::heedful;

fn run(folder: &Path, args: &[&str]) -> Airx {
    airx(["chat", "--each", "-o", "out", "--items", "items"])
        .args(args)
        .within(folder)
}

fn out(folder: &tempfile::TempDir) -> String {
    read_to_string(folder.path().join("out")).unwrap()
}

#[test]
fn the_file_has_all_results_in_order_and_mode_0600() {
    let (server, folder) = (echo().hold(), folder());
    file(&folder, "items", "a\nb\nc\n");
    let child = run(folder.path(), &["-c", "3"]).of(&server).start();
    server.await_requests(3);
    server.release("c");
    // The file gets a result at once, before those of earlier items.
    let first = await_line(&folder, "out", 1);
    assert_eq!(contents(&first), echoes([(2, "c!")]));
    server.release_all();
    finish(child);
    assert_eq!(
        contents(&out(&folder)),
        echoes([(0, "a!"), (1, "b!"), (2, "c!")])
    );
    let mode = metadata(folder.path().join("out"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(&folder), ["items", "out"]);
}

pub fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string();
    let mut names: Vec<String> = folder
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| name(entry).unwrap())
        .collect();
    names.sort();
    names
}

/// Waits until a file has at least `count` lines, and returns its text.
#[track_caller]
pub fn await_line(folder: &tempfile::TempDir, name: &str, count: usize) -> String {
    let started = std::time::Instant::now();
    loop {
        let text = read_to_string(folder.path().join(name)).unwrap_or_default();
        if text.matches('\n').count() >= count {
            return text;
        }
        assert!(started.elapsed() < crate::harness::PATIENCE, "{text:?}");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[test]
fn after_a_kill_nothing_is_lost_and_only_what_was_in_flight_is_asked_for_again() {
    let (server, folder) = (echo().hold(), folder());
    file(&folder, "items", numbers(20));
    let child = run(folder.path(), &["-c", "3"]).of(&server).start();
    for item in ["2", "3", "4", "5"] {
        server.release(item);
    }
    // 0, 1 and 6 are in flight; four are done.
    server.await_requests(7);
    let there = await_line(&folder, "out", 4);
    send(&child, Signal::KILL);
    finish(child);
    assert_eq!(out(&folder), there);
    // As if the kill had interrupted the write of a line.
    write(
        folder.path().join("out"),
        format!("{there}{{\"type\":\"result\",\"ind"),
    )
    .unwrap();
    server.release_all();
    let ran = run(folder.path(), &["-c", "3", "--resume", "-v"])
        .of(&server)
        .run();
    assert_eq!((ran.code, &*ran.stdout), (0, ""), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("\nairx: 20 done (4 before), 0 failed, "),
        "{}",
        ran.stderr
    );
    let lines = contents(&out(&folder));
    assert!(
        lines
            .into_iter()
            .eq((0..20).map(|item| (item, format!("{item}!"))))
    );
    let mut asked = server.texts();
    asked.sort();
    let twice: Vec<&String> = asked
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| &pair[0])
        .collect();
    assert_eq!(twice, ["0", "1", "6"]);
    assert_eq!(names(&folder), ["items", "out"]);
}

#[test]
fn failures_are_asked_for_again_and_what_is_done_is_not() {
    let folder = folder();
    file(&folder, "items", "a\nb\nc\n");
    let server = Items::answering(|text, times, _| match (text, times) {
        ("b", 1) => (400, refusal("1261")),
        _ => (200, reply_body(&format!("{text}!"), "stop")),
    });
    let ran = run(folder.path(), &["-q"]).of(&server).run();
    ran.is(12, "", "airx: partial: 1 of 3 items failed\nhint: the `error` of each says why; with -o FILE, --resume repeats only these\n");
    assert_eq!(
        contents(&out(&folder)),
        echoes([(0, "a!"), (1, "rejected"), (2, "c!")])
    );
    // The input has one more item now.
    file(&folder, "items", "a\nb\nc\nd\n");
    let ran = run(folder.path(), &["-q", "--resume"]).of(&server).run();
    ran.is(0, "", "");
    assert_eq!(
        contents(&out(&folder)),
        echoes([(0, "a!"), (1, "b!"), (2, "c!"), (3, "d!")])
    );
    assert_eq!(server.texts()[3..].len(), 2);
    // A further run has nothing to do, and creates no file.
    run(folder.path(), &["-q", "--resume"])
        .nowhere()
        .run()
        .is(0, "", "");
    assert_eq!(names(&folder), ["items", "out"]);
}

#[track_caller]
fn refused(ran: &Ran, message: &str) {
    let report = ran
        .stderr
        .lines()
        .find(|line| line.starts_with("airx: usage: "))
        .unwrap_or_default();
    assert_eq!((ran.code, report), (2, &*format!("airx: usage: {message}")));
}

#[test]
fn what_does_not_belong_to_the_file_is_refused() {
    let (server, folder) = (echo(), folder());
    file(&folder, "items", "a\nb\n");
    assert_eq!(run(folder.path(), &[]).of(&server).run().code, 0);
    let before = out(&folder);
    let ran = run(folder.path(), &["--resume", "--temperature", "0.5"])
        .nowhere()
        .run();
    refused(
        &ran,
        "--resume: item 0 (line 1) is not the one that the file has a result of: its request has changed",
    );
    file(&folder, "items", "a\n");
    let ran = run(folder.path(), &["--resume"]).nowhere().run();
    refused(
        &ran,
        "--resume: the file has a result of item 1, and there are 1 items: the input has become shorter",
    );
    assert_eq!(out(&folder), before);
    file(&folder, "out", "my diary\n");
    let ran = run(folder.path(), &["--resume"]).nowhere().run();
    refused(&ran, "--output out: line 1 is not a result of --each");
    assert_eq!(out(&folder), "my diary\n");
    let ran = airx(["chat", "--each", "--resume", "-o", "/dev/null"])
        .nowhere()
        .run();
    refused(&ran, "--resume: /dev/null is not a regular file");
}

#[test]
fn a_file_that_was_there_stays_until_the_run_has_succeeded() {
    let folder = folder();
    file(&folder, "items", "a\nb\n");
    file(&folder, "out", "precious\n");
    let server = Items::answering(|text, times, _| match (text, times) {
        ("b", 1) => (400, refusal("1261")),
        _ => (200, reply_body(&format!("{text}!"), "stop")),
    });
    let ran = run(folder.path(), &["-q"]).of(&server).run();
    assert_eq!(ran.code, 12);
    assert!(
        ran.stderr
            .starts_with("airx: the part that arrived is in out.partial\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(out(&folder), "precious\n");
    // The same command again does not discard the results that were paid for.
    let ran = run(folder.path(), &[]).nowhere().run();
    let partial = folder.path().join("out.partial");
    refused(&ran, "out.partial has results of a run that did not end");
    assert_eq!(results(&read_to_string(&partial).unwrap()).len(), 2);
    let ran = run(folder.path(), &["--resume"]).of(&server).run();
    assert_eq!((ran.code, server.texts().len()), (0, 3), "{}", ran.stderr);
    assert_eq!(contents(&out(&folder)), echoes([(0, "a!"), (1, "b!")]));
    assert_eq!(names(&folder), ["items", "out"]);
}

#[test]
fn events_in_a_file_are_in_order_and_are_taken_up() {
    let (server, folder) = (echo(), folder());
    let types = || -> Vec<String> {
        let types = out(&folder);
        types
            .lines()
            .map(|line| {
                crate::harness::event(line)["type"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    for (items, expected) in [("a\nb\n", 2), ("a\nb\nc\n", 3)] {
        file(&folder, "items", items);
        let ran = run(folder.path(), &["--format", "ndjson", "--resume"])
            .of(&server)
            .run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut all = vec!["start"];
        all.extend(vec!["result"; expected]);
        all.push("done");
        assert_eq!(types(), all);
    }
    assert_eq!(server.texts().len(), 3);
}

#[test]
fn a_link_is_followed_and_the_file_s_mode_is_kept() {
    let (server, folder) = (echo(), folder());
    file(&folder, "items", "a\n");
    file(&folder, "real", "");
    let real = folder.path().join("real");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink("real", folder.path().join("out")).unwrap();
    assert_eq!(run(folder.path(), &[]).of(&server).run().code, 0);
    assert_eq!(
        contents(&read_to_string(&real).unwrap()),
        echoes([(0, "a!")])
    );
    assert_eq!(metadata(&real).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(
        folder
            .path()
            .join("out")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_run_that_is_interrupted_leaves_what_it_has_in_order() {
    let (server, folder) = (echo().hold(), folder());
    file(&folder, "items", numbers(9));
    let args = ["chat", "--each", "-o", "out", "--items", "items", "-c", "2"];
    let child = heedful(&args).within(folder.path()).of(&server).start();
    server.await_requests(2);
    server.release("1");
    server.await_requests(3);
    send(&child, Signal::INT);
    server.release_all();
    let ran = finish(child);
    assert_eq!(ran.signal, Some(2));
    assert_eq!(
        contents(&out(&folder)),
        echoes([(0, "0!"), (1, "1!"), (2, "2!")])
    );
    let ran = run(folder.path(), &["--resume"]).of(&server).run();
    assert_eq!((ran.code, server.texts().len()), (0, 9), "{}", ran.stderr);
}

#[test]
fn nothing_is_left_of_a_run_that_came_to_nothing() {
    let folder = folder();
    file(&folder, "items", "a\n");
    let ran = run(folder.path(), &["--max-cost", "0"]).nowhere().run();
    assert_eq!((ran.code, names(&folder)), (12, vec!["items".to_owned()]));
    file(&folder, "items", "");
    // An input without items is not a failure: the run writes an empty file.
    assert_eq!(run(folder.path(), &[]).nowhere().run().code, 0);
    assert_eq!(out(&folder), "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_resumed_run_needs_little_memory_for_what_is_done() {
    use std::io::Write;
    let folder = folder();
    let pipe = folder.path().join("items");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let peak = |count: u64| {
        let line = |index: u64| {
            let hash = "0123456789abcdef".repeat(4);
            format!(
                "{{\"type\":\"result\",\"index\":{index},\"hash\":\"{hash}\",\"content\":\"a\"}}\n"
            )
        };
        // Out of order, as a killed run may leave them.
        let lines: String = (1..=count).rev().map(line).collect();
        file(&folder, "out", lines);
        // The input stays open: at its end the run would refuse a file that has more results.
        let mut items = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&pipe)
            .unwrap();
        items.write_all(b"a\n").unwrap();
        let server = echo().hold();
        let child = run(folder.path(), &["--resume"]).of(&server).start();
        // airx reads FILE before it sends the first request.
        server.await_requests(1);
        let status = read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        send(&child, Signal::KILL);
        finish(child);
        let mut lines = status.lines();
        let peak = lines.find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        kilobytes * 1024
    };
    let (few, many) = (peak(1_000), peak(101_000));
    // 16 bytes per item, and the same again for the sorting.
    assert!(many - few < 100_000 * 40, "{few} {many}");
}
