//! Decides what the mock does with a request: endpoint, checks and reply. The checks are, in
//! order: path, method, key, tier, script, the request's own mistakes, faults. No sockets here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::batches::BatchStore;
use super::chat::{self, Answer, DAY, Envelope};
use super::chat_request::{self, RequestView};
use super::fault::{self, Ending, Faults};
use super::files::Form;
use super::generate;
use super::reply::{self, Reply, Slot, unknown_model};
use super::rng::{self, Rng};
use super::script::{self, Script, ScriptedReply};
use super::stream;
use crate::cli::{MockArgs, Place, Tier};
use crate::error::Failure;
use crate::models::MODELS;

/// An endpoint. The base URL may have any path. api.md §1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// `/chat/completions`
    Chat,
    /// `/files`
    Files,
    /// `/files/{id}`
    File(&'a str),
    /// `/files/{id}/content`
    FileContent(&'a str),
    /// `/batches`
    Batches,
    /// `/batches/{id}`
    Batch(&'a str),
    /// `/batches/{id}/cancel`
    CancelBatch(&'a str),
    /// `/models`
    Models,
    /// `/models/{name}`
    Model(&'a str),
}

impl<'a> Route<'a> {
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let mut parts = path.rsplit('/');
        let mut part = || parts.next().unwrap_or_default();
        Some(match [part(), part(), part()] {
            ["completions", "chat", _] => Self::Chat,
            ["files", ..] => Self::Files,
            ["batches", ..] => Self::Batches,
            ["models", ..] => Self::Models,
            ["content", id, "files"] => Self::FileContent(id),
            ["cancel", id, "batches"] => Self::CancelBatch(id),
            [id, "files", _] => Self::File(id),
            [id, "batches", _] => Self::Batch(id),
            [name, "models", _] => Self::Model(name),
            _ => return None,
        })
    }

    /// The methods, as an `Allow` header lists them.
    fn methods(self) -> &'static str {
        match self {
            Self::Chat | Self::CancelBatch(_) => "POST",
            Self::Files | Self::Batches => "GET, POST",
            Self::File(_) => "DELETE, GET",
            Self::FileContent(_) | Self::Batch(_) | Self::Models | Self::Model(_) => "GET",
        }
    }
}

/// A request as the mock looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Path without the query.
    pub(super) path: &'a str,
    /// Query; empty if there is none.
    pub(super) query: &'a str,
    /// `Host` header, for the place of a redirect.
    pub(super) host: &'a str,
    /// `Authorization` header.
    pub(super) authorization: Option<&'a str>,
    /// Body; empty where it is too long.
    pub(super) body: &'a [u8],
    /// The body as a form, or the reason why it is not one.
    pub(super) form: Result<&'a Form, &'a str>,
    /// The body is longer than the endpoint accepts.
    pub(super) too_long: bool,
}

/// What the server does with a request.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How long it sends nothing first.
    pub(super) delay: Duration,
    pub(super) action: Action,
    /// Held until the reply has been sent.
    pub(super) slot: Option<Slot>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Action {
    Reply(Reply),
    /// Sends nothing and keeps the connection open.
    Hang,
    Close,
    Reset,
}

/// The mock: its options and what it remembers.
#[derive(Debug)]
pub(super) struct Mock {
    seed: u64,
    rate: Option<f64>,
    latency: Duration,
    /// Requests in flight at most, by the tier.
    limit: Option<usize>,
    faults: Faults,
    script: Option<Script>,
    key: Option<String>,
    json_schema: bool,
    batches: BatchStore,
    in_flight: Arc<AtomicUsize>,
    /// How many replies of the script were given.
    played: AtomicUsize,
    /// How often each fingerprint was seen.
    seen: Mutex<HashMap<u64, u64>>,
}

impl Mock {
    /// Reads the script.
    pub(super) fn new(args: &MockArgs) -> Result<Self, Failure> {
        Ok(Self {
            seed: args.seed,
            rate: args.rate,
            latency: args.latency.unwrap_or_default(),
            limit: args.tier.map(|tier| match tier {
                Tier::V0 => 5,
                Tier::V1 => 30,
                Tier::V2 => 40,
                Tier::V3 => 50,
            }),
            faults: Faults {
                seed: args.seed,
                list: args.fail.clone(),
            },
            script: args.script.as_deref().map(Script::load).transpose()?,
            key: args.require_key.clone(),
            json_schema: args.json_schema,
            batches: BatchStore::new(args.seed),
            in_flight: Arc::default(),
            played: AtomicUsize::default(),
            seen: Mutex::default(),
        })
    }

    /// Decides what to do with a request.
    pub(super) fn handle(&self, request: Request<'_>) -> Outcome {
        let at_once = |action| Outcome {
            delay: Duration::ZERO,
            action,
            slot: None,
        };
        let route = match self.admit(request) {
            Ok(route) => route,
            Err(refusal) => return at_once(Action::Reply(refusal)),
        };
        match route {
            Route::Chat => {}
            Route::Models => return at_once(Action::Reply(list_models())),
            Route::Model(name) => return at_once(Action::Reply(model(name))),
            Route::Files | Route::File(_) | Route::FileContent(_) => {
                return at_once(self.files_and_batches(route, Place::Files, request));
            }
            Route::Batches | Route::Batch(_) | Route::CancelBatch(_) => {
                return at_once(self.files_and_batches(route, Place::Batches, request));
            }
        }
        let Some(slot) = Slot::take(&self.in_flight, self.limit) else {
            return at_once(Action::Reply(reply::rate_limited()));
        };
        let (delay, action) = self.answer(request);
        Outcome {
            delay,
            action,
            slot: Some(slot),
        }
    }

    /// Refuses an unknown path, a wrong method and a wrong key.
    fn admit<'a>(&self, request: Request<'a>) -> Result<Route<'a>, Reply> {
        let Some(route) = Route::of(request.path) else {
            return Err(reply::gateway(404, "Not Found", request.path));
        };
        let methods = route.methods();
        if !methods.split(", ").any(|method| method == request.method) {
            let refusal = reply::gateway(405, "Method Not Allowed", request.path);
            return Err(refusal.header("Allow", methods));
        }
        match (&self.key, request.authorization) {
            (Some(_), None) => Err(reply::no_key()),
            (Some(key), Some(given)) if given.strip_prefix("Bearer ") != Some(key) => {
                Err(reply::wrong_key())
            }
            _ => Ok(route),
        }
    }

    fn files_and_batches(&self, route: Route<'_>, place: Place, request: Request<'_>) -> Action {
        let name = format!("{} {}", request.method, request.path);
        let fingerprint = rng::fingerprint(name.as_bytes());
        let occurrence = self.occurrence(fingerprint);
        let fault = self.faults.choose(place, fingerprint, occurrence);
        let instead =
            fault.and_then(|kind| fault::instead_of_answer(kind, request.host, request.path));
        if let Some(action) = instead {
            return action;
        }
        let reply = self.batches.handle(route, request, &mut |body| {
            let item = Request {
                path: "/v4/chat/completions",
                body,
                ..request
            };
            self.answer(item).1
        });
        let ending = fault.map_or(Ending::Proper, Ending::of);
        Action::Reply(ending.apply(reply))
    }

    /// Answers a chat request, and the item of a batch.
    fn answer(&self, request: Request<'_>) -> (Duration, Action) {
        let line = self.script.as_ref().map(|script| {
            let number = self.played.fetch_add(1, Ordering::SeqCst);
            script.line(number)
        });
        let latency = line.and_then(|line| line.delay).unwrap_or(self.latency);
        let scripted = line.map_or(&ScriptedReply::MadeUp(None), |line| &line.reply);
        let view = match scripted {
            ScriptedReply::MadeUp(_) => chat_request::read(request.body, self.json_schema),
            _ => Ok(chat_request::read_leniently(request.body)),
        };
        let view = match view {
            Ok(view) => view,
            Err(refusal) => return (latency, Action::Reply(refusal)),
        };
        let occurrence = self.occurrence(view.fingerprint);
        let chosen = self
            .faults
            .choose(Place::Answers, view.fingerprint, occurrence);
        let fault = match scripted {
            ScriptedReply::MadeUp(Some(kind)) => Some(*kind),
            _ => chosen,
        };
        let instead =
            fault.and_then(|kind| fault::instead_of_answer(kind, request.host, request.path));
        if let Some(action) = instead {
            return (latency, action);
        }
        let answer = match scripted {
            ScriptedReply::Exact {
                status,
                headers,
                body,
            } => {
                let reply = script::exact(*status, headers, body, self.rate);
                return (latency, Action::Reply(reply));
            }
            ScriptedReply::Answer(answer) => {
                let mut answer = answer.clone();
                if let Some(kind) = fault {
                    fault::spoil(&mut answer, kind);
                }
                answer
            }
            ScriptedReply::MadeUp(_) => {
                // The same question gets the same text, however often it is asked.
                let rng = Rng::new(self.seed, view.fingerprint, 0);
                match generate::answer(&view, &rng, fault) {
                    Ok(answer) => answer,
                    Err(refusal) => return (latency, Action::Reply(refusal)),
                }
            }
        };
        let rng = Rng::new(self.seed, view.fingerprint, occurrence);
        let envelope = Envelope::new(&view, rng);
        self.reply_with(&view, &envelope, &answer, latency)
    }

    /// Puts an answer into a complete reply or a stream, as the request asks.
    fn reply_with(
        &self,
        request: &RequestView,
        envelope: &Envelope,
        answer: &Answer,
        latency: Duration,
    ) -> (Duration, Action) {
        if request.stream {
            let steps = stream::stream(envelope, answer, self.rate, request.tool_stream);
            return (latency, Action::Reply(Reply::stream(200, steps)));
        }
        let tokens = u32::try_from(answer.tokens()).unwrap_or(u32::MAX);
        let generation = self.rate.map_or(0.0, |rate| f64::from(tokens) / rate);
        let generation = Duration::try_from_secs_f64(generation).unwrap_or(Duration::MAX / 4);
        let delay = latency.saturating_add(generation);
        (delay, Action::Reply(chat::complete(envelope, answer)))
    }

    /// Counts a request; how often the same came before.
    fn occurrence(&self, fingerprint: u64) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let times = seen.entry(fingerprint).or_default();
        *times += 1;
        *times - 1
    }
}

/// `GET /models`, in the form of OpenAI's API.
fn list_models() -> Reply {
    let data: Vec<Value> = MODELS
        .iter()
        .map(|model| model_object(model.name))
        .collect();
    Reply::json(200, &json!({ "object": "list", "data": data }))
}

/// `GET /models/{name}`.
fn model(name: &str) -> Reply {
    match MODELS.iter().find(|model| model.name == name) {
        Some(model) => Reply::json(200, &model_object(model.name)),
        None => unknown_model(404),
    }
}

fn model_object(name: &str) -> Value {
    json!({ "id": name, "object": "model", "created": DAY, "owned_by": "airx-mock" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Fault, FaultKind};
    use crate::mock::reply::Step;

    const HELLO: &str = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;

    fn request<'a>(path: &'a str, authorization: Option<&'a str>) -> Request<'a> {
        Request {
            method: "POST",
            path,
            query: "",
            host: "127.0.0.1:1",
            authorization,
            body: HELLO.as_bytes(),
            form: Err("no form"),
            too_long: false,
        }
    }

    fn reply(outcome: &Outcome) -> &Reply {
        match &outcome.action {
            Action::Reply(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn status(mock: &Mock, request: Request<'_>) -> u16 {
        reply(&mock.handle(request)).status
    }

    #[test]
    fn only_the_endpoints_are_served_by_their_methods() {
        let mock = Mock::new(&MockArgs::default()).unwrap();
        assert_eq!(status(&mock, request("/v4/chat/completions", None)), 200);
        assert_eq!(status(&mock, request("/v4/embeddings", None)), 404);
        let get = Request {
            method: "GET",
            ..request("/chat/completions", None)
        };
        assert_eq!(status(&mock, get), 405);
    }

    #[test]
    fn a_required_key_is_asked_for() {
        let args = MockArgs {
            require_key: Some("good".into()),
            ..MockArgs::default()
        };
        let mock = Mock::new(&args).unwrap();
        let with = |key| status(&mock, request("/chat/completions", key));
        assert_eq!(with(None), 401);
        assert_eq!(with(Some("Bearer bad")), 401);
        assert_eq!(with(Some("Bearer good")), 200);
    }

    #[test]
    fn the_sixth_request_in_flight_of_tier_v0_is_refused() {
        let args = MockArgs {
            tier: Some(Tier::V0),
            ..MockArgs::default()
        };
        let mock = Mock::new(&args).unwrap();
        let ask = || mock.handle(request("/chat/completions", None));
        let mut held: Vec<Outcome> = (0..5).map(|_| ask()).collect();
        assert_eq!(reply(&ask()).status, 429);
        held.pop();
        assert_eq!(reply(&ask()).status, 200);
    }

    #[test]
    fn the_same_run_gives_the_same_answers_and_failures() {
        let run = |seed| {
            let args = MockArgs {
                seed,
                fail: vec![Fault {
                    kind: FaultKind::RateLimit,
                    probability: 0.5,
                    place: Place::Answers,
                }],
                ..MockArgs::default()
            };
            let mock = Mock::new(&args).unwrap();
            let mut bodies = Vec::new();
            for _ in 0..20 {
                let outcome = mock.handle(request("/chat/completions", None));
                let reply = reply(&outcome);
                let Step::Bytes(body) = &reply.steps[0] else {
                    panic!("a complete reply");
                };
                bodies.push((reply.status, body.clone()));
            }
            bodies
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let refused = run(1).iter().filter(|(status, _)| *status == 429).count();
        assert!((1..20).contains(&refused), "{refused}");
    }

    #[test]
    fn an_endpoint_is_known_below_any_base() {
        for (path, route) in [
            ("/chat/completions", Some(Route::Chat)),
            ("/api/paas/v4/chat/completions", Some(Route::Chat)),
            ("/files", Some(Route::Files)),
            ("/v1/files/f1", Some(Route::File("f1"))),
            ("/v1/files/f1/content", Some(Route::FileContent("f1"))),
            ("/v4/batches", Some(Route::Batches)),
            ("/v4/batches/b", Some(Route::Batch("b"))),
            ("/v4/batches/b/cancel", Some(Route::CancelBatch("b"))),
            ("/v4/models", Some(Route::Models)),
            ("/v1/models/m", Some(Route::Model("m"))),
            ("/v4/embeddings", None),
            ("/completions", None),
            ("/", None),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
