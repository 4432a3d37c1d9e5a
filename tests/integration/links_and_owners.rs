//! Links and files of other users at the paths that airx writes: airx changes no file of
//! others, and refuses what it cannot use before it sends anything.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::harness::{
    Airx, Play, Ran, Server, airx, bash, file, folder, gated, given_away, json, reply, reply_body,
    run,
};

/// An answer that `--max-tokens` cut.
fn cut() -> Play {
    json(200, &reply_body("Hel", "length"))
}

fn ran(folder: &TempDir, args: &[&str], play: Play) -> Ran {
    let server = Server::once(play);
    airx(args).at(&server).within(folder.path()).run()
}

/// Checks that a run is refused with this report and sends nothing.
fn refused(folder: &TempDir, args: &[&str], report: &str) {
    let report = format!("airx: usage: {report}\n");
    let run = airx(args).nowhere().within(folder.path()).run();
    run.is(2, "", &report);
}

#[track_caller]
fn holds(path: impl AsRef<Path>, text: &str) {
    assert_eq!(fs::read_to_string(path).unwrap(), text);
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

/// A run that cannot write everywhere, even if root runs the tests.
fn powerless(args: &[&str]) -> Airx {
    if rustix::process::geteuid().is_root() {
        let program = crate::harness::program();
        return run("setpriv", ["--bounding-set=-all", program]).args(args);
    }
    airx(args)
}

/// A folder like `/tmp`.
fn for_all() -> TempDir {
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    folder
}

#[test]
fn a_link_in_the_place_of_partial_is_replaced_and_not_followed() {
    let folder = folder();
    let victim = file(&folder, "victim", "precious");
    let partial = folder.path().join("out.partial");
    let plant = [
        |aim: &Path, at: &Path| symlink(aim, at),
        |aim: &Path, at: &Path| fs::hard_link(aim, at),
        |_: &Path, at: &Path| symlink("nowhere", at),
    ];
    for plant in plant {
        let _ = fs::remove_file(&partial);
        plant(&victim, &partial).unwrap();
        ran(&folder, &["chat", "-q", "-o", "out", "hi"], cut()).code_is(9);
        holds(&victim, "precious");
        holds(&partial, "Hel\n");
        assert_eq!(mode(&partial), 0o600);
        assert!(!folder.path().join("nowhere").exists());
    }
}

#[test]
fn the_name_next_to_cannot_be_foreseen() {
    let folder = folder();
    let mut names = Vec::new();
    for _ in 0..2 {
        let server = Server::once(gated(reply("a")));
        let child = airx(["chat", "-n", "-o", "out", "hi"])
            .at(&server)
            .within(folder.path())
            .start();
        server.await_requests(1);
        let entries = folder.path().read_dir().unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        names.extend(entries.map(|entry| name(entry.unwrap())));
        names.retain(|name| name != "out");
        server.open_gate();
        crate::harness::finish(child).is(0, "", "");
    }
    assert_eq!(names.len(), 2, "{names:?}");
    assert_ne!(names[0], names[1]);
    assert!(names.iter().all(|name| name.starts_with(".airx-")));
}

#[test]
fn what_came_is_next_to_the_file_that_a_link_leads_to() {
    let folder = folder();
    let place = folder.path().join("d");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("target"), "old").unwrap();
    symlink("d/target", folder.path().join("out")).unwrap();
    let report = "airx: the part that arrived is in d/target.partial\n";
    let failed = ran(&folder, &["chat", "-o", "out", "hi"], cut());
    assert!(failed.stderr.starts_with(report), "{}", failed.stderr);
    holds(place.join("target"), "old");
    holds(place.join("target.partial"), "Hel\n");
    assert!(!folder.path().join("out.partial").exists());
}

#[test]
fn another_name_of_the_file_keeps_what_it_had() {
    let folder = folder();
    let victim = file(&folder, "victim", "precious");
    fs::hard_link(&victim, folder.path().join("out")).unwrap();
    ran(&folder, &["chat", "-o", "out", "hi"], reply("a")).is(0, "", "");
    holds(folder.path().join("out"), "a\n");
    holds(victim, "precious");
}

#[test]
fn a_link_that_leads_to_no_file_that_can_be_made_is_exit_2() {
    let folder = folder();
    let links = [
        (
            "folder",
            ".",
            "Is a directory (os error 21)\nhint: name a file in the folder; ",
        ),
        (
            "lost",
            "no/out",
            "No such file or directory (os error 2)\nhint: its folder does not exist; ",
        ),
        ("round", "round", "too many links\nhint: "),
    ];
    for (name, aim, why) in links {
        symlink(aim, folder.path().join(name)).unwrap();
        let report = format!("--output {name}: {why}nothing was sent");
        refused(&folder, &["chat", "-o", name, "hi"], &report);
    }
}

#[test]
fn a_link_to_a_fifo_gets_the_answer_as_it_comes() {
    let folder = folder();
    let server = Server::once(reply("a"));
    let script = "mkfifo pipe; ln -s pipe out; cat pipe & airx chat -n -o out hi; wait";
    let ran = bash(script).at(&server).within(folder.path()).run();
    ran.is(0, "a\n", "");
    assert!(folder.path().join("out").is_symlink());
}

#[test]
fn a_folder_that_may_not_be_written_is_exit_2() {
    let folder = folder();
    let place = folder.path().join("d");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("old"), "old").unwrap();
    symlink("d/new", folder.path().join("link")).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o555)).unwrap();
    for name in ["d/new", "d/old", "link"] {
        let ran = powerless(&["chat", "-o", name, "hi"])
            .nowhere()
            .within(folder.path())
            .run();
        let report = format!(
            "airx: usage: --output {name}: Permission denied (os error 13)\nhint: nothing was sent\n"
        );
        ran.is(2, "", &report);
    }
    let ran = powerless(&["chat", "--record", "d", "hi"])
        .nowhere()
        .within(folder.path())
        .run();
    let report = "airx: usage: --record d: Permission denied (os error 13)\n";
    ran.is(2, "", report);
    holds(place.join("old"), "old");
    assert_eq!(place.read_dir().unwrap().count(), 1);
}

#[test]
fn what_another_user_put_into_a_folder_for_all_is_not_written_to() {
    let folder = for_all();
    let home = crate::harness::folder();
    let victim = file(&home, "victim", "precious");
    let trap = folder.path().join("trap");
    let why = "another user put it into a folder that all can write to";
    let refused = |args: &[&str], named: &str, hint: &str| {
        refused(&folder, args, &format!("{named}: {why}{hint}"));
        holds(&victim, "precious");
    };
    let output = |name| {
        let named = format!("--output {name}");
        refused(
            &["chat", "-o", name, "hi"],
            &named,
            "\nhint: nothing was sent",
        );
    };
    let session = || {
        let named = "session trap cannot be opened for reading and writing";
        refused(&["chat", "-n", "--session", "trap", "hi"], named, "");
    };
    for aim in [&victim, &home.path().join("new")] {
        symlink(aim, &trap).unwrap();
        if !given_away(&trap) {
            return;
        }
        output("trap");
        session();
        fs::remove_file(&trap).unwrap();
    }
    assert_eq!(home.path().read_dir().unwrap().count(), 1);
    fs::write(&trap, "").unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(given_away(&trap));
    output("trap");
    session();
    // The same through a link of the user's own.
    symlink("trap", folder.path().join("own")).unwrap();
    output("own");
    holds(&trap, "");
}

#[test]
fn a_partial_of_another_user_stays_and_what_came_has_a_name_of_its_own() {
    let folder = for_all();
    let partial = file(&folder, "out.partial", "theirs");
    // The folder gets another owner, too, since its owner may replace the files in it.
    if !given_away(&partial) || !given_away(folder.path()) {
        return;
    }
    let server = Server::once(cut());
    let ran = powerless(&["chat", "-o", "out", "hi"])
        .at(&server)
        .within(folder.path())
        .run();
    ran.code_is(9);
    holds(&partial, "theirs");
    let report = ran.stderr.lines().next().unwrap();
    let name = report
        .strip_prefix("airx: the part that arrived is in ")
        .unwrap();
    assert!(name.contains(".airx-"), "{report}");
    let kept = folder.path().join(name);
    holds(&kept, "Hel\n");
    assert_eq!(mode(&kept), 0o600);
}

#[test]
fn what_is_ones_own_in_a_folder_for_all_is_used() {
    let folder = for_all();
    file(&folder, "old", "old");
    symlink("old", folder.path().join("link")).unwrap();
    for name in ["link", "old", "new"] {
        ran(&folder, &["chat", "-o", name, "hi"], reply("a")).is(0, "", "");
        holds(folder.path().join(name), "a\n");
    }
}

#[test]
fn recordings_go_where_a_link_leads_and_nowhere_by_one_that_leads_nowhere() {
    let folder = folder();
    fs::create_dir(folder.path().join("tapes")).unwrap();
    symlink("tapes", folder.path().join("link")).unwrap();
    ran(&folder, &["chat", "--record", "link", "hi"], reply("a")).is(0, "a\n", "");
    let kept = folder.path().join("tapes").read_dir().unwrap().count();
    assert_eq!(kept, 1);
    assert!(folder.path().join("link").is_symlink());
    symlink("nowhere", folder.path().join("lost")).unwrap();
    let report = "--record lost: File exists (os error 17)";
    refused(&folder, &["chat", "--record", "lost", "hi"], report);
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_session_that_all_can_read_stays_as_it_is() {
    let folder = folder();
    let path = file(&folder, "s", "{\"role\":\"system\",\"content\":\"x\"}\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    symlink("s", folder.path().join("link")).unwrap();
    ran(
        &folder,
        &["chat", "-n", "--session", "link", "hi"],
        reply("a"),
    )
    .is(0, "a\n", "");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    assert_eq!(mode(&path), 0o644);
    assert!(folder.path().join("link").is_symlink());
}

#[test]
fn a_recording_that_is_none_is_refused_without_showing_what_it_holds() {
    let folder = folder();
    ran(&folder, &["chat", "--record", "tapes", "hi"], reply("a")).is(0, "a\n", "");
    let tapes = folder.path().join("tapes");
    let tape = tapes.read_dir().unwrap().next().unwrap().unwrap().path();
    let name = tape.file_name().unwrap().to_str().unwrap();
    let victim = file(&folder, "victim", "root:$6$secret:1:0:::\n");
    fs::remove_file(&tape).unwrap();
    let named = format!("tapes/{name} is not a usable recording");
    let replay = ["chat", "--replay", "tapes", "hi"];
    symlink(&victim, &tape).unwrap();
    let why = "expected value at line 1 column 1";
    refused(&folder, &replay, &format!("{named}: {why}"));
    holds(victim, "root:$6$secret:1:0:::\n");
    fs::remove_file(&tape).unwrap();
    bash(&format!("mkfifo tapes/{name}"))
        .within(folder.path())
        .run()
        .is(0, "", "");
    refused(&folder, &replay, &format!("{named}: it is not a file"));
}

#[test]
fn a_meta_file_keeps_what_another_user_s_link_leads_to() {
    let folder = folder();
    let victim = file(&folder, "victim", "precious");
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    let link = open.join("meta");
    symlink(&victim, &link).unwrap();
    if !given_away(&link) {
        return;
    }
    let ran = airx(["chat", "--meta", "open/meta", "hi"])
        .nowhere()
        .within(folder.path())
        .run();
    let message = "airx: usage: --meta open/meta: another user put it into a folder that all can write to\nhint: nothing was sent\n";
    ran.is(2, "", message);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}
