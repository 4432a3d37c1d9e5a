//! `--each -o FILE` while other programs and other runs use the same FILE.

use std::fs::{OpenOptions, hard_link, read_to_string, remove_file, rename, write};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::each_file::{await_line, names};
use crate::harness::items::{contents, echo, echoes};
use crate::harness::{Airx, airx, file, finish, folder};

fn run(folder: &Path, args: &[&str]) -> Airx {
    airx(["chat", "--each", "--items", "items", "-c", "2", "-q"])
        .args(args)
        .within(folder)
}

fn read(folder: &TempDir, name: &str) -> String {
    read_to_string(folder.path().join(name)).unwrap_or_default()
}

/// What another program does to a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Disturbance {
    Remove,
    Replace,
    Append,
    AppendPart,
    Truncate,
    Overwrite,
}

const STRANGE: &str = "a line of another program\n";

impl Disturbance {
    fn disturb(self, path: &Path) {
        let append = |text: &str| {
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        match self {
            Self::Remove => remove_file(path).unwrap(),
            Self::Replace => {
                let other = path.with_extension("other");
                write(&other, STRANGE).unwrap();
                rename(other, path).unwrap();
            }
            Self::Append => append(STRANGE),
            Self::AppendPart => append("no newline"),
            Self::Truncate => write(path, "").unwrap(),
            Self::Overwrite => {
                let mut file = OpenOptions::new().write(true).open(path).unwrap();
                file.write_all(b"#").unwrap();
            }
        }
    }
}

const ALL: [Disturbance; 6] = [
    Disturbance::Remove,
    Disturbance::Replace,
    Disturbance::Append,
    Disturbance::AppendPart,
    Disturbance::Truncate,
    Disturbance::Overwrite,
];

/// Runs four items, and disturbs `name` after the second result or, if `late`, after the
/// third. Returns the exit code and standard error.
fn disturbed(folder: &TempDir, name: &str, how: Disturbance, late: bool) -> (i32, String) {
    let server = echo().hold();
    file(folder, "items", "a\nb\nc\nd\n");
    let written = if read(folder, "out").is_empty() {
        "out"
    } else {
        "out.partial"
    };
    let child = run(folder.path(), &["-o", "out"]).of(&server).start();
    for item in ["b", "c"] {
        server.release(item);
    }
    await_line(folder, written, 2);
    // `a` is answered last; `d` is answered before or after the disturbance.
    server.await_requests(4);
    if late {
        server.release("d");
        await_line(folder, written, 3);
    }
    how.disturb(&folder.path().join(name));
    if !late {
        server.release("d");
    }
    server.release("a");
    let ran = finish(child);
    (ran.code, ran.stderr)
}

#[test]
fn a_file_that_others_touch_has_all_results_or_the_run_fails() {
    let expected = echoes([(0, "a!"), (1, "b!"), (2, "c!"), (3, "d!")]);
    for late in [false, true] {
        for how in ALL {
            let folder = folder();
            let (code, stderr) = disturbed(&folder, "out", how, late);
            let case = format!("{how:?}, late: {late}: {stderr}");
            let text = read(&folder, "out");
            match how {
                Disturbance::Remove => {
                    assert_eq!((code, &*stderr), (0, ""), "{case}");
                    assert_eq!(contents(&text), expected, "{case}");
                    assert_eq!(names(&folder), ["items", "out"]);
                }
                Disturbance::Replace => {
                    assert_eq!(text, STRANGE, "{case}");
                    let mut partial = contents(&read(&folder, "out.partial"));
                    partial.sort();
                    assert_eq!((code, partial), (1, expected.clone()), "{case}");
                    let message = "airx: internal: --output out: another program replaced it during the run\nhint: all results are in out.partial; --resume continues with them\n";
                    assert!(stderr.ends_with(message), "{case}");
                }
                Disturbance::Append | Disturbance::AppendPart => {
                    let results = ["a!", "b!", "c!", "d!"].map(|answer| text.contains(answer));
                    assert_eq!((code, results), (1, [true; 4]), "{case}");
                    let message = "airx: internal: --output out: another program wrote to it during the run\nhint: the results are in out, not in order; check it, then use --resume\n";
                    assert!(stderr.ends_with(message), "{case}");
                }
                Disturbance::Truncate | Disturbance::Overwrite => {
                    assert_eq!(code, 1, "{case}");
                    assert!(stderr.contains("another program wrote to it"), "{case}");
                }
            }
        }
    }
}

#[test]
fn results_next_to_a_file_are_not_lost_when_others_touch_either() {
    let expected = echoes([(0, "a!"), (1, "b!"), (2, "c!"), (3, "d!")]);
    for name in ["out", "out.partial"] {
        for how in ALL {
            let folder = folder();
            file(&folder, "out", "what stood there\n");
            let (code, stderr) = disturbed(&folder, name, how, false);
            let case = format!("{name} {how:?}: {stderr}");
            if code == 0 {
                assert_eq!(contents(&read(&folder, "out")), expected, "{case}");
                assert_eq!(how, Disturbance::Remove, "{case}");
                continue;
            }
            assert_eq!(code, 1, "{case}");
            if how == Disturbance::Truncate && name == "out.partial" {
                continue;
            }
            let all: String = names(&folder)
                .iter()
                .map(|name| read(&folder, name))
                .collect();
            let there = ["a!", "b!", "c!", "d!"].map(|answer| all.contains(answer));
            assert_eq!(there, [true; 4], "{case}");
        }
    }
}

#[test]
fn a_file_that_was_removed_is_there_again_before_the_run_ends() {
    let (server, folder) = (echo().hold(), folder());
    file(&folder, "items", "a\nb\nc\n");
    let child = run(folder.path(), &["-o", "out"]).of(&server).start();
    server.release("b");
    await_line(&folder, "out", 1);
    remove_file(folder.path().join("out")).unwrap();
    server.release("c");
    await_line(&folder, "out", 2);
    crate::harness::signals::send(&child, rustix::process::Signal::KILL);
    finish(child);
    assert_eq!(
        contents(&read(&folder, "out")),
        echoes([(1, "b!"), (2, "c!")])
    );
}

#[test]
fn two_runs_never_share_a_file() {
    let result = |index: u64| {
        let hash = "0123456789abcdef".repeat(4);
        format!(
            "{{\"type\":\"result\",\"index\":{index},\"hash\":\"{hash}\",\"error\":{{\"class\":\"busy\"}}}}\n"
        )
    };
    let before = [None, Some(String::new()), Some(result(0)), Some(result(1))];
    for before in before {
        for (first, second) in [
            (&[][..], &[][..]),
            (&[], &["--resume"]),
            (&["--resume"], &[]),
        ] {
            let (server, folder) = (echo().hold(), folder());
            file(&folder, "items", "a\nb\nc\n");
            if let Some(before) = &before {
                file(&folder, "out", before);
                hard_link(folder.path().join("out"), folder.path().join("hard")).unwrap();
            }
            symlink("out", folder.path().join("link")).unwrap();
            let with = |name: &str, args: &[&str]| run(folder.path(), &["-o", name]).args(args);
            let child = with("out", first).of(&server).start();
            server.await_requests(2);
            for name in ["out", "./out", "link", "hard"] {
                if name == "hard" && before.is_none() {
                    continue;
                }
                let ran = with(name, second).nowhere().run();
                let case = format!("{before:?} {first:?} {second:?} {name}");
                assert_eq!((ran.code, &*ran.stdout), (2, ""), "{case}");
                let report =
                    "another run is writing it\nhint: wait until it ends, or name another file\n";
                assert!(ran.stderr.ends_with(report), "{case}: {}", ran.stderr);
            }
            server.release_all();
            let ran = finish(child);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            let expected = echoes([(0, "a!"), (1, "b!"), (2, "c!")]);
            assert_eq!(contents(&read(&folder, "out")), expected);
            assert_eq!(server.texts().len(), 3, "nothing is paid for twice");
        }
    }
}
