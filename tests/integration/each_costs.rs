//! `--max-cost` and the usage that a server reports: it may be incomplete, absent, or for
//! another model, and the limit is still kept.

use serde_json::{Value, json};

use crate::config::{with, write};
use crate::harness::items::{Items, numbers};
use crate::harness::{Airx, Ran, airx, folder, reply_body};

/// A model with prices in another currency, different for input and output, and a more
/// expensive model.
const OWN: &str = "[models.own]\ncontext = 8192\nmax-output = 4096\nprice-input = 10\nprice-output = 20\ncurrency = \"USD\"\n\
    [models.dear]\nprice-input = 100\nprice-output = 200\ncurrency = \"USD\"\n";

/// A server that answers every request with this text. These members replace those of
/// the usual reply; null stands for a missing one.
fn answering(content: &str, members: &Value) -> Items {
    let mut body: Value = serde_json::from_str(&reply_body(content, "stop")).unwrap();
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let body = body.to_string();
    Items::answering(move |_, _, _| (200, body.clone()))
}

/// Runs nine items, one at a time, each with at most 50 tokens of answer.
fn run(server: &Items, args: &[&str], limit: &str) -> Ran {
    let folder = folder();
    write(&folder, OWN);
    with(&folder, args.iter().copied())
        .args(["--each", "-c", "1", "--max-tokens", "50"])
        .args(["--max-cost", limit])
        .stdin(numbers(9))
        .of(server)
        .run()
}

#[test]
fn the_limit_is_reckoned_by_the_model_that_was_asked() {
    let usage = json!({ "prompt_tokens": 1000, "completion_tokens": 3000, "total_tokens": 4000 });
    // An item costs 0.04 CNY or 0.07 USD, whichever model the answer names.
    let models = ["glm-4-airx", "glm-4-flash-250414", "own", "nobody", ""];
    for answers in models {
        for (asked, limit, spent) in [
            (
                "glm-4-airx",
                "0.1",
                "0.1 CNY: the next item could exceed it; 0.08",
            ),
            ("own", "0.2", "0.2 USD: the next item could exceed it; 0.14"),
        ] {
            let server = answering("x", &json!({ "model": answers, "usage": usage }));
            let ran = run(&server, &["chat", "-m", asked], limit);
            let report = format!("airx: partial: --max-cost {spent} is spent\n");
            assert_eq!(
                (ran.code, server.texts().len()),
                (12, 2),
                "{answers} for {asked}"
            );
            assert!(ran.stderr.contains(&report), "{answers}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_dearer_model_that_answers_counts_by_its_own_price() {
    let usage = json!({ "prompt_tokens": 1000, "completion_tokens": 3000, "total_tokens": 4000 });
    let server = answering("x", &json!({ "model": "dear", "usage": usage }));
    let ran = run(&server, &["chat", "-m", "own"], "1");
    let report = "airx: partial: --max-cost 1 USD: the next item could exceed it; 0.7 is spent\n";
    assert_eq!((ran.code, server.texts().len()), (12, 1));
    assert!(ran.stderr.contains(report), "{}", ran.stderr);
}

#[test]
fn a_result_reports_the_price_of_the_model_that_answered() {
    let server = answering("x", &json!({ "model": "own" }));
    let ran = run(&server, &["chat", "-m", "glm-4-airx"], "1");
    let cost = json!({ "amount": "0.00005", "currency": "USD", "price_date": null });
    assert_eq!(crate::harness::items::results(&ran.stdout)[0]["cost"], cost);
}

/// A run that asks Z.ai, at `base`.
fn at_zai(run: Airx, base: &str) -> Airx {
    run.env("ZAI_BASE_URL", base)
        .env("ZAI_API_KEY", "id.secret-of-zai")
}

#[test]
fn at_zai_a_run_costs_dollars_and_at_bigmodel_yuan() {
    let million = json!({ "prompt_tokens": 1_000_000, "completion_tokens": 1_000_000, "total_tokens": 2_000_000 });
    for (model, zai, bigmodel) in [
        ("glm-4.5-airx", Some("5.6"), None),
        ("glm-5.1", Some("5.8"), None),
        ("glm-4.5-flash", Some("0"), Some("0")),
        ("glm-4.7-flashx", None, Some("3.5")),
        ("glm-4-airx", None, Some("20")),
    ] {
        let server = answering("x", &json!({ "model": model, "usage": million }));
        let cost = |run: Airx| {
            let ran = run
                .args(["chat", "-m", model, "--format", "ndjson", "hi"])
                .run();
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{model}");
            ran.events().pop().unwrap()["cost"].clone()
        };
        let expected = |amount: Option<&str>, currency: &str, day: &str| {
            amount.map_or(
                Value::Null,
                |amount| json!({ "amount": amount, "currency": currency, "price_date": day }),
            )
        };
        let none: [&str; 0] = [];
        assert_eq!(
            cost(at_zai(airx(none), &server.base())),
            expected(zai, "USD", "2026-08-20"),
            "{model}"
        );
        let asked = airx(none)
            .env("ZHIPUAI_BASE_URL", server.base())
            .env("ZHIPUAI_API_KEY", "id.secret-of-bigmodel");
        assert_eq!(
            cost(asked),
            expected(bigmodel, "CNY", "2025-07-23"),
            "{model}"
        );
    }
}

#[test]
fn the_limit_is_in_the_currency_of_the_provider() {
    // An item costs 0.0112 USD.
    let usage = json!({ "prompt_tokens": 2000, "completion_tokens": 2000, "total_tokens": 4000 });
    let server = answering("x", &json!({ "model": "glm-4.5-airx", "usage": usage }));
    let run = |model: &str| {
        let args = [
            "chat",
            "--each",
            "-c",
            "1",
            "--max-tokens",
            "2000",
            "-q",
            "-m",
            model,
        ];
        at_zai(airx(args), &server.base())
            .args(["--max-cost", "0.03"])
            .stdin(numbers(9))
            .run()
    };
    let ran = run("glm-4.5-airx");
    assert_eq!((ran.code, server.texts().len()), (12, 2), "{}", ran.stderr);
    let report =
        "airx: partial: --max-cost 0.03 USD: the next item could exceed it; 0.0224 is spent\n";
    assert!(ran.stderr.starts_with(report), "{}", ran.stderr);
    run("glm-4-airx").is(
        2,
        "",
        "airx: usage: --max-cost: the price of glm-4-airx at Z.ai is not known\n\
         hint: airx models lists the known prices; without --max-cost the cost has no limit\n",
    );
}

/// The number of requests that fit the limit, each at its upper bound: one token per byte
/// of the request and 50 for the answer, at 0.00001 CNY each.
fn room(server: &Items, limit: f64) -> usize {
    let length = server.requests()[0].body.len();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small count"
    )]
    let tokens = (limit * 100_000.0).round() as usize;
    tokens / (length + 50)
}

#[test]
fn an_answer_whose_cost_no_one_reports_counts_as_what_it_may_cost() {
    let thin = [
        json!({ "usage": null }),
        json!({ "usage": "?" }),
        json!({ "usage": {} }),
        json!({ "usage": { "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 } }),
        json!({ "usage": { "prompt_tokens": 1 } }),
        json!({ "usage": { "prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1 } }),
        json!({ "usage": { "completion_tokens": 1 } }),
    ];
    for members in thin {
        let server = answering("x", &members);
        let ran = run(&server, &["chat"], "0.006");
        let sent = server.texts().len();
        assert_eq!((ran.code, sent), (12, room(&server, 0.006)), "{members}");
        assert!(sent > 1, "{members}");
        assert!(
            ran.stderr
                .contains("--max-cost 0.006 CNY: the next item could exceed it")
        );
    }
}

#[test]
fn an_empty_answer_costs_its_prompt_alone() {
    let usage =
        json!({ "usage": { "prompt_tokens": 1, "completion_tokens": 0, "total_tokens": 1 } });
    let server = answering("", &usage);
    let ran = run(&server, &["chat", "--allow-empty"], "0.006");
    assert_eq!((ran.code, server.texts().len()), (0, 9), "{}", ran.stderr);
}

#[test]
fn tokens_that_are_in_the_sum_alone_cost_the_dearer_price() {
    // An item costs 0.02 USD.
    let server = answering("x", &json!({ "usage": { "total_tokens": 1000 } }));
    let ran = run(&server, &["chat", "-m", "own"], "0.05");
    assert_eq!((ran.code, server.texts().len()), (12, 2));
    let report = "--max-cost 0.05 USD: the next item could exceed it; 0.04 is spent\n";
    assert!(ran.stderr.contains(report), "{}", ran.stderr);
}

#[test]
fn each_try_counts_and_a_refusal_costs_nothing() {
    // An item of three tries may use the full context in its second and third.
    let server = answering("no JSON", &json!({ "usage": null }));
    let ran = run(&server, &["json"], "0.4");
    assert_eq!((ran.code, server.texts().len()), (12, 6), "{}", ran.stderr);
    let server = Items::answering(|_, _, _| (400, crate::harness::items::refusal("1261")));
    let ran = run(&server, &["chat"], "0.002");
    assert_eq!((ran.code, server.texts().len()), (12, 9), "{}", ran.stderr);
    assert!(ran.stderr.contains("9 of 9 items failed"), "{}", ran.stderr);
}

#[test]
fn a_limit_of_the_configuration_is_a_number_or_a_string_to_the_last_digit() {
    let folder = folder();
    for (value, report) in [
        ("0", "0"),
        ("0.00", "0.00"),
        ("0.000000000001", "0.000000000001"),
        ("0.000_010", "0.000010"),
        ("+0.0", "0.0"),
        ("0x0", "0"),
        ("\"0.00\"", "0.00"),
    ] {
        write(&folder, &format!("max-cost = {value}\n"));
        let ran = with(&folder, ["chat", "--each", "-q"])
            .stdin("a\n")
            .nowhere();
        ran.run().is(
            12,
            "",
            &format!("airx: partial: --max-cost {report} CNY: this item alone may cost 0.04176 CNY\nhint: lower --max-tokens, or raise --max-cost\n"),
        );
    }
    write(&folder, "max-cost = 5\n");
    let server = answering("x", &json!({}));
    let ran = with(&folder, ["chat", "--each", "-q"])
        .stdin("a\n")
        .of(&server);
    assert_eq!(ran.run().code, 0);
}

#[test]
fn an_answer_that_broke_off_is_asked_for_again_only_while_there_is_money() {
    // A try costs 0.0004 CNY; four of them would cost 0.0016.
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 30, "total_tokens": 40 });
    let body: Value = serde_json::from_str(&reply_body("x", "network_error")).unwrap();
    let body = json!({ "choices": body["choices"], "usage": usage }).to_string();
    let server = Items::answering(move |_, _, _| (200, body.clone()));
    let ran = run(&server, &["chat", "-q"], "0.0024");
    let sent = server.texts().len();
    let bound = server.requests()[0].body.len() + 50;
    // A try starts only if its upper bound still fits the limit.
    assert_eq!(
        (ran.code, sent),
        (12, 1 + (240 - bound) / 40),
        "{}",
        ran.stderr
    );
    let failed = &crate::harness::items::results(&ran.stdout)[0]["error"];
    assert_eq!(failed["class"], "incomplete");
    assert_eq!(
        failed["message"],
        "the model failed while it answered (finish_reason network_error)"
    );
    assert_eq!(
        failed["hint"],
        "--max-cost leaves no room for another try: raise it"
    );
    assert!(
        ran.stderr.contains("--max-cost 0.0024 CNY: "),
        "{}",
        ran.stderr
    );
}
