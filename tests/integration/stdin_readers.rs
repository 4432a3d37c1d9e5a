//! Only one option may read standard input, by any of its names.

use std::os::unix::net::UnixStream;

use crate::harness::{Airx, Server, airx, file, folder, reply};

const TOOL: &str = r#"{"name":"f","parameters":{"type":"object"}}"#;
const NAMES: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// Each option that reads a file in addition to the messages: its command, its name, the
/// prefix of the file's name, and how error messages quote it.
const OPTIONS: [(&str, &str, &str, &str); 4] = [
    ("tools", "-t", "", "`-t -`"),
    ("json", "--schema", "", "`--schema -`"),
    ("chat", "--header", "@", "`--header @-`"),
    ("chat", "--key-file", "", "`--key-file -`"),
];

fn dry(args: &[&str]) -> Airx {
    airx(args).arg("--dry-run").nowhere()
}

#[test]
fn two_readers_of_standard_input_are_refused_by_any_name() {
    for name in NAMES {
        if cfg!(not(target_os = "linux")) && name.starts_with("/proc") {
            continue;
        }
        for (command, option, before, report) in OPTIONS {
            let named = format!("{before}{name}");
            let report = format!(
                "airx: usage: standard input can be read only once, and both `-f -` and {report} read it\nhint: write one of them to a file first\n"
            );
            let args = [command, option, &named, "-f", "-", "hi"];
            airx(args).nowhere().stdin(TOOL).run().is(2, "", &report);
        }
    }
}

#[test]
fn two_options_next_to_the_messages_are_two_readers() {
    let report = |both: &str| {
        format!(
            "airx: usage: standard input can be read only once, and both {both} read it\nhint: write one of them to a file first\n"
        )
    };
    let args = ["tools", "-t", "-", "-t", "/dev/stdin", "hi"];
    let both = "`-t -` and `-t -`";
    airx(args)
        .nowhere()
        .stdin(TOOL)
        .run()
        .is(2, "", &report(both));
    let args = ["chat", "--key-file", "-", "--header", "@-", "hi"];
    let both = "`--key-file -` and `--header @-`";
    airx(args)
        .nowhere()
        .stdin("x")
        .run()
        .is(2, "", &report(both));
    let args = ["chat", "--cacert", "/dev/stdin", "-", "hi"];
    let both = "`-` in the prompt and `--cacert /dev/stdin`";
    airx(args)
        .nowhere()
        .stdin("x")
        .run()
        .is(2, "", &report(both));
}

#[test]
fn no_stdin_forbids_them_too() {
    for (command, option, before, report) in OPTIONS {
        let named = format!("{before}-");
        let report = format!(
            "airx: usage: {report} reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids\nhint: leave out one of the two\n"
        );
        let args = [command, "-n", option, &named, "hi"];
        airx(args).nowhere().run().is(2, "", &report);
    }
}

#[test]
fn tools_on_standard_input_are_no_part_of_the_message() {
    for name in NAMES {
        if cfg!(not(target_os = "linux")) && name.starts_with("/proc") {
            continue;
        }
        let body = r#"{"model":"glm-4-airx","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto","stream":false}"#;
        let ran = dry(&["tools", "-t", name, "hi"]).stdin(TOOL).run();
        ran.is(0, &format!("{body}\n"), "");
    }
}

#[test]
fn a_schema_a_header_and_a_key_are_read_from_standard_input() {
    let schema = r#"{"type":"array","x":"here"}"#;
    let ran = dry(&["json", "--schema", "-", "hi"]).stdin(schema).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(r#"\"x\":\"here\""#), "{}", ran.stdout);
    let server = Server::play([reply("a"), reply("b")]);
    let header = "X-One: 1\nX-Two: 2\n";
    let ran = airx(["chat", "--header", "@-", "hi"])
        .at(&server)
        .stdin(header)
        .run();
    ran.is(0, "a\n", "");
    // A socket cannot be opened by its name, as a pipe can.
    let (ours, theirs) = UnixStream::pair().unwrap();
    std::io::Write::write_all(&mut &ours, b"the-key-of-a-socket\n").unwrap();
    drop(ours);
    let ran = airx(["chat", "--key-file", "/dev/stdin", "hi"])
        .at(&server)
        .stdin_from(std::os::fd::OwnedFd::from(theirs))
        .run();
    ran.is(0, "b\n", "");
    let asked = server.requests();
    assert_eq!(asked[0].header("x-two"), Some("2"));
    assert_eq!(
        asked[1].header("authorization"),
        Some("Bearer the-key-of-a-socket")
    );
    for asked in asked {
        assert_eq!(asked.json()["messages"][0]["content"], "hi");
    }
}

#[test]
fn without_a_prompt_what_others_read_is_not_the_message() {
    let folder = folder();
    let open = std::fs::File::open(file(&folder, "t", TOOL)).unwrap();
    let report = "airx: usage: the message is empty\nhint: give a prompt, -f FILE, or text on standard input\n";
    let ran = airx(["tools", "-t", "-"]).nowhere().stdin_from(open).run();
    ran.is(2, "", report);
}
