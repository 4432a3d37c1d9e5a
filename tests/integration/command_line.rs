//! The commands that ask no model, and the suggestions after a typing error.

use crate::harness::{Server, airx, json, reply, run};

#[track_caller]
fn text(args: &[&str]) -> String {
    let ran = airx(args).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
    ran.stdout
}

#[test]
fn version_is_one_line() {
    let version = concat!("airx ", env!("CARGO_PKG_VERSION"), "\n");
    for flag in ["--version", "-V"] {
        airx([flag]).run().is(0, version, "");
        airx(["chat", flag]).run().is(0, version, "");
    }
}

#[test]
fn airx_alone_prints_the_short_help_on_standard_error() {
    let ran = airx([""; 0]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert_eq!(ran.stderr, text(&["-h"]));
    for command in ["chat", "stream", "tools", "json", "batch", "mock"] {
        assert!(
            ran.stderr.contains(&format!("\n  {command} ")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_question_without_a_command_gets_the_command_as_a_hint() {
    airx(["what is rust?"]).run().is(
        2,
        "",
        "airx: usage: \"what is rust?\" is not a command\nhint: to ask a question: airx chat \"what is rust?\"\n",
    );
}

#[test]
fn a_misspelt_command_gets_the_near_one_as_a_hint() {
    airx(["chta"]).run().is(
        2,
        "",
        "airx: usage: \"chta\" is not a command\nhint: did you mean airx chat? to ask a question: airx chat \"chta\"\n",
    );
}

#[test]
fn an_unknown_option_is_named_with_the_near_one() {
    airx(["chat", "--temprature", "1", "hi"]).run().is(
        2,
        "",
        "airx: usage: unknown option '--temprature'\nhint: did you mean '--temperature'?\n",
    );
    airx(["chat", "--frobnicate"]).run().is(
        2,
        "",
        "airx: usage: unknown option '--frobnicate'\nhint: see airx help chat; to send it as text: airx chat -- '--frobnicate'\n",
    );
}

#[test]
fn an_option_that_airx_spells_otherwise_gets_a_hint() {
    for (args, option, hint) in [
        (
            ["chat", "--stream", "hi"],
            "--stream",
            "to print the answer as it is generated: airx stream",
        ),
        (
            ["chat", "--continue", "hi"],
            "--continue",
            "to continue a conversation: --session FILE",
        ),
        (
            ["chat", "--json", "hi"],
            "--json",
            "to get valid JSON: airx json; to get the server's body: --format json",
        ),
        (
            ["chat", "--api-key=secret", "hi"],
            "--api-key",
            "a key on the command line can be seen by others: set AIRX_API_KEY, or use --key-file",
        ),
        (
            ["-q", "chat", "hi"],
            "-q",
            "options follow the command: airx chat -q",
        ),
        (
            ["--format=json", "tools", "hi"],
            "--format",
            "options follow the command: airx tools --format",
        ),
    ] {
        let report = format!("airx: usage: unknown option '{option}'\nhint: {hint}\n");
        airx(args).nowhere().run().is(2, "", &report);
    }
}

#[test]
fn a_misspelt_model_that_the_server_does_not_know_gets_the_near_name() {
    let body = r#"{"error":{"code":"1211","message":"no such model"}}"#;
    let report = |name: &str, near: &str| {
        let server = Server::once(json(400, body));
        let ran = airx(["chat", "-m", name, "hi"]).at(&server).run();
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        assert!(
            ran.stderr.ends_with(&format!(
                "\nhint: did you mean -m {near}? airx models lists the known models\n"
            )),
            "{}",
            ran.stderr
        );
    };
    report("glm-4-arix", "glm-4-airx");
    report("GLM-4-PLUSS", "glm-4-plus");
    // Another error about the same name gets no suggestion.
    let server = Server::once(json(400, r#"{"error":{"code":"1214","message":"m"}}"#));
    let ran = airx(["chat", "-m", "glm-4-arix", "hi"]).at(&server).run();
    assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
}

#[test]
fn the_last_of_an_option_given_twice_wins() {
    let server = Server::once(reply("ok"));
    let args = [
        "chat",
        "-m",
        "a",
        "-q",
        "-q",
        "--temperature",
        "0.2",
        "--temperature=0.7",
        "--greedy",
        "--greedy",
        "--retries=1",
        "--retries=0",
        "--thinking=on",
        "--thinking=off",
        "--format=json",
        "--format=text",
        "-m",
        "b",
        "hi",
    ];
    airx(args).at(&server).run().is(0, "ok\n", "");
    let sent = server.requests()[0].json();
    assert_eq!(
        (
            &sent["model"],
            &sent["temperature"],
            &sent["thinking"]["type"]
        ),
        (&"b".into(), &0.7.into(), &"disabled".into())
    );
}

#[test]
fn a_wrong_value_names_the_right_ones() {
    airx(["chat", "--format", "xml", "hi"]).run().is(
        2,
        "",
        "airx: usage: invalid value 'xml' for '--format <FORMAT>' [possible values: text, json, ndjson]\nhint: see airx help chat\n",
    );
    airx(["chat", "--timeout", "soon", "hi"]).run().is(
        2,
        "",
        "airx: usage: invalid value 'soon' for '--timeout <DURATION>': write 500ms, 90s, 5m, 24h, 30d or a number of seconds\nhint: see airx help chat\n",
    );
}

#[test]
fn a_wrong_number_is_reported_in_plain_words() {
    for (option, value, words) in [
        ("--max-tokens", "-1", "-1 is too small: 0 or more"),
        ("--max-tokens", "abc", "'abc' is not a whole number"),
        ("--temperature", "warm", "'warm' is not a number"),
        (
            "--retries",
            "5000000000",
            "5000000000 is too large: 0 to 4294967295",
        ),
    ] {
        let report = format!("airx: usage: {option}: {words}\nhint: see airx help chat\n");
        let ran = airx(["chat", option, value, "hi"]).nowhere().run();
        ran.is(2, "", &report);
    }
}

#[test]
fn an_option_without_the_one_that_it_needs_names_it() {
    airx(["chat", "--max-cost", "0.001", "hello"]).run().is(
        2,
        "",
        "airx: usage: --max-cost needs --each or --split\nhint: to limit what one request may cost: --budget AMOUNT/PERIOD\n",
    );
    airx(["tools", "-t", "f", "--yes", "hello"]).run().is(
        2,
        "",
        "airx: usage: --yes needs --run\nhint: see airx help tools\n",
    );
}

#[test]
fn the_command_of_the_mock_needs_two_dashes_and_must_be_there() {
    airx(["mock", "airx", "chat", "hi"]).run().is(
        2,
        "",
        "airx: usage: unexpected argument 'airx'\nhint: put -- before the command: airx mock -- airx chat hi\n",
    );
    airx(["mock", "--", "no-such-command"]).run().is(
        127,
        "",
        "airx: usage: cannot run no-such-command: No such file or directory (os error 2)\nhint: check its name and PATH; for a line of shell: airx mock -- sh -c 'LINE'\n",
    );
    airx(["mock", "--", "/"]).run().is(
        126,
        "",
        "airx: usage: cannot run /: Permission denied (os error 13)\nhint: it must be an executable file; for a script: airx mock -- sh FILE\n",
    );
    airx(["mock", "--script", "no-such-file"]).run().is(
        2,
        "",
        "airx: usage: --script: cannot read no-such-file: No such file or directory (os error 2)\nhint: FILE is NDJSON, one answer a line: {\"content\":\"Hello\"}\n",
    );
}

#[test]
fn a_control_character_in_an_argument_does_not_reach_the_terminal() {
    let ran = airx(["\u{1b}[2J"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    let ran = airx(["chat", "--\u{1b}[2J"]).run();
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn help_of_every_command_and_topic_is_printed() {
    let all = text(&["help"]);
    assert_eq!(all, text(&["--help"]));
    for subject in [
        "chat",
        "stream",
        "tools",
        "json",
        "mock",
        "models",
        "completions",
        "help",
    ] {
        let help = text(&["help", subject]);
        assert!(
            help.contains("Usage: airx ") && help.ends_with('\n'),
            "{help}"
        );
        assert_eq!(help, text(&[subject, "--help"]), "{subject}");
        assert!(all.contains(subject));
    }
    assert!(text(&["help", "events"]).contains("tool_call"));
    let codes = text(&["help", "exit-codes"]);
    for class in [
        "ok",
        "usage",
        "account",
        "incomplete",
        "truncated",
        "signal",
    ] {
        assert!(codes.contains(class), "{class}");
    }
}

#[test]
fn help_on_nothing_known_names_what_there_is() {
    airx(["help", "me"]).run().is(
        2,
        "",
        "airx: usage: there is no help on 'me'\nhint: commands: chat, stream, tools, json, batch, mock, models, budget, config, completions, help; topics: events, exit-codes, config\n",
    );
}

#[test]
fn models_are_a_table_one_array_or_lines() {
    let table = text(&["models"]);
    let first: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(
        first,
        ["glm-4-airx", "8K", "4K", "10", "-", "-", "5/30/40/50"]
    );
    assert!(table.contains("BigModel in CNY, listed on 20"));
    let array: Vec<serde_json::Value> =
        serde_json::from_str(&text(&["models", "--format", "json"])).unwrap();
    let lines: Vec<serde_json::Value> = text(&["models", "--format", "ndjson"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(array, lines);
    assert_eq!(
        (&array[0]["name"], &array[0]["price"]["date"]),
        (&"glm-4-airx".into(), &"2025-07-23".into())
    );
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(text(&["completions", shell]).contains("airx"), "{shell}");
    }
    airx(["completions", "csh"]).run().is(
        2,
        "",
        "airx: usage: invalid value 'csh' for '<SHELL>' [possible values: bash, zsh, fish, powershell, elvish, man]\nhint: did you mean 'zsh'?\n",
    );
}

#[test]
#[cfg(unix)]
fn bash_takes_its_completions() {
    let script = "source /dev/stdin && complete -p airx";
    let ran = run("bash", ["-c", script])
        .stdin(text(&["completions", "bash"]))
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.contains("airx"), "{}", ran.stdout);
}

#[test]
fn no_option_eats_the_prompt() {
    for option in ["--web-search", "-x", "--dry-run"] {
        let server = Server::play((option != "--dry-run").then(|| reply("```\nok\n```")));
        let ran = airx(["chat", option, "hi"]).at(&server).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{option}");
    }
}

#[test]
fn words_after_two_dashes_are_the_prompt() {
    let server = Server::once(reply("ok"));
    airx(["chat", "--", "--help", "-n"])
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(
        server.requests()[0].json()["messages"][0]["content"],
        "--help -n"
    );
}
