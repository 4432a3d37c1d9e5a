//! `--fallback` with `--each`: every item begins with the first model, and `--max-cost`
//! counts the dearest.

use serde_json::{Value, json};

use crate::config::{with, write};
use crate::fallback::{CHAIN, answer, error, models, overloaded, unknown};
use crate::harness::items::results;
use crate::harness::{Ran, Server, airx, folder, json as body};

/// The model that answered each item.
pub fn answered(lines: &str) -> Vec<Value> {
    let results = results(lines);
    results
        .iter()
        .map(|result| result["model"].clone())
        .collect()
}

#[test]
fn a_model_that_is_not_served_is_asked_once_in_a_run_of_items() {
    let answers = (0..3).map(|_| answer("two", "Hi"));
    let server = Server::play([unknown()].into_iter().chain(answers));
    let ran = airx(["chat", "--each", "-c", "1", "--no-item"])
        .args(CHAIN)
        .stdin("a\nb\nc\n")
        .at(&server)
        .run();
    let warning =
        "airx: warning: item 0: the server does not serve one: two is asked in its place\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (0, warning));
    assert_eq!(models(&server), ["one", "two", "two", "two"]);
    let requests: Vec<Value> = results(&ran.stdout)
        .iter()
        .map(|result| result["requests"].clone())
        .collect();
    assert_eq!(requests, [2, 1, 1]);
}

#[test]
fn an_overloaded_model_is_asked_first_for_every_item() {
    let server = Server::play([
        overloaded(),
        answer("two", "Hi"),
        answer("one", "Hi"),
        overloaded(),
        answer("two", "Hi"),
    ]);
    let ran = airx(["chat", "--each", "-c", "1", "--no-item"])
        .args(CHAIN)
        .stdin("a\nb\nc\n")
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(models(&server), ["one", "two", "one", "one", "two"]);
    assert_eq!(answered(&ran.stdout), ["two", "one", "two"]);
}

#[test]
fn a_resumed_run_finds_the_items_that_another_model_answered() {
    let folder = folder();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    let run = |server: &Server, args: &[&str]| {
        airx(["chat", "--each", "-c", "1", "-o", out])
            .args(CHAIN)
            .args(args)
            .stdin("a\nb\n")
            .at(server)
            .run()
    };
    let server = Server::play([overloaded(), answer("two", "Hi"), error(400, "1214")]);
    assert_eq!(run(&server, &[]).code, 12);
    let server = Server::once(answer("one", "Hi"));
    run(&server, &["--resume"]).is(0, "", "");
    let lines = std::fs::read_to_string(out).unwrap();
    assert_eq!(answered(&lines), ["two", "one"]);
}

/// Runs two items with at most 50 tokens of answer and this `--max-cost`.
fn limited(server: &Server, chain: &[&str], limit: &str) -> Ran {
    let folder = folder();
    let prices = "[models.cheap]\ncontext = 1000\nmax-output = 1000\nprice-input = 1\nprice-output = 1\ncurrency = \"CNY\"\n\
        [models.dear]\ncontext = 1000\nmax-output = 1000\nprice-input = 1000\nprice-output = 1000\ncurrency = \"CNY\"\n\
        [models.dollar]\nprice-input = 1\nprice-output = 1\ncurrency = \"USD\"\n";
    write(&folder, prices);
    with(&folder, ["chat", "--each", "-c", "1", "--no-item"])
        .args(["--max-tokens", "50", "--max-cost", limit])
        .args(chain)
        .stdin("a\nb\n")
        .at(server)
        .run()
}

#[test]
fn max_cost_counts_the_dearest_model_of_the_chain() {
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20 });
    let paid = |model: &str| {
        let choice = json!({ "finish_reason": "stop", "message": { "content": "Hi" } });
        let answer = json!({ "model": model, "choices": [choice], "usage": usage });
        body(200, &answer.to_string())
    };
    // An item may cost up to 0.15 with the dear model, and 0.00015 with the cheap one.
    let chain = ["-m", "cheap", "--fallback", "dear"];
    let server = Server::play([]);
    let ran = limited(&server, &chain, "0.1");
    ran.is(12, "", "airx: partial: --max-cost 0.1 CNY: this item alone may cost 0.141 CNY\nhint: lower --max-tokens, or raise --max-cost\n");
    let server = Server::play([paid("cheap"), paid("cheap")]);
    assert_eq!(limited(&server, &chain[..2], "0.1").code, 0);
    // The cost is that of the model that was asked, or of the model that answers if it is
    // more expensive.
    for (chain, answers, spent) in [
        (["dear", "cheap"], "cheap", "0.00002"),
        (["cheap", "dear"], "dear", "0.02"),
        (["cheap", "dear"], "other", "0.02"),
    ] {
        let server = Server::play([overloaded(), paid(answers)]);
        let model = chain[0];
        // Just enough for the first item: a token of the prompt has at least one byte.
        let request = format!(
            r#"{{"model":"{model}","messages":[{{"role":"user","content":"a"}}],"max_tokens":50,"stream":false}}"#
        );
        let limit = format!("0.{:03}", request.len() + 50);
        let chain = ["-m", model, "--fallback", chain[1]];
        let ran = limited(&server, &chain, &limit);
        let what = format!("could exceed it; {spent} is spent\n");
        assert_eq!((ran.code, models(&server).len()), (12, 2), "{answers}");
        assert!(ran.stderr.contains(&what), "{answers}: {}", ran.stderr);
    }
}

#[test]
fn max_cost_needs_the_price_of_every_model_in_one_currency() {
    for (fallback, what, hint) in [
        (
            "nobody",
            "--max-cost: the price of nobody is not known",
            "airx models lists the known prices; without --max-cost the cost has no limit",
        ),
        (
            "dollar",
            "--max-cost: the price of cheap is in CNY, that of dollar in USD",
            "name models with prices in one currency: airx models",
        ),
    ] {
        let server = Server::play([]);
        let ran = limited(&server, &["-m", "cheap", "--fallback", fallback], "1");
        ran.is(2, "", &format!("airx: usage: {what}\nhint: {hint}\n"));
    }
}

#[test]
fn each_part_of_a_long_text_names_the_model_that_answered_it() {
    let folder = folder();
    write(&folder, "[models.one]\ncontext = 1000\n");
    let server = Server::play([overloaded(), answer("two", "A"), answer("one", "B")]);
    let paragraph = "word ".repeat(500);
    let ran = with(&folder, ["chat", "--split", "--merge", "concat", "-c", "1"])
        .args(["--format", "ndjson", "List", "-"])
        .args(CHAIN)
        .stdin(format!("{paragraph}\n\n{paragraph}"))
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(models(&server), ["one", "two", "one"]);
    let events = ran.events();
    let parts = events.iter().filter(|event| event["type"] == "part");
    let answered: Vec<&Value> = parts.map(|part| &part["model"]).collect();
    assert_eq!(answered, ["two", "one"]);
}
