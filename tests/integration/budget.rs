//! `--budget` and `airx budget`: what counts, what is refused, and where the ledger is.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::config::{with, write};
use crate::harness::items::{Items, refusal};
use crate::harness::toolbench::{CITY, bench, calls, runs};
use crate::harness::{
    Airx, Play, Ran, Server, Step, airx, bash, file, folder, given_away, http, json as answer,
    reply, reply_body, stream_of,
};

/// A chat whose answer has 50 tokens at most. A token costs 0.00001 CNY.
const CHAT: [&str; 5] = ["chat", "-n", "--max-tokens", "50", "hi"];

/// A ledger that does not expire for years: a period in the future is still current.
const LEDGER: &str = r#"{"v":1,"hour":{"since":"2099-12-01T07:00:00Z","spent":"0.25"},"day":{"since":"2099-12-01T00:00:00Z","spent":"1.5"},"month":{"since":"2099-12-01T00:00:00Z","spent":"12.345678901234"}}
"#;

/// A run that keeps its ledgers below `state`.
pub fn run<'a>(args: impl IntoIterator<Item = &'a str>, state: &TempDir) -> Airx {
    airx(args).env("XDG_STATE_HOME", state.path())
}

/// [`CHAT`] with this budget.
pub fn chat(budget: &str, state: &TempDir) -> Airx {
    run(CHAT, state).args(["--budget", budget])
}

/// The sums of this month.
#[track_caller]
pub fn month(state: &TempDir) -> Value {
    let ran = run(["budget", "--format", "ndjson"], state).run();
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    let lines = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let mut months = lines.filter(|line: &Value| line["period"] == "month");
    months.next().expect("a line for the month")
}

/// An amount of the month, converted to tokens of glm-4-airx.
#[track_caller]
pub fn tokens(month: &Value, name: &str) -> usize {
    let amount: f64 = month[name].as_str().unwrap().parse().unwrap();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count"
    )]
    let tokens = (amount * 100_000.0).round() as usize;
    tokens
}

#[track_caller]
fn spent(state: &TempDir) -> usize {
    let month = month(state);
    assert_eq!(month["reserved"], "0");
    tokens(&month, "spent")
}

/// The names of the files in the folder of the ledgers.
pub fn files(state: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(state.path().join("airx")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// The ledger [`LEDGER`] in a state folder.
fn ledger(state: &TempDir) -> PathBuf {
    ledger_of(state, LEDGER)
}

fn ledger_of(state: &TempDir, text: &str) -> PathBuf {
    fs::create_dir_all(state.path().join("airx")).unwrap();
    file(state, "airx/budget.lock", "");
    file(state, "airx/budget-CNY.json", text)
}

/// Standard error without the time until the budget's period ends.
fn timeless(ran: &Ran) -> String {
    let (before, rest) = ran.stderr.split_once(" UTC, in ").expect("a time");
    let (_, after) = rest.split_once(';').unwrap();
    format!("{before} UTC;{after}")
}

#[test]
fn a_used_up_budget_exits_3_and_says_when_it_frees() {
    let state = folder();
    let server = Server::once(reply("Hello"));
    chat("1/month", &state)
        .at(&server)
        .run()
        .is(0, "Hello\n", "");
    let bound = server.requests()[0].body.len() + 50;
    let budget = format!("0.00{bound:03}/month");
    let ran = chat(&budget, &state).nowhere().run();
    assert_eq!((ran.code, &*ran.stdout), (3, ""));
    let until = month(&state)["until"].as_str().unwrap().replace('T', " ");
    let until = until.strip_suffix(":00Z").unwrap();
    assert_eq!(
        timeless(&ran),
        format!(
            "airx: account: --budget {budget} is used up: 0.00003 CNY is spent, and this request \
             may cost 0.00{bound:03}\n\
             hint: the budget is free again at {until} UTC; until then a request with a lower --max-tokens may fit; airx budget shows \
             the sums\n"
        )
    );
}

#[test]
fn a_request_that_no_budget_of_this_size_has_room_for_says_so() {
    let state = folder();
    let ran = run(["chat", "-n", "hi", "--budget", "0.04/day"], &state)
        .nowhere()
        .run();
    let (before, _) = ran.stderr.split_once(" CNY").unwrap();
    assert!(
        before.starts_with("airx: account: --budget 0.04/day: this request alone may cost 0.041")
    );
    assert!(
        ran.stderr.ends_with(
            " CNY\nhint: this request alone is over the budget of a day: lower --max-tokens, or raise --budget\n"
        ),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.code, 3);
}

#[test]
fn an_ndjson_run_ends_with_an_error_that_no_request_was_made_for() {
    let state = folder();
    ledger(&state);
    let ran = chat("1/day", &state)
        .args(["--format", "ndjson"])
        .nowhere()
        .run();
    let events = ran.events();
    let error = events.last().unwrap();
    assert_eq!((ran.code, events.len()), (3, 2));
    assert_eq!(
        [
            &error["type"],
            &error["class"],
            &error["requests"],
            &error["http_status"]
        ],
        [&json!("error"), &json!("account"), &json!(0), &Value::Null]
    );
}

#[test]
fn the_table_shows_each_period_and_what_is_free() {
    let state = folder();
    ledger(&state);
    let shown = |args: &[&str]| run(["budget"], &state).args(args).run();
    let table = |hour: &str, day: &str, month: &str| {
        format!(
            "     period            spent  reserved  budget  free  until (UTC)\n\
             CNY  hour               0.25         0  {hour}  2099-12-01 08:00\n\
             CNY  day                 1.5         0  {day}  2099-12-02 00:00\n\
             CNY  month   12.345678901234         0  {month}  2100-01-01 00:00\n"
        )
    };
    let none = "     -     -";
    shown(&[]).is(0, &table(none, none, none), "");
    shown(&["--budget", "4/day"]).is(0, &table(none, "     4   2.5", none), "");
    shown(&["--budget", "0.1/hour"]).is(0, &table("   0.1     0", none, none), "");
    let widest = table(none, none, none).lines().map(str::len).max();
    assert!(widest <= Some(80));
    let folder = folder();
    write(
        &folder,
        "budget = \"9/hour\"\n[profile.p]\nbudget = \"5/day\"\n",
    );
    let configured = |args: &[&str]| {
        let config = folder.path().to_str().unwrap();
        let run = run(["budget"], &state).env("XDG_CONFIG_HOME", config);
        run.args(args)
    };
    configured(&[])
        .run()
        .is(0, &table("     9  8.75", none, none), "");
    configured(&["--profile", "p"])
        .run()
        .is(0, &table(none, "     5   3.5", none), "");
    let variable = configured(&[]).env("AIRX_BUDGET", "6/day").run();
    variable.is(0, &table(none, "     6   4.5", none), "");
}

#[test]
fn the_machine_form_has_the_exact_amounts() {
    let state = folder();
    ledger(&state);
    let row = |period: &str, since: &str, until: &str, spent: &str, budget: Value, free: Value| {
        json!({
            "currency": "CNY", "period": period, "since": since, "until": until, "spent": spent,
            "reserved": "0", "budget": budget, "free": free,
        })
    };
    let rows = [
        row(
            "hour",
            "2099-12-01T07:00:00Z",
            "2099-12-01T08:00:00Z",
            "0.25",
            Value::Null,
            Value::Null,
        ),
        row(
            "day",
            "2099-12-01T00:00:00Z",
            "2099-12-02T00:00:00Z",
            "1.5",
            json!("2"),
            json!("0.5"),
        ),
        row(
            "month",
            "2099-12-01T00:00:00Z",
            "2100-01-01T00:00:00Z",
            "12.345678901234",
            Value::Null,
            Value::Null,
        ),
    ];
    let shown =
        |format: &str| run(["budget", "--budget", "2/day", "--format", format], &state).run();
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let lines = lines.join("\n") + "\n";
    shown("ndjson").is(0, &lines, "");
    shown("json").is(0, &format!("{}\n", json!(rows)), "");
}

#[test]
fn before_the_first_request_there_is_nothing_to_show_and_no_file_is_made() {
    let state = folder();
    let shown = |format: &str| run(["budget", "--format", format], &state).run();
    let nothing = "Nothing is counted yet: no run with --budget has sent a request.\n";
    shown("text").is(0, nothing, "");
    shown("json").is(0, "[]\n", "");
    shown("ndjson").is(0, "", "");
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
    // `airx budget` does not change existing files either.
    let path = ledger_of(&state, LEDGER);
    let old = file(
        &state,
        "airx/budget-CNY.in-flight-0000000000000001",
        "0.5\n",
    );
    run(["budget"], &state).run();
    assert_eq!(fs::read_to_string(path).unwrap(), LEDGER);
    assert!(old.exists());
}

#[test]
fn a_ledger_has_mode_0600_in_a_folder_of_mode_0700() {
    let home = folder();
    let server = Server::once(reply("Hello"));
    let run = airx(CHAT)
        .args(["--budget", "1/day"])
        .env("HOME", home.path());
    run.at(&server).run().is(0, "Hello\n", "");
    let folder = home.path().join(".local/state/airx");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let names: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for path in names {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn an_answer_counts_what_it_cost_and_one_without_usage_what_it_may_cost() {
    let without = |members: &Value| {
        let mut body: Value = serde_json::from_str(&reply_body("Hello", "stop")).unwrap();
        body["usage"] = members.clone();
        answer(200, &body.to_string())
    };
    let state = folder();
    let server = Server::play([
        reply("Hello"),
        without(&json!({ "prompt_tokens": 7, "completion_tokens": 4, "total_tokens": 11 })),
        without(&json!({ "total_tokens": 20 })),
        without(&Value::Null),
        without(&json!({ "prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1 })),
    ]);
    let mut known = 0;
    let mut count = |cost: usize| {
        chat("1/month", &state)
            .at(&server)
            .run()
            .is(0, "Hello\n", "");
        known += cost;
        assert_eq!(spent(&state), known);
    };
    count(3);
    let bound = server.requests()[0].body.len() + 50;
    count(11);
    count(20);
    count(bound);
    count(bound);
}

#[test]
fn a_refused_request_is_free_and_a_broken_answer_is_not() {
    let broken: Play = vec![
        Step::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()),
        Step::Close,
    ];
    for (code, play, free) in [
        (3, answer(401, &refusal("1002")), true),
        (3, answer(429, &refusal("1113")), true),
        (4, answer(400, &refusal("1210")), true),
        (5, answer(429, &refusal("1302")), true),
        (5, answer(500, "{}"), true),
        (8, answer(400, &refusal("1301")), true),
        (6, vec![Step::Reset], false),
        (7, broken, false),
        (7, answer(200, "no JSON"), false),
    ] {
        let state = folder();
        let server = Server::once(play);
        let ran = chat("1/month", &state)
            .args(["--retries", "0"])
            .at(&server)
            .run();
        assert_eq!((ran.code, &*ran.stdout), (code, ""), "{}", ran.stderr);
        let bound = server.requests()[0].body.len() + 50;
        match files(&state).len() {
            1 => assert!(free, "{}", ran.stderr),
            _ => assert_eq!((spent(&state), free), (bound, false), "{}", ran.stderr),
        }
    }
}

#[test]
fn a_server_that_cannot_be_reached_costs_nothing() {
    for args in [["chat", "-n", "hi"], ["stream", "-n", "hi"]] {
        for base in ["http://127.0.0.1:1/v1", "https://127.0.0.1:1/v1"] {
            let state = folder();
            let ran = run(args, &state)
                .args(["--budget", "1/month", "--retries", "0"])
                .env("AIRX_BASE_URL", base)
                .run();
            assert_eq!((ran.code, &*ran.stdout), (6, ""), "{}", ran.stderr);
            assert_eq!(files(&state), ["budget.lock"]);
        }
    }
}

#[test]
fn every_request_of_a_run_counts() {
    let state = folder();
    let server = Server::play([http(503, "Retry-After: 0\r\n", "{}"), reply("Hello")]);
    chat("1/month", &state)
        .at(&server)
        .run()
        .is(0, "Hello\n", "");
    assert_eq!(spent(&state), 3, "a retry");

    let server = Server::once(stream_of(["Hel", "lo"]));
    let stream = run(["stream", "-n", "hi", "--budget", "1/month"], &state);
    stream.at(&server).run().is(0, "Hello\n", "");
    assert_eq!(spent(&state), 6, "a stream");

    let server = Server::play([reply("{\"age\":\"x\"}"), reply("{\"age\":41}")]);
    let ask = run(
        [
            "json", "-n", "--fields", "age int", "q", "--budget", "1/month",
        ],
        &state,
    );
    ask.at(&server).run().is(0, "{\"age\":41}\n", "");
    assert_eq!(spent(&state), 12, "a re-ask");

    let folder = bench();
    let server = Server::play([calls("", &[("f", CITY)]), reply("done")]);
    let tools = runs(&folder, "cat").args(["--budget", "1/month"]);
    let tools = tools.env("XDG_STATE_HOME", state.path());
    tools.at(&server).run().is(0, "done\n", "");
    assert_eq!(spent(&state), 12 + 15 + 3, "the rounds of tools");
}

#[test]
fn each_model_of_a_fallback_counts_by_its_own_price() {
    let (config, state) = (folder(), folder());
    let own =
        "[models.own]\nmax-output = 50\nprice-input = 10\nprice-output = 20\ncurrency = \"USD\"\n";
    write(&config, own);
    let server = Server::play([answer(400, &refusal("1211")), reply("Hello")]);
    let chat = with(&config, CHAT).args(["--fallback", "own", "--budget", "1/month", "-q"]);
    let chat = chat.env("XDG_STATE_HOME", state.path());
    chat.at(&server).run().is(0, "Hello\n", "");
    assert_eq!(files(&state), ["budget-USD.json", "budget.lock"]);
}

#[test]
fn a_budget_that_is_used_up_between_two_tries_ends_the_run() {
    let state = folder();
    let server = Server::once(answer(200, "no JSON"));
    let bound = 50
        + airx(CHAT)
            .arg("--dry-run")
            .nowhere()
            .run()
            .stdout
            .trim_end()
            .len();
    let budget = format!("0.00{:03}/month", 2 * bound - 1);
    let ran = chat(&budget, &state).at(&server).run();
    assert_eq!((ran.code, &*ran.stdout), (3, ""));
    let report = format!(
        "airx: account: --budget {budget} is used up: 0.00{bound:03} CNY is spent, and this request \
         may cost 0.00{bound:03}\n"
    );
    let shown = ran.stderr.strip_prefix(&report);
    assert!(
        shown.is_some_and(|hint| hint.starts_with("hint: the budget is free again at ")),
        "{}",
        ran.stderr
    );
}

#[test]
fn items_in_parallel_threads_share_the_budget() {
    let mut body: Value = serde_json::from_str(&reply_body("x", "stop")).unwrap();
    body["usage"] = Value::Null;
    let body = body.to_string();
    let server = Items::answering(move |_, _, _| (200, body.clone()));
    let state = folder();
    let each = |budget: &str| {
        run(
            ["chat", "--each", "-q", "-c", "8", "--max-tokens", "50"],
            &state,
        )
        .args(["--budget", budget])
        .stdin("hi\n".repeat(40))
    };
    let bound = 50
        + airx(CHAT)
            .arg("--dry-run")
            .nowhere()
            .run()
            .stdout
            .trim_end()
            .len();
    let ran = each(&format!("0.0{:04}/month", 10 * bound + bound / 2))
        .of(&server)
        .run();
    assert_eq!((ran.code, server.texts().len()), (3, 10), "{}", ran.stderr);
    assert_eq!(spent(&state), 10 * bound);
    let results = crate::harness::items::results(&ran.stdout);
    let answered = results
        .iter()
        .filter(|result| result["content"] == "x")
        .count();
    assert_eq!(answered, 10);
    let failed = results
        .iter()
        .find(|result| !result["error"].is_null())
        .unwrap();
    assert_eq!(
        [&failed["error"]["class"], &failed["requests"]],
        [&json!("account"), &json!(0)]
    );
}

#[test]
fn a_currency_has_a_ledger_of_its_own() {
    let (config, state) = (folder(), folder());
    let own =
        "[models.own]\nmax-output = 50\nprice-input = 10\nprice-output = 20\ncurrency = \"USD\"\n";
    write(&config, own);
    let server = Server::play([reply("a"), reply("b")]);
    for (model, text) in [("own", "a\n"), ("glm-4-airx", "b\n")] {
        let chat = with(&config, CHAT).args(["-m", model, "--budget", "1/month"]);
        let chat = chat.env("XDG_STATE_HOME", state.path());
        chat.at(&server).run().is(0, text, "");
    }
    assert_eq!(
        files(&state),
        ["budget-CNY.json", "budget-USD.json", "budget.lock"]
    );
    let ran = run(
        ["budget", "--format", "ndjson", "--budget", "1/month"],
        &state,
    )
    .run();
    let rows: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let months = rows.iter().filter(|row| row["period"] == "month");
    let months: Vec<[&Value; 3]> = months
        .map(|row| [&row["currency"], &row["spent"], &row["free"]])
        .collect();
    assert_eq!(
        months,
        [
            [&json!("CNY"), &json!("0.00003"), &json!("0.99997")],
            [&json!("USD"), &json!("0.00005"), &json!("0.99995")],
        ]
    );
}

#[test]
fn a_free_model_works_with_a_budget_that_is_used_up() {
    let state = folder();
    ledger(&state);
    let server = Server::once(reply("Hello"));
    let free = run(
        [
            "chat",
            "-n",
            "hi",
            "-m",
            "glm-4-flash-250414",
            "--budget",
            "1/day",
        ],
        &state,
    );
    free.at(&server).run().is(0, "Hello\n", "");
}

#[test]
fn an_unknown_price_or_length_is_refused_before_anything_is_sent() {
    let (config, state) = (folder(), folder());
    write(
        &config,
        "[models.own]\nprice-input = 1\nprice-output = 1\ncurrency = \"USD\"\n",
    );
    let refused = |args: &[&str], report: &str| {
        let run = with(&config, ["chat", "-n", "hi", "--budget", "1/day"]).args(args);
        let run = run.env("XDG_STATE_HOME", state.path()).nowhere();
        run.run().is(2, "", report);
    };
    let unknown = "airx: usage: --budget: the price of llama is not known\n\
        hint: give its price in the configuration file ([models.\"llama\"]: airx help config), or \
        switch the budget off: --budget none\n";
    refused(&["-m", "llama"], unknown);
    refused(&["-m", "llama", "--dry-run"], unknown);
    refused(&["--fallback", "llama"], unknown);
    refused(
        &["-m", "own"],
        "airx: usage: --budget: what a request to own may cost has no known bound\n\
         hint: give --max-tokens, or context and max-output of [models.\"own\"] in the \
         configuration file\n",
    );
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
    let server = Server::once(reply("Hello"));
    let none = airx(["chat", "-n", "hi", "-m", "llama", "--budget", "none"]);
    none.env("AIRX_BUDGET", "1/day")
        .at(&server)
        .run()
        .is(0, "Hello\n", "");
}

#[test]
fn a_value_that_is_no_budget_is_refused_with_where_it_comes_from() {
    const HINT: &str =
        "hint: write an amount and /hour, /day or /month, like 20/day; none is no budget\n";
    for (value, why) in [
        ("20", "it has no period"),
        ("20/week", "'week' is not a period"),
        ("20/days", "'days' is not a period"),
        ("20/", "'' is not a period"),
        ("/day", "'' is not an amount with at most 12 decimals"),
        ("-1/day", "'-1' is not an amount with at most 12 decimals"),
        ("1e3/day", "'1e3' is not an amount with at most 12 decimals"),
        (
            "20 CNY/day",
            "'20 CNY' is not an amount with at most 12 decimals",
        ),
        (
            "0.0000000000001/day",
            "'0.0000000000001' is not an amount with at most 12 decimals",
        ),
        ("20/day/2", "'day/2' is not a period"),
    ] {
        let option = format!("--budget={value}");
        let report = format!("{value:?}: {why}\n{HINT}");
        let by_option = format!("airx: usage: --budget {report}");
        airx(["chat", "-n", "hi", &option])
            .nowhere()
            .run()
            .is(2, "", &by_option);
        airx(["budget", &option]).run().is(2, "", &by_option);
        let by_variable = format!("airx: usage: AIRX_BUDGET {report}");
        let run = airx(["chat", "-n", "hi"]).env("AIRX_BUDGET", value);
        run.nowhere().run().is(2, "", &by_variable);
        let folder = folder();
        let path = write(&folder, &format!("budget = \"{value}\"\n"));
        let path = path.display();
        let by_file = format!("airx: usage: {path}:1:1: --budget {report}");
        with(&folder, ["chat", "-n", "hi"])
            .nowhere()
            .run()
            .is(2, "", &by_file);
        with(&folder, ["budget"]).run().is(2, "", &by_file);
        let (problem, _) = report.split_once('\n').unwrap();
        with(&folder, ["config", "check"]).run().is(
            2,
            &format!("{path}:1:1: --budget {problem}\n"),
            &format!("airx: usage: {path}: one problem\n"),
        );
    }
}

#[test]
fn a_budget_of_the_configuration_is_a_string() {
    let folder = folder();
    for value in ["20", "\"\"", "[\"20/day\"]", "true"] {
        let path = write(&folder, &format!("budget = {value}\n"));
        let ran = with(&folder, ["chat", "-n", "hi"]).nowhere().run();
        let report = format!(
            "airx: usage: {}:1:10: budget: a string like \"20/day\", or \"none\" is wanted, not ",
            path.display()
        );
        assert_eq!((ran.code, &*ran.stdout), (2, ""));
        assert!(ran.stderr.starts_with(&report), "{}", ran.stderr);
    }
}

#[test]
fn without_a_budget_or_a_request_no_file_is_written() {
    let (state, tapes) = (folder(), folder());
    let server = Server::play([reply("a"), reply("b")]);
    run(CHAT, &state).at(&server).run().is(0, "a\n", "");
    let tapes = tapes.path().to_str().unwrap();
    run(CHAT, &state)
        .args(["--record", tapes])
        .at(&server)
        .run()
        .is(0, "b\n", "");
    let replay = chat("0/day", &state).args(["--replay", tapes]);
    replay
        .env("AIRX_BASE_URL", server.base())
        .run()
        .is(0, "b\n", "");
    let dry = chat("1/day", &state).arg("--dry-run").nowhere().run();
    assert_eq!((dry.code, &*dry.stderr), (0, ""));
    run(CHAT, &state)
        .args(["--budget", "none"])
        .at(&Server::once(reply("c")))
        .run()
        .is(0, "c\n", "");
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn a_batch_is_not_counted_and_says_so() {
    airx(["batch", "submit", "--budget", "1/day", "hi"])
        .nowhere()
        .run()
        .is(
            2,
            "",
            "airx: usage: --budget has no meaning for airx batch\n\
         hint: what a batch costs is not counted: --param max_tokens=N bounds it\n",
        );
    let ran = airx([
        "batch",
        "submit",
        "-m",
        "glm-4-air-250414",
        "--dry-run",
        "{}",
    ])
    .env("AIRX_BUDGET", "1/day")
    .stdin("a\n")
    .nowhere()
    .run();
    assert_eq!(
        (ran.code, &*ran.stderr),
        (
            0,
            "airx: warning: the budget has no effect: what a batch costs is not counted: --param \
             max_tokens=N bounds it\n"
        )
    );
}

/// A run that is refused because of the ledger or its folder.
#[track_caller]
fn refused(state: &TempDir, code: i32, report: &str) {
    let report = report.replace("STATE/", &format!("{}/", state.path().display()));
    chat("100/day", state).nowhere().run().is(code, "", &report);
}

#[test]
fn a_place_that_is_not_the_users_own_is_refused() {
    const HINT: &str = "hint: it must belong to you (a folder with mode 0700): remove it, or set XDG_STATE_HOME to \
        another folder\n";
    let (state, elsewhere) = (folder(), folder());
    let place = state.path().join("airx");
    let folder_is = |why: &str| {
        refused(
            &state,
            2,
            &format!("airx: usage: --budget: STATE/airx {why}\n{HINT}"),
        );
    };
    symlink(elsewhere.path(), &place).unwrap();
    folder_is("is a link or not a folder");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    fs::remove_file(&place).unwrap();
    fs::write(&place, "").unwrap();
    folder_is("is a link or not a folder");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o775)).unwrap();
    folder_is("is open to others (mode 0775)");
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["budget-CNY.json", "budget.lock", "budget-CNY.in-flight-1"] {
        let file_is = |why: &str| {
            refused(
                &state,
                2,
                &format!("airx: usage: --budget: STATE/airx/{name} {why}\n{HINT}"),
            );
        };
        let victim = file(&elsewhere, "victim", LEDGER);
        let _ = fs::remove_file(place.join(name));
        symlink(&victim, place.join(name)).unwrap();
        file_is("is a link");
        assert_eq!(fs::read_to_string(&victim).unwrap(), LEDGER);
        fs::remove_file(place.join(name)).unwrap();
        fs::write(place.join(name), LEDGER).unwrap();
        if given_away(&place.join(name)) {
            file_is("belongs to another user (uid 12345)");
        }
        fs::remove_file(place.join(name)).unwrap();
    }
    if given_away(&place) {
        folder_is("belongs to another user (uid 12345)");
    }
}

#[test]
fn a_damaged_ledger_is_refused_and_left_as_it_is() {
    for (text, why) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("{\"v\":1,", "EOF while parsing a value at line 1 column 7"),
        (
            &LEDGER.replace("\"v\":1", "\"v\":2"),
            "its version is 2, not 1",
        ),
        (
            &LEDGER.replace("0.25", "-0.25"),
            "an amount is wrong at line 1 column 62",
        ),
    ] {
        let state = folder();
        let path = ledger_of(&state, text);
        let report = format!(
            "airx: usage: --budget: the ledger STATE/airx/budget-CNY.json cannot be read: {why}\n\
             hint: correct it, or remove it to count from zero\n"
        );
        refused(&state, 2, &report);
        let report = report.replace("STATE/", &format!("{}/", state.path().display()));
        run(["budget"], &state).run().is(2, "", &report);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_ledger_ahead_of_the_clock_goes_on_and_says_so() {
    let state = folder();
    let path = ledger(&state);
    let ran = chat("1.5/day", &state).nowhere().run();
    let bound = 50
        + airx(CHAT)
            .arg("--dry-run")
            .nowhere()
            .run()
            .stdout
            .trim_end()
            .len();
    assert_eq!((ran.code, &*ran.stdout), (3, ""));
    assert_eq!(
        timeless(&ran),
        format!(
            "airx: account: --budget 1.5/day is used up: 1.5 CNY is spent, and this request may \
             cost 0.00{bound:03}\n\
             hint: the budget is free again at 2099-12-02 00:00 UTC; until then a request with a lower --max-tokens may fit; airx \
             budget shows the sums. The ledger is ahead of the clock: if the clock is right, \
             remove {}\n",
            path.display()
        )
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    #[cfg(target_os = "linux")]
    airx(CHAT)
        .args(["--budget", "1/day"])
        .env("XDG_STATE_HOME", "/proc/airx-state")
        .nowhere()
        .run()
        .is(
            2,
            "",
            "airx: usage: --budget: /proc/airx-state/airx: No such file or directory (os error 2)\n\
             hint: set XDG_STATE_HOME to another folder\n",
        );
    airx(CHAT).args(["--budget", "1/day"]).nowhere().run().is(
        2,
        "",
        "airx: usage: --budget: airx has no folder for the ledger: HOME is not set\n\
         hint: set HOME or XDG_STATE_HOME\n",
    );
}

#[test]
fn a_full_disk_exits_1_and_nothing_is_sent() {
    let state = folder();
    let path = ledger(&state);
    let ran = bash("ulimit -f 0; exec airx chat -n --max-tokens 50 --budget 100/day hi")
        .env("XDG_STATE_HOME", state.path())
        .nowhere()
        .run();
    assert_eq!((ran.code, &*ran.stdout), (1, ""), "{}", ran.stderr);
    let place = state.path().join("airx/budget-CNY.in-flight-");
    let report = format!("airx: internal: --budget: {}", place.display());
    assert!(ran.stderr.starts_with(&report), "{}", ran.stderr);
    assert!(
        ran.stderr.ends_with(": File too large (os error 27)\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(path).unwrap(), LEDGER);
    assert_eq!(files(&state), ["budget-CNY.json", "budget.lock"]);
}

#[test]
fn an_answer_whose_cost_cannot_be_written_is_a_failure() {
    let state = folder();
    let server = Server::once(vec![Step::Gate].into_iter().chain(reply("Hello")).collect());
    let run = chat("1/day", &state).at(&server).start();
    server.await_requests(1);
    ledger_of(&state, "damaged");
    server.open_gate();
    let path = state.path().join("airx/budget-CNY.json");
    crate::harness::finish(run).is(
        1,
        "",
        &format!(
            "airx: internal: --budget: the ledger {} cannot be read: expected value at line 1 \
             column 1; the cost of this request, 0.00003 CNY, is not counted\n\
             hint: correct it, or remove it to count from zero\n",
            path.display()
        ),
    );
}

#[test]
fn verbose_shows_what_is_spent_and_what_the_request_may_cost() {
    let state = folder();
    let server = Server::play([reply("a"), reply("b")]);
    chat("1/day", &state).at(&server).run();
    let ran = chat("1/day", &state).arg("-v").at(&server).run();
    let bound = server.requests()[0].body.len() + 50;
    let line = format!(
        "* budget 1/day: 0.00003 CNY spent, 0 reserved by others; this request may cost 0.00{bound:03}"
    );
    assert!(
        ran.stderr.lines().any(|shown| shown == line),
        "{}",
        ran.stderr
    );
}
