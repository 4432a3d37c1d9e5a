//! The commands of tools: their limits, their environment, how they end.

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::harness::toolbench::{CITY, bench, calls, fifo, one_call, results, runs, script};
use crate::harness::{self, Server, finish, reply};

/// The process that wrote its id into `file`.
fn process(folder: &tempfile::TempDir, file: &str) -> Pid {
    let number = std::fs::read_to_string(folder.path().join(file)).unwrap();
    Pid::from_raw(number.trim().parse().unwrap()).unwrap()
}

/// Waits until a process has ended: it may have been killed a moment ago.
#[track_caller]
pub fn has_gone(process: Pid) {
    let started = std::time::Instant::now();
    while test_kill_process(process).is_ok() && !is_zombie(process) {
        assert!(
            started.elapsed() < harness::PATIENCE,
            "{process:?} still runs"
        );
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Whether a process is a zombie. In a container there may be no process that reaps it.
fn is_zombie(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.starts_with(" Z"))
    })
}

#[test]
fn a_status_that_is_not_0_is_reported_with_the_end_of_standard_error_which_passes_through() {
    let folder = bench();
    script(
        &folder,
        "fail",
        "echo partly; echo 'no such city' >&2; exit 3",
    );
    let (ran, report) = one_call(runs(&folder, "./fail"));
    ran.is(0, "done\n", "no such city\n");
    assert_eq!(
        report,
        "error: it ended with exit status 3\nstandard error:\nno such city\nstandard output:\npartly"
    );
}

#[test]
fn standard_error_of_a_tool_is_made_safe() {
    let folder = bench();
    script(&folder, "nasty", "printf 'a\\033[2Jb' >&2");
    one_call(runs(&folder, "./nasty"))
        .0
        .is(0, "done\n", "a␛[2Jb\n");
}

#[test]
fn a_time_out_kills_the_process_group() {
    let folder = bench();
    script(
        &folder,
        "hang",
        "bash -c 'echo $$ > inner; echo begun; exec sleep 1000' & wait",
    );
    let (ran, report) = one_call(runs(&folder, "./hang").args(["--tool-timeout", "300ms"]));
    ran.is(0, "done\n", "");
    assert_eq!(
        report,
        "error: it took longer than 0.3 s and was killed\nstandard output:\nbegun"
    );
    has_gone(process(&folder, "inner"));
}

#[test]
fn a_tool_that_ignores_its_input_and_closes_its_outputs_is_waited_for() {
    let folder = bench();
    script(&folder, "quiet", "exec 0<&- 1>&- 2>&-; touch done");
    let (ran, report) = one_call(runs(&folder, "./quiet"));
    ran.is(0, "done\n", "");
    assert_eq!(report, "");
    assert!(folder.path().join("done").exists());
}

#[test]
fn a_background_child_does_not_hold_the_run_up() {
    let folder = bench();
    script(&folder, "leave", "echo here; sleep 1000 & echo $! > left");
    let (ran, report) = one_call(runs(&folder, "./leave"));
    ran.is(0, "done\n", "");
    assert_eq!(report, "here");
    kill_process(process(&folder, "left"), Signal::KILL).unwrap();
}

#[test]
fn a_tool_is_over_when_it_exits_though_a_background_child_goes_on_printing() {
    let folder = bench();
    script(
        &folder,
        "busy",
        "(while :; do echo t; sleep .02; done) & echo $! > left; echo ok; exit 0",
    );
    // The time-out is shorter than the wait for the background child, which is not
    // part of the tool's time.
    let (ran, report) = one_call(runs(&folder, "./busy").args(["--tool-timeout", "900ms"]));
    kill_process(process(&folder, "left"), Signal::KILL).unwrap();
    ran.is(0, "done\n", "");
    assert!(
        report.lines().all(|line| line == "ok" || line == "t"),
        "{report}"
    );
    assert!(report.lines().any(|line| line == "ok"), "{report}");
}

#[test]
fn output_is_cut_at_the_bound_with_a_mark() {
    let folder = bench();
    let (ran, report) =
        one_call(runs(&folder, "printf 0123456789").args(["--tool-max-bytes", "4"]));
    ran.is(0, "done\n", "");
    assert_eq!(report, "0123\n[cut by airx: 6 bytes more]");
    script(&folder, "long", "head -c 1000000 /dev/zero | tr '\\0' x");
    let (_, report) = one_call(runs(&folder, "./long"));
    assert_eq!(
        report,
        format!("{}\n[cut by airx: 934464 bytes more]", "x".repeat(65536))
    );
}

#[test]
fn large_arguments_and_results_do_not_block_each_other() {
    let folder = bench();
    let city = "é".repeat(400_000);
    let arguments = serde_json::json!({ "city": city }).to_string();
    let server = Server::play([calls("", &[("f", &arguments)]), reply("done")]);
    let ran = runs(&folder, "cat")
        .args(["--tool-max-bytes", "9000000"])
        .at(&server)
        .run();
    ran.is(0, "done\n", "");
    assert_eq!(results(&server.requests()), [arguments]);
}

#[test]
fn the_key_is_not_in_a_tool_s_environment() {
    let folder = bench();
    let key = "0123456789abcdef.s3cr3ts3cr3t";
    let mut airx = runs(&folder, "env");
    for name in airx::settings::provider::key_variables() {
        airx = airx.env(name, "another-key-altogether");
    }
    let airx = airx
        .env("AIRX_API_KEY", key)
        .env("MY_COPY", format!("Bearer {key}"))
        .env("HALF", "s3cr3ts3cr3t")
        .env("KEPT", "value");
    let (ran, report) = one_call(airx);
    ran.is(0, "done\n", "");
    for part in [
        "API_KEY",
        "MY_COPY",
        "HALF",
        "s3cr3t",
        "0123456789abcdef",
        "altogether",
    ] {
        assert!(!report.contains(part), "{part} in {report}");
    }
    assert!(report.contains("KEPT=value"), "{report}");
}

#[test]
fn no_shell_reads_a_command() {
    let folder = bench();
    let airx = runs(&folder, r#"printf '%s\n' "a b" '$HOME' ; `id` *"#);
    let (ran, report) = one_call(airx);
    ran.is(0, "done\n", "");
    assert_eq!(report, "a b\n$HOME\n;\n`id`\n*");
}

#[test]
fn a_command_that_cannot_be_started_is_exit_11() {
    let folder = bench();
    let server = Server::once(calls("", &[("f", CITY)]));
    runs(&folder, "./no-such --flag").at(&server).run().is(
        11,
        "",
        "airx: tool: the command of the tool f cannot be started: ./no-such --flag: No such file or directory (os error 2)\nhint: check the command's name and PATH; a relative path starts at the current folder\n",
    );
}

#[test]
fn a_signal_reaches_the_tool_and_what_it_started_and_airx_dies_of_it() {
    for (signal, name) in [
        (Signal::INT, "SIGINT"),
        (Signal::TERM, "SIGTERM"),
        (Signal::HUP, "SIGHUP"),
    ] {
        let folder = bench();
        let gate = fifo(&folder, "gate");
        script(
            &folder,
            "wait",
            "echo $$ > outer; trap 'echo caught > caught; exit' INT TERM HUP; bash -c 'echo $$ > inner; echo up > gate; exec sleep 1000' & wait",
        );
        let server = Server::once(calls("", &[("f", CITY)]));
        let airx = [
            "--default-signal=INT,TERM,HUP",
            crate::harness::program(),
            "tools",
            "-n",
            "-t",
            "t",
        ];
        let more = [
            "--exec", "f=./wait", "--exec", "g=true", "--run", "--yes", "hi",
        ];
        let child = harness::run("env", airx.iter().chain(&more))
            .at(&server)
            .within(folder.path())
            .start();
        assert_eq!(std::fs::read_to_string(gate).unwrap(), "up\n");
        let started = std::time::Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = finish(child);
        let took = started.elapsed();
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (
                128 + signal.as_raw(),
                format!("airx: signal: ended by {name}\n").as_str()
            )
        );
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
        has_gone(process(&folder, "inner"));
        has_gone(process(&folder, "outer"));
        assert_eq!(
            std::fs::read_to_string(folder.path().join("caught")).unwrap(),
            "caught\n"
        );
    }
}

#[test]
fn a_tool_that_ignores_the_signal_is_killed() {
    let folder = bench();
    let gate = fifo(&folder, "gate");
    script(
        &folder,
        "deaf",
        "trap '' INT TERM; echo $$ > outer; echo up > gate; while :; do sleep 1000; done",
    );
    let server = Server::once(calls("", &[("f", CITY)]));
    let child = runs(&folder, "./deaf").at(&server).start();
    assert_eq!(std::fs::read_to_string(gate).unwrap(), "up\n");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(finish(child).code, 143);
    has_gone(process(&folder, "outer"));
}
