//! `airx config show` and `check`.

use serde_json::{Value, json};

use crate::config::{mode, with, write};
use crate::harness::{airx, file, folder};

/// The words of a setting's line.
#[track_caller]
fn row(text: &str, name: &str) -> Vec<String> {
    let mut lines = text.lines();
    let line = lines.find(|line| line.split_whitespace().next() == Some(name));
    let words = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    words
        .split("  ")
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_setting_is_shown_with_where_it_comes_from() {
    let folder = folder();
    let path = write(
        &folder,
        "timeout = 90\nheader = [\"X-Org: secret-org\"]\nproxy = \"http://me:secret@proxy:8080\"\n[profile.p]\nsystem = \"one\\ntwo\"\ntemperature = 0.5\nweb-search = true\n",
    );
    let at = |line: u8| format!("{}:{line}", path.display());
    let args = [
        "config",
        "show",
        "--all",
        "--profile",
        "p",
        "--retries",
        "0",
        "--stop",
        "a",
        "--stop",
        "b",
    ];
    let ran = with(&folder, args).env("AIRX_MODEL", "m").run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for (name, value, from) in [
        ("config", path.to_str().unwrap(), "built-in"),
        ("profile", "p", "flag --profile"),
        (
            "url",
            "https://open.bigmodel.cn/api/paas/v4/chat/completions",
            "built-in",
        ),
        ("key", "-", "built-in"),
        ("model", "m", "AIRX_MODEL"),
        ("timeout", "90", &at(1)),
        ("header", "X-Org: [hidden]", &at(2)),
        ("proxy", "http://[hidden]@proxy:8080", &at(3)),
        ("system", "\"one\\ntwo\"", &format!("profile p, {}", at(5))),
        ("temperature", "0.5", &format!("profile p, {}", at(6))),
        ("web-search", "true", &format!("profile p, {}", at(7))),
        ("retries", "0", "flag --retries"),
        ("stop", "a, b", "flag --stop"),
        ("idle-timeout", "60s", "built-in"),
        ("top-p", "-", "built-in"),
    ] {
        let value = match value.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &value[..end]),
            None => value.to_owned(),
        };
        assert_eq!(row(&ran.stdout, name), [name, &value, from]);
    }
    assert!(!ran.stdout.contains("secret"), "{}", ran.stdout);
}

#[test]
fn settings_are_one_array_or_lines_of_json() {
    let folder = folder();
    let path = write(
        &folder,
        "[profile.p]\ngreedy = true\n[models.m]\ncontext = 1024\n",
    );
    let show = |format: &str| {
        let args = [
            "config",
            "show",
            "--all",
            "--profile=p",
            "--max-tokens=5",
            "--format",
            format,
        ];
        let ran = with(&folder, args).env("AIRX_MAX_IN_FLIGHT", "4").run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        ran.stdout
    };
    let lines: Vec<Value> = show("ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        serde_json::from_str::<Vec<Value>>(&show("json")).unwrap(),
        lines
    );
    let of = |name: &str| lines.iter().find(|row| row["name"] == name).unwrap();
    let file = |line: u8| format!("{}:{line}", path.display());
    let row = |name: &str, value: Value, from: &str, place: Value, profile: Value| json!({ "name": name, "value": value, "from": from, "place": place, "profile": profile });
    assert_eq!(
        *of("max-tokens"),
        row(
            "max-tokens",
            json!(5),
            "flag",
            "--max-tokens".into(),
            Value::Null
        )
    );
    assert_eq!(
        *of("max-in-flight"),
        row(
            "max-in-flight",
            json!(4),
            "environment",
            "AIRX_MAX_IN_FLIGHT".into(),
            Value::Null
        )
    );
    assert_eq!(
        *of("greedy"),
        row("greedy", json!(true), "profile", file(2).into(), "p".into())
    );
    assert_eq!(
        *of("models.m.context"),
        row(
            "models.m.context",
            json!(1024),
            "file",
            file(3).into(),
            Value::Null
        )
    );
    assert_eq!(
        *of("system"),
        row("system", Value::Null, "built-in", Value::Null, Value::Null)
    );
}

#[test]
fn the_key_is_reported_and_never_shown() {
    let folder = folder();
    let text = "key-command = [\"sh\", \"-c\", \"echo run > ran; echo key-of-command\"]\n[profile.p]\nbase-url = \"http://127.0.0.1:9\"\nkey-file = \"key\"\n";
    let path = write(&folder, text);
    mode(&file(&folder, "airx/key", "key-of-the-file\n"), 0o600);
    let place = |line: u8| format!("{}:{line}", path.display());
    let shown = |args: &[&str], variables: &[(&str, &str)]| {
        let run = with(&folder, ["config", "show", "--format", "ndjson"]).args(args);
        let ran = run.envs(variables).within(folder.path()).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        assert!(
            !ran.stdout.contains("key-of") && !ran.stdout.contains("hunter2"),
            "{}",
            ran.stdout
        );
        let mut rows = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let row = rows.find(|row| row["name"] == "key").unwrap();
        (row["value"].clone(), row["place"].clone())
    };
    let hidden = || json!("[hidden]");
    assert_eq!(shown(&[], &[]), (json!("would run sh"), place(1).into()));
    assert!(!folder.path().join("ran").exists(), "the command was run");
    let key = folder.path().join("airx/key");
    let named = json!(format!("key-file {}", key.display()));
    assert_eq!(shown(&["--profile", "p"], &[]), (named, place(4).into()));
    let variable = [("AIRX_API_KEY", "hunter2-general")];
    assert_eq!(shown(&[], &variable), (hidden(), "AIRX_API_KEY".into()));
    let family = [("ZAI_API_KEY", "hunter2-zai-key")];
    assert_eq!(shown(&[], &family), (hidden(), "ZAI_API_KEY".into()));
    assert_eq!(
        shown(&["--key-file", "none"], &family),
        (hidden(), "--key-file".into())
    );
    let header = ["--header", "Authorization: Bearer hunter2-header"];
    assert_eq!(shown(&header, &[]), (hidden(), "--header".into()));
    let text = "[profile.q]\nheader = \"authorization: Bearer hunter2-header\"\n";
    write(&folder, text);
    assert_eq!(shown(&["--profile", "q"], &[]), (hidden(), place(2).into()));
    write(&folder, "key-file = \"key\"\n");
    // There is no key for another base.
    let other = ["--base-url", "http://127.0.0.1:10"];
    assert_eq!(shown(&other, &[]), (Value::Null, Value::Null));
}

#[test]
fn show_takes_no_file_and_refuses_a_broken_one() {
    airx(["config", "show", "x"]).run().is(
        2,
        "",
        "airx: usage: config show takes no FILE\nhint: name it with --config\n",
    );
    let folder = folder();
    let path = write(&folder, "colour = 1");
    let report = format!(
        "airx: usage: {}:1:1: unknown key 'colour'; airx help config lists the keys\n",
        path.display()
    );
    with(&folder, ["config", "show"]).run().is(2, "", &report);
}

#[test]
fn check_says_ok_or_reports_every_problem() {
    let folder = folder();
    let path = write(&folder, "timeout = \"90s\"\n[profile.p]\nmodel = \"m\"\n");
    let ok = format!("{}: ok\n", path.display());
    with(&folder, ["config", "check"]).run().is(0, &ok, "");
    let wrong = "b = 1\nmodel = 2\n[profile.p]\nc = 1\n[models.m]\ncontext = \"x\"\n";
    let bad = file(&folder, "bad.toml", wrong);
    mode(&bad, 0o600);
    let run = || airx(["config", "check", "bad.toml"]).within(folder.path());
    run().run().is(
        2,
        "bad.toml:1:1: unknown key 'b'; airx help config lists the keys
bad.toml:2:9: model: a string is wanted, not this number
bad.toml:4:1: unknown key 'c'; airx help config lists the keys
bad.toml:6:11: context: a whole number of tokens is wanted
",
        "airx: usage: bad.toml: 4 problems\n",
    );
}

#[test]
fn check_tries_what_a_run_of_every_profile_would_take() {
    let folder = folder();
    let text = "temperature = 3
header = [\"no colon\"]
[profile.a]
temperature = 0.5
system = \"@missing.md\"
[profile.b]
base-url = \"h\"
key-file = \"nokey\"
[profile.c]
key-command = [\"sh\", \"-c\", \"echo run > ran\"]
tools = \"none.json\"
";
    mode(&file(&folder, "c.toml", text), 0o600);
    // A value is checked even if a variable would take precedence over it.
    let run = airx(["config", "check", "c.toml"]).within(folder.path());
    run.env("AIRX_BASE_URL", "http://127.0.0.1:1").run().is(
        2,
        "c.toml:1:1: --temperature 3: glm-4-airx takes 0 to 1
c.toml:2:1: --header: there is no colon
c.toml:5:1: missing.md cannot be read: No such file or directory (os error 2)
c.toml:7:1: --base-url is not a usable URL: it does not begin with http:// or https://
c.toml:8:1: key-file: nokey: No such file or directory (os error 2)
c.toml:11:1: none.json cannot be read: No such file or directory (os error 2)
",
        "airx: usage: c.toml: 6 problems\n",
    );
    assert!(!folder.path().join("ran").exists(), "the command was run");
}

#[test]
fn a_file_that_is_not_there_is_no_problem_unless_it_is_named() {
    let folder = folder();
    let path = folder.path().join("airx/config.toml");
    let report = format!("{}: not there, and need not be\n", path.display());
    with(&folder, ["config", "check"]).run().is(0, &report, "");
    airx(["config", "check"])
        .run()
        .is(0, "there is no configuration file, and need not be\n", "");
    airx(["config", "check", "none.toml"]).run().is(
        2,
        "",
        "airx: usage: --config: none.toml cannot be read: No such file or directory (os error 2)\n",
    );
}

#[test]
fn path_prints_the_file_that_a_run_would_read_though_it_is_missing() {
    let home = folder();
    let own = home.path().join(".config/airx/config.toml");
    let path = |args: &[&str], env: &[(&str, &str)]| {
        let run = airx(["config", "path"]).args(args);
        run.env("HOME", home.path()).envs(env).nowhere().run()
    };
    let line = |path: &str| format!("{path}\n");
    path(&[], &[]).is(0, &line(own.to_str().unwrap()), "");
    path(&[], &[("XDG_CONFIG_HOME", "/etc/xdg")]).is(0, "/etc/xdg/airx/config.toml\n", "");
    // A relative folder is ignored.
    path(&[], &[("XDG_CONFIG_HOME", "xdg")]).is(0, &line(own.to_str().unwrap()), "");
    let variable = [("AIRX_CONFIG", "/my/airx.toml")];
    path(&[], &variable).is(0, "/my/airx.toml\n", "");
    path(&["--config", "other.toml"], &variable).is(0, "other.toml\n", "");
    path(&["file.toml"], &[]).is(
        2,
        "",
        "airx: usage: config path takes no FILE\nhint: name it with --config\n",
    );
    assert!(!own.exists());
    // The path is printed even if the file has errors.
    let broken = file(&home, "broken.toml", "model = [");
    let broken = broken.to_str().unwrap();
    path(&["--config", broken], &[]).is(0, &line(broken), "");
}

#[test]
fn path_without_a_home_says_what_to_set() {
    airx(["config", "path"]).run().is(
        2,
        "",
        "airx: usage: there is no place for a configuration file\nhint: set HOME or XDG_CONFIG_HOME, or name a file with --config\n",
    );
}
