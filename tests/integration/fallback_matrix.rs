//! `--fallback` with a chain of three models: each kind of failure at each position, for
//! each command and format. The requests, all of both outputs and the exit code are
//! compared.

use airx::api::error_codes;
use airx::exit;
use serde_json::{Value, json};

use crate::harness::{Play, Ran, Server, Step, airx, folder, http, json as body, together};

/// The chain of models, each with its own price.
const MODELS: [&str; 3] = ["glm-4-plus", "glm-4-airx", "glm-4-air-250414"];
/// The cost of three tokens of each.
const COSTS: [&str; 3] = ["0.000015", "0.00003", "0.0000015"];
const COMMANDS: [&str; 5] = ["chat", "stream", "json", "tools", "each"];
/// The answer: JSON, so that every command accepts it.
const ANSWER: &str = r#"{"a":1}"#;

/// A failure of one model.
#[derive(Clone, Copy)]
struct Kind {
    play: fn() -> Play,
    /// `--retries`; the failing model uses all of them.
    retries: usize,
    /// Whether the next model is asked.
    switches: bool,
    /// Whether a warning says that the server does not have the model.
    unserved: bool,
    class: &'static str,
    exit: i32,
    status: Option<u16>,
    code: Option<&'static str>,
    message: &'static str,
}

const OVERLOADED: Kind = Kind {
    play: || error(429, "1305", "over"),
    retries: 0,
    switches: true,
    unserved: false,
    class: "busy",
    exit: 5,
    status: Some(429),
    code: Some("1305"),
    message: "the server answered HTTP 429 with error 1305: over",
};

fn error(status: u16, code: &str, message: &str) -> Play {
    let text = json!({ "error": { "code": code, "message": message } }).to_string();
    let headers = "Content-Type: application/json\r\nRetry-After: 0\r\n";
    http(status, headers, &text)
}

impl Kind {
    /// The hint of the last failure. The hints of the codes come from a table that has its
    /// own tests.
    fn hint(&self) -> Option<&'static str> {
        match self.class {
            "incomplete" => Some("see it with -v; is the base URL right?"),
            "network" => None,
            name => {
                let row = exit::TABLE.iter().find(|row| row.name == name).unwrap();
                error_codes::hint(row.class, self.status, self.code)
            }
        }
    }
}

/// The kinds after which the next model is asked.
fn switching() -> Vec<Kind> {
    let unserved = Kind {
        unserved: true,
        class: "rejected",
        exit: 4,
        ..OVERLOADED
    };
    vec![
        OVERLOADED,
        Kind {
            play: || error(200, "1305", "over"),
            status: Some(200),
            message: "the server answered with error 1305: over",
            ..OVERLOADED
        },
        Kind {
            play: || error(429, "1312", "busy"),
            code: Some("1312"),
            message: "the server answered HTTP 429 with error 1312: busy",
            ..OVERLOADED
        },
        Kind {
            play: || error(429, "1302", "slow"),
            retries: 2,
            code: Some("1302"),
            message: "the server answered HTTP 429 with error 1302: slow",
            ..OVERLOADED
        },
        Kind {
            play: || http(503, "Retry-After: 0\r\n", "Loading model"),
            retries: 1,
            status: Some(503),
            code: None,
            message: "the server answered HTTP 503: Loading model",
            ..OVERLOADED
        },
        Kind {
            play: || error(400, "1211", "no model"),
            status: Some(400),
            code: Some("1211"),
            message: "the server answered HTTP 400 with error 1211: no model",
            ..unserved
        },
        Kind {
            play: || error(400, "1221", "gone"),
            status: Some(400),
            code: Some("1221"),
            message: "the server answered HTTP 400 with error 1221: gone",
            ..unserved
        },
        Kind {
            play: || error(404, "model_not_found", "none"),
            status: Some(404),
            code: Some("model_not_found"),
            message: "the server answered HTTP 404 with error model_not_found: none",
            ..unserved
        },
        Kind {
            play: || {
                let words = "model 'x' not found, try pulling it first";
                let error = json!({ "message": words, "type": "not_found_error", "code": null });
                body(404, &json!({ "error": error }).to_string())
            },
            status: Some(404),
            code: None,
            message: "the server answered HTTP 404: model 'x' not found, try pulling it first",
            ..unserved
        },
    ]
}

/// The kinds after which no other model is asked.
fn ending() -> Vec<Kind> {
    let fatal = Kind {
        switches: false,
        ..OVERLOADED
    };
    vec![
        Kind {
            play: || error(401, "1002", "key"),
            class: "account",
            exit: 3,
            status: Some(401),
            code: Some("1002"),
            message: "the server answered HTTP 401 with error 1002: key",
            ..fatal
        },
        Kind {
            play: || error(429, "1113", "balance"),
            class: "account",
            exit: 3,
            status: Some(429),
            code: Some("1113"),
            message: "the server answered HTTP 429 with error 1113: balance",
            ..fatal
        },
        Kind {
            play: || error(400, "1214", "wrong"),
            class: "rejected",
            exit: 4,
            status: Some(400),
            code: Some("1214"),
            message: "the server answered HTTP 400 with error 1214: wrong",
            ..fatal
        },
        Kind {
            play: || body(404, r#"{"error":"Not Found"}"#),
            class: "rejected",
            exit: 4,
            status: Some(404),
            code: None,
            message: "the server answered HTTP 404: Not Found",
            ..fatal
        },
        Kind {
            play: || error(400, "1301", "policy"),
            class: "blocked",
            exit: 8,
            status: Some(400),
            code: Some("1301"),
            message: "the server answered HTTP 400 with error 1301: policy",
            ..fatal
        },
        Kind {
            play: || body(200, "{"),
            class: "incomplete",
            exit: 7,
            status: None,
            code: None,
            message: "the response is not a chat completion in JSON: EOF while parsing an object at line 1 column 1",
            ..fatal
        },
        Kind {
            play: || vec![Step::Reset],
            class: "network",
            exit: 6,
            status: None,
            code: None,
            message: "ADDRESS closed the connection before any response",
            ..fatal
        },
    ]
}

/// A complete answer of this model.
fn answer(command: &str, model: &str) -> Play {
    let usage = json!({ "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 });
    let mut choice = json!({ "index": 0, "finish_reason": "stop" });
    let message = json!({ "role": "assistant", "content": ANSWER });
    choice[if command == "stream" {
        "delta"
    } else {
        "message"
    }] = message;
    let reply = json!({ "id": "id-1", "model": model, "choices": [choice], "usage": usage });
    if command == "stream" {
        let frames = format!("data: {reply}\n\ndata: [DONE]\n\n");
        return http(200, "Content-Type: text/event-stream\r\n", &frames);
    }
    body(200, &reply.to_string())
}

/// One run: the models before `at` fail with `before`, the model at `at` fails with `kind`,
/// and the next one would answer.
#[derive(Clone, Copy)]
struct Case<'a> {
    before: &'a Kind,
    kind: &'a Kind,
    at: usize,
    command: &'static str,
    events: bool,
}

impl Case<'_> {
    /// The index of the model that answers, if one does.
    fn answers(&self) -> Option<usize> {
        (self.kind.switches && self.at + 1 < MODELS.len()).then_some(self.at + 1)
    }

    /// The model and the failure of each request that fails.
    fn failures(&self) -> Vec<(usize, &Kind)> {
        let mut failures = Vec::new();
        for model in 0..=self.at {
            let kind = if model < self.at {
                self.before
            } else {
                self.kind
            };
            failures.extend(vec![(model, kind); kind.retries + 1]);
        }
        failures
    }

    /// The model of each request.
    fn asked(&self) -> Vec<&'static str> {
        let failed = self.failures().into_iter().map(|(model, _)| model);
        failed
            .chain(self.answers())
            .map(|model| MODELS[model])
            .collect()
    }

    fn run(&self, server: &Server) -> Ran {
        let folder = folder();
        let tools = folder.path().join("tools.json");
        std::fs::write(&tools, r#"{"name":"f","parameters":{"type":"object"}}"#).unwrap();
        let retries = self.kind.retries.to_string();
        let mut run = match self.command {
            "each" => airx(["chat", "--each", "-c", "1", "--no-item"]).stdin("hi\n"),
            "tools" => airx(["tools", "hi", "-t"]).arg(&tools),
            command => airx([command, "hi"]),
        };
        if self.events {
            run = run.args(["--format", "ndjson"]);
        }
        let [first, second, third] = MODELS;
        run.args(["-m", first, "--fallback", second, "--fallback", third])
            .args(["--retries", &retries])
            .at(server)
            .run()
    }

    fn check(&self) {
        let failures = self.failures().into_iter();
        let mut plays: Vec<Play> = failures.map(|(_, kind)| (kind.play)()).collect();
        // A reused connection that is reset is replaced twice; this does not count as a retry.
        let is_kept = self.kind.class == "network" && self.at > 0;
        let replaced = if is_kept { 2 } else { 0 };
        plays.extend((0..replaced).map(|_| (self.kind.play)()));
        plays.extend(
            self.answers()
                .map(|next| answer(self.command, MODELS[next])),
        );
        let server = Server::play(plays);
        let ran = self.run(&server);
        let case = format!(
            "{} at {} after {}, {}, events: {}",
            self.kind.message, self.at, self.before.message, self.command, self.events
        );
        let asked: Vec<Value> = server
            .requests()
            .iter()
            .map(|asked| asked.json()["model"].clone())
            .collect();
        let mut expected = self.asked();
        expected.extend(vec![MODELS[self.at]; replaced]);
        assert_eq!(asked, expected, "{case}");
        let message = self.kind.message.replace("ADDRESS", &server.address());
        let exit = match (self.answers(), self.command) {
            (Some(_), _) => 0,
            (None, "each") if self.kind.class != "account" => 12,
            _ => self.kind.exit,
        };
        assert_eq!(ran.code, exit, "{case}: {}", ran.stderr);
        assert_eq!(ran.stderr, self.stderr(&message), "{case}");
        if self.events || self.command == "each" {
            let events: Vec<Value> = ran.events().into_iter().map(timeless).collect();
            assert_eq!(events, self.events(&message), "{case}");
        } else {
            let stdout = self
                .answers()
                .map_or(String::new(), |_| format!("{ANSWER}\n"));
            assert_eq!(ran.stdout, stdout, "{case}");
        }
    }

    /// The failure's message, with the model's name if it was not the first.
    fn message(&self, message: &str) -> String {
        match self.at {
            0 => message.to_owned(),
            at => format!("{message} ({}, model {} of 3)", MODELS[at], at + 1),
        }
    }

    fn stderr(&self, message: &str) -> String {
        let mut lines = String::new();
        let mut failures = self.failures();
        failures.dedup_by_key(|(model, _)| *model);
        for (model, kind) in failures {
            let has_next = model < self.at || self.answers().is_some();
            if kind.unserved && has_next {
                let item = if self.command == "each" {
                    "item 0: "
                } else {
                    ""
                };
                let (model, next) = (MODELS[model], MODELS[model + 1]);
                lines.extend(["airx: warning: ", item, "the server does not serve ", model]);
                lines.extend([": ", next, " is asked in its place\n"]);
            }
        }
        if self.answers().is_some() {
            return lines;
        }
        if self.command == "each" && self.kind.class != "account" {
            return lines
                + "airx: partial: 1 of 1 items failed\nhint: the `error` of each says why; with -o FILE, --resume repeats only these\n";
        }
        let message = self.message(message);
        lines.extend(["airx: ", self.kind.class, ": ", &message, "\n"]);
        if let Some(hint) = self.kind.hint() {
            lines.extend(["hint: ", hint, "\n"]);
        }
        lines
    }

    /// The events without times.
    fn events(&self, message: &str) -> Vec<Value> {
        let each = self.command == "each";
        let command = if each { "chat" } else { self.command };
        let requests = self.asked().len();
        let mut events = Vec::new();
        if self.events {
            let start = json!({
                "type": "start", "v": 1, "command": command, "model": MODELS[0], "request_id": null,
            });
            events.push(start);
            if !each {
                events.extend(self.retries(message));
            }
        }
        let answered = self.answers().map(|at| {
            let usage = json!({ "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3 });
            let cost = json!({ "amount": COSTS[at], "currency": "CNY" });
            (MODELS[at], usage, cost)
        });
        let kind = self.kind;
        let failure = json!({
            "class": kind.class, "exit": kind.exit, "message": self.message(message), "hint": kind.hint(),
            "http_status": kind.status, "code": kind.code, "request_id": null, "finish_reason": null,
            "usage": null, "requests": requests, "retry_after_ms": self.retry_after(),
        });
        if each {
            let mut result = json!({ "type": "result", "index": 0, "finish_reason": null, "usage": null, "cost": null, "requests": requests });
            match &answered {
                Some((model, usage, cost)) => {
                    result["content"] = ANSWER.into();
                    result["finish_reason"] = "stop".into();
                    result["model"] = (*model).into();
                    result["usage"] = usage.clone();
                    result["cost"] = cost.clone();
                }
                None => result["error"] = failure.clone(),
            }
            events.push(result);
        }
        if !self.events {
            return events;
        }
        match answered {
            Some((model, usage, cost)) => {
                match self.command {
                    "json" => events.push(json!({ "type": "value", "value": { "a": 1 } })),
                    "each" => {}
                    _ => events.push(json!({ "type": "delta", "content": ANSWER })),
                }
                let end = |member: &str| {
                    if each { Value::Null } else { member.into() }
                };
                events.push(json!({
                    "type": "done", "finish_reason": end("stop"), "model": end(model), "id": end("id-1"),
                    "request_id": null, "usage": usage, "cost": cost, "requests": requests, "cached": false,
                }));
            }
            None if each && kind.class != "account" => events.push(json!({
                "type": "error", "class": "partial", "exit": 12, "message": "1 of 1 items failed",
                "hint": "the `error` of each says why; with -o FILE, --resume repeats only these",
                "http_status": null, "code": null, "request_id": null, "finish_reason": null,
                "usage": null, "requests": requests, "retry_after_ms": null,
            })),
            None => {
                let mut error = failure;
                error["type"] = "error".into();
                events.push(error);
            }
        }
        events
    }

    /// The wait that the server asks for: 0, or none.
    fn retry_after(&self) -> Option<u64> {
        let answered = self.kind.status.is_some_and(|status| status != 200);
        let plain = self.kind.status == Some(404) && self.kind.code.is_none();
        (answered && !plain).then_some(0)
    }

    /// The `retry` events: one for each request after the first, naming its model.
    fn retries(&self, message: &str) -> Vec<Value> {
        let asked = self.asked();
        let failures = self.failures();
        (1..asked.len())
            .map(|at| {
                let (model, kind) = failures[at - 1];
                let message = if model == self.at { message } else { kind.message };
                json!({
                    "type": "retry", "request": at + 1, "after_ms": 0, "class": kind.class,
                    "http_status": kind.status, "code": kind.code, "message": message, "model": asked[at],
                })
            })
            .collect()
    }
}

/// An event without times, dates and hashes.
fn timeless(mut event: Value) -> Value {
    let members = event.as_object_mut().unwrap();
    for name in ["elapsed_ms", "ttft_ms", "hash"] {
        members.remove(name);
    }
    if let Some(Value::Object(cost)) = members.get_mut("cost") {
        cost.remove("price_date");
    }
    event
}

#[test]
fn each_kind_of_failure_at_each_place_of_the_chain_names_the_model_that_answered() {
    let kinds: Vec<Kind> = switching().into_iter().chain(ending()).collect();
    let cases = |command: &'static str| {
        kinds.iter().flat_map(move |kind| {
            let places = (0..MODELS.len()).flat_map(|at| [(at, false), (at, true)]);
            places.flat_map(move |(at, events)| {
                let before = &OVERLOADED;
                let case = Case {
                    before,
                    kind,
                    at,
                    command,
                    events,
                };
                // The models before it may also fail in the same way.
                let same = Case {
                    before: kind,
                    ..case
                };
                let has_others = at > 0 && kind.switches && kind.message != OVERLOADED.message;
                [case].into_iter().chain(has_others.then_some(same))
            })
        })
    };
    together(COMMANDS, |command| {
        cases(command).for_each(|case| case.check());
    });
    let runs: usize = COMMANDS.iter().map(|command| cases(command).count()).sum();
    let count = format!("| {} failures in {runs} runs |", kinds.len());
    let page = include_str!("../../docs/reliability.md");
    assert!(page.contains(&count), "{count} is not in the page");
}
