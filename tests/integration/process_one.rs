//! airx as process 1 of a container.

use std::fs::read_to_string;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::watch::Watch;
use crate::harness::{PATIENCE, Server, file, finish, folder, gated, reply, run};
use crate::output_refused::is_allowed;

/// The one child of a process.
fn child_of(id: u32) -> Pid {
    let start = Instant::now();
    loop {
        let children = read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        if let Ok(child) = children.trim().parse() {
            return Pid::from_raw(child).unwrap();
        }
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_signal_ends_process_1_with_128_and_its_number() {
    let folder = folder();
    if !is_allowed("unshare -pf --kill-child true", folder.path()) {
        return;
    }
    file(&folder, "items", "a\n");
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        for each in [false, true] {
            let server = Server::once(gated(reply("a")));
            let program = crate::harness::program();
            let mut args = vec!["-pf", "--kill-child", program, "chat"];
            args.extend(if each {
                ["--each", "--items=items"]
            } else {
                ["-n", "hi"]
            });
            let mut child = run("unshare", args)
                .at(&server)
                .within(folder.path())
                .start();
            server.await_requests(1);
            let gentle = each && signal == Signal::INT;
            let err = gentle.then(|| Watch::new(child.stderr.take().unwrap()));
            kill_process(child_of(child.id()), signal).unwrap();
            if let Some(err) = err {
                err.until("waiting for the requests in flight");
                server.open_gate();
            }
            let ran = finish(child);
            assert_eq!((ran.code, ran.signal), (code, None), "{}", ran.stderr);
        }
    }
}
