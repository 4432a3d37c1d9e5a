//! The keys of the configuration file: where they come from, and which servers get them.

use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::config::{mode, with, write};
use crate::harness::{Airx, Server, airx, file, folder, reply};

const KEY: &str = "key-of-the-file-0001";
const OTHER: &str = "key-of-the-file-0002";

/// A configuration with this text, in which `BASE` becomes the server's base URL, and two
/// key files.
fn configured(server: &Server, text: &str) -> TempDir {
    let folder = folder();
    write(&folder, &text.replace("BASE", &server.base()));
    for (name, key) in [("airx/key", KEY), ("airx/other", OTHER)] {
        mode(&file(&folder, name, format!("{key}\n")), 0o600);
    }
    folder
}

/// Returns the key that the server receives from a run with such a file.
#[track_caller]
fn sent(text: &str, run: impl FnOnce(Airx, &str) -> Airx) -> Option<String> {
    let server = Server::once(reply("Hi"));
    let folder = configured(&server, text);
    let ready = run(with(&folder, ["chat", "hi"]), &server.base());
    ready.run().is(0, "Hi\n", "");
    let asked = server.requests();
    let value = asked[0].header("authorization")?;
    Some(value.strip_prefix("Bearer ").unwrap().to_owned())
}

fn bare(run: Airx, _: &str) -> Airx {
    run
}

#[test]
fn a_key_goes_to_the_base_of_its_own_table() {
    let text = "base-url = \"BASE\"\nkey-file = \"key\"\n";
    assert_eq!(sent(text, bare).as_deref(), Some(KEY));
    let text = "[profile.p]\nbase-url = \"BASE\"\nkey-file = \"key\"\n";
    let profile = |run: Airx, _: &str| run.args(["--profile", "p"]);
    assert_eq!(sent(text, profile).as_deref(), Some(KEY));
    // The flag and the variable may give the same base.
    let by_flag = |run: Airx, base: &str| run.args(["--profile", "p", "--base-url", base]);
    assert_eq!(sent(text, by_flag).as_deref(), Some(KEY));
    let by_variable = |run: Airx, base: &str| run.arg("--profile=p").env("AIRX_BASE_URL", base);
    assert_eq!(sent(text, by_variable).as_deref(), Some(KEY));
}

#[test]
fn a_key_never_goes_to_another_base() {
    let elsewhere = "base-url = \"http://127.0.0.1:9/v1\"\nkey-file = \"key\"\n";
    let by_flag = |run: Airx, base: &str| run.args(["--base-url", base]);
    assert_eq!(sent(elsewhere, by_flag), None);
    let by_variable = |run: Airx, base: &str| run.env("AIRX_BASE_URL", base);
    assert_eq!(sent(elsewhere, by_variable), None);
    // The top level's key does not go to a profile's base, whether the top level has a
    // base of its own or not.
    let profile = |run: Airx, _: &str| run.args(["--profile", "p"]);
    let text = format!("{elsewhere}[profile.p]\nbase-url = \"BASE\"\n");
    assert_eq!(sent(&text, profile), None);
    let text = "key-file = \"key\"\n[profile.p]\nbase-url = \"BASE\"\n";
    assert_eq!(sent(text, profile), None);
    // A profile's key does not go to the top level's base either.
    let text = "base-url = \"BASE\"\n[profile.p]\nkey-file = \"key\"\n";
    assert_eq!(sent(text, profile), None);
    // A key without a base belongs to the default provider, and not to the other one.
    let by_zai = |run: Airx, base: &str| run.args(["--base-url", base]).env("ZAI_BASE_URL", base);
    let server = Server::play([]);
    let folder = configured(&server, "key-file = \"key\"\n");
    let ran = by_zai(with(&folder, ["chat", "hi"]), &server.base()).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(
        ran.stderr
            .starts_with("airx: account: no key for 127.0.0.1\nhint: the key-file of "),
        "{}",
        ran.stderr
    );
    // Another port or another scheme means another server.
    let text = "base-url = \"https://127.0.0.1:9\"\nkey-file = \"key\"\n";
    assert_eq!(sent(text, by_flag), None);
}

#[test]
fn a_key_without_a_base_is_the_default_provider_s() {
    let moved = |run: Airx, base: &str| run.env("ZHIPUAI_BASE_URL", base);
    assert_eq!(sent("key-file = \"key\"\n", moved).as_deref(), Some(KEY));
    let named =
        |run: Airx, base: &str| run.env("ZHIPUAI_BASE_URL", base).args(["--base-url", base]);
    assert_eq!(sent("key-file = \"key\"\n", named).as_deref(), Some(KEY));
}

#[test]
fn a_profile_s_key_comes_before_the_top_level_s() {
    let text = "base-url = \"BASE\"\nkey-file = \"key\"\n[profile.p]\nbase-url = \"BASE\"\nkey-file = \"other\"\n[profile.q]\nmodel = \"m\"\n";
    let profile = |run: Airx, _: &str| run.args(["--profile", "p"]);
    assert_eq!(sent(text, profile).as_deref(), Some(OTHER));
    let profile = |run: Airx, _: &str| run.args(["--profile", "q"]);
    assert_eq!(sent(text, profile).as_deref(), Some(KEY));
}

#[test]
fn flag_and_variables_come_before_the_file_s_key() {
    let text = "base-url = \"BASE\"\nkey-file = \"key\"\n";
    let general = |run: Airx, _: &str| run.env("AIRX_API_KEY", "general-key-01");
    assert_eq!(sent(text, general).as_deref(), Some("general-key-01"));
    let family = |run: Airx, base: &str| {
        let run = run.env("ZHIPUAI_API_KEY", "family-key-01");
        run.env("ZHIPUAI_BASE_URL", base)
    };
    assert_eq!(sent(text, family).as_deref(), Some("family-key-01"));
    // A provider's own key does not go to a base that is not the provider's.
    let other = |run: Airx, _: &str| run.env("ZAI_API_KEY", "family-key-02");
    assert_eq!(sent(text, other).as_deref(), Some(KEY));
    let local = "base-url = \"BASE\"\n";
    assert_eq!(sent(local, other), None);
}

#[cfg(unix)]
#[test]
fn a_key_file_that_cannot_be_used_exits_3() {
    let server = Server::play([]);
    let folder = configured(&server, "base-url = \"BASE\"\nkey-file = \"key\"\n");
    let place = format!(
        "key-file of {0}/airx/config.toml:2:1: {0}/airx/key",
        folder.path().display()
    );
    let run = || with(&folder, ["chat", "hi"]);
    mode(&folder.path().join("airx/key"), 0o620);
    let report = format!("airx: account: {place}: others can write it\nhint: chmod 600 it\n");
    run().run().is(3, "", &report);
    std::fs::remove_file(folder.path().join("airx/key")).unwrap();
    let report = format!("airx: account: {place}: No such file or directory (os error 2)\n");
    run().run().is(3, "", &report);
    let again = Server::once(reply("Hi"));
    let folder = configured(&again, "base-url = \"BASE\"\nkey-file = \"key\"\n");
    mode(&folder.path().join("airx/key"), 0o644);
    let report = format!(
        "airx: warning: key-file of {0}/airx/config.toml:2:1: {0}/airx/key: others can read it: chmod 600 it\n",
        folder.path().display()
    );
    with(&folder, ["chat", "hi"]).run().is(0, "Hi\n", &report);
}

/// A run whose key-command is this sh script.
#[cfg(unix)]
fn command(server: &Server, script: &str, args: &[&str]) -> (TempDir, Airx) {
    let script = serde_json::json!(script);
    let text = format!("base-url = \"BASE\"\nkey-command = [\"sh\", \"-c\", {script}]\n");
    let folder = configured(server, &text);
    let run = with(&folder, ["chat", "hi"]).args(args);
    (folder, run)
}

#[cfg(unix)]
#[test]
fn a_key_command_s_first_line_is_the_key_and_its_standard_error_is_passed_on() {
    let server = Server::once(reply("Hi"));
    let script = "cat; printf 'unlock\\033[2J\\n' >&2; printf ' from-a-command-1 \\nuser: me\\n'";
    let (_folder, run) = command(&server, script, &[]);
    run.stdin("not for it").run().is(0, "Hi\n", "unlock␛[2J\n");
    let asked = server.requests();
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer from-a-command-1")
    );
}

#[cfg(unix)]
#[test]
fn a_key_command_is_over_when_it_exits_though_a_daemon_holds_its_output() {
    for (name, daemon) in [
        ("quiet", "exec sleep 1000"),
        ("busy", "while :; do echo t; sleep .02; done"),
    ] {
        let server = Server::once(reply("Hi"));
        let script = format!("echo from-a-command-1; ({daemon}) & echo $! > left");
        let (folder, run) = command(&server, &script, &[]);
        let started = Instant::now();
        let ran = run.within(folder.path()).run();
        let elapsed = started.elapsed();
        let left = std::fs::read_to_string(folder.path().join("left")).unwrap();
        crate::harness::run("kill", [left.trim()])
            .run()
            .is(0, "", "");
        ran.is(0, "Hi\n", "");
        // If airx waited for the daemon, the run would take 10 s and fail.
        assert!(elapsed < Duration::from_secs(8), "{name}: {elapsed:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_command_that_gives_no_key_exits_3_and_says_what_to_do() {
    for (script, what) in [
        ("exit 7", "sh ended with exit status 7"),
        ("kill -9 $$", "sh ended with exit status 137"),
        (
            "echo; echo key-on-line-two",
            "sh printed no key on its first line",
        ),
    ] {
        let server = Server::play([]);
        let (folder, run) = command(&server, script, &[]);
        let place = format!("{}/airx/config.toml:2:1", folder.path().display());
        let report = format!(
            "airx: account: key-command of {place}: {what}\nhint: run the command by hand: its first line must be the key\n"
        );
        run.run().is(3, "", &report);
    }
    let server = Server::play([]);
    let folder = configured(
        &server,
        "base-url = \"BASE\"\nkey-command = [\"no-such-program-here\"]\n",
    );
    let report = format!(
        "airx: account: key-command of {}/airx/config.toml:2:1: no-such-program-here cannot be started: No such file or directory (os error 2)\nhint: run the command by hand: its first line must be the key\n",
        folder.path().display()
    );
    with(&folder, ["chat", "hi"]).run().is(3, "", &report);
}

#[cfg(unix)]
#[test]
fn a_key_command_is_killed_after_ten_seconds_with_all_that_it_started() {
    let server = Server::play([]);
    let (folder, run) = command(&server, "sleep 1000 & echo $! > pid; wait", &[]);
    let started = Instant::now();
    let ran = run.within(folder.path()).run();
    let took = started.elapsed();
    assert!((10..20).contains(&took.as_secs()), "{took:?}");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(
        ran.stderr
            .contains("sh took longer than 10 s and was killed\n"),
        "{}",
        ran.stderr
    );
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    let alive = || {
        std::path::Path::new("/proc")
            .join(pid.trim())
            .join("cmdline")
    };
    let gone = |path: std::path::PathBuf| std::fs::read(path).map_or(true, |line| line.is_empty());
    if cfg!(target_os = "linux") {
        let last = Instant::now() + Duration::from_secs(5);
        while !gone(alive()) && Instant::now() < last {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(gone(alive()), "what it started goes on");
    }
}

#[cfg(unix)]
#[test]
fn a_key_command_is_run_only_where_its_key_would_be_sent() {
    let script = "echo run >> ran; echo from-a-command-1";
    let ran = |folder: &TempDir| folder.path().join("ran").exists();
    let server = Server::play([]);
    for args in [
        &["--dry-run"][..],
        &["--dry-run=curl"],
        &["--replay", "none"],
    ] {
        let (folder, run) = command(&server, script, args);
        std::fs::create_dir(folder.path().join("none")).unwrap();
        run.within(folder.path()).run();
        assert!(!ran(&folder), "{args:?}");
    }
    let (folder, run) = command(&server, script, &["--dry-run=curl"]);
    let curl = run.within(folder.path()).run();
    assert!(
        curl.stdout.contains("--oauth2-bearer \"$AIRX_API_KEY\""),
        "{}",
        curl.stdout
    );
    // Another base, another key, wrong input.
    let (folder, run) = command(&server, script, &[]);
    let elsewhere = Server::once(reply("Hi"));
    let run = run.within(folder.path()).at(&elsewhere);
    run.run().is(0, "Hi\n", "");
    assert!(!ran(&folder));
    let key = Server::once(reply("Hi"));
    let (folder, run) = command(&key, script, &[]);
    let run = run
        .within(folder.path())
        .env("AIRX_API_KEY", "general-key-01");
    run.run().is(0, "Hi\n", "");
    assert!(!ran(&folder));
    let header = Server::once(reply("Hi"));
    let (folder, run) = command(&header, script, &["--header", "Authorization: Basic abc"]);
    run.within(folder.path()).run().is(0, "Hi\n", "");
    assert!(!ran(&folder));
}

#[cfg(unix)]
#[test]
fn a_key_from_a_command_is_scrubbed() {
    let echo = r#"{"error":{"code":"1000","message":"bad key from-a-command-1"}}"#;
    let server = Server::once(crate::harness::json(401, echo));
    let (_folder, run) = command(&server, "echo from-a-command-1", &["-v"]);
    let ran = run.run();
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert!(!ran.stderr.contains("from-a-command"), "{}", ran.stderr);
    assert!(ran.stderr.contains("[hidden]"), "{}", ran.stderr);
}

#[test]
fn no_configuration_is_read_without_a_home() {
    airx(["chat", "hi"]).run().is(
        3,
        "",
        "airx: account: no key for open.bigmodel.cn\nhint: set ZHIPUAI_API_KEY or AIRX_API_KEY, or use --key-file; get a key at https://open.bigmodel.cn/usercenter/apikeys; to try without one: airx mock -- airx chat hello\n",
    );
}
