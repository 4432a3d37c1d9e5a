//! `--cache`: its folder, the age of its files, and files that are damaged.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::harness::cached::{cached, entries, entry};
use crate::harness::{
    Server, Step, airx, bash, file, folder, given_away, json, reply, reply_body, stream_of,
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes a file older.
fn age(path: &Path, by: Duration) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - by).unwrap();
}

#[test]
fn files_and_folder_are_for_their_owner_alone() {
    for umask in ["000", "022", "077"] {
        let place = folder();
        let server = Server::once(reply("Hello"));
        let script = format!("umask {umask}; airx chat hi --cache made/new");
        let ran = bash(&script).within(place.path()).at(&server).run();
        ran.is(0, "Hello\n", "");
        let cache = place.path().join("made/new");
        let path = entry(&cache);
        assert_eq!((mode(&cache), mode(&path)), (0o700, 0o600), "under {umask}");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(
            name.len(),
            "0123456789abcdef0123456789abcdef.json".len(),
            "{name}"
        );
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("{\n  \"airx\": 1,\n  \"request\": {\n"),
            "{text}"
        );
    }
}

#[test]
fn an_answer_that_is_older_than_the_ttl_is_asked_for_again() {
    let cache = folder();
    let server = Server::play([reply("one"), reply("two"), reply("three")]);
    let run = |ttl: &str| {
        let run = cached(&["chat", "hi", "--cache-ttl", ttl], cache.path());
        run.at(&server).run()
    };
    run("1h").is(0, "one\n", "");
    let path = entry(cache.path());
    age(&path, Duration::from_secs(3500));
    run("1h").is(0, "one\n", "");
    run("1m").is(0, "two\n", "");
    // The new answer is young.
    run("1m").is(0, "two\n", "");
    age(&path, Duration::from_secs(3600 * 24 * 365));
    run("0").is(0, "two\n", "");
    let run_without = cached(&["chat", "hi"], cache.path()).at(&server);
    run_without.run().is(0, "two\n", "");
    let line = format!(
        "* {} is older than --cache-ttl: asking again",
        path.display()
    );
    let verbose = cached(&["chat", "hi", "-v", "--cache-ttl", "30d"], cache.path());
    let verbose = verbose.at(&server).run();
    assert!(
        verbose.stderr.lines().any(|said| said == line),
        "{}",
        verbose.stderr
    );
    assert_eq!(verbose.stdout, "three\n");
    // A clock that was set back makes no answer old.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    run("1ms").is(0, "three\n", "");
}

#[test]
fn an_old_answer_stays_while_no_new_one_comes() {
    let cache = folder();
    let server = Server::play([reply("one"), json(500, "{}")]);
    let run = |args: &[&str]| {
        let run = cached(&["chat", "hi", "--retries", "0"], cache.path());
        run.args(args).at(&server).run()
    };
    run(&[]).is(0, "one\n", "");
    age(&entry(cache.path()), Duration::from_secs(60));
    assert_eq!(run(&["--cache-ttl", "10s"]).code, 5);
    run(&[]).is(0, "one\n", "");
}

const HINT: &str = "hint: name a folder of your own, or leave out --cache\n";

#[test]
fn a_folder_that_cannot_be_used_stops_the_run_before_anything_is_sent() {
    let place = folder();
    let plain = file(&place, "file", "");
    let below = plain.join("below");
    let open = place.path().join("open");
    fs::create_dir(&open).unwrap();
    set_mode(&open, 0o777);
    let dangling = place.path().join("dangling");
    symlink("nowhere/at/all", &dangling).unwrap();
    let sticky = place.path().join("sticky");
    fs::create_dir(&sticky).unwrap();
    set_mode(&sticky, 0o1777);
    for (path, why) in [
        (&plain, "it is not a folder"),
        (&below, "Not a directory (os error 20)"),
        (&open, "all users can write to it (mode 0777)"),
        (&sticky, "all users can write to it (mode 1777)"),
        (&dangling, "File exists (os error 17)"),
    ] {
        let path = path.display();
        let message = format!("airx: usage: --cache {path}: {why}\n{HINT}");
        for args in [
            &["chat", "hi"][..],
            &["stream", "hi"],
            &["json", "hi"],
            &["chat", "--each"],
        ] {
            let ran = airx(args)
                .arg("--cache")
                .arg(path.to_string())
                .stdin("item")
                .nowhere()
                .run();
            assert_eq!((ran.code, &*ran.stderr), (2, &*message), "{args:?}");
            assert_eq!(ran.stdout.matches("result").count(), 0, "{}", ran.stdout);
        }
    }
    let stranger = place.path().join("stranger");
    fs::create_dir(&stranger).unwrap();
    if given_away(&stranger) {
        let path = stranger.display();
        cached(&["chat", "hi"], &stranger).nowhere().run().is(
            2,
            "",
            &format!("airx: usage: --cache {path}: it belongs to another user (uid 12345)\n{HINT}"),
        );
    }
}

#[test]
fn a_folder_without_the_right_to_write_is_refused() {
    if rustix::process::geteuid().is_root() {
        return crate::harness::skipped("root may write everywhere");
    }
    let cache = folder();
    set_mode(cache.path(), 0o500);
    let path = cache.path().display();
    cached(&["chat", "hi"], cache.path()).nowhere().run().is(
        2,
        "",
        &format!("airx: usage: --cache {path}: Permission denied (os error 13)\n{HINT}"),
    );
}

#[test]
fn the_configuration_s_line_is_named() {
    let place = folder();
    let config = file(&place, "config.toml", "cache = \"config.toml\"\n");
    let (config, path) = (config.display(), config.display());
    airx(["chat", "hi", "--config", &config.to_string()])
        .nowhere()
        .run()
        .is(
            2,
            "",
            &format!("airx: usage: {config}:1:1: --cache {path}: it is not a folder\n{HINT}"),
        );
}

#[test]
fn a_folder_of_the_group_and_a_link_to_a_folder_are_used() {
    let place = folder();
    let shared = place.path().join("shared");
    fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o775);
    let link = place.path().join("link");
    symlink("shared", &link).unwrap();
    let server = Server::once(reply("Hello"));
    for path in [&shared, &link] {
        cached(&["chat", "hi"], path)
            .at(&server)
            .run()
            .is(0, "Hello\n", "");
    }
}

/// Ways to damage a file, and why each cannot be used.
fn damages(good: &str) -> Vec<(String, &'static str)> {
    let mut damages: Vec<(String, &str)> = (0..good.len() - 2)
        .step_by(7)
        .map(|length| (good[..length].to_owned(), "EOF while parsing"))
        .collect();
    let other = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} is not in {good}");
        good.replace(from, to)
    };
    damages.extend([
        ("[]".into(), "invalid length 0"),
        ("null".into(), "invalid type: null"),
        ("not JSON".into(), "expected ident"),
        ("\u{0}\u{0}".into(), "expected value"),
        (
            other("\"airx\": 1", "\"airx\": 2"),
            "its form is version 2, known is 1",
        ),
        (
            other("\"stream\": false", "\"stream\": true"),
            "it holds another request",
        ),
        (
            other("\"content\": \"hi\"", "\"content\": \"ho\""),
            "it holds another request",
        ),
        (
            other("\"body\": \"{", "\"other\": \"{"),
            "its response has neither body nor stream",
        ),
        (
            other("\"body\": \"{", "\"body\": \"{{"),
            "the response is not a chat completion in JSON",
        ),
        (
            other("\"status\": 200", "\"status\": 503"),
            "the server answered HTTP 503",
        ),
        (other("choices", "chances"), "the response has no choices"),
        (
            other("finish_reason", "other_reason"),
            "the answer ended without a finish_reason",
        ),
        ("{\"a\": 1}".repeat(3), "missing field"),
    ]);
    damages
}

#[test]
fn a_damaged_file_is_a_warning_and_a_new_request() {
    let cache = folder();
    let server = Server::once(reply("Hello"));
    let base = server.base();
    let run = || cached(&["chat", "hi"], cache.path()).env("AIRX_BASE_URL", &base);
    run().run().is(0, "Hello\n", "");
    let path = entry(cache.path());
    let good = fs::read_to_string(&path).unwrap();
    drop(server);
    for (damaged, why) in damages(&good) {
        fs::write(&path, &damaged).unwrap();
        // Each connection now fails: this checks only that airx sends a request.
        let ran = run().args(["--retries", "0"]).run();
        let start = format!(
            "airx: warning: --cache: {} cannot be used: {why}",
            path.display()
        );
        assert!(ran.stderr.starts_with(&start), "{damaged}\n{}", ran.stderr);
        assert_eq!(
            (ran.code, &*ran.stdout),
            (6, ""),
            "{damaged}\n{}",
            ran.stderr
        );
    }
    fs::write(&path, &good).unwrap();
    run().run().is(0, "Hello\n", "");
}

#[test]
fn the_new_answer_repairs_the_cache() {
    let cache = folder();
    let server = Server::play([reply("one"), reply("two")]);
    let run = || cached(&["chat", "hi"], cache.path()).at(&server).run();
    run().is(0, "one\n", "");
    let path = entry(cache.path());
    fs::write(&path, "").unwrap();
    run().is(
        0,
        "two\n",
        &format!(
            "airx: warning: --cache: {} cannot be used: EOF while parsing a value at line 1 column 0; asking again\n",
            path.display()
        ),
    );
    run().is(0, "two\n", "");
}

#[test]
fn a_stream_that_lacks_frames_prints_nothing_of_them() {
    let cache = folder();
    let server = Server::play([stream_of(["a", "b", "c"]), stream_of(["d"])]);
    let run = || cached(&["stream", "hi"], cache.path()).at(&server).run();
    run().is(0, "abc\n", "");
    let path = entry(cache.path());
    let mut kept: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let pieces = kept["response"]["stream"].as_array_mut().unwrap();
    let frames: Vec<_> = pieces
        .iter()
        .flat_map(|piece| piece.as_array().unwrap().clone())
        .collect();
    *pieces = vec![frames[..2].to_vec().into()];
    fs::write(&path, kept.to_string()).unwrap();
    let ran = run();
    assert_eq!((ran.code, &*ran.stdout), (0, "d\n"));
    assert!(
        ran.stderr.starts_with("airx: warning: --cache: "),
        "{}",
        ran.stderr
    );
    run().is(0, "d\n", "");
}

#[test]
fn what_is_not_a_file_of_the_user_is_not_followed() {
    let cache = folder();
    let server = Server::play(["one", "two", "three"].map(reply));
    let run = || cached(&["chat", "hi"], cache.path()).at(&server).run();
    run().is(0, "one\n", "");
    let path = entry(cache.path());
    let planted = fs::read_to_string(&path).unwrap().replace("one", "planted");
    let elsewhere = folder();
    let aim = file(&elsewhere, "aim", &planted);
    fs::remove_file(&path).unwrap();
    symlink(&aim, &path).unwrap();
    let warning = |why: &str| {
        format!(
            "airx: warning: --cache: {} cannot be used: {why}; asking again\n",
            path.display()
        )
    };
    run().is(0, "two\n", &warning("it is not a file"));
    assert_eq!(fs::read_to_string(&aim).unwrap(), planted);
    assert!(path.symlink_metadata().unwrap().is_file());
    set_mode(&path, 0o666);
    run().is(
        0,
        "three\n",
        &warning("all users can write to it (mode 0666)"),
    );
    assert_eq!(mode(&path), 0o600);
    run().is(0, "three\n", "");
}

#[test]
fn an_answer_that_cannot_be_kept_is_printed_all_the_same() {
    let cache = folder();
    let server = Server::play([reply("one"), reply("two")]);
    let run = || cached(&["chat", "hi"], cache.path()).at(&server).run();
    run().is(0, "one\n", "");
    let path = entry(cache.path());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    file(&cache, "other", "");
    let ran = run();
    assert_eq!((ran.code, &*ran.stdout), (0, "two\n"));
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let path = path.display();
    assert_eq!(
        lines,
        [
            format!(
                "airx: warning: --cache: {path} cannot be used: it is not a file; asking again"
            ),
            format!(
                "airx: warning: --cache: this answer is not kept: {path}: Is a directory (os error 21)"
            ),
        ]
    );
    // No temporary file is left.
    assert_eq!(entries(cache.path()).len(), 2);
}

#[test]
fn a_run_without_an_answer_leaves_no_file() {
    let cache = folder();
    let server = Server::play([vec![Step::Reset], json(200, &reply_body("cut", "length"))]);
    for code in [6, 9] {
        let run = cached(&["chat", "hi", "--retries", "0"], cache.path()).at(&server);
        assert_eq!(run.run().code, code);
    }
    assert_eq!(entries(cache.path()).len(), 0);
}

#[test]
fn temporary_files_of_killed_runs_are_removed() {
    let cache = folder();
    let old = file(&cache, ".airx-abcdef", "half");
    let young = file(&cache, ".airx-ghijkl", "half");
    let own = file(&cache, "notes", "mine");
    for path in [&old, &own] {
        age(path, Duration::from_secs(3600));
    }
    let server = Server::once(reply("Hello"));
    let run = cached(&["chat", "hi"], cache.path()).at(&server);
    run.run().is(0, "Hello\n", "");
    assert!(!old.exists());
    assert!(young.exists() && own.exists());
}
