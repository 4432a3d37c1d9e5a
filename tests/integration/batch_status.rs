//! `batch status`, `wait` and `cancel`: what they report.

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};

#[cfg(unix)]
use crate::harness::finish;
use crate::harness::items::timeless;
#[cfg(unix)]
use crate::harness::watch::terminal;
use crate::harness::{Play, Server, Step, airx, file, folder, http, json, wire};

/// A batch of three items with this status and these counts.
fn state(id: &str, status: &str, completed: u64, failed: u64) -> String {
    format!(
        r#"{{"id":"{id}","status":"{status}","request_counts":{{"total":3,"completed":{completed},"failed":{failed}}}}}"#
    )
}

fn batch(id: &str, status: &str, completed: u64, failed: u64) -> Play {
    json(200, &state(id, status, completed, failed))
}

#[test]
fn status_is_a_line_of_five_columns_a_batch() {
    let server = Server::play([
        json(200, &wire("batch_object.json")),
        json(200, &wire("batch_object_validating.json")),
    ]);
    airx(["batch", "status", "batch_1", "batch_2"]).at(&server).run().is(
        0,
        "batch_1793623747600001234\tcompleted\t2\t2\t0\nbatch_1793623747600001234\tvalidating\t-\t-\t-\n",
        "",
    );
    let heads: Vec<String> = server
        .requests()
        .iter()
        .map(|asked| asked.head.clone())
        .collect();
    assert!(
        heads[0].starts_with("GET /v1/batches/batch_1 HTTP/1.1\r\n"),
        "{}",
        heads[0]
    );
    assert!(
        !heads[0].to_lowercase().contains("content-"),
        "{}",
        heads[0]
    );
}

/// Exit code, screen and standard error of `airx batch ARGS…` on a terminal.
#[cfg(unix)]
fn on_terminal(args: &[&str], server: &Server) -> (i32, String, String) {
    let (screen, side) = terminal();
    let run = airx(["batch"]).args(args).at(server).stdout_to(side);
    let ran = run.run();
    (ran.code, screen.all(), ran.stderr)
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_a_table_that_fits_80_columns() {
    let batches = || {
        [
            json(200, &wire("batch_object.json")),
            batch("b2", "in_progress", 0, 1),
            batch("b3", "failed", 0, 3),
        ]
    };
    let table = "\
id                         status       items  answered  failed
batch_1793623747600001234  completed        2         2       0
b2                         in_progress      3         0       1
b3                         failed           3         0       3
";
    for command in ["status", "cancel"] {
        let server = Server::play(batches());
        let shown = on_terminal(&[command, "b1", "b2", "b3"], &server);
        assert_eq!(shown, (0, table.to_owned(), String::new()), "{command}");
    }
    // The batches before a failed request are shown, too.
    let server = Server::play([batch("b2", "in_progress", 0, 1), json(404, "{}")]);
    let (code, shown, _) = on_terminal(&["status", "b2", "b9"], &server);
    let part =
        "id  status       items  answered  failed\nb2  in_progress      3         0       1\n";
    assert_eq!((code, &*shown), (4, part));
    // The other formats are for programs.
    let server = Server::play([batch("b2", "failed", 0, 1)]);
    let (code, shown, _) = on_terminal(&["status", "b2", "--format", "json"], &server);
    assert_eq!((code, shown), (0, state("b2", "failed", 0, 1) + "\n"));
}

#[cfg(unix)]
#[test]
fn a_file_gets_tabs_though_the_run_is_on_a_terminal() {
    let folder = folder();
    let path = folder.path().join("batches");
    let server = Server::play([batch("b2", "in_progress", 0, 1)]);
    let args = ["status", "b2", "-o", path.to_str().unwrap()];
    assert_eq!(
        on_terminal(&args, &server),
        (0, String::new(), String::new())
    );
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written, "b2\tin_progress\t3\t0\t1\n");
}

#[test]
fn json_is_the_server_s_object_as_it_wrote_it_one_a_line() {
    let body = "{ \"id\": \"b\",\n  \"status\":\"in_progress\", \"n\": 1.50 }\n";
    let server = Server::play([json(200, body)]);
    airx(["batch", "status", "b", "--format", "json"])
        .at(&server)
        .run()
        .is(
            0,
            "{ \"id\": \"b\",   \"status\":\"in_progress\", \"n\": 1.50 }\n",
            "",
        );
    let list = format!(
        r#"{{"object":"list","data":[{} , {}]}}"#,
        state("b2", "completed", 3, 0),
        state("b1", "failed", 0, 0)
    );
    let server = Server::play([json(200, &list)]);
    airx(["batch", "status", "--format", "json"])
        .at(&server)
        .run()
        .is(
            0,
            &format!(
                "{}\n{}\n",
                state("b2", "completed", 3, 0),
                state("b1", "failed", 0, 0)
            ),
            "",
        );
}

#[test]
fn without_ids_the_list_is_followed_to_its_end() {
    let page = |ids: [&str; 2], more: bool| {
        let data = ids.map(|id| state(id, "completed", 3, 0)).join(",");
        json(
            200,
            &format!(
                r#"{{"object":"list","data":[{data}],"last_id":"{}","has_more":{more}}}"#,
                ids[1]
            ),
        )
    };
    let server = Server::play([page(["b4", "b3"], true), page(["b2", "b1"], false)]);
    let ran = airx([
        "batch",
        "status",
        "--base-url",
        &format!("{}?v=2", server.base()),
    ])
    .run();
    let ids: Vec<&str> = ran
        .stdout
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!((ran.code, ids), (0, vec!["b4", "b3", "b2", "b1"]));
    let asked = server.requests();
    assert!(
        asked[0]
            .head
            .starts_with("GET /v1/batches?v=2&limit=100 HTTP"),
        "{}",
        asked[0].head
    );
    assert!(
        asked[1]
            .head
            .starts_with("GET /v1/batches?v=2&after=b3&limit=100 HTTP"),
        "{}",
        asked[1].head
    );
}

#[test]
fn a_list_that_starts_again_is_not_followed_for_ever() {
    let page = || {
        let batch = state("b", "completed", 3, 0);
        json(200, &format!(r#"{{"data":[{batch}],"has_more":true}}"#))
    };
    let server = Server::play([page(), page()]);
    let line = "b\tcompleted\t3\t3\t0\n";
    airx(["batch", "status"]).at(&server).run().is(
        0,
        line,
        "airx: warning: the list has b again: airx reads no further\n",
    );
}

#[test]
fn an_odd_entry_of_a_list_hides_no_batch() {
    let (one, two) = (state("b2", "completed", 3, 0), state("b1", "failed", 0, 0));
    let list = format!(r#"{{"data":[{one},null,{{"id":7}},{two},null],"has_more":true}}"#);
    let rest = format!(r#"{{"data":[{}]}}"#, state("b0", "expired", 0, 0));
    let server = Server::play([json(200, &list), json(200, &rest)]);
    airx(["batch", "status"]).at(&server).run().is(
        0,
        "b2\tcompleted\t3\t3\t0\nb1\tfailed\t3\t0\t0\nb0\texpired\t3\t0\t0\n",
        "airx: warning: 3 entries of the list are not batches and are skipped\n",
    );
    assert!(
        server.requests()[1]
            .head
            .starts_with("GET /v1/batches?after=b1&limit=100 HTTP")
    );
}

#[test]
fn a_batch_that_is_not_there_is_named() {
    let server = Server::once(json(404, r#"{"error":{"message":"No such batch"}}"#));
    airx(["batch", "status", "b1"]).at(&server).run().is(
        4,
        "",
        "airx: rejected: batch b1: the server answered HTTP 404: No such batch\nhint: airx batch status lists the batches\n",
    );
}

#[test]
fn an_id_that_would_change_the_path_is_refused() {
    for id in ["a/b", "..", "a?b", "a b", "a%2fb", "a\n"] {
        for action in ["status", "wait", "fetch", "cancel"] {
            let ran = airx(["batch", action, id]).nowhere().run();
            ran.code_is(2);
            assert!(
                ran.stderr.contains("is not the id of a batch\nhint: "),
                "{}",
                ran.stderr
            );
        }
    }
    airx(["batch", "status", ""]).nowhere().run().code_is(2);
}

#[test]
fn without_ids_the_others_report_how_to_give_them() {
    for action in ["wait", "fetch", "cancel"] {
        airx(["batch", action]).stdin("b1\n").nowhere().run().is(
            2,
            "",
            &format!("airx: usage: batch {action}: no id was given\nhint: airx batch submit prints the ids: airx batch {action} $(cat ids); airx batch status lists them\n"),
        );
    }
}

#[test]
fn batch_alone_and_a_typo_get_the_list_of_subcommands() {
    airx(["batch"]).run().is(
        2,
        "",
        "airx: usage: airx batch needs a command\nhint: use airx batch submit, status, wait, fetch or cancel; see airx help batch\n",
    );
    airx(["batch", "stats"]).run().is(
        2,
        "",
        "airx: usage: airx batch has no command \"stats\"\nhint: did you mean airx batch status?\n",
    );
}

#[test]
fn a_question_goes_by_the_ordinary_retries_and_a_refused_key_does_not() {
    let busy = || http(503, "Retry-After: 0\r\n", "");
    let server = Server::play([
        busy(),
        vec![Step::Reset],
        busy(),
        batch("b", "completed", 3, 0),
    ]);
    airx(["batch", "status", "b"])
        .at(&server)
        .run()
        .is(0, "b\tcompleted\t3\t3\t0\n", "");
    let server = Server::play([busy()]);
    airx(["batch", "status", "b", "--retries", "0"])
        .at(&server)
        .run()
        .code_is(5);
    let server = Server::play([json(401, r#"{"error":{"code":"1000","message":"no"}}"#)]);
    airx(["batch", "status", "b"]).at(&server).run().code_is(3);
    // An HTTP 200 can still report an error.
    let server = Server::play([json(200, r#"{"code":401,"msg":"no","success":false}"#)]);
    airx(["batch", "status", "b"]).at(&server).run().code_is(3);
    let server = Server::play([json(200, "<html>")]);
    airx(["batch", "status", "b"]).at(&server).run().code_is(7);
    let server = Server::play([vec![Step::Hold]]);
    airx(["batch", "status", "b", "--timeout", "200ms"])
        .at(&server)
        .run()
        .is(
            6,
            "",
            "airx: network: batch b: no complete answer within 0.2 s\nhint: raise --timeout\n",
        );
}

#[test]
fn control_characters_of_a_server_keep_the_columns() {
    let server = Server::play([json(200, r#"{"id":"b","status":"in\tprogress\u001b[2J"}"#)]);
    airx(["batch", "status", "b"])
        .at(&server)
        .run()
        .is(0, "b\tin_progress_[2J\t-\t-\t-\n", "");
    let server = Server::play([json(200, r#"{"id":"a/b","status":"completed"}"#)]);
    airx(["batch", "status", "b"]).at(&server).run().code_is(7);
}

#[test]
fn wait_asks_until_all_have_ended_and_then_prints_their_lines() {
    let server = Server::play([
        batch("b1", "in_progress", 1, 0),
        batch("b2", "completed", 3, 0),
        batch("b1", "finalizing", 3, 0),
        batch("b1", "completed", 3, 0),
    ]);
    let ran = airx(["batch", "wait", "b1", "b2", "--poll", "10ms"])
        .at(&server)
        .run();
    assert_eq!(timeless(&ran), "");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "b1\tcompleted\t3\t3\t0\nb2\tcompleted\t3\t3\t0\n")
    );
}

#[test]
fn wait_is_not_bounded_by_timeout() {
    let under_way = || batch("b", "in_progress", 1, 0);
    let server = Server::play([
        under_way(),
        under_way(),
        under_way(),
        batch("b", "completed", 3, 0),
    ]);
    let ran = airx([
        "batch",
        "wait",
        "b",
        "-q",
        "--poll",
        "150ms",
        "--timeout",
        "300ms",
    ])
    .at(&server)
    .run();
    ran.is(0, "b\tcompleted\t3\t3\t0\n", "");
}

#[test]
fn wait_reports_by_its_exit_code_what_batches_came_to() {
    let line = |status: &str, done: u64, failed: u64| format!("b\t{status}\t3\t{done}\t{failed}\n");
    let hint = "\nhint: airx batch fetch prints the outcome of each item\n";
    for (status, done, failed, message) in [
        ("completed", 1, 2, "2 of 3 items failed"),
        (
            "expired",
            1,
            0,
            "batch b is expired: not all of its items were answered",
        ),
        (
            "cancelled",
            0,
            0,
            "batch b is cancelled: not all of its items were answered",
        ),
    ] {
        let server = Server::play([batch("b", status, done, failed)]);
        airx(["batch", "wait", "b", "-q"]).at(&server).run().is(
            12,
            &line(status, done, failed),
            &format!("airx: partial: {message}{hint}"),
        );
    }
    let wrong = r#"{"data":[{"message":"no model","line":2},{"message":"b"},{"message":"c"},{"message":"d"}]}"#;
    let body = format!(r#"{{"id":"b","status":"failed","errors":{wrong}}}"#);
    let server = Server::play([json(200, &body)]);
    airx(["batch", "wait", "b", "-q"]).at(&server).run().is(
        4,
        "b\tfailed\t-\t-\t-\n",
        "airx: rejected: batch b failed: line 2: no model; b; c; and 1 more\nhint: airx batch status --format json shows everything that the server says about it\n",
    );
}

#[test]
fn a_wait_that_is_under_way_outlives_a_break_and_one_that_has_not_started_does_not() {
    let server = Server::play([
        batch("b", "in_progress", 0, 0),
        json(500, ""),
        vec![Step::Reset],
        batch("b", "completed", 3, 0),
    ]);
    let ran = airx(["batch", "wait", "b", "--poll", "5ms", "--retries", "0"])
        .at(&server)
        .run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "b\tcompleted\t3\t3\t0\n")
    );
    assert_eq!(
        ran.stderr.matches("; airx asks again\n").count(),
        2,
        "{}",
        ran.stderr
    );
    let server = Server::play([json(500, "")]);
    airx(["batch", "wait", "b", "--retries", "0"])
        .at(&server)
        .run()
        .code_is(5);
    let server = Server::play([batch("b", "in_progress", 0, 0), json(404, "{}")]);
    airx(["batch", "wait", "b", "--poll", "5ms"])
        .at(&server)
        .run()
        .code_is(4);
    airx(["batch", "wait", "b", "--poll", "0"])
        .nowhere()
        .run()
        .code_is(2);
}

#[test]
fn a_wait_outlives_answers_that_cannot_be_read() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{".to_vec();
    let server = Server::play([
        batch("b", "in_progress", 0, 0),
        vec![Step::Send(cut), Step::Close],
        json(200, "<html>gateway</html>"),
        batch("b", "completed", 3, 0),
    ]);
    let ran = airx(["batch", "wait", "b", "--poll", "5ms", "--retries", "0"])
        .at(&server)
        .run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "b\tcompleted\t3\t3\t0\n")
    );
    let warned = "airx: warning: incomplete: batch b: ";
    assert_eq!(ran.stderr.matches(warned).count(), 2, "{}", ran.stderr);
}

#[test]
fn a_wait_that_the_server_asks_for_is_longer_than_the_own() {
    let later = || http(429, "Retry-After: 1\r\n", "");
    let server = Server::play([
        batch("b", "in_progress", 0, 0),
        later(),
        batch("b", "completed", 3, 0),
    ]);
    let started = std::time::Instant::now();
    let ran = airx(["batch", "wait", "b", "--poll", "5ms", "--retries", "0"])
        .at(&server)
        .run();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "b\tcompleted\t3\t3\t0\n")
    );
    assert!(started.elapsed() >= std::time::Duration::from_secs(1));
    assert!(
        ran.stderr.starts_with(
            "airx: warning: busy: batch b: the server answered HTTP 429; airx asks again in 1 s\n"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_status_is_known_however_it_is_spelled_and_an_unknown_one_is_reported_once() {
    for (status, code) in [("COMPLETED", 0), ("canceled", 12), ("Expired", 12)] {
        let server = Server::play([batch("b", status, 3, 0)]);
        let ran = airx(["batch", "wait", "b", "-q"]).at(&server).run();
        assert_eq!(ran.code, code);
        assert_eq!(ran.stdout, format!("b\t{status}\t3\t3\t0\n"));
    }
    let done = || batch("b", "done", 3, 0);
    let server = Server::play([
        done(),
        done(),
        batch("b", "in_progress", 3, 0),
        done(),
        batch("b", "completed", 3, 0),
    ]);
    let ran = airx(["batch", "wait", "b", "--poll", "5ms"])
        .at(&server)
        .run();
    assert_eq!(ran.code, 0);
    assert_eq!(
        timeless(&ran),
        "airx: warning: batch b: its status \"done\" is unknown; airx waits until it is completed, failed, expired or cancelled\n"
    );
}

#[test]
fn a_batch_that_is_named_twice_is_waited_for_once() {
    let server = Server::play([batch("b", "completed", 1, 2)]);
    airx(["batch", "wait", "b", "b", "-q"]).at(&server).run().is(
        12,
        "b\tcompleted\t3\t1\t2\n",
        "airx: partial: 2 of 3 items failed\nhint: airx batch fetch prints the outcome of each item\n",
    );
}

#[test]
#[cfg(unix)]
fn a_signal_ends_a_wait_at_once() {
    let server = Server::play([batch("b", "in_progress", 1, 0)]);
    let child = airx(["batch", "wait", "b", "--format", "ndjson"])
        .at(&server)
        .start();
    server.await_requests(1);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ran = finish(child);
    assert_eq!((ran.code, ran.signal), (143, Some(15)));
    assert_eq!(ran.types(), ["start", "error"]);
}

#[test]
fn cancel_prints_what_becomes_of_each() {
    let server = Server::play([
        batch("b1", "cancelling", 1, 0),
        json(400, r#"{"error":{"message":"ended"}}"#),
    ]);
    let ran = airx(["batch", "cancel", "b1", "b2"]).at(&server).run();
    ran.is(
        4,
        "b1\tcancelling\t3\t1\t0\n",
        "airx: rejected: batch b2: the server answered HTTP 400: ended\n",
    );
    let head = &server.requests()[0].head;
    assert!(
        head.starts_with("POST /v1/batches/b1/cancel HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(head.to_lowercase().contains("content-length: 0"), "{head}");
}

#[test]
fn verbose_shows_both_heads_and_never_the_key() {
    let server = Server::play([batch("b", "completed", 3, 0)]);
    let folder = folder();
    let key = file(&folder, "key", "0123456789abcdef\n");
    let ran = airx([
        "batch",
        "status",
        "b",
        "-v",
        "--header",
        "X-Own: secret-value",
        "--key-file",
    ])
    .arg(key)
    .at(&server)
    .run();
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.contains("> GET /v1/batches/b HTTP/1.1\n"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("< HTTP/1.1 200 OK\n"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("> authorization: [hidden]\n"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("0123456789abcdef") && !ran.stderr.contains("secret-value"));
    let asked = server.requests();
    assert_eq!(asked[0].header("x-own"), Some("secret-value"));
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer 0123456789abcdef")
    );
}

#[test]
fn a_key_that_a_server_echoes_is_masked_in_what_is_reported() {
    const KEY: &str = "0123456789abcdef";
    let body = format!(r#"{{"id":"b-{KEY}","status":"x{KEY}"}}"#);
    let at = |server: &Server, format: &str| {
        airx(["batch", "status", "b", "--format", format])
            .env("AIRX_API_KEY", KEY)
            .at(server)
            .run()
    };
    let server = Server::once(json(200, &body));
    let ran = at(&server, "ndjson");
    assert_eq!(ran.code, 0);
    assert!(!ran.stdout.contains(KEY), "{}", ran.stdout);
    let server = Server::once(json(404, &body));
    let ran = at(&server, "text");
    assert!(!ran.stderr.contains(KEY), "{}", ran.stderr);
    // The key is given in the wrong place.
    for words in [
        &["batch", KEY][..],
        &["batch", "status", &format!("{KEY}/")],
    ] {
        let ran = airx(words).env("AIRX_API_KEY", KEY).nowhere().run();
        ran.code_is(2);
        assert!(
            ran.stderr.contains("[hidden]") && !ran.stderr.contains(KEY),
            "{}",
            ran.stderr
        );
    }
}
