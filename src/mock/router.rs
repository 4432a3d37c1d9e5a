//! Decides what the mock does with a request: endpoint, checks and reply. The checks are, in
//! order: path, method, key, tier, script, the request's own mistakes, faults. No sockets here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::batches::Store;
use super::chat_reply::Envelope;
use super::chat_request;
use super::fault;
use super::files::Form;
use super::generate;
use super::reply::{self, Action, Reply, due, unknown_model};
use super::rng::{self, DAY, Rng};
use super::script::{Script, ScriptedReply};
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

/// The parts of a request that the mock reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Path without the query.
    pub(super) path: &'a str,
    /// Query; empty if there is none.
    pub(super) query: &'a str,
    /// `Host` header, for the address of a redirect.
    pub(super) host: &'a str,
    /// `Authorization` header.
    pub(super) authorization: Option<&'a str>,
    /// Body; empty if it is longer than the endpoint accepts.
    pub(super) body: &'a [u8],
    /// The body as a form, or the reply that refuses the upload.
    pub(super) form: Result<&'a Form, &'a Reply>,
}

/// What the server does with a request.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The time before anything is sent.
    pub(super) delay: Duration,
    pub(super) action: Action,
    /// Held until the reply has been sent.
    pub(super) slot: Option<OwnedSemaphorePermit>,
}

impl From<Action> for Outcome {
    fn from(action: Action) -> Self {
        Self {
            delay: Duration::ZERO,
            action,
            slot: None,
        }
    }
}

/// The mock: its options and its state.
#[derive(Debug)]
pub(super) struct Mock {
    args: MockArgs,
    script: Option<Script>,
    store: Mutex<Store>,
    /// One permit for each request that may be in flight.
    slots: Arc<Semaphore>,
    /// The number of script lines that were used.
    played: AtomicUsize,
    /// The number of requests with each fingerprint.
    seen: Mutex<HashMap<u64, u64>>,
}

impl Mock {
    /// Reads the script.
    pub(super) fn new(args: &MockArgs) -> Result<Self, Failure> {
        let script = args.script.as_deref();
        let in_flight = match args.tier {
            None => Semaphore::MAX_PERMITS,
            Some(Tier::V0) => 5,
            Some(Tier::V1) => 30,
            Some(Tier::V2) => 40,
            Some(Tier::V3) => 50,
        };
        Ok(Self {
            args: args.clone(),
            script: script
                .map(|file| Script::load(file, args.rate))
                .transpose()?,
            store: Mutex::new(Store::new(args.seed)),
            slots: Arc::new(Semaphore::new(in_flight)),
            played: AtomicUsize::default(),
            seen: Mutex::default(),
        })
    }

    /// Decides what to do with a request.
    pub(super) fn handle(&self, request: Request<'_>) -> Outcome {
        let route = match self.admit(request) {
            Ok(route) => route,
            Err(refusal) => return Action::Reply(refusal).into(),
        };
        let action = match route {
            Route::Chat => return self.chat(request),
            Route::Models => list_models().into(),
            Route::Model(name) => model(name).into(),
            Route::Files => self.stored(Place::Files, request, |store| match request.method {
                "POST" => store.files.upload(request.form.map_err(Reply::clone)?),
                _ => store.files.page(request.query),
            }),
            Route::File(id) => self.stored(Place::Files, request, |store| match request.method {
                "DELETE" => store.files.delete(id),
                _ => store.files.get(id).map(|file| Reply::ok(&file.object())),
            }),
            Route::FileContent(id) => self.stored(Place::Files, request, |store| {
                let content = store.files.get(id)?.content.clone();
                Ok(Reply::new(200, "application/octet-stream", content))
            }),
            Route::Batches => self.stored(Place::Batches, request, |store| match request.method {
                "POST" => store.create(request.body),
                _ => store.page(request.query),
            }),
            Route::Batch(id) => self.stored(Place::Batches, request, |store| {
                store.advance(id, &|body| self.answer_item(body, request))
            }),
            Route::CancelBatch(id) => {
                self.stored(Place::Batches, request, |store| store.cancel(id))
            }
        };
        action.into()
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
        match (&self.args.require_key, request.authorization) {
            (Some(_), None) => {
                let message = "Header 中未收到 Authentication 参数，无法进行身份验证";
                Err(Reply::error(401, "1001", message))
            }
            (Some(key), Some(given)) if given.strip_prefix("Bearer ") != Some(key) => {
                Err(reply::wrong_key())
            }
            _ => Ok(route),
        }
    }

    /// Replies from the store, unless a fault for this place replaces the reply.
    fn stored(
        &self,
        place: Place,
        request: Request<'_>,
        reply: impl FnOnce(&mut Store) -> Result<Reply, Reply>,
    ) -> Action {
        let name = format!("{} {}", request.method, request.path);
        let fingerprint = rng::fingerprint(name.as_bytes());
        let occurrence = self.occurrence(fingerprint);
        let fault = fault::choose(&self.args, place, fingerprint, occurrence);
        if let Some(action) = fault::instead_of_answer(fault, request.host, request.path) {
            return action;
        }
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = reply(&mut store).unwrap_or_else(|refusal| refusal);
        let ending = fault.map(fault::ending).unwrap_or_default();
        Action::Reply(ending.apply(reply))
    }

    fn chat(&self, request: Request<'_>) -> Outcome {
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            return Action::Reply(reply::rate_limited()).into();
        };
        let (delay, action) = self.answer(request);
        Outcome {
            delay,
            action,
            slot: Some(slot),
        }
    }

    /// Answers an item of a batch.
    fn answer_item(&self, body: &[u8], request: Request<'_>) -> Action {
        let path = "/v4/chat/completions";
        let item = Request {
            path,
            body,
            ..request
        };
        self.answer(item).1
    }

    /// The action for a chat request or an item of a batch, and the delay before it.
    fn answer(&self, request: Request<'_>) -> (Duration, Action) {
        let line = self.script.as_ref().map(|script| {
            let number = self.played.fetch_add(1, Ordering::SeqCst);
            script.line(number)
        });
        let latency = line.and_then(|line| line.delay).or(self.args.latency);
        let latency = latency.unwrap_or_default();
        let scripted = line.map_or(&ScriptedReply::MadeUp(None), |line| &line.reply);
        match self.reply(scripted, request) {
            Ok((generation, reply)) => (latency.saturating_add(generation), reply.into()),
            Err(action) => (latency, action),
        }
    }

    /// The reply and the time that its answer takes to generate, or the action that replaces
    /// it.
    fn reply(
        &self,
        scripted: &ScriptedReply,
        request: Request<'_>,
    ) -> Result<(Duration, Reply), Action> {
        let view = match scripted {
            ScriptedReply::MadeUp(_) => chat_request::read(request.body, self.args.json_schema)?,
            _ => chat_request::read_leniently(request.body),
        };
        let occurrence = self.occurrence(view.fingerprint);
        let chosen = fault::choose(&self.args, Place::Answers, view.fingerprint, occurrence);
        let fault = match scripted {
            ScriptedReply::MadeUp(Some(kind)) => Some(*kind),
            _ => chosen,
        };
        if let Some(action) = fault::instead_of_answer(fault, request.host, request.path) {
            return Err(action);
        }
        let seed = self.args.seed;
        let mut answer = match scripted {
            ScriptedReply::Exact(reply) => return Ok((Duration::ZERO, reply.clone())),
            ScriptedReply::Answer(answer) => answer.clone(),
            ScriptedReply::MadeUp(_) => {
                // The same question gets the same text, however often it is asked.
                generate::answer(&view, &Rng::new(seed, view.fingerprint, 0), fault)?
            }
        };
        if let Some(kind) = fault {
            fault::spoil(&mut answer, kind);
        }
        let rate = self.args.rate;
        let envelope = Envelope::new(&view, Rng::new(seed, view.fingerprint, occurrence));
        if view.stream {
            return Ok((Duration::ZERO, envelope.stream(&answer, rate)));
        }
        let tokens = u32::try_from(answer.tokens()).unwrap_or(u32::MAX);
        let generation = rate.map_or(Duration::ZERO, |rate| due(tokens, rate));
        Ok((generation, envelope.complete(&answer)))
    }

    /// Counts a request. Returns the number of earlier requests with its fingerprint.
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
    Reply::ok(&json!({ "object": "list", "data": data }))
}

/// `GET /models/{name}`.
fn model(name: &str) -> Reply {
    match MODELS.iter().find(|model| model.name == name) {
        Some(model) => Reply::ok(&model_object(model.name)),
        None => unknown_model(404),
    }
}

fn model_object(name: &str) -> Value {
    json!({ "id": name, "object": "model", "created": DAY, "owned_by": "airx-mock" })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::cli::{Fault, FaultKind};
    use crate::mock::reply::Step;

    const HELLO: &str = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;

    fn request<'a>(path: &'a str, authorization: Option<&'a str>) -> Request<'a> {
        static NO_FORM: LazyLock<Reply> = LazyLock::new(reply::unreadable);
        Request {
            method: "POST",
            path,
            query: "",
            host: "127.0.0.1:1",
            authorization,
            body: HELLO.as_bytes(),
            form: Err(&NO_FORM),
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
