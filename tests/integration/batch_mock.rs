//! `batch` from end to end, against the mock's files and batches: it prints the same
//! results as `--each`.

use serde_json::Value;

use crate::harness::items::{contents, numbers, results};
use crate::harness::mock::Mock;
use crate::harness::{Ran, airx, folder};

/// Runs `airx` against the mock, with these words before the template.
fn ask(mock: &Mock, words: &[&str]) -> Ran {
    airx(words)
        .args(["-q", "-m", "glm-4-air-250414", "Spell {}"])
        .env("AIRX_BASE_URL", &mock.base)
        .stdin(numbers(25))
        .run()
}

/// Submits a batch, waits until it has ended, and fetches its results.
fn fetched(mock: &Mock, args: &[&str]) -> Ran {
    let ids = ask(mock, &["batch", "submit"]);
    assert_eq!((ids.code, ids.stderr.as_str()), (0, ""));
    let id = ids.stdout.trim_end();
    let waited = airx(["batch", "wait", "-q", "--poll", "5ms", id])
        .env("AIRX_BASE_URL", &mock.base)
        .run();
    waited.is(0, &format!("{id}\tcompleted\t25\t25\t0\n"), "");
    airx(["batch", "fetch", "-q", id])
        .args(args)
        .env("AIRX_BASE_URL", &mock.base)
        .run()
}

/// A result without its cost, its time and the id of its request.
fn alike(mut result: Value) -> Value {
    let members = result.as_object_mut().unwrap();
    members.retain(|name, _| !["cost", "elapsed_ms"].contains(&name.as_str()));
    if let Some(error) = result["error"].as_object_mut() {
        error.remove("request_id");
    }
    result
}

#[test]
fn the_results_of_a_batch_are_those_of_each() {
    let options = ["--seed", "5", "--fail", "length:0.3"];
    let (one, other) = (Mock::start(&options), Mock::start(&options));
    let (batch, each) = (
        fetched(&one, &[]),
        ask(&other, &["chat", "--each", "--no-item"]),
    );
    let all = |ran: &Ran| {
        results(&ran.stdout)
            .into_iter()
            .map(alike)
            .collect::<Vec<_>>()
    };
    assert_eq!(all(&batch), all(&each));
    assert_eq!((batch.code, each.code), (12, 12));
    assert_eq!(all(&batch).len(), 25);
}

#[test]
fn what_a_batch_did_not_answer_is_asked_for_by_each_and_resume() {
    let folder = folder();
    let out = folder.path().join("out");
    let name = out.to_str().unwrap();
    let mock = Mock::start(&["--seed", "5", "--fail", "length:0.3"]);
    let ran = fetched(&mock, &["-o", name]);
    assert_eq!(ran.code, 12);
    let mock = Mock::start(&["--seed", "5"]);
    ask(&mock, &["chat", "--each", "--resume", "-o", name]).is(0, "", "");
    let all = std::fs::read_to_string(&out).unwrap();
    let indexes: Vec<u64> = contents(&all).into_iter().map(|(index, _)| index).collect();
    assert_eq!(indexes, (0..25).collect::<Vec<u64>>());
    assert!(
        results(&all)
            .iter()
            .all(|result| result["content"].is_string())
    );
}

#[test]
fn a_cancelled_batch_has_a_result_for_each_of_its_items() {
    let mock = Mock::start(&[]);
    let ids = ask(&mock, &["batch", "submit"]);
    let id = ids.stdout.trim_end();
    let at = |words: &[&str]| airx(words).env("AIRX_BASE_URL", &mock.base).run();
    assert_eq!(at(&["batch", "cancel", id]).code, 0);
    let ran = at(&["batch", "wait", "-q", "--poll", "5ms", id]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with(&format!("{id}\tcancelled\t")),
        "{}",
        ran.stdout
    );
    let ran = at(&["batch", "fetch", "-q", id]);
    assert_eq!((ran.code, results(&ran.stdout).len()), (12, 25));
}

#[test]
fn lines_that_others_uploaded_are_fetched_by_their_place() {
    let mock = Mock::start(&[]);
    let lines = (0..3).fold(String::new(), |lines, number| {
        let url = "/v4/chat/completions";
        let body = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
        lines + &format!("{{\"custom_id\":\"request-{number}\",\"method\":\"POST\",\"url\":\"{url}\",\"body\":{body}}}\n")
    });
    let uploaded = mock.upload("lines.jsonl", lines.as_bytes()).json();
    let order = serde_json::json!({
        "input_file_id": uploaded["id"], "endpoint": "/v4/chat/completions",
    });
    let id = mock.post("/batches", &order).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = |words: &[&str]| airx(words).env("AIRX_BASE_URL", &mock.base).run();
    assert_eq!(at(&["batch", "wait", "--poll", "5ms", &id]).code, 0);
    let ran = at(&["batch", "fetch", "-q", &id]);
    let results = results(&ran.stdout);
    let mut names: Vec<&str> = results
        .iter()
        .map(|result| result["custom_id"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["request-0", "request-1", "request-2"]);
    let places: Vec<u64> = results
        .iter()
        .map(|result| result["index"].as_u64().unwrap())
        .collect();
    assert_eq!((ran.code, places), (0, vec![0, 1, 2]));
}
