//! A signal ends the output, the events and the `--meta` file; then airx dies of it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;

use rustix::process::{Pid, Signal};

use crate::harness::signals::{send, under_way};
use crate::harness::{Server, Step, airx, finish, folder};

#[test]
fn a_signal_ends_the_output_and_then_kills() {
    for (signal, name, code) in [
        (Signal::INT, "SIGINT", 130),
        (Signal::TERM, "SIGTERM", 143),
        (Signal::HUP, "SIGHUP", 129),
    ] {
        let (_server, mut child) = under_way(&[]);
        send(&child, signal);
        let (mut out, mut err) = (String::new(), String::new());
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(code - 128), "{status}");
        assert_eq!(
            (&*out, err),
            ("\n", format!("airx: signal: ended by {name}\n"))
        );
    }
}

#[test]
fn a_signal_ends_the_events_and_the_meta_file() {
    let folder = folder();
    let meta = folder.path().join("meta");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let args = ["--format", "ndjson", "--meta", meta.to_str().unwrap()];
        let (server, mut child) = under_way(&args);
        server.await_requests(1);
        // The five bytes that were read are the start of the first event.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let start = lines.next().unwrap().unwrap();
        assert!(
            start.contains("\":\"start\"") || start.contains("e\":\"start"),
            "{start}"
        );
        send(&child, signal);
        let rest: Vec<_> = lines.map(Result::unwrap).collect();
        let last: serde_json::Value = serde_json::from_str(rest.last().unwrap()).unwrap();
        assert_eq!(
            (&last["type"], &last["class"], &last["exit"]),
            (&"error".into(), &"signal".into(), &code.into())
        );
        let ran = finish(child);
        assert_eq!(ran.code, code);
        let report = std::fs::read_to_string(&meta).unwrap();
        assert_eq!(report.trim_end(), rest.last().unwrap());
    }
}

#[test]
fn a_signal_while_nothing_has_come_kills_too() {
    for command in ["chat", "stream"] {
        let server = Server::once(vec![Step::Hold]);
        let child = airx([command, "--format", "ndjson", "hi"])
            .at(&server)
            .stdin_from(std::process::Stdio::null())
            .start();
        server.await_requests(1);
        send(&child, Signal::TERM);
        let ran = finish(child);
        assert_eq!(ran.code, 143, "{ran:?}");
        let last = ran.stdout.lines().last().unwrap();
        assert!(last.contains("\"class\":\"signal\",\"exit\":143"), "{last}");
    }
}

#[test]
fn a_signal_in_a_retry_s_wait_kills_too() {
    let server = Server::once(crate::harness::http(503, "Retry-After: 60\r\n", ""));
    let mut child = airx(["chat", "--format", "ndjson", "hi"])
        .at(&server)
        .stdin_from(std::process::Stdio::null())
        .start();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("start"));
    assert!(lines.next().unwrap().unwrap().contains("retry"));
    send(&child, Signal::INT);
    let last = lines.last().unwrap().unwrap();
    assert!(last.contains("\"exit\":130"), "{last}");
    assert_eq!(finish(child).code, 130);
}

#[test]
fn a_shell_loop_stops_with_the_run_that_a_signal_killed() {
    let server = Server::once(vec![Step::Hold]);
    let script = format!(
        "for i in 1 2; do '{}' chat --format ndjson hi; echo again; done",
        crate::harness::program()
    );
    let mut shell = std::process::Command::new("bash");
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let shell = shell
        .args(["-c", &script])
        .env("AIRX_BASE_URL", server.base())
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    server.await_requests(1);
    let group = Pid::from_raw(i32::try_from(shell.id()).unwrap()).unwrap();
    rustix::process::kill_process_group(group, Signal::INT).unwrap();
    let ran = finish(shell);
    assert_eq!(ran.code, 130);
    assert!(!ran.stdout.contains("again"), "{}", ran.stdout);
}
