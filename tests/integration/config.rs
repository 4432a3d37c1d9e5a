//! The configuration file: where airx looks for it, which settings it gives to a run, and
//! what airx refuses in it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::{Airx, Server, airx, file, folder, reply};

/// Writes the user's configuration file with this text and mode 0600.
pub fn write(folder: &TempDir, text: &str) -> PathBuf {
    fs::create_dir_all(folder.path().join("airx")).unwrap();
    let path = file(folder, "airx/config.toml", text);
    mode(&path, 0o600);
    path
}

/// A run that finds that file.
pub fn with<'a>(folder: &TempDir, args: impl IntoIterator<Item = &'a str>) -> Airx {
    airx(args).env("XDG_CONFIG_HOME", folder.path())
}

pub fn mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

/// The body that a run with this file sends.
#[track_caller]
fn sent(text: &str, args: &[&str], variables: &[(&str, &str)]) -> serde_json::Value {
    let folder = folder();
    write(&folder, text);
    let server = Server::once(reply("Hi"));
    let run = with(&folder, ["chat", "hi"]).args(args).envs(variables);
    run.at(&server).run().is(0, "Hi\n", "");
    server.requests()[0].json()
}

/// Checks that airx refuses to run with this file, and sends nothing.
#[track_caller]
fn refused(text: &str, args: &[&str], report: &str) {
    let folder = folder();
    let path = write(&folder, text);
    let report = report.replace("FILE", &path.to_string_lossy());
    let run = with(&folder, ["chat", "hi"]).args(args).nowhere();
    run.run().is(2, "", &report);
}

#[test]
fn without_a_file_nothing_changes() {
    let folder = folder();
    let not_a_folder = file(&folder, "file", "");
    for place in [
        Path::new("/nonexistent"),
        folder.path(),
        &not_a_folder,
        Path::new("relative"),
    ] {
        let server = Server::once(reply("Hi"));
        let run = airx(["chat", "hi"]).env("XDG_CONFIG_HOME", place);
        run.at(&server).run().is(0, "Hi\n", "");
    }
}

#[test]
fn the_file_is_found_below_xdg_config_home_then_below_home() {
    let (xdg, home) = (folder(), folder());
    write(&xdg, "model = \"of-xdg\"");
    fs::create_dir(home.path().join(".config")).unwrap();
    let below = home.path().join(".config/airx");
    fs::create_dir(&below).unwrap();
    fs::write(below.join("config.toml"), "model = \"of-home\"").unwrap();
    mode(&below.join("config.toml"), 0o600);
    let asks = |run: Airx| {
        let server = Server::once(reply("Hi"));
        run.at(&server).run().is(0, "Hi\n", "");
        server.requests()[0].json()["model"].clone()
    };
    let run = || airx(["chat", "hi"]).env("HOME", home.path());
    assert_eq!(asks(run()), "of-home");
    assert_eq!(asks(run().env("XDG_CONFIG_HOME", "")), "of-home");
    assert_eq!(asks(run().env("XDG_CONFIG_HOME", xdg.path())), "of-xdg");
    let named = file(&home, "named.toml", "model = \"of-variable\"");
    mode(&named, 0o600);
    assert_eq!(asks(run().env("AIRX_CONFIG", &named)), "of-variable");
    let flag = ["--config", "/dev/null"];
    assert_eq!(
        asks(run().env("AIRX_CONFIG", &named).args(flag)),
        "glm-4-airx"
    );
}

#[test]
fn a_file_that_is_named_and_missing_exits_2() {
    let report = |name: &str| {
        format!(
            "airx: usage: {name}: none.toml cannot be read: No such file or directory (os error 2)\n"
        )
    };
    let run = || airx(["chat", "hi"]).nowhere();
    run()
        .args(["--config", "none.toml"])
        .run()
        .is(2, "", &report("--config"));
    run()
        .env("AIRX_CONFIG", "none.toml")
        .run()
        .is(2, "", &report("AIRX_CONFIG"));
}

#[test]
fn a_flag_comes_before_a_variable_a_profile_the_top_level_and_what_is_built_in() {
    let text = "model = \"top\"\n[profile.p]\nmodel = \"profile\"\n";
    let model =
        |args: &[&str], variables: &[(&str, &str)]| sent(text, args, variables)["model"].clone();
    let variable = [("AIRX_MODEL", "variable"), ("AIRX_PROFILE", "p")];
    assert_eq!(model(&["-m", "flag", "--profile", "p"], &variable), "flag");
    assert_eq!(model(&["--profile", "p"], &variable), "variable");
    assert_eq!(model(&[], &variable[1..]), "profile");
    assert_eq!(model(&["--profile=p"], &[]), "profile");
    assert_eq!(model(&[], &[]), "top");
    assert_eq!(sent("", &[], &[])["model"], "glm-4-airx");
}

#[test]
fn every_kind_of_value_reaches_the_request() {
    let text = r#"
model = "llama"
temperature = 0.25
top-p = 1
max-tokens = 1_000
stop = ["a", "b=c"]
user-id = "somebody"
greedy = true
thinking = "on"
param = "seed=7"
web-search = true
system = "-terse"
"#;
    let body = sent(text, &[], &[]);
    let expected = serde_json::json!({
        "model": "llama", "temperature": 0.25, "top_p": 1.0, "max_tokens": 1000,
        "stop": ["a", "b=c"], "user_id": "somebody", "do_sample": false,
        "thinking": { "type": "enabled" }, "seed": 7, "stream": false,
        "messages": [
            { "role": "system", "content": "-terse" },
            { "role": "user", "content": "hi" },
        ],
        "tools": body["tools"], "tool_choice": "auto",
    });
    assert_eq!(body, expected);
    assert_eq!(
        body["tools"][0]["web_search"]["search_engine"],
        "search_std"
    );
}

#[test]
fn a_flag_takes_the_place_of_a_complete_list() {
    let text = "stop = [\"a\", \"b\"]\nmodel = \"llama\"\n";
    assert_eq!(
        sent(text, &["--stop", "c"], &[])["stop"],
        serde_json::json!(["c"])
    );
}

#[test]
fn a_role_is_a_profile_with_a_system_text() {
    let folder = folder();
    write(
        &folder,
        "[profile.poet]\nsystem = \"@roles/poet.txt\"\ntemperature = 0.5\n",
    );
    fs::create_dir(folder.path().join("airx/roles")).unwrap();
    file(&folder, "airx/roles/poet.txt", "Rhyme.\n");
    let server = Server::once(reply("Hi"));
    let run = with(&folder, ["chat", "--profile", "poet", "hi"]);
    run.at(&server).run().is(0, "Hi\n", "");
    let body = server.requests()[0].json();
    assert_eq!(body["messages"][0]["content"], "Rhyme.");
    assert_eq!(body["temperature"], 0.5);
}

#[test]
fn a_profile_switches_off_what_the_top_level_switches_on() {
    let text = "greedy = true\n[profile.p]\ngreedy = false\n";
    assert_eq!(sent(text, &[], &[])["do_sample"], false);
    assert!(sent(text, &["--profile", "p"], &[])["do_sample"].is_null());
}

#[test]
fn output_options_hold_from_the_first_event_to_the_failure() {
    let folder = folder();
    write(&folder, "format = \"ndjson\"\nsystem = \"\"\n");
    let ran = with(&folder, ["chat", "hi"]).nowhere().run();
    assert_eq!((ran.code, ran.types()), (2, vec!["error".to_owned()]));
    let server = Server::once(reply("Hi"));
    write(&folder, "format = \"ndjson\"\n");
    let run = with(&folder, ["chat", "hi", "--format", "text"]);
    run.at(&server).run().is(0, "Hi\n", "");
    write(&folder, "colour = 1\n");
    let ran = with(&folder, ["chat", "hi", "--format", "ndjson"]).run();
    assert_eq!((ran.code, ran.types()), (2, vec!["error".to_owned()]));
}

#[test]
fn options_of_one_command_and_those_that_exclude_each_other_give_way() {
    let folder = folder();
    let text = "quiet = true\ntries = 2\nrounds = 3\npretty = true\nextract = true\nretrieval-prompt = \"x\"\n";
    write(&folder, text);
    let fenced = "```\n{\"a\":1}\n```";
    let run = |args: &[&str], out: &str| {
        let server = Server::once(reply(fenced));
        let ran = with(&folder, args.iter().copied()).at(&server).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (0, out), "{}", ran.stderr);
    };
    run(&["chat", "hi"], "{\"a\":1}\n");
    run(&["chat", "-v", "hi"], "{\"a\":1}\n");
    run(&["json", "hi"], "{\n  \"a\": 1\n}\n");
    run(&["json", "--select", "/a", "hi"], "1\n");
    run(&["chat", "-x=all", "hi"], "{\"a\":1}\n");
    let server = Server::once(reply(fenced));
    let ran = with(&folder, ["chat", "--format", "ndjson", "hi"])
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    write(
        &folder,
        "format = \"ndjson\"\n[profile.p]\nextract = true\n",
    );
    for args in [["chat", "-x=first", "hi"], ["chat", "--profile=p", "hi"]] {
        let server = Server::once(reply(fenced));
        let run = with(&folder, args).at(&server);
        run.run().is(0, "{\"a\":1}\n", "");
    }
}

#[test]
fn an_unknown_profile_exits_2_and_names_those_there_are() {
    let report = "airx: usage: there is no profile 'c' in FILE\nhint: its profiles: a, b\n";
    refused("[profile.b]\n[profile.a]\n", &["--profile", "c"], report);
    let report = "airx: usage: there is no profile 'c' in FILE\nhint: it has none\n";
    refused("", &["--profile", "c"], report);
    airx(["chat", "hi", "--profile", "c"]).nowhere().run().is(
        2,
        "",
        "airx: usage: there is no profile 'c': there is no configuration file\nhint: name it with --config\n",
    );
}

/// A file, and the message after its name.
const WRONG: &[(&str, &str)] = &[
    (
        "temprature = 1",
        "1:1: unknown key 'temprature'; did you mean 'temperature'?",
    ),
    (
        "\n  max_tokens = 1",
        "2:3: unknown key 'max_tokens'; did you mean 'max-tokens'?",
    ),
    (
        "colour = 1",
        "1:1: unknown key 'colour'; airx help config lists the keys",
    ),
    (
        "model = 1",
        "1:9: model: a string is wanted, not this number",
    ),
    (
        "timeout = \"soon\"",
        "1:11: timeout: a string like \"90s\" or a number of seconds is wanted, not this string",
    ),
    (
        "retries = -1",
        "1:11: retries: a whole number of 0 or more is wanted, not this number",
    ),
    (
        "tries = 0",
        "1:9: tries: a whole number from 1 to 100 is wanted, not this number",
    ),
    (
        "max-cost = -5",
        "1:12: max-cost: an amount like 2.50 with at most 12 decimals is wanted, not this number",
    ),
    (
        "max-cost = 1e3",
        "1:12: max-cost: an amount like 2.50 with at most 12 decimals is wanted, not this number",
    ),
    (
        "max-cost = 0.1234567890123",
        "1:12: max-cost: an amount like 2.50 with at most 12 decimals is wanted, not this number",
    ),
    (
        "max-cost = \"1,5\"",
        "1:12: max-cost: an amount like 2.50 with at most 12 decimals is wanted, not this string",
    ),
    (
        "temperature = nan",
        "1:15: temperature: a number is wanted, not this number",
    ),
    (
        "quiet = \"yes\"",
        "1:9: quiet: true or false is wanted, not this string",
    ),
    (
        "format = \"xml\"",
        "1:10: format: one of \"text\", \"json\", \"ndjson\" is wanted, not this string",
    ),
    (
        "stop = [1]",
        "1:8: stop: a string or an array of strings is wanted, not this array",
    ),
    (
        "key-command = \"pass show\"",
        "1:15: key-command: an array of strings, the program first is wanted, not this string",
    ),
    (
        "key-file = \"-\"",
        "1:12: key-file: standard input is for the run itself, not for its configuration",
    ),
    (
        "file = \"x\"",
        "1:1: file has no place in the configuration: it belongs to one run: give it on the command line",
    ),
    (
        "api-key = \"k\"",
        "1:1: api-key has no place in the configuration: an API key must not be in this file: use key-file or key-command",
    ),
    (
        "quiet = true\nverbose = true",
        "2:1: quiet and verbose exclude each other",
    ),
    (
        "[profile.p]\nkey-file = \"a\"\nkey-command = [\"b\"]",
        "3:1: key-file and key-command exclude each other",
    ),
    (
        "profile = {\"é\" = {colour = 1}}",
        "1:19: unknown key 'colour'; airx help config lists the keys",
    ),
    (
        "profile = \"p\"",
        "1:1: profile is a group of tables: [profile.NAME]",
    ),
    ("[profile]\np = 1", "2:1: profile.p is a table: [profile.p]"),
    (
        "[profile.p.models]",
        "1:12: models belongs to the top level, not to a profile",
    ),
    (
        "[models.m]\ncontext = 0",
        "2:11: context: a whole number of tokens is wanted",
    ),
    (
        "[models.m]\ncontxt = 1",
        "2:1: unknown key 'contxt' of a model; did you mean 'context'?",
    ),
    (
        "[models.m]\nprice-input = 1",
        "1:9: a price is price-input, price-output and currency together",
    ),
    (
        "model = \"a",
        "1:11: not TOML: invalid basic string, expected `\"`",
    ),
];

#[test]
fn what_is_wrong_exits_2_with_file_line_and_column() {
    for (text, report) in WRONG {
        refused(text, &[], &format!("airx: usage: FILE:{report}\n"));
    }
    refused(
        "a = 1\nb = 2\n",
        &[],
        "airx: usage: FILE:1:1: unknown key 'a'; airx help config lists the keys\nhint: that is the first of 2: airx config check lists them\n",
    );
}

#[test]
fn a_value_that_a_run_cannot_use_is_reported_with_its_place() {
    let hint = "hint: --param sends a value unchecked\n";
    let report = |place: &str, value: u8| {
        format!("airx: usage: {place}--temperature {value}: glm-4-airx takes 0 to 1\n{hint}")
    };
    refused("\ntemperature = 3", &[], &report("FILE:2:1: ", 3));
    // The report on a flag's value does not name the file.
    refused("temperature = 3", &["--temperature", "4"], &report("", 4));
    let report = "airx: usage: FILE:1:1: --header: there is no colon\nhint: write 'NAME: VALUE'\n";
    refused("header = \"secret-without-colon\"", &[], report);
}

#[test]
fn an_option_of_the_file_that_cannot_be_used_is_reported_with_its_place() {
    let folder = folder();
    write(&folder, "");
    file(&folder, "airx/bad.json", "nonsense");
    file(&folder, "bad.json", "nonsense");
    let own = folder.path().join("airx");
    let own = own.display();
    for (command, text, flags, report) in [
        (
            "chat",
            "proxy = \"gopher://p\"",
            ["--proxy", "gopher://p"],
            "--proxy is not a usable URL: its scheme is none of ".to_owned(),
        ),
        (
            "chat",
            "cacert = \"no.pem\"",
            ["--cacert", "no.pem"],
            format!("--cacert {own}/no.pem: No such file or directory"),
        ),
        (
            "tools",
            "tools = \"bad.json\"",
            ["--tools", "bad.json"],
            format!("--tools {own}/bad.json: not JSON: "),
        ),
        (
            "chat",
            "system = \"@no.md\"",
            ["--system", "@no.md"],
            format!("{own}/no.md cannot be read: "),
        ),
        (
            "tools",
            "tools = [\"no.json\"]",
            ["--tools", "no.json"],
            format!("{own}/no.json cannot be read: "),
        ),
        (
            "tools",
            "retrieval = \" \"",
            ["--retrieval", " "],
            "--retrieval: the knowledge base's id is empty".to_owned(),
        ),
        (
            "tools",
            "tools-dir = \"empty\"",
            ["--tools-dir", "empty"],
            format!("--tools-dir {own}/empty cannot be read: "),
        ),
    ] {
        let path = write(&folder, &format!("\n{text}"));
        let run = |args: &[&str]| {
            let url = ["--base-url", "https://model.test/v1", "--no-stdin", "hi"];
            let run = with(&folder, [command]).args(args).args(url);
            let run = run.within(folder.path());
            run.env("AIRX_API_KEY", "a-key-of-twenty-letters").run()
        };
        let ran = run(&[]);
        let place = format!("airx: usage: {}:2:1: {report}", path.display());
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{text}");
        assert!(ran.stderr.starts_with(&place), "{text}: {}", ran.stderr);
        // The report on a flag's value does not name the configuration file.
        let ran = run(&flags);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{flags:?}");
        let report = report.replace(&format!("{own}/"), "");
        let report = format!("airx: usage: {report}");
        assert!(ran.stderr.starts_with(&report), "{flags:?}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_is_refused() {
    let folder = folder();
    let path = write(&folder, "model = \"m\"");
    for bits in [0o620, 0o602, 0o666] {
        mode(&path, bits);
        let report = format!(
            "airx: usage: {}: others can write this file, which decides where keys and prompts are sent\nhint: check its owner and its mode (chmod go-w)\n",
            path.display()
        );
        with(&folder, ["chat", "hi"])
            .nowhere()
            .run()
            .is(2, "", &report);
    }
    mode(&path, 0o644);
    let server = Server::once(reply("Hi"));
    with(&folder, ["chat", "hi"])
        .at(&server)
        .run()
        .is(0, "Hi\n", "");
}

#[cfg(unix)]
#[test]
fn a_file_of_another_user_is_refused() {
    let folder = folder();
    let path = write(&folder, "model = \"m\"");
    if !crate::harness::given_away(&path) {
        return;
    }
    let report = format!(
        "airx: usage: {}: others can write this file, which decides where keys and prompts are sent\nhint: check its owner and its mode (chmod go-w)\n",
        path.display()
    );
    for args in [
        &["chat", "hi"][..],
        &["config", "check"],
        &["config", "show"],
        &["models"],
    ] {
        let run = with(&folder, args.iter().copied()).nowhere();
        run.run().is(2, "", &report);
    }
}

#[test]
fn secrets_of_the_file_are_scrubbed() {
    let folder = folder();
    let text = "header = [\"X-Token: hunter2-token\"]\nverbose = true\n[profile.p]\nbase-url = \"https://user:p4ssw0rd@h:x\"\n";
    write(&folder, text);
    let server = Server::once(reply("Hi"));
    let ran = with(&folder, ["chat", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "Hi\n"));
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert_eq!(
        server.requests()[0].header("x-token"),
        Some("hunter2-token")
    );
    let ran = with(&folder, ["chat", "--profile", "p", "hi"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(!ran.stderr.contains("p4ssw0rd"), "{}", ran.stderr);
}

#[test]
fn verbose_names_the_file_and_the_profile() {
    let folder = folder();
    let path = write(&folder, "[profile.p]\n");
    for (args, profile) in [(&[][..], ""), (&["--profile", "p"], ", profile p")] {
        let server = Server::once(reply("Hi"));
        let run = with(&folder, ["chat", "-v", "hi"]).args(args);
        let ran = run.at(&server).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "Hi\n"));
        let line = format!("* configuration: {}{profile}", path.display());
        assert_eq!(ran.stderr.lines().next(), Some(&*line));
    }
}

#[test]
fn the_file_s_models_extend_the_table() {
    let folder = folder();
    let text = "[models.mine]\ncontext = 32768\nmax-output = 100\nprice-input = 0.5\nprice-output = \"1.25\"\ncurrency = \"USD\"\nconcurrency = 4\n[models.glm-4-airx]\nprice-input = 20\n";
    write(&folder, text);
    let ran = with(&folder, ["models", "--format", "ndjson"]).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        ran.stdout.lines().next_back(),
        Some(
            r#"{"name":"mine","context":32768,"max_output":100,"vision":null,"thinking":null,"price":{"input":"0.5","cached":null,"output":"1.25","currency":"USD","date":null},"zai_price":{"input":"0.5","cached":null,"output":"1.25","currency":"USD","date":null},"concurrency":[4,4,4,4]}"#
        )
    );
    let first: serde_json::Value =
        serde_json::from_str(ran.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["price"]["input"], &first["price"]["output"]),
        (&"20".into(), &"10".into())
    );
    // A limit in the user's file is checked; limits that only the documents give are not.
    let run = |args: &[&str]| with(&folder, ["chat", "-m", "mine", "hi"]).args(args);
    run(&["--max-tokens", "101"]).nowhere().run().is(
        2,
        "",
        "airx: usage: --max-tokens 101: mine takes 1 to 100\nhint: --param sends a value unchecked\n",
    );
    let server = Server::once(reply("Hi"));
    let args = ["--temperature", "1.5", "--usage", "--format", "ndjson"];
    let ran = run(&args).at(&server).run();
    let done = ran.events().pop().unwrap();
    assert_eq!(
        done["cost"]["currency"], "CNY",
        "the server's name of the model counts"
    );
    let extra = "[models.glm-4-airx]\nprice-input = 1\nprice-output = 2\ncurrency = \"USD\"\n";
    write(&folder, extra);
    let server = Server::once(reply("Hi"));
    let ran = with(&folder, ["chat", "hi", "--format", "ndjson"])
        .at(&server)
        .run();
    let cost = serde_json::json!({ "amount": "0.000005", "currency": "USD", "price_date": null });
    assert_eq!(ran.events().pop().unwrap()["cost"], cost);
}
