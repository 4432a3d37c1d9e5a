//! Few open files: `ulimit -n`.

use crate::harness::items::{echo, numbers, results};
use crate::harness::{Airx, Ran, Server, reply, run, together};

/// `airx ARGS` with at most `limit` open files.
fn limited(limit: u32, args: &str) -> Airx {
    let airx = env!("CARGO_BIN_EXE_airx");
    run(
        "bash",
        ["-c", &format!("ulimit -n {limit}; exec '{airx}' {args}")],
    )
}

/// Checks that the run exits with 1 and names the limit.
#[track_caller]
fn is_refused(ran: &Ran, limit: u32) {
    assert_eq!((ran.code, &*ran.stdout), (1, ""), "{limit}: {}", ran.stderr);
    let names = ran.stderr.contains(&format!("the limit is {limit}"));
    assert!(names, "{limit}: {}", ran.stderr);
}

#[test]
fn with_few_descriptors_fewer_items_are_in_flight_and_none_fails() {
    let mut complete = 0;
    for limit in [8, 10, 12, 14, 16, 18, 20, 24, 32] {
        let server = echo();
        let ran = limited(limit, "chat --each -c 50")
            .of(&server)
            .stdin(numbers(60))
            .run();
        if ran.code == 0 {
            assert_eq!(results(&ran.stdout).len(), 60, "{limit}: {}", ran.stderr);
            assert!(server.most() <= limit as usize);
            complete += 1;
        } else {
            is_refused(&ran, limit);
            assert!(limit < 16, "{limit}: {}", ran.stderr);
        }
    }
    assert!(complete >= 5);
}

#[test]
fn a_request_without_descriptors_exits_1_and_names_the_limit() {
    together(4..=12, |limit| {
        for command in ["chat", "stream"] {
            let server = Server::play([reply("Hi")]);
            let ran = limited(limit, &format!("{command} -n hi"))
                .at(&server)
                .run();
            if ran.code == 0 {
                ran.is(0, "Hi\n", "");
            } else {
                is_refused(&ran, limit);
            }
            server.forget();
        }
    });
}
