//! `--max-in-flight`: all processes together never have more requests in flight than the
//! limit, a killed one frees its slot, and all get their turn in order.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::harness::items::echo;
use crate::harness::watch::Watch;
use crate::harness::{
    Airx, Server, Step, airx, finish, folder, given_away, json, reply, reply_body,
};

/// A run with this `--max-in-flight`, whose slots are in `runtime`.
fn limited(limit: u32, runtime: &Path) -> Airx {
    airx(["chat", "-v", "--max-in-flight", &limit.to_string(), "hi"])
        .env("XDG_RUNTIME_DIR", runtime)
        .stdin_from(std::process::Stdio::null())
}

/// Answers only when the test opens the gate.
fn held() -> Vec<Step> {
    let mut play = vec![Step::Gate];
    play.extend(reply("Hello"));
    play
}

#[track_caller]
fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(20), "not yet: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Reads standard error up to the line that says that the run waits.
#[track_caller]
fn until_it_waits(child: &mut Child) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().starts_with("* waiting for a slot")),
        "it never waited"
    );
    std::thread::spawn(move || lines.count());
}

#[test]
fn no_more_than_the_limit_are_ever_in_flight() {
    const RUNS: usize = 24;
    let runtime = folder();
    let server = echo().hold();
    let mut runs: Vec<Child> = (0..RUNS)
        .map(|_| limited(5, runtime.path()).of(&server).start())
        .collect();
    let said: Vec<Watch> = runs
        .iter_mut()
        .map(|run| Watch::new(run.stderr.take().unwrap()))
        .collect();
    // The server answers only when five requests are in flight and all other runs wait.
    server.await_requests(5);
    until("all others wait", || {
        let waits = |said: &&Watch| said.so_far().contains("* waiting for a slot");
        said.iter().filter(waits).count() >= RUNS - 5
    });
    server.release_all();
    for run in runs {
        assert_eq!(finish(run).stdout, "hi!\n");
    }
    assert_eq!(server.most(), 5);
}

#[test]
fn a_killed_holder_frees_its_slot_at_once() {
    let runtime = folder();
    let server = Server::play([vec![Step::Hold], reply("Hello")]);
    let mut holder = limited(1, runtime.path()).at(&server).start();
    until("the first request", || server.requests().len() == 1);
    let mut waiter = limited(1, runtime.path()).at(&server).start();
    until_it_waits(&mut waiter);
    assert_eq!(server.requests().len(), 1);
    let killed = Instant::now();
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(finish(waiter).code, 0);
    assert!(killed.elapsed() < Duration::from_secs(2));
}

#[test]
fn who_waits_comes_before_who_asks_later() {
    let runtime = folder();
    let server = Server::play((0..5).map(|_| held()));
    let first = limited(1, runtime.path()).at(&server).start();
    until("the first request", || server.requests().len() == 1);
    let mut runs = vec![first];
    for number in 1..5 {
        let mut run = limited(1, runtime.path())
            .args([format!("number {number}")])
            .at(&server)
            .start();
        until_it_waits(&mut run);
        runs.push(run);
    }
    for number in 1..5 {
        server.open_gate();
        until("the next request", || server.requests().len() == number + 1);
    }
    server.open_gate();
    for run in runs {
        assert_eq!(finish(run).code, 0);
    }
    for (number, asked) in server.requests().iter().enumerate().skip(1) {
        assert!(
            asked.body.contains(&format!("number {number}")),
            "{number}: {}",
            asked.body
        );
    }
}

#[test]
fn each_obeys_its_own_limit_over_the_same_slots() {
    let runtime = folder();
    let server = Server::play([held(), held(), reply("three"), reply("one")]);
    let mut two: Vec<Child> = (0..2)
        .map(|_| limited(3, runtime.path()).at(&server).start())
        .collect();
    until("two requests", || server.requests().len() == 2);
    // Two are in flight: one more is within three, none is within two.
    assert_eq!(
        limited(3, runtime.path()).at(&server).run().stdout,
        "three\n"
    );
    let mut second = limited(2, runtime.path()).at(&server).start();
    until_it_waits(&mut second);
    server.open_gate();
    let ran = finish(second);
    assert_eq!((ran.code, &*ran.stdout), (0, "one\n"));
    server.open_gate();
    for run in two.drain(..) {
        assert_eq!(finish(run).code, 0);
    }
}

#[test]
fn another_key_model_or_port_has_slots_of_its_own() {
    let runtime = folder();
    let server = Server::play([vec![Step::Hold], reply("a"), reply("b")]);
    let other = Server::once(reply("c"));
    let mut holder = limited(1, runtime.path()).at(&server).start();
    until("the first request", || server.requests().len() == 1);
    let run = || limited(1, runtime.path());
    let key = run().at(&server).env("AIRX_API_KEY", "another.key-of-test");
    assert_eq!(key.run().stdout, "a\n");
    assert_eq!(run().at(&server).args(["-m", "other"]).run().stdout, "b\n");
    assert_eq!(run().at(&other).run().stdout, "c\n");
    for entry in fs::read_dir(runtime.path().join("airx")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("another"), "{name}");
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn the_wait_does_not_count_in_the_timeout() {
    let runtime = folder();
    let server = Server::play([held(), reply("Hello")]);
    let holder = limited(1, runtime.path()).at(&server).start();
    until("the first request", || server.requests().len() == 1);
    let timeout = ["--timeout", "700ms"];
    let mut waiter = limited(1, runtime.path()).args(timeout).at(&server).start();
    let said = Watch::new(waiter.stderr.take().unwrap());
    said.until("* waiting for a slot");
    // This run starts its clock later: when it ends, both time-outs are over.
    let silent = Server::once(vec![Step::Hold]);
    let clock = airx(["chat", "-n", "hi"]).args(timeout).at(&silent).run();
    assert_eq!(clock.code, 6, "{}", clock.stderr);
    server.open_gate();
    let mut ran = finish(waiter);
    ran.stderr = said.all();
    assert_eq!((ran.code, &*ran.stdout), (0, "Hello\n"), "{}", ran.stderr);
    let line = ran.stderr.lines().find(|line| line.starts_with("* slot 1"));
    assert!(
        line.unwrap().ends_with("ms (--max-in-flight 1)"),
        "{line:?}"
    );
    assert_eq!(finish(holder).code, 0);
}

#[test]
fn no_slot_is_held_between_two_tries() {
    let runtime = folder();
    let busy = crate::harness::http(503, "Retry-After: 2\r\n", "{}");
    let server = Server::play([busy, reply("between"), reply("again")]);
    let retrying = limited(1, runtime.path()).at(&server).start();
    until("the first request", || server.requests().len() == 1);
    let ran = limited(1, runtime.path()).at(&server).run();
    assert_eq!((ran.code, &*ran.stdout), (0, "between\n"));
    assert_eq!(finish(retrying).stdout, "again\n");
}

#[test]
fn sigint_ends_the_wait_at_once() {
    use std::os::unix::process::ExitStatusExt;
    let runtime = folder();
    let server = Server::play([held(), reply("last")]);
    let holder = limited(1, runtime.path()).at(&server).start();
    until("the first request", || server.requests().len() == 1);
    // One run at the head of the queue, and two after it.
    let mut waiters: Vec<Child> = (0..3)
        .map(|_| {
            let mut waiter = limited(1, runtime.path()).at(&server).start();
            until_it_waits(&mut waiter);
            waiter
        })
        .collect();
    let last = waiters.pop().unwrap();
    for mut waiter in waiters {
        let id = i32::try_from(waiter.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        let sent = Instant::now();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        assert_eq!(waiter.wait().unwrap().signal(), Some(2));
        assert!(sent.elapsed() < Duration::from_millis(300));
    }
    server.open_gate();
    assert_eq!(finish(holder).code, 0);
    // The killed runs do not block the others.
    assert_eq!(finish(last).stdout, "last\n");
}

#[test]
fn a_folder_that_is_not_the_users_own_is_refused() {
    let runtime = folder();
    let elsewhere = folder();
    let place = runtime.path().join("airx");
    let refused = |why: &str| {
        let ran = limited(1, runtime.path())
            .env("AIRX_BASE_URL", "http://127.0.0.1:9")
            .run();
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    };
    symlink(elsewhere.path(), &place).unwrap();
    refused("is a link or not a folder");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    fs::remove_file(&place).unwrap();
    fs::write(&place, "").unwrap();
    refused("is a link or not a folder");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
    refused("is open to others (mode 0777)");
    if given_away(&place) {
        fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
        refused("belongs to another user (uid 12345)");
    }
}

#[test]
fn a_slot_that_is_a_link_is_refused() {
    let runtime = folder();
    let server = Server::once(reply("Hello"));
    assert_eq!(limited(1, runtime.path()).at(&server).run().code, 0);
    let victim = runtime.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let place = runtime.path().join("airx");
    for entry in fs::read_dir(&place).unwrap() {
        let path = entry.unwrap().path();
        fs::remove_file(&path).unwrap();
        symlink(&victim, &path).unwrap();
    }
    let ran = limited(1, runtime.path()).at(&server).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn without_a_runtime_folder_the_slots_are_among_the_temporary_files() {
    let temporary = folder();
    let server = Server::play([reply("a"), reply("b")]);
    for runtime in ["", "/nonexistent"] {
        let ran = limited(1, Path::new(runtime))
            .env("TMPDIR", temporary.path())
            .at(&server)
            .run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let made: Vec<_> = fs::read_dir(temporary.path()).unwrap().collect();
    assert_eq!(made.len(), 1);
    let made = made[0].as_ref().unwrap();
    let name = made.file_name().into_string().unwrap();
    assert!(name.starts_with("airx-"), "{name}");
    assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(made.path()).unwrap() {
        let permissions = entry.unwrap().metadata().unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
    }
}

#[test]
fn without_a_limit_no_folder_is_made() {
    let runtime = folder();
    let server = Server::play([reply("a"), reply("b")]);
    let run = || airx(["chat", "hi"]).env("XDG_RUNTIME_DIR", runtime.path());
    assert_eq!(run().at(&server).run().code, 0);
    let zero = run().env("AIRX_MAX_IN_FLIGHT", "5");
    assert_eq!(
        zero.args(["--max-in-flight", "0"]).at(&server).run().code,
        0
    );
    assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    let wrong = run()
        .env("AIRX_BASE_URL", "http://127.0.0.1:9")
        .env("AIRX_MAX_IN_FLIGHT", "many")
        .run();
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

#[test]
fn a_failed_request_frees_its_slot() {
    let runtime = folder();
    let server = Server::play([json(400, "{}"), json(200, &reply_body("x", "stop"))]);
    assert_eq!(limited(1, runtime.path()).at(&server).run().code, 4);
    assert_eq!(limited(1, runtime.path()).at(&server).run().code, 0);
}
