//! `--split`: sends input that does not fit the model's context in parts, and merges the
//! answers.

use serde_json::{Value, json};

use crate::config::{with, write};
use crate::harness::items::{Items, text};
use crate::harness::{Airx, Ran, Request, airx, file, folder, reply_body};
use tempfile::TempDir;

/// A model with a context of 512 tokens, so that short texts make many parts.
pub const SMALL: &str = "[models.small]\ncontext = 512\nmax-output = 500\nprice-input = 10\nprice-output = 20\n\
    currency = \"CNY\"\n[models.large]\ncontext = 1000000\n";

/// A folder with that configuration.
pub fn config() -> TempDir {
    let folder = folder();
    write(&folder, SMALL);
    folder
}

/// A run with the small model and two requests at once.
pub fn small<'a>(folder: &TempDir, args: impl IntoIterator<Item = &'a str>) -> Airx {
    let mut args = args.into_iter();
    let command = args.next();
    let run = with(folder, command).args(["-m", "small", "-c", "2"]);
    run.args(args)
}

/// Returns `count` numbered lines.
pub fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |text, at| {
        text + &format!("Line {at} says what happened at the time.\n")
    })
}

/// The number of a part, the number of parts, and the part's text.
pub fn part(text: &str) -> Option<(usize, usize, &str)> {
    let (_, rest) = text.split_once("\n\nWhat follows is part ")?;
    let (numbers, material) =
        rest.split_once(" of a longer text; answer for this part alone.\n\n")?;
    let (number, count) = numbers.split_once(" of ")?;
    Some((number.parse().ok()?, count.parse().ok()?, material))
}

/// Answers a part with `<its number>`, and everything else with `merged`.
pub fn numbered() -> Items {
    Items::answering(|text, _, _| {
        let answer = part(text).map_or("merged".to_owned(), |(number, ..)| format!("<{number}>"));
        (200, reply_body(&answer, "stop"))
    })
}

/// The texts of the parts that were answered, joined in order.
#[track_caller]
fn material(asked: &[Request]) -> String {
    let texts: Vec<String> = asked.iter().map(text).collect();
    let mut parts: Vec<_> = texts.iter().filter_map(|text| part(text)).collect();
    parts.sort_unstable();
    parts.iter().map(|(_, _, material)| *material).collect()
}

/// The body of the only request of a run.
#[track_caller]
fn body(run: Airx) -> String {
    let server = numbered();
    let ran = run.of(&server).run();
    ran.is(0, "merged\n", "");
    let mut asked = server.requests();
    assert_eq!(asked.len(), 1);
    asked.remove(0).body
}

#[test]
fn input_that_fits_is_sent_as_without_split() {
    let folder = config();
    let a = file(&folder, "a", "alpha\n");
    let b = file(&folder, "b", "beta\n");
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    for args in [
        &["Sum", "up"][..],
        &["Sum up", "-"],
        &["Sum", "-", "up"],
        &["-", "Sum up", "-f", a],
        &["Sum", "-", "up", "-f", a, "-f", b],
        &[
            "Sum up",
            "-f",
            a,
            "-s",
            "Be brief",
            "--request-id",
            "my-request",
        ],
    ] {
        for command in ["chat", "json"] {
            let run = |split: &[&str]| {
                let run = small(&folder, [command]).args(args).args(split);
                run.args(["--max-cost", "1"]).stdin("gamma\n\ndelta\n")
            };
            let plain = with(&folder, [command]).args(args).args(["-m", "small"]);
            if command == "json" {
                continue;
            }
            assert_eq!(
                body(run(&["--split"])),
                body(plain.stdin("gamma\n\ndelta\n")),
                "{args:?}"
            );
        }
    }
}

#[test]
fn long_input_is_asked_for_in_parts_and_the_answers_are_merged() {
    let (folder, server) = (config(), numbered());
    let ran = small(&folder, ["chat", "--split", "List", "the risks"])
        .args(["-s", "Be brief"])
        .stdin(lines(100))
        .of(&server)
        .run();
    ran.is(0, "merged\n", "");
    let asked = server.requests();
    let count = asked.len() - 1;
    assert!(count > 3);
    let text = lines(100);
    assert_eq!(material(&asked), text.trim_end());
    for asked in &asked {
        assert_eq!(
            asked.json()["messages"][0],
            json!({"role": "system", "content": "Be brief"})
        );
        assert_eq!(asked.json()["stream"], false);
    }
    let first = server
        .texts()
        .into_iter()
        .find(|text| text.contains(" part 1 of "));
    let start = format!(
        "List the risks\n\nWhat follows is part 1 of {count} of a longer text; answer for this part alone.\n\nLine 0 says"
    );
    assert!(first.unwrap().starts_with(&start));
    let answers = (1..=count).fold(String::new(), |text, at| {
        text + &format!("Answer {at} of {count}: <{at}>\n\n")
    });
    assert_eq!(
        server.texts()[count],
        format!(
            "{answers}Write one answer from these answers for the parts of a text. Keep every name and number, without repetitions.\n\nList the risks"
        )
    );
}

#[test]
fn no_more_parts_are_in_flight_than_concurrency_says() {
    let (folder, server) = (config(), numbered().hold());
    let child = small(&folder, ["chat", "--split", "Sum up", "-c", "3"])
        .args(["-f"])
        .arg(file(&folder, "text", lines(100)))
        .stdin_from(std::process::Stdio::null())
        .of(&server)
        .start();
    server.await_requests(3);
    server.release_all();
    crate::harness::finish(child).is(0, "merged\n", "");
    assert_eq!(server.most(), 3);
}

#[cfg(unix)]
#[test]
fn all_runs_together_have_no_more_parts_in_flight_than_max_in_flight_says() {
    let (folder, server, slots) = (config(), numbered(), crate::harness::folder());
    let args = ["chat", "--split", "Sum up", "--max-in-flight", "1"];
    let run = small(&folder, args).env("XDG_RUNTIME_DIR", slots.path());
    run.stdin(lines(100))
        .of(&server)
        .run()
        .is(0, "merged\n", "");
    assert_eq!(server.most(), 1);
}

#[test]
fn the_number_of_requests_at_once_follows_from_the_tier() {
    let (folder, server) = (folder(), numbered().hold());
    write(
        &folder,
        "[models.paid]\ncontext = 512\nconcurrency = [1, 3, 5, 7]\n",
    );
    let child = with(
        &folder,
        ["chat", "--split", "Sum up", "-m", "paid", "--tier", "v1"],
    )
    .args(["-f"])
    .arg(file(&folder, "text", lines(100)))
    .stdin_from(std::process::Stdio::null())
    .of(&server)
    .start();
    server.await_requests(3);
    server.release_all();
    crate::harness::finish(child).is(0, "merged\n", "");
    assert_eq!(server.most(), 3);
}

#[test]
fn events_report_each_part_in_the_order_of_the_text_and_done_has_the_sums() {
    let (folder, server) = (config(), numbered());
    let ran = small(&folder, ["chat", "--split", "Sum up", "--format", "ndjson"])
        .stdin(lines(100))
        .of(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let events = ran.events();
    let count = server.requests().len() - 1;
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    let parts = vec!["part"; count];
    assert_eq!(types, [&["start"], &parts[..], &["delta", "done"]].concat());
    assert_eq!(events[0]["request_id"], Value::Null);
    let mut offset = 0;
    for (index, event) in events[1..=count].iter().enumerate() {
        assert_eq!(
            (
                &event["index"],
                &event["count"],
                &event["offset"],
                &event["finish_reason"]
            ),
            (&json!(index), &json!(count), &json!(offset), &json!("stop"))
        );
        assert_eq!(event["usage"]["total_tokens"], 3);
        offset += event["bytes"].as_u64().unwrap();
    }
    assert_eq!(offset, lines(100).trim_end().len() as u64);
    let done = events.last().unwrap();
    let requests = count as u64 + 1;
    assert_eq!(done["requests"], requests);
    assert_eq!(
        done["usage"],
        json!({"prompt_tokens": requests, "completion_tokens": 2 * requests, "total_tokens": 3 * requests})
    );
    assert_eq!(
        (&done["finish_reason"], &done["id"], &done["model"]),
        (&json!("stop"), &json!("id-1"), &json!("glm-4-airx"))
    );
}

/// A condition that every part must meet.
type Check = fn(&str) -> bool;

#[test]
fn a_diff_a_csv_and_json_are_cut_at_their_own_borders() {
    let hunk =
        |at: usize| format!("@@ -{at},2 +{at},2 @@\n context\n-the old line\n+the new line\n");
    let file_of = |name: &str| {
        format!(
            "diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{}",
            (0..9).map(hunk).collect::<String>()
        )
    };
    let diff = file_of("a") + &file_of("b") + &file_of("c");
    let csv: String = (0..90).fold("name,count\n".to_owned(), |csv, at| {
        csv + &format!("name{at},{at}\n")
    });
    let json = json!(
        (0..60)
            .map(|at| json!({"name": "Ada", "count": at}))
            .collect::<Vec<_>>()
    )
    .to_string();
    let cases: [(&str, String, Check); 3] = [
        ("diff", diff, |part| {
            part.starts_with("diff --git a/") && part.contains("\n@@ ")
        }),
        ("csv", csv, |part| part.starts_with("name,count\nname")),
        ("json", json, |part| {
            part.starts_with(['[', '{']) && part.ends_with([',', ']'])
        }),
    ];
    for (name, text, fits) in cases {
        let (folder, server) = (config(), numbered());
        let run = small(&folder, ["chat", "--split", "Sum up"]).stdin(text);
        run.of(&server).run().is(0, "merged\n", "");
        let texts = server.texts();
        let parts: Vec<_> = texts.iter().filter_map(|text| part(text)).collect();
        assert!(parts.len() > 2, "{name}");
        for (_, _, part) in parts {
            assert!(fits(part), "{name}: {part}");
        }
    }
}

#[test]
fn a_kind_that_is_given_counts_more_than_what_the_text_looks_like() {
    let (folder, server) = (config(), numbered());
    let csv: String = (0..90).fold("name,count\n".to_owned(), |csv, at| {
        csv + &format!("name{at},{at}\n")
    });
    let run = small(&folder, ["chat", "--split=lines", "Sum up"]).stdin(csv.as_str());
    run.of(&server).run().is(0, "merged\n", "");
    assert_eq!(material(&server.requests()), csv.trim_end());
}

#[test]
fn dry_run_lists_the_parts_and_sends_nothing() {
    let folder = config();
    let run = |args: &[&str]| {
        let run = small(
            &folder,
            [
                "chat",
                "--split",
                "Sum up",
                "--max-tokens",
                "100",
                "--dry-run",
            ],
        );
        run.args(args).stdin(lines(40)).nowhere().run()
    };
    let ran = run(&["--merge", "concat"]);
    ran.is(
        0,
        "part   offset  bytes  tokens         cost\n\
         1           0    790     348  0.00548 CNY\n\
         2         790    799     358  0.00558 CNY\n\
         total       -   1589     706  0.01106 CNY\n",
        "",
    );
    let ran = run(&[]);
    let merge = ran.stdout.lines().nth(3).unwrap();
    assert!(
        merge.starts_with("merge (1)       -      -     "),
        "{}",
        ran.stdout
    );
    // Without a price there is no cost.
    let ran = with(
        &folder,
        ["chat", "--split", "Sum up", "--dry-run", "-m", "free"],
    );
    write(&folder, "[models.free]\ncontext = 512\n");
    let ran = ran.stdin(lines(40)).nowhere().run();
    assert!(ran.stdout.ends_with("     -\n"), "{}", ran.stdout);
}

/// The objects that `--dry-run` printed, one a line.
#[track_caller]
fn objects(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn dry_run_prints_the_parts_and_the_sums_as_json() {
    let folder = config();
    let run = |args: &[&str], text: String| {
        let args = [
            args,
            &["--split", "Sum up", "--max-tokens", "100", "--dry-run"],
        ]
        .concat();
        small(&folder, args).stdin(text).nowhere().run()
    };
    let cost = |amount: &str| json!({"amount": amount, "currency": "CNY", "price_date": null});
    let part = |index: usize, offset: usize, bytes: usize, tokens: usize, amount: &str| {
        json!({
            "type": "part", "index": index, "count": 2, "offset": offset, "bytes": bytes,
            "tokens": tokens, "cost": cost(amount)
        })
    };
    for format in ["json", "ndjson"] {
        let ran = run(
            &["chat", "--merge", "concat", "--format", format],
            lines(40),
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let total = json!({
            "type": "total", "requests": 2, "bytes": 1589, "tokens": 706, "cost": cost("0.01106")
        });
        let parts = [
            part(0, 0, 790, 348, "0.00548"),
            part(1, 790, 799, 358, "0.00558"),
        ];
        assert_eq!(objects(&ran), [&parts[..], &[total]].concat());

        // The merging requests are listed, too.
        let events = objects(&run(&["chat", "--format", format], lines(40)));
        assert_eq!(
            (&events[2]["type"], &events[2]["requests"]),
            (&json!("merge"), &json!(1))
        );
        assert_eq!(
            (&events[3]["type"], &events[3]["requests"]),
            (&json!("total"), &json!(3))
        );
        let sum: u64 = events[..3]
            .iter()
            .map(|event| event["tokens"].as_u64().unwrap())
            .sum();
        assert_eq!(events[3]["tokens"], sum);

        // Input that fits is reported as one part, so that a script can read it the same way.
        for command in ["chat", "stream", "json"] {
            let ran = run(&[command, "--format", format], "short".to_owned());
            if (command, format) == ("stream", "json") {
                continue;
            }
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{command}");
            let events = objects(&ran);
            assert_eq!(events.len(), 2, "{command}");
            assert_eq!(
                (&events[0]["type"], &events[1]["type"]),
                (&json!("part"), &json!("total"))
            );
            assert_eq!(
                (&events[0]["count"], &events[0]["bytes"]),
                (&json!(1), &json!(5))
            );
            assert_eq!(events[0]["cost"], events[1]["cost"]);
        }
    }
    // Without a price there is no cost.
    write(&folder, "[models.free]\ncontext = 512\n");
    let ran = with(
        &folder,
        ["chat", "--split", "Sum up", "--dry-run", "-m", "free"],
    );
    let ran = ran
        .args(["--format", "ndjson"])
        .stdin(lines(40))
        .nowhere()
        .run();
    assert!(objects(&ran).iter().all(|event| event["cost"].is_null()));
}

#[test]
fn a_window_that_is_not_known_is_refused_with_the_way_to_make_it_known() {
    airx(["chat", "-n", "--split", "-m", "my-model", "Sum up"]).nowhere().run().is(
        2,
        "",
        "airx: usage: --split: the context of my-model is not known\n\
         hint: write it into the configuration file: [models.\"my-model\"] with context = 8192 (airx config path)\n",
    );
}

#[test]
fn what_does_not_go_with_split_is_refused_and_nothing_is_sent() {
    let no_prompt = "--split needs a PROMPT that says what to do with each part\n\
        hint: files and standard input are the text: airx chat --split \"List the risks\" < FILE\n";
    let excluded = |other: &str| {
        format!(
            "the argument '--split[=<HOW>]' cannot be used with '{other}'\nhint: see airx help chat\n"
        )
    };
    let cases = [
        (&["--split"][..], no_prompt.to_owned()),
        (&["--split", "-"], no_prompt.to_owned()),
        (&["--split", "  "], no_prompt.to_owned()),
        (
            &["--split", "Sum up", "--merge", " ", "-m", "small"],
            "--merge is empty\nhint: give a PROMPT that says how to merge the answers, or concat\n"
                .to_owned(),
        ),
        (&["--split", "Sum up", "--session", "s"], excluded("--session <FILE>")),
        (&["--split", "Sum up", "--messages", "m"], excluded("--messages <FILE>")),
        (&["--split", "Sum up", "--image", "i"], excluded("--image <FILE|URL|->")),
        (&["--split", "Sum up", "--each"], excluded("--each[=<HOW>]")),
        (&["Sum up", "--merge", "concat"], "--merge needs --split\nhint: see airx help chat\n".to_owned()),
        (&["Sum up", "-c", "2"], "-c needs --each or --split\nhint: see airx help chat\n".to_owned()),
        (&["--split", "Sum up", "--dry-run=curl", "-m", "small"], "--dry-run=curl shows one request, and --split makes 5 parts\nhint: --dry-run lists the parts\n".to_owned()),
        (&["--split", "Sum up", "--max-tokens", "450", "-m", "small"], "--split: the prompt and an answer of 450 tokens leave no room for the text in the context of small, 512 tokens\nhint: shorten the prompt, lower --max-tokens, or use a larger model with -m\n".to_owned()),
    ];
    let folder = config();
    for (args, report) in cases {
        let ran = with(&folder, ["chat"])
            .args(args)
            .stdin(lines(100))
            .nowhere()
            .run();
        ran.is(2, "", &format!("airx: usage: {report}"));
    }
    // No part is read, so it does not matter whether the input fits.
    for command in ["chat", "stream", "json"] {
        for text in ["short".to_owned(), lines(100)] {
            let args = [command, "--split", "Sum up", "--merge", ""];
            let report = "airx: usage: --merge is empty\nhint: give a PROMPT that says how to merge the answers, or concat\n";
            small(&folder, args)
                .stdin(text)
                .nowhere()
                .run()
                .is(2, "", report);
        }
    }
    let ran: Ran = airx(["tools", "--split", "Sum up"]).nowhere().run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}

#[test]
fn a_prompt_over_the_context_is_refused_with_a_hint_at_split() {
    let folder = config();
    let words = "word ".repeat(600);
    let run = |args: &[&str]| {
        with(&folder, args.iter().copied())
            .args(["-m", "small"])
            .stdin(words.as_str())
            .nowhere()
            .run()
    };
    let refused =
        "airx: usage: the prompt has at least 603 tokens, but the context of small is 512\n";
    let large = "-m large (context 1000000), or send less\n";
    for command in ["chat", "stream", "json"] {
        let hint = format!("hint: use --split to ask in parts, {large}");
        run(&[command, "Sum", "up"]).is(2, "", &format!("{refused}{hint}"));
    }
    let tools = file(&folder, "tools", "{\"name\":\"f\"}");
    let tools = tools.to_str().unwrap();
    let ran = run(&["tools", "-t", tools, "Sum up"]);
    assert!(
        ran.stderr.ends_with(&format!("hint: use {large}")),
        "{}",
        ran.stderr
    );
    // --split does not cut the prompt or the system message.
    for (args, part) in [
        (&["chat", words.as_str()][..], "the PROMPT itself is"),
        (
            &["chat", "-s", &words, "--split", "Sum up"],
            "the system message is",
        ),
        (&["chat", "-s", &words, "Sum up"], "the system message is"),
        (
            &["chat", "-s", &words[..1500], &words[..1500]],
            "the system message and the PROMPT are",
        ),
    ] {
        let ran = run(args);
        let start = format!("airx: usage: {part} too long: the prompt has at least ");
        assert!(ran.stderr.starts_with(&start), "{}", ran.stderr);
        assert!(
            ran.stderr.ends_with(&format!("\nhint: use {large}")),
            "{}",
            ran.stderr
        );
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    }
    let session = folder.path().join("s");
    let ran = run(&["chat", "--session", session.to_str().unwrap(), "Sum up"]);
    assert!(
        ran.stderr.ends_with(&format!("hint: use {large}")),
        "{}",
        ran.stderr
    );
}
