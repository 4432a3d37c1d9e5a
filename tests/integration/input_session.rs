//! A conversation kept in a file: `--session`.

use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crate::harness::watch::Watch;
use crate::harness::{
    DONE, Server, airx, bash, delta, file, finish, finish_frame, folder, gated, json, reply,
    reply_body, stream,
};

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

const USER: &str = "{\"role\":\"user\",\"content\":\"q1\"}\n";
const ANSWER: &str = "{\"role\":\"assistant\",\"content\":\"a1\"}\n";

#[test]
fn a_session_is_made_with_mode_0600_and_the_system_text() {
    for umask in ["000", "022", "077"] {
        let server = Server::once(reply("a1"));
        let folder = folder();
        bash(&format!("umask {umask}; airx chat --session s -s sys q1"))
            .at(&server)
            .within(folder.path())
            .run()
            .is(0, "a1\n", "");
        let path = folder.path().join("s");
        assert_eq!(
            text(&path),
            format!("{{\"role\":\"system\",\"content\":\"sys\"}}\n{USER}{ANSWER}")
        );
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "under {umask}");
    }
}

#[test]
fn the_next_run_sends_the_turns_before_and_adds_its_own() {
    let server = Server::once(reply("a2"));
    let folder = folder();
    let path = file(&folder, "s", format!("{USER}{ANSWER}"));
    airx(["chat", "--session", "s"])
        .at(&server)
        .within(folder.path())
        .stdin("q2\n")
        .run()
        .is(0, "a2\n", "");
    assert_eq!(
        server.requests()[0].body,
        r#"{"model":"glm-4-airx","messages":[{"role":"user","content":"q1"},{"role":"assistant","content":"a1"},{"role":"user","content":"q2"}],"stream":false}"#
    );
    let added =
        "{\"role\":\"user\",\"content\":\"q2\"}\n{\"role\":\"assistant\",\"content\":\"a2\"}\n";
    assert_eq!(text(&path), format!("{USER}{ANSWER}{added}"));
}

#[test]
fn the_answer_and_the_end_of_its_line_leave_in_one_write() {
    let server = Server::once(reply("a1"));
    let folder = folder();
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    airx(["chat", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .stdout_to(OwnedFd::from(theirs))
        .run()
        .is(0, "", "");
    let mut written = [0; 64];
    let length = ours.recv(&mut written).unwrap();
    assert_eq!(&written[..length], b"a1\n");
}

#[test]
fn a_stream_is_kept_too() {
    let server = Server::once(stream([
        delta("a"),
        delta("1"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    let folder = folder();
    airx(["stream", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "a1\n", "");
    assert_eq!(text(folder.path().join("s")), format!("{USER}{ANSWER}"));
}

#[test]
fn a_session_that_ends_with_the_users_turn_needs_no_prompt() {
    let server = Server::once(reply("a1"));
    let folder = folder();
    let path = file(&folder, "s", USER);
    let (silent, _open) = std::io::pipe().unwrap();
    airx(["chat", "--session", "s"])
        .at(&server)
        .within(folder.path())
        .stdin_from(silent)
        .run()
        .is(0, "a1\n", "");
    assert_eq!(text(path), format!("{USER}{ANSWER}"));
}

#[test]
fn another_system_text_than_the_session_s_is_for_this_run_only_and_reported() {
    let kept = "{\"role\":\"system\",\"content\":\"old\"}\n";
    let own =
        "airx: warning: the system message (-s) is for this run only: session s keeps its own\n";
    let none = own.replace("keeps its own", "still has none");
    for (kept, given, report) in [(kept, "new", own), (kept, "old", ""), ("", "new", &none)] {
        for (quiet, report) in [(&[][..], report), (&["-q"][..], "")] {
            let server = Server::once(reply("a2"));
            let folder = folder();
            let turns = format!("{kept}{USER}{ANSWER}");
            let path = file(&folder, "s", &turns);
            airx(["chat", "--session", "s", "-s", given, "q2"])
                .args(quiet)
                .at(&server)
                .within(folder.path())
                .run()
                .is(0, "a2\n", report);
            assert_eq!(server.requests()[0].json()["messages"][0]["content"], given);
            let added = format!("{USER}{ANSWER}").replace('1', "2");
            assert_eq!(text(path), turns + &added);
        }
    }
}

#[test]
fn a_session_that_ends_with_a_blank_turn_is_refused_and_left_as_it_was() {
    let folder = folder();
    let turns = format!("{USER}{ANSWER}{}", USER.replace("q1", "\\t"));
    let path = file(&folder, "s", &turns);
    airx(["chat", "--session", "s"])
        .nowhere()
        .within(folder.path())
        .run()
        .is(
            2,
            "",
            "airx: usage: s: message 3, the last turn, is blank\nhint: write a question into it, or remove it and give a prompt\n",
        );
    assert_eq!(text(path), turns);
}

#[test]
fn a_failed_run_leaves_the_session_as_it_was() {
    for refused in [
        json(401, "{}"),
        json(200, &reply_body("a", "length")),
        json(200, &reply_body("a", "sensitive")),
    ] {
        let server = Server::once(refused);
        let folder = folder();
        let path = file(&folder, "s", format!("{USER}{ANSWER}"));
        let ran = airx(["chat", "--session", "s", "q2"])
            .at(&server)
            .within(folder.path())
            .run();
        assert!([3, 8, 9].contains(&ran.code), "{ran:?}");
        assert_eq!(text(path), format!("{USER}{ANSWER}"));
    }
}

#[test]
fn a_failed_run_leaves_no_session_where_there_was_none() {
    let server = Server::once(json(401, "{}"));
    let folder = folder();
    let ran = airx(["chat", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .run();
    assert_eq!(ran.code, 3);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn an_answer_of_json_that_is_none_leaves_the_session() {
    let server = Server::once(reply("no"));
    let folder = folder();
    let ran = airx(["json", "--tries", "1", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .run();
    assert_eq!(ran.code, 10);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn calls_are_kept_as_the_api_takes_them_back() {
    let reply = r#"{"choices":[{"finish_reason":"tool_calls","index":0,"message":{"role":"assistant","content":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]}}],"model":"glm-4-airx"}"#;
    let server = Server::once(json(200, reply));
    let folder = folder();
    airx(["chat", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .run();
    let kept = r#"{"role":"assistant","content":"hm","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]}"#;
    assert_eq!(text(folder.path().join("s")), format!("{USER}{kept}\n"));
}

#[test]
fn parallel_runs_follow_one_another_and_lose_no_turn() {
    const RUNS: usize = 6;
    let server = Server::play((0..RUNS).map(|_| reply("a")));
    let folder = folder();
    let script = "for i in 1 2 3 4 5 6; do airx chat -n -q --session s q$i & done; wait";
    bash(script)
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, &"a\n".repeat(RUNS), "");
    let kept = text(folder.path().join("s"));
    let lines: Vec<_> = kept.lines().collect();
    assert_eq!(lines.len(), 2 * RUNS);
    for pair in lines.chunks(2) {
        assert!(
            pair[0].starts_with(r#"{"role":"user","content":"q"#),
            "{kept}"
        );
        assert_eq!(pair[1], r#"{"role":"assistant","content":"a"}"#);
    }
    // Each run sent the turns of the runs before it.
    let mut sizes: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["messages"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 3, 5, 7, 9, 11]);
}

#[test]
fn a_run_that_waits_for_the_session_says_so() {
    let server = Server::play([gated(reply("a1")), reply("a2")]);
    let folder = folder();
    let first = airx(["chat", "-n", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .start();
    server.await_requests(1);
    let mut second = airx(["chat", "-n", "--session", "s", "q2"])
        .at(&server)
        .within(folder.path())
        .start();
    let stderr = Watch::new(second.stderr.take().unwrap());
    let notice = "airx: warning: waiting for session s, which another run uses\n";
    stderr.until(notice);
    server.open_gate();
    finish(first).is(0, "a1\n", "");
    finish(second).is(0, "a2\n", "");
    assert_eq!(stderr.all(), notice);
}

#[test]
fn a_dry_run_leaves_the_session() {
    let folder = folder();
    let ran = airx(["chat", "--dry-run", "--session", "s", "q1"])
        .nowhere()
        .within(folder.path())
        .run();
    assert_eq!(ran.code, 0);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_session_torn_by_a_kill_goes_on_without_its_last_line() {
    let folder = folder();
    let path = file(&folder, "s", format!("{USER}{ANSWER}{{\"role\":\"assis"));
    let server = Server::once(reply("a1"));
    airx(["chat", "-n", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(
            0,
            "a1\n",
            "airx: warning: s: line 3 is cut off, as by a killed run; it is dropped\n",
        );
    assert_eq!(text(&path), format!("{USER}{ANSWER}{USER}{ANSWER}"));
    // The next run has nothing to warn of.
    let server = Server::once(reply("a1"));
    airx(["chat", "-n", "--session", "s", "q1"])
        .at(&server)
        .within(folder.path())
        .run()
        .is(0, "a1\n", "");
}

#[test]
fn what_is_no_session_is_refused() {
    let folder = folder();
    file(&folder, "array", format!("[{}]", USER.trim()));
    let refused = |name: &str, why: &str| {
        let args = ["chat", "-n", "--session", name, "q"];
        airx(args).nowhere().within(folder.path()).run().is(
            2,
            "",
            &format!("airx: usage: {why}\n"),
        );
    };
    refused(
        "array",
        "array holds a JSON array; a session is one message a line\nhint: convert it with jq -c '.[]', or read it with --messages",
    );
    refused(
        ".",
        "session . is not a regular file\nhint: --session needs a regular file; --messages can read earlier turns from a pipe",
    );
    refused(
        "-",
        "--session -: a session needs a file\nhint: name a file; --messages - reads earlier turns from standard input",
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_whose_output_cannot_be_written_leaves_the_session() {
    for command in ["chat", "stream", "json", "tools"] {
        let answer = if command == "stream" {
            stream([delta("1"), finish_frame("stop"), DONE.into()])
        } else {
            reply("1")
        };
        let server = Server::once(answer);
        let folder = folder();
        let report =
            "airx: internal: cannot write the output: No space left on device (os error 28)\n";
        bash(&format!("airx {command} -n --session s q1 >/dev/full"))
            .at(&server)
            .within(folder.path())
            .run()
            .is(1, "", report);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{command}");
    }
}

#[test]
fn a_run_that_found_no_code_block_leaves_the_session() {
    for command in ["chat", "stream"] {
        let answer = |text: &str| match command {
            "stream" => stream([delta(text), finish_frame("stop"), DONE.into()]),
            _ => reply(text),
        };
        let server = Server::play([answer("no code"), answer("```\ncode\n```\n")]);
        let folder = folder();
        let run = || {
            airx([command, "-n", "-x", "--session", "s", "q1"])
                .at(&server)
                .within(folder.path())
                .run()
        };
        let report = "no code\nairx: invalid: the answer has no such code block\nhint: the answer is above; without --extract airx prints it\n";
        run().is(10, "", report);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{command}");
        run().is(0, "code\n", "");
        assert_eq!(text(folder.path().join("s")).lines().count(), 2);
    }
}
