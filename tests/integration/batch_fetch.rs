//! `batch fetch`: the files of ended batches become the results of `--each`.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};

use crate::harness::items::{contents, results, timeless};
use crate::harness::{Play, Server, Step, airx, file, folder, http, json, reply_body, wire};

/// A request's hash, and its `custom_id` in a batch of airx.
fn id(index: u64) -> (String, String) {
    let hash = airx::digest::sha256(index.to_string().as_bytes());
    let bytes: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let id = format!("airx-{index}-{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    (hash, id)
}

/// An output line for the item at this index.
fn line(index: u64, status: u16, body: &str) -> String {
    let id = id(index).1;
    format!(
        r#"{{"response":{{"status_code":{status},"body":{body}}},"custom_id":"{id}","id":"b"}}"#
    ) + "\n"
}

fn good(index: u64) -> String {
    line(index, 200, &reply_body(&format!("{index}!"), "stop"))
}

/// A batch that airx submitted, with these files.
fn batch(id: &str, status: &str, first: u64, items: u64, files: [&str; 2]) -> Play {
    let [output, errors] = files.map(|file| {
        if file.is_empty() {
            Value::Null
        } else {
            file.into()
        }
    });
    let body = json!({
        "id": id, "status": status, "output_file_id": output, "error_file_id": errors,
        "metadata": { "airx_first": first.to_string(), "airx_items": items.to_string() },
    });
    json(200, &body.to_string())
}

fn content(text: &str) -> Play {
    http(200, "Content-Type: application/octet-stream\r\n", text)
}

#[test]
fn results_come_in_input_order_over_all_batches() {
    let server = Server::play([
        batch("b2", "completed", 2, 2, ["o2", ""]),
        batch("b1", "completed", 0, 2, ["o1", ""]),
        content(&(good(3) + &good(2))),
        content(&(good(1) + "\n" + good(0).trim_end())),
    ]);
    let ran = airx(["batch", "fetch", "b2", "b1", "b2"]).at(&server).run();
    // An id that is given twice is reported once, and requested twice at most.
    let lines: Vec<&str> = ran.stdout.lines().collect();
    for (index, line) in (0..4_u64).zip(&lines) {
        assert_eq!(
            *line,
            format!(
                r#"{{"type":"result","index":{index},"hash":"{}","content":"{index}!","finish_reason":"stop","usage":{{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}},"cost":null,"requests":1,"elapsed_ms":0}}"#,
                id(index).0
            )
        );
    }
    results(&ran.stdout);
    assert_eq!((ran.code, lines.len()), (0, 4));
    assert_eq!(timeless(&ran), "");
    let asked = server.requests();
    assert!(
        asked[2]
            .head
            .starts_with("GET /v1/files/o2/content HTTP/1.1\r\n"),
        "{}",
        asked[2].head
    );
}

#[test]
fn each_line_is_classed_as_a_live_answer_would_be() {
    let body = |content: &str, reason: &str| reply_body(content, reason);
    let call = wire("plain_tool_call.json");
    let output = [
        line(0, 200, &body("cut", "length")),
        line(1, 200, &body("bad", "sensitive")),
        line(2, 200, r#"{"error":{"code":"1305","message":"no"}}"#),
        line(3, 200, "{}"),
        line(4, 200, &call),
        line(5, 200, &body("odd", "eos")),
    ]
    .concat();
    let errors = [
        line(6, 400, r#"{"error":{"code":"1261","message":"long"}}"#),
        line(7, 429, r#"{"error":{"code":"1113","message":"no"}}"#),
        format!(
            r#"{{"custom_id":"{}","error":{{"code":"batch_expired","message":"late"}}}}"#,
            id(8).1
        ) + "\n",
    ]
    .concat();
    let server = Server::play([
        batch("b", "completed", 0, 9, ["o", "e"]),
        content(&output),
        content(&errors),
    ]);
    let ran = airx(["batch", "fetch", "b", "--accept", "eos", "-q"])
        .at(&server)
        .run();
    let results = results(&ran.stdout);
    let classes: Vec<&str> = results
        .iter()
        .map(|result| result["error"]["class"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(
        classes,
        [
            "truncated",
            "blocked",
            "busy",
            "incomplete",
            "-",
            "-",
            "rejected",
            "account",
            "incomplete"
        ]
    );
    assert_eq!(
        (&results[0]["partial"], &results[0]["finish_reason"]),
        (&json!("cut"), &json!("length"))
    );
    assert!(results[1].get("partial").is_none());
    assert!(results[4]["tool_calls"][0]["name"].is_string());
    assert_eq!(results[5]["content"], "odd");
    assert_eq!(results[6]["error"]["http_status"], 400);
    assert_eq!(ran.code, 12);
    assert_eq!(
        ran.stderr,
        "airx: partial: 7 of 9 items failed\nhint: the `error` of each printed item says why\n"
    );
}

#[test]
fn an_item_without_a_line_is_a_failed_result() {
    for (status, class) in [
        ("expired", "busy"),
        ("cancelled", "incomplete"),
        ("completed", "incomplete"),
    ] {
        let server = Server::play([
            batch("b", status, 5, 4, ["o", ""]),
            content(&(good(6) + &good(8))),
        ]);
        let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
        let expected = [(5, class), (6, "6!"), (7, class), (8, "8!")];
        assert_eq!(
            contents(&ran.stdout),
            expected.map(|(at, text)| (at, text.to_owned()))
        );
        let missing = &results(&ran.stdout)[0];
        assert_eq!(
            (&missing["hash"], &missing["requests"]),
            (&Value::Null, &json!(0))
        );
        assert_eq!(ran.code, 12);
    }
    // The batch expired without any answer, so it has no files.
    let server = Server::play([batch("b", "expired", 0, 2, ["", ""])]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.lines().count()), (12, 2));
}

#[test]
fn a_batch_that_its_validation_refused_exits_4_and_its_items_say_so() {
    let body = r#"{"id":"b","status":"failed","errors":[{"message":"no model"}],"metadata":{"airx_first":"0","airx_items":"1"}}"#;
    let server = Server::play([json(200, body)]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    assert_eq!(contents(&ran.stdout), [(0, "rejected".to_owned())]);
    assert_eq!(ran.code, 4);
    assert!(
        ran.stderr
            .starts_with("airx: rejected: batch b failed: no model\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_batch_under_way_exits_5_and_prints_nothing() {
    let body = r#"{"id":"b2","status":"in_progress","request_counts":{"total":9,"completed":4,"failed":0}}"#;
    let server = Server::play([batch("b1", "completed", 0, 1, ["o", ""]), json(200, body)]);
    airx(["batch", "fetch", "b1", "b2"]).at(&server).run().is(
        5,
        "",
        "airx: busy: batch b2 has not ended: in_progress, 4 of 9 items done\nhint: airx batch wait b2 waits for its end\n",
    );
}

#[test]
fn requests_of_others_keep_their_id_and_have_the_place_of_their_line() {
    let server = Server::play([
        json(200, &wire("batch_object.json")),
        content(&wire("batch_output.jsonl")),
    ]);
    let ran = airx(["batch", "fetch", "b"]).at(&server).run();
    let results = results(&ran.stdout);
    assert_eq!(results.len(), 1);
    assert_eq!(
        (
            &results[0]["index"],
            &results[0]["hash"],
            &results[0]["custom_id"]
        ),
        (&json!(0), &Value::Null, &json!("request-1"))
    );
    assert_eq!(results[0]["content"], "负面");
    // The batch has two items, but its file has one line.
    assert_eq!(ran.code, 12);
    assert_eq!(
        timeless(&ran),
        "airx: warning: 1 items have no line in the batch's files and are left out\nairx: partial: 1 of 2 items failed\nhint: the `error` of each printed item says why\n"
    );
}

#[test]
fn the_providers_price_is_half_of_the_list_s() {
    let body = reply_body("x", "stop").replace("glm-4-airx", "glm-4-air-250414");
    let run = |model: &str| {
        let body = body.replace("glm-4-air-250414", model);
        let server = Server::play([
            batch("b", "completed", 0, 1, ["o", ""]),
            content(&line(0, 200, &body)),
        ]);
        let ran = airx(["batch", "fetch", "b", "--format", "ndjson"])
            .env("ZHIPUAI_API_KEY", "0123456789abcdef")
            .env("ZHIPUAI_BASE_URL", server.base())
            .run();
        assert_eq!(ran.types(), ["start", "result", "done"]);
        let events = ran.events();
        assert_eq!(events[1]["cost"], events[2]["cost"]);
        assert_eq!(events[2]["usage"]["total_tokens"], 3);
        events[1]["cost"].clone()
    };
    // Three tokens at 0.5 CNY per million, halved for a batch.
    assert_eq!(
        run("glm-4-air-250414"),
        json!({ "amount": "0.00000075", "currency": "CNY", "price_date": "2025-07-23" })
    );
    assert_eq!(run("glm-4-airx"), Value::Null);
}

#[test]
fn json_prints_the_lines_of_the_files_as_they_are_in_input_order() {
    let (one, two) = (good(0), good(1).replace("\"b\"", "\"b\" , \"n\":1.50"));
    let server = Server::play([
        batch("b", "completed", 0, 2, ["o", ""]),
        content(&(two.clone() + &one)),
    ]);
    airx(["batch", "fetch", "b", "--format", "json", "-q"])
        .at(&server)
        .run()
        .is(0, &(one + &two), "");
}

#[test]
fn a_line_that_cannot_be_read_hides_no_other() {
    let server = Server::play([
        batch("b", "completed", 0, 2, ["o", ""]),
        content(&(good(1) + "{\"custom_id\":\"ai")),
    ]);
    let ran = airx(["batch", "fetch", "b"]).at(&server).run();
    assert_eq!(
        contents(&ran.stdout),
        [(0, "incomplete".to_owned()), (1, "1!".to_owned())]
    );
    assert!(
        ran.stderr
            .starts_with("airx: warning: batch b: line 2 of file o cannot be read\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.code, 12);
}

#[test]
fn a_download_that_breaks_off_is_made_again_from_its_start() {
    let complete = good(0) + &good(1);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
        complete.len()
    );
    let cut = vec![
        Step::Send([head.as_bytes(), &complete.as_bytes()[..complete.len() - 9]].concat()),
        Step::Close,
    ];
    let server = Server::play([
        batch("b", "completed", 0, 2, ["o", ""]),
        cut.clone(),
        content(&complete),
    ]);
    let ran = airx(["batch", "fetch", "b"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 2));
    assert_eq!(timeless(&ran), "");
    let server = Server::play([batch("b", "completed", 0, 2, ["o", ""]), cut]);
    airx(["batch", "fetch", "b", "--retries", "0"])
        .at(&server)
        .run()
        .code_is(7);
    let server = Server::play([
        batch("b", "completed", 0, 2, ["o", ""]),
        json(404, r#"{"error":{"message":"gone"}}"#),
    ]);
    let ran = airx(["batch", "fetch", "b"]).at(&server).run();
    ran.code_is(4);
    assert!(
        ran.stderr
            .starts_with("airx: rejected: file o: the server answered HTTP 404: gone\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_file_of_output_is_replaced_where_all_succeeded_and_else_set_aside() {
    let folder = folder();
    let out = file(&folder, "out", "old\n");
    let server = Server::play([batch("b", "completed", 0, 2, ["o", ""]), content(&good(0))]);
    let ran = airx(["batch", "fetch", "b", "-q", "-o"])
        .arg(&out)
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (12, ""));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "old\n");
    let partial = std::fs::read_to_string(folder.path().join("out.partial")).unwrap();
    assert_eq!(partial.lines().count(), 2);
    let server = Server::play([
        batch("b", "completed", 0, 2, ["o", ""]),
        content(&(good(1) + &good(0))),
    ]);
    let ran = airx(["batch", "fetch", "b", "-q", "-o"])
        .arg(&out)
        .at(&server)
        .run();
    ran.is(0, "", "");
    assert_eq!(contents(&std::fs::read_to_string(&out).unwrap()).len(), 2);
}

#[test]
fn a_file_s_id_that_would_change_the_path_is_not_asked_for() {
    let server = Server::play([batch("b", "completed", 0, 2, ["../x", ""])]);
    let ran = airx(["batch", "fetch", "b"]).at(&server).run();
    ran.code_is(7);
    assert!(
        ran.stderr
            .contains("the server sent a file id that cannot be requested"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_refusal_in_a_file_s_place_is_classed_as_one() {
    let refusal = content(r#"{"error":{"code":"1305","message":"no"}}"#);
    let server = Server::play([batch("b", "completed", 0, 2, ["o", ""]), refusal]);
    let ran = airx(["batch", "fetch", "b", "--retries", "0"])
        .at(&server)
        .run();
    ran.code_is(5);
    assert!(
        ran.stderr
            .starts_with("airx: busy: file o: the server answered with error 1305: no\n"),
        "{}",
        ran.stderr
    );
    let head = &server.requests()[1].head;
    assert!(head.to_lowercase().contains("accept: */*\r\n"), "{head}");
}

/// A batch from a server that returns neither metadata nor counts.
fn bare(status: &str, files: [&str; 2]) -> Play {
    let files = files.map(|file| {
        if file.is_empty() {
            Value::Null
        } else {
            file.into()
        }
    });
    let body = json!({
        "id": "b", "status": status, "output_file_id": files[0], "error_file_id": files[1],
        "request_counts": { "total": null, "completed": null, "failed": null },
    });
    json(200, &body.to_string())
}

/// An output line of a request that airx did not make.
fn foreign(id: &str, content: &str) -> String {
    let body = reply_body(content, "stop");
    format!(r#"{{"custom_id":"{id}","response":{{"status_code":200,"body":{body}}}}}"#) + "\n"
}

#[test]
fn of_two_lines_of_an_item_a_success_counts_wherever_it_is() {
    let failed = || line(0, 500, r#"{"error":{"message":"no"}}"#);
    let orders = [
        failed() + &good(0) + &good(1),
        good(0) + &good(1) + &failed(),
        good(1) + &failed() + &failed() + &good(0) + &failed(),
    ];
    for (text, doubles) in orders.into_iter().zip([1, 1, 3]) {
        let server = Server::play([batch("b", "completed", 0, 2, ["o", ""]), content(&text)]);
        let ran = airx(["batch", "fetch", "b"]).at(&server).run();
        assert_eq!(
            contents(&ran.stdout),
            [(0, "0!".to_owned()), (1, "1!".to_owned())]
        );
        assert_eq!(ran.code, 0);
        assert_eq!(
            timeless(&ran),
            format!(
                "airx: warning: {doubles} more lines are about items that have one already: the first success counts, or the first line\n"
            )
        );
    }
    // Both files have a line for the same request, which airx did not make.
    let wrong = r#"{"custom_id":"x","error":{"message":"late"}}"#;
    let server = Server::play([
        bare("completed", ["o", "e"]),
        content(&foreign("x", "X")),
        content(wrong),
    ]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    assert_eq!(
        (ran.code, contents(&ran.stdout)),
        (0, vec![(0, "X".to_owned())])
    );
}

#[test]
fn requests_of_others_come_after_airx_s_and_take_no_place_of_theirs() {
    let text = foreign("zzz", "Z") + &good(0) + &foreign("aaa", "A") + &good(1);
    let server = Server::play([batch("b", "completed", 0, 3, ["o", ""]), content(&text)]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    let expected = [(0, "0!"), (1, "1!"), (2, "incomplete"), (3, "Z"), (4, "A")];
    assert_eq!(
        contents(&ran.stdout),
        expected.map(|(at, text)| (at, text.to_owned()))
    );
    assert_eq!(results(&ran.stdout)[3]["custom_id"], "zzz");
    assert_eq!(ran.code, 12);
    // airx does not use the largest possible index.
    let last = id(u64::MAX).1;
    let text = foreign(&last, "L") + &foreign("x", "X") + &good(0);
    let server = Server::play([bare("completed", ["o", ""]), content(&text)]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    let expected = [(0, "0!"), (1, "L"), (2, "X")];
    assert_eq!(
        contents(&ran.stdout),
        expected.map(|(at, text)| (at, text.to_owned()))
    );
    assert_eq!(ran.code, 0);
}

#[test]
fn a_torn_line_of_a_batch_that_no_one_counted_is_an_item_that_failed() {
    let torn = foreign("r2", "two");
    let text = foreign("r1", "one") + &torn[..torn.len() - 9];
    let server = Server::play([bare("completed", ["o", ""]), content(&text)]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    assert_eq!(contents(&ran.stdout), [(0, "one".to_owned())]);
    assert_eq!(ran.code, 12);
    assert_eq!(
        ran.stderr,
        "airx: partial: 1 of 2 items failed\nhint: the `error` of each printed item says why\n"
    );
    let server = Server::play([bare("completed", ["o", ""]), content(&foreign("r1", "one"))]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_batch_that_no_one_counted_and_that_may_lack_items_exits_12() {
    for (status, files) in [
        ("expired", ["", ""]),
        ("cancelled", ["o", ""]),
        ("completed", ["", ""]),
    ] {
        let mut plays = vec![bare(status, files)];
        if !files[0].is_empty() {
            plays.push(content(&foreign("r1", "one")));
        }
        let server = Server::play(plays);
        let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
        assert_eq!(ran.code, 12);
        assert_eq!(
            ran.stderr,
            format!(
                "airx: partial: batch b is {status} and does not say how many items it has: some may be missing\nhint: airx batch status --format json shows everything that the server says about it\n"
            )
        );
    }
}

#[test]
fn a_file_whose_end_no_one_reports_is_incomplete() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let unended = vec![Step::Send((head.to_owned() + &good(0)).into()), Step::Close];
    let server = Server::play([batch("b", "completed", 0, 1, ["o", ""]), unended]);
    airx(["batch", "fetch", "b", "-q"]).at(&server).run().is(
        7,
        "",
        "airx: incomplete: file o: the response has neither a length nor an end: it may be cut off\n",
    );
    let complete = good(0);
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{complete}\r\n0\r\n\r\n",
        complete.len()
    );
    let server = Server::play([
        batch("b", "completed", 0, 1, ["o", ""]),
        vec![Step::Send(chunks.into()), Step::Close],
    ]);
    let ran = airx(["batch", "fetch", "b", "-q"]).at(&server).run();
    assert_eq!((ran.code, contents(&ran.stdout).len()), (0, 1));
}

#[test]
fn a_validation_s_words_are_shown_from_any_shape() {
    for (errors, words) in [
        (r#""no model""#, "no model"),
        (r#"{"message":"no model"}"#, "no model"),
        (r#"["no model"]"#, "no model"),
        (r#"{"data":[{"message":"k","line":"7"}]}"#, "line 7: k"),
        (
            r#"{"data":[{"message":"good"},null,{"message":"k","line":-1}]}"#,
            "good; k",
        ),
    ] {
        let body = format!(r#"{{"id":"b","status":"failed","errors":{errors}}}"#);
        let server = Server::play([json(200, &body)]);
        airx(["batch", "fetch", "b", "-q"]).at(&server).run().is(
            4,
            "",
            &format!("airx: rejected: batch b failed: {words}\nhint: airx batch status --format json shows everything that the server says about it\n"),
        );
    }
}

#[test]
fn a_failure_that_is_next_to_its_id_is_the_item_s() {
    let wrong = format!(
        r#"{{"custom_id":"{}","code":"1301","message":"no such words"}}"#,
        id(0).1
    );
    let server = Server::play([
        batch("b", "completed", 0, 2, ["o", "e"]),
        content(&good(1)),
        content(&wrong),
    ]);
    let ran = airx(["batch", "fetch", "b"]).at(&server).run();
    assert_eq!(
        contents(&ran.stdout),
        [(0, "blocked".to_owned()), (1, "1!".to_owned())]
    );
    let error = &results(&ran.stdout)[0]["error"];
    assert_eq!(error["code"], "1301");
    assert_eq!(
        error["message"],
        "the server answered with error 1301: no such words"
    );
    assert_eq!(ran.code, 12);
    assert_eq!(
        ran.stderr.matches("cannot be read").count(),
        0,
        "{}",
        ran.stderr
    );
}
