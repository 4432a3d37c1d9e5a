//! Settings of the configuration file that do not apply to a run: airx ignores them. The
//! same options on the command line are refused.

use crate::config::{with, write};
use crate::harness::{Server, folder, reply, stream_of};

/// Settings of a file, and a command line to which they do not apply.
const ASIDE: &[(&str, &[&str])] = &[
    ("extract = true", &["chat", "--each"]),
    ("reasoning = true", &["chat", "--each"]),
    ("format = \"json\"", &["chat", "--each"]),
    ("format = \"json\"", &["tools", "--each"]),
    ("pretty = true", &["json", "--each"]),
    ("no-stdin = true", &["chat", "--each"]),
    (
        "extract = \"rust\"\nreasoning = true\nformat = \"json\"\npretty = true\nno-stdin = true\n[profile.p]\nformat = \"json\"",
        &["json", "--each", "--profile", "p"],
    ),
];

#[test]
fn settings_for_one_answer_are_put_aside_for_many() {
    for (text, args) in ASIDE {
        let folder = folder();
        write(&folder, text);
        let server = crate::harness::items::Items::answering(|text, _, _| {
            (200, crate::harness::reply_body(text, "stop"))
        });
        let run = |args: &[&str]| with(&folder, args.iter().copied()).of(&server).stdin("1\n");
        let ran = run(args).run();
        assert_eq!(
            (ran.code, ran.stdout.lines().count()),
            (0, 1),
            "{text}: {}",
            ran.stderr
        );
        assert!(
            ran.stdout.starts_with("{\"type\":\"result\","),
            "{}",
            ran.stdout
        );
    }
    // The same options are refused on the command line.
    let folder = folder();
    write(&folder, "extract = true\nno-stdin = true\n");
    for (args, report) in [
        (["-x"], "--extract is for one answer, not for --each"),
        (
            ["-n"],
            "`--each` reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids",
        ),
    ] {
        let ran = with(&folder, ["chat", "--each"]).args(args).nowhere().run();
        assert_eq!(ran.code, 2);
        let report = format!("airx: usage: {report}\n");
        assert!(ran.stderr.starts_with(&report), "{}", ran.stderr);
    }
}

#[test]
fn a_body_is_put_aside_where_elements_are_printed() {
    let folder = folder();
    write(&folder, "format = \"json\"\n");
    let server = Server::once(stream_of(["[1,", "2]"]));
    let run = with(&folder, ["json", "--lines", "--stream", "hi"]);
    run.at(&server).run().is(0, "1\n2\n", "");
}

#[test]
fn no_stdin_of_a_file_gives_way_to_what_asks_for_it_by_name() {
    let folder = folder();
    write(&folder, "no-stdin = true\n");
    for args in [
        ["chat", "-"].as_slice(),
        &["chat", "-f", "-"],
        &["chat", "--messages", "-", "x"],
    ] {
        let server = Server::once(reply("Hi"));
        let given = if args.contains(&"x") {
            "[{\"role\":\"user\",\"content\":\"in\"},{\"role\":\"assistant\",\"content\":\"a\"}]"
        } else {
            "in"
        };
        let run = with(&folder, args.iter().copied()).stdin(given).at(&server);
        run.run().is(0, "Hi\n", "");
        assert_eq!(server.requests()[0].json()["messages"][0]["content"], "in");
    }
    // If no option reads standard input, the run does not read it.
    let server = Server::once(reply("Hi"));
    let run = with(&folder, ["chat", "hi"]).stdin("in").at(&server);
    run.run().is(0, "Hi\n", "");
    assert_eq!(server.requests()[0].json()["messages"][0]["content"], "hi");
    // On the command line and in the environment the option is not ignored.
    for report in [
        with(&folder, ["chat", "-n", "-"]),
        with(&folder, ["chat", "-"]).env("AIRX_NO_STDIN", "1"),
    ] {
        report.stdin("in").nowhere().run().is(
            2,
            "",
            "airx: usage: `-` in the prompt reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids\nhint: leave out one of the two\n",
        );
    }
}
