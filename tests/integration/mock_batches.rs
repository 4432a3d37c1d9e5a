//! `airx mock` and batches: each poll moves a batch on, the output is in another order
//! than the input, failed items are in the error file.

use serde_json::{Map, Value, json};

use crate::harness::mock::{Mock, Replied};
use crate::harness::{file, folder, wire};

const URL: &str = "/v4/chat/completions";

/// An input file of one request for each prompt, `item-0`, `item-1` …
fn input(prompts: &[&str]) -> String {
    let line = |(number, prompt): (usize, &&str)| {
        let messages = json!([{ "role": "user", "content": prompt }]);
        let body = json!({ "model": "glm-4-air-250414", "messages": messages });
        let id = format!("item-{number}");
        let line = json!({ "custom_id": id, "method": "POST", "url": URL, "body": body });
        format!("{line}\n")
    };
    prompts.iter().enumerate().map(line).collect()
}

/// Uploads an input and creates a batch with these further members.
#[track_caller]
fn order(mock: &Mock, input: &str, members: Value) -> Replied {
    let file = mock.upload("in.jsonl", input.as_bytes()).json();
    let mut order = json!({ "input_file_id": file["id"], "endpoint": URL });
    let Value::Object(members) = members else {
        panic!("members are an object");
    };
    order.as_object_mut().unwrap().extend(members);
    mock.post("/batches", &order)
}

/// Creates a batch for this input and polls it until it has ended.
#[track_caller]
fn ended(mock: &Mock, input: &str) -> Value {
    let batch = order(mock, input, json!({})).json();
    for _ in 0..10 {
        let batch = look(mock, &batch);
        if ["completed", "failed"].contains(&batch["status"].as_str().unwrap()) {
            return batch;
        }
    }
    panic!("it does not end");
}

#[track_caller]
fn look(mock: &Mock, batch: &Value) -> Value {
    mock.get(&format!("/batches/{}", batch["id"].as_str().unwrap()))
        .json()
}

/// The lines of the file that a member of a batch names.
#[track_caller]
fn lines(mock: &Mock, batch: &Value, member: &str) -> Vec<Value> {
    let id = batch[member].as_str().unwrap();
    let text = mock.get(&format!("/files/{id}/content")).text();
    assert!(text.ends_with('\n'), "{text:?}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ids(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["custom_id"].as_str().unwrap())
        .collect()
}

/// The line with this `custom_id`.
#[track_caller]
fn item<'a>(lines: &'a [Value], id: &str) -> &'a Value {
    lines.iter().find(|line| line["custom_id"] == id).unwrap()
}

fn members(value: &Value) -> Vec<&String> {
    value.as_object().map(Map::keys).unwrap().collect()
}

fn sample(name: &str) -> Value {
    serde_json::from_str(&wire(name)).unwrap()
}

#[test]
fn a_batch_goes_from_validating_to_completed_by_being_looked_at() {
    let mock = Mock::start(&[]);
    let notes = json!({ "metadata": { "description": "demo" }, "completion_window": "24h" });
    let mut batch = order(&mock, &wire("batch_input.jsonl"), notes).json();
    assert_eq!(
        members(&batch),
        members(&sample("batch_object_validating.json"))
    );
    assert_eq!(batch["status"], "validating");
    assert_eq!(batch["metadata"], json!({ "description": "demo" }));
    let nothing = json!({ "total": null, "completed": null, "failed": null });
    assert_eq!(batch["request_counts"], nothing);
    assert_eq!(batch["output_file_id"], Value::Null);
    assert!(batch["created_at"].as_u64() > Some(1_000_000_000_000));
    let mut before = batch["created_at"].as_u64();
    for (status, completed, time) in [
        ("in_progress", 1, "in_progress_at"),
        ("finalizing", 2, "finalizing_at"),
        ("completed", 2, "completed_at"),
    ] {
        batch = look(&mock, &batch);
        assert_eq!(batch["status"], status);
        let counts = json!({ "total": 2, "completed": completed, "failed": 0 });
        assert_eq!(batch["request_counts"], counts, "{status}");
        assert!(batch[time].as_u64() > before, "{batch}");
        before = batch[time].as_u64();
    }
    assert_eq!(members(&batch), members(&sample("batch_object.json")));
    assert_eq!(batch["error_file_id"], "");
    assert_eq!(look(&mock, &batch), batch);

    let output = lines(&mock, &batch, "output_file_id");
    assert_eq!(ids(&output), ["request-2", "request-1"]);
    let line: Value = serde_json::from_str(wire("batch_output.jsonl").trim()).unwrap();
    assert_eq!(members(&output[0]), members(&line));
    let (body, known) = (&output[0]["response"]["body"], &line["response"]["body"]);
    // The sample has no `object`, which clients of OpenAI's API ask for.
    let object = "object".to_owned();
    let expected: Vec<_> = members(known).into_iter().chain([&object]).collect();
    assert_eq!(members(body), expected);
    assert_eq!(output[0]["response"]["status_code"], 200);
    assert_eq!(body["model"], "glm-4-air-250414");
    let request_id = body["request_id"].as_str().unwrap();
    assert!(request_id.ends_with("-request-2"), "{request_id}");
    let content = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        content.starts_with("[airx mock] You asked “商品有缺陷”"),
        "{content}"
    );
}

#[test]
fn the_output_is_in_another_order_and_the_same_for_the_same_seed() {
    let prompts: Vec<String> = (0..40).map(|number| format!("prompt {number}")).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let input = input(&prompts);
    let run = |seed| {
        let mock = Mock::start(&["--seed", seed]);
        let batch = ended(&mock, &input);
        let id = batch["output_file_id"].as_str().unwrap().to_owned();
        (mock.get(&format!("/files/{id}/content")).text(), id)
    };
    let (first, id) = run("1");
    assert_eq!(run("1"), (first.clone(), id));
    assert_ne!(run("2").0, first);
    let lines: Vec<Value> = first
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut found = ids(&lines);
    let wanted: Vec<String> = (0..40).map(|number| format!("item-{number}")).collect();
    assert_ne!(found, wanted);
    found.sort_by_key(|id| id[5..].parse::<u32>().unwrap());
    assert_eq!(found, wanted);
    for line in &lines {
        let number = &line["custom_id"].as_str().unwrap()[5..];
        let content = &line["response"]["body"]["choices"][0]["message"]["content"];
        let said = format!("“prompt {number}”");
        assert!(content.as_str().unwrap().contains(&said), "{content}");
    }
}

#[test]
fn an_item_that_fails_is_in_the_error_file_with_its_status_and_body() {
    for (kind, status, code) in [
        ("429", 429, "1302"),
        ("500", 500, "1200"),
        ("filter", 400, "1301"),
        ("error200", 200, "1305"),
        ("error-frame", 200, "1302"),
        ("reset", 500, "1234"),
        ("stall", 500, "1234"),
    ] {
        let mock = Mock::start(&["--fail", kind]);
        let batch = ended(&mock, &input(&["a", "b", "c"]));
        let counts = json!({ "total": 3, "completed": 0, "failed": 3 });
        assert_eq!(batch["request_counts"], counts, "{kind}");
        assert_eq!(batch["output_file_id"], Value::Null);
        for line in lines(&mock, &batch, "error_file_id") {
            assert_eq!(members(&line), ["response", "custom_id", "id"]);
            let response = &line["response"];
            assert_eq!(
                (&response["status_code"], &response["body"]["error"]["code"]),
                (&json!(status), &json!(code)),
                "{kind}"
            );
        }
    }
    let mock = Mock::start(&["--fail", "malformed"]);
    let torn = lines(&mock, &ended(&mock, &input(&["a"])), "error_file_id");
    let body = torn[0]["response"]["body"].as_str().unwrap();
    assert!(body.starts_with("{\"choices\":"), "{body}");
}

#[test]
fn an_answer_that_is_cut_or_blocked_is_in_the_output_file() {
    for (kind, reason) in [
        ("length", "length"),
        ("sensitive", "sensitive"),
        ("network-error", "network_error"),
    ] {
        let mock = Mock::start(&["--fail", kind]);
        let batch = ended(&mock, &input(&["a"]));
        assert_eq!(batch["error_file_id"], "");
        let output = lines(&mock, &batch, "output_file_id");
        let choice = &output[0]["response"]["body"]["choices"][0];
        assert_eq!(choice["finish_reason"], reason);
    }
}

#[test]
fn a_share_of_the_items_can_fail() {
    let mock = Mock::start(&["--fail", "500:0.5", "--seed", "3"]);
    let batch = ended(&mock, &input(&["same"; 20]));
    let (done, failed) = (
        lines(&mock, &batch, "output_file_id"),
        lines(&mock, &batch, "error_file_id"),
    );
    assert_eq!(done.len() + failed.len(), 20);
    assert!(done.len() > 2 && failed.len() > 2, "{batch}");
    assert_eq!(
        batch["request_counts"],
        json!({ "total": 20, "completed": done.len(), "failed": failed.len() })
    );
}

#[test]
fn a_script_serves_the_items_in_the_input_s_order() {
    let folder = folder();
    let answers = "{\"content\":\"one\"}\n{\"status\":429,\"body\":{\"error\":{\"code\":\"1302\"}}}\n\
        {\"body\":{\"id\":\"x\",\"choices\":[],\"created\":1.50}}\n{\"content\":\"last\"}\n";
    let script = file(&folder, "answers", answers);
    let mock = Mock::start(&["--script", script.to_str().unwrap()]);
    let batch = ended(&mock, &input(&["a", "b", "c", "d", "e"]));
    let output = lines(&mock, &batch, "output_file_id");
    let content = |id| &item(&output, id)["response"]["body"]["choices"][0]["message"]["content"];
    assert_eq!(content("item-0"), "one");
    assert_eq!(content("item-3"), "last");
    assert_eq!(content("item-4"), "last");
    let exact = item(&output, "item-2")["response"]["body"].to_string();
    assert_eq!(exact, r#"{"created":1.50,"id":"x","choices":[]}"#);
    let failed = lines(&mock, &batch, "error_file_id");
    assert_eq!(ids(&failed), ["item-1"]);
}

#[test]
fn each_item_is_answered_by_its_own_body_and_refused_by_it() {
    let body = |members: &str| {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}]{members}}}"#)
    };
    let line = |id: &str, body: &str| {
        format!(r#"{{"custom_id":"{id}","method":"POST","url":"{URL}","body":{body}}}"#) + "\n"
    };
    let input = [
        line("streamed", &body(r#","stream":true,"request_id":"mine""#)),
        line(
            "as-json",
            &body(r#","response_format":{"type":"json_object"}"#),
        ),
        line("too-warm", &body(r#","temperature":7"#)),
    ];
    let mock = Mock::start(&[]);
    let batch = ended(&mock, &input.concat());
    let output = lines(&mock, &batch, "output_file_id");
    assert_eq!(
        item(&output, "streamed")["response"]["body"]["request_id"],
        "mine"
    );
    let text = &item(&output, "as-json")["response"]["body"]["choices"][0]["message"]["content"];
    let value: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(value["source"], "airx mock");
    let failed = lines(&mock, &batch, "error_file_id");
    let response = &item(&failed, "too-warm")["response"];
    assert_eq!(
        (&response["status_code"], &response["body"]["error"]["code"]),
        (&json!(400), &json!("1214"))
    );
}

#[test]
fn a_file_with_wrong_lines_fails_the_batch_and_names_them() {
    let mock = Mock::start(&[]);
    let good = input(&["a"]);
    let batch = ended(&mock, &format!("{good}{{\n{good}"));
    assert_eq!(batch["status"], "failed");
    assert!(batch["failed_at"].is_u64(), "{batch}");
    assert_eq!(
        batch["errors"],
        json!({ "object": "list", "data": [
            { "code": "invalid_json_line", "message": "the line is not a JSON object",
              "line": 2, "param": null },
            { "code": "duplicate_custom_id", "message": "custom_id item-0 is in an earlier line",
              "line": 3, "param": "custom_id" },
        ] })
    );
    assert_eq!(
        (&batch["output_file_id"], &batch["error_file_id"]),
        (&Value::Null, &json!(""))
    );
    let empty = ended(&mock, "\n");
    assert_eq!(empty["errors"]["data"][0]["code"], "empty_file");
}

#[test]
fn the_path_of_openai_is_taken_as_well_but_not_both_in_one_batch() {
    let mock = Mock::start(&[]);
    let other = "/v1/chat/completions";
    let lines = input(&["a"]).replace(URL, other);
    let mut batch = order(&mock, &lines, json!({ "endpoint": other })).json();
    batch = look(&mock, &batch);
    assert_eq!(
        (&batch["status"], &batch["endpoint"]),
        (&json!("in_progress"), &json!(other))
    );
    let mixed = ended(&mock, &lines);
    assert_eq!(mixed["errors"]["data"][0]["code"], "invalid_url");
}

#[test]
fn a_cancelled_batch_keeps_what_was_done() {
    let mock = Mock::start(&[]);
    let batch = order(&mock, &input(&["a", "b", "c", "d"]), json!({})).json();
    look(&mock, &batch);
    let path = format!("/batches/{}/cancel", batch["id"].as_str().unwrap());
    let stopping = mock.post(&path, &json!({})).json();
    assert_eq!(stopping["status"], "cancelling");
    assert_eq!(mock.post(&path, &json!({})).json(), stopping);
    let stopped = look(&mock, &batch);
    assert_eq!(stopped["status"], "cancelled");
    assert!(stopped["cancelled_at"].as_u64() > stopping["cancelling_at"].as_u64());
    let counts = json!({ "total": 4, "completed": 2, "failed": 0 });
    assert_eq!(stopped["request_counts"], counts);
    let output = lines(&mock, &stopped, "output_file_id");
    assert_eq!(ids(&output), ["item-1", "item-0"]);
    mock.post(&path, &json!({})).is_refused(
        400,
        "1214",
        "the batch has ended: it cannot be cancelled",
    );
    assert_eq!(look(&mock, &batch), stopped);
}

#[test]
fn a_batch_cancelled_before_its_first_item_has_no_files() {
    let mock = Mock::start(&[]);
    let batch = order(&mock, &input(&["a"]), json!({})).json();
    let path = format!("/batches/{}/cancel", batch["id"].as_str().unwrap());
    mock.post(&path, &json!({})).json();
    let stopped = look(&mock, &batch);
    assert_eq!(
        (&stopped["status"], &stopped["output_file_id"]),
        (&json!("cancelled"), &Value::Null)
    );
}

#[test]
fn the_input_file_goes_only_where_that_was_asked_for() {
    for (members, status) in [
        (json!({ "auto_delete_input_file": true }), 404),
        (json!({ "auto_delete_input_file": false }), 200),
        (json!({}), 200),
    ] {
        let mock = Mock::start(&[]);
        let batch = order(&mock, &input(&["a"]), members).json();
        let path = format!("/files/{}", batch["input_file_id"].as_str().unwrap());
        for _ in 0..2 {
            look(&mock, &batch);
            assert_eq!(mock.get(&path).status, 200);
        }
        assert_eq!(look(&mock, &batch)["status"], "completed");
        assert_eq!(mock.get(&path).status, status, "{batch}");
    }
}

#[test]
fn a_batch_whose_input_was_deleted_fails() {
    let mock = Mock::start(&[]);
    let batch = order(&mock, &input(&["a", "b"]), json!({})).json();
    look(&mock, &batch);
    let file = format!("/files/{}", batch["input_file_id"].as_str().unwrap());
    mock.ask("DELETE", &file, "", b"").json();
    let failed = look(&mock, &batch);
    assert_eq!(
        (&failed["status"], &failed["errors"]["data"][0]["message"]),
        (&json!("failed"), &json!("the input file was deleted"))
    );
}

#[test]
fn batches_are_listed_newest_first_in_pages_and_stay_where_they_are() {
    let mock = Mock::start(&[]);
    let input = input(&["a"]);
    let mut made: Vec<Value> = (0..23)
        .map(|_| order(&mock, &input, json!({})).json())
        .collect();
    made.reverse();
    let page = mock.get("/batches").json();
    assert_eq!(
        members(&page),
        ["object", "data", "first_id", "last_id", "has_more"]
    );
    assert_eq!(page["data"], json!(made[..20]));
    assert_eq!(
        (&page["first_id"], &page["last_id"], &page["has_more"]),
        (&made[0]["id"], &made[19]["id"], &json!(true))
    );
    let next = |query: &str| mock.get(&format!("/batches?{query}")).json();
    let last = page["last_id"].as_str().unwrap();
    let rest = next(&format!("after={last}&limit=3"));
    assert_eq!(rest["data"], json!(made[20..]));
    assert_eq!(rest["has_more"], false);
    assert_eq!(next("limit=100")["data"], json!(made));
    let end = next(&format!("after={}", made[22]["id"].as_str().unwrap()));
    assert_eq!(
        (&end["data"], &end["first_id"], &end["last_id"]),
        (&json!([]), &Value::Null, &Value::Null)
    );
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("after=batch_1", "after"),
    ] {
        let words = format!("{name}参数非法。请检查文档。");
        mock.get(&format!("/batches?{query}"))
            .is_refused(400, "1214", &words);
    }
}

#[test]
fn an_order_that_the_api_would_refuse_is_refused() {
    let mock = Mock::start(&[]);
    let file = mock.upload("in.jsonl", input(&["a"]).as_bytes()).json();
    let id = &file["id"];
    for (order, status, code, words) in [
        (
            json!({ "input_file_id": "f-1", "endpoint": URL }),
            404,
            "1214",
            "there is no file f-1",
        ),
        (
            json!({ "endpoint": URL }),
            400,
            "1213",
            "未正常接收到input_file_id参数。",
        ),
        (
            json!({ "input_file_id": id }),
            400,
            "1213",
            "未正常接收到endpoint参数。",
        ),
        (
            json!({ "input_file_id": id, "endpoint": "/v4/embeddings" }),
            400,
            "1214",
            "endpoint参数非法。请检查文档。",
        ),
        (json!([]), 400, "1210", "API 调用参数有误，请检查文档。"),
    ] {
        mock.post("/batches", &order)
            .is_refused(status, code, words);
    }
    mock.get("/batches/batch_1")
        .is_refused(404, "1214", "there is no batch batch_1");
    mock.post("/batches/batch_1/cancel", &json!({})).is_refused(
        404,
        "1214",
        "there is no batch batch_1",
    );
    assert_eq!(mock.get("/batches").json()["data"], json!([]));
}

#[test]
fn a_fault_at_batches_moves_nothing_on() {
    let mock = Mock::start(&["--fail", "overload:0.5@batches", "--seed", "5"]);
    let input = input(&["a"]);
    let file = mock.upload("in.jsonl", input.as_bytes()).json();
    let body = json!({ "input_file_id": file["id"], "endpoint": URL });
    let mut tries = (0..50).map(|_| mock.post("/batches", &body));
    let batch = tries.find(|reply| reply.status == 200).unwrap().json();
    let path = format!("/batches/{}", batch["id"].as_str().unwrap());
    let mut seen = Vec::new();
    let mut refused = 0;
    for _ in 0..50 {
        let reply = mock.get(&path);
        if reply.status == 429 {
            refused += 1;
            continue;
        }
        let status = reply.json()["status"].as_str().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
    }
    assert_eq!(seen, ["in_progress", "finalizing", "completed"]);
    assert!(refused > 5, "{refused}");
}

#[test]
fn neither_rate_nor_latency_nor_tier_keep_a_batch_waiting() {
    let slow = ["--rate", "0.001", "--latency", "1h", "--tier", "v0"];
    let mock = Mock::start(&slow);
    let batch = ended(&mock, &input(&["a"; 12]));
    assert_eq!(batch["request_counts"]["completed"], 12);
}
