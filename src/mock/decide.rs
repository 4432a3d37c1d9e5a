//! A request in, what becomes of it out: no sockets here. Key, path, tier,
//! script, faults and the request's own validity, in this order.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::answer::{Answer, Ending};
use super::asked::{self, Asked};
use super::batch::Desk;
use super::dice::{self, Dice};
use super::invent;
use super::line::Play;
use super::models;
use super::outcome::{Incoming, Outcome, Then};
use super::playback::Slot;
use super::reply::{self, Reply};
use super::route::Route;
use super::script::{self, Script};
use super::stream;
use super::wire::{self, Envelope};
use crate::cli::{FaultKind, MockArgs, Place, Tier};
use crate::error::Failure;

/// The server's mind: its options, and what it must remember.
#[derive(Debug)]
pub(super) struct Mock {
    seed: u64,
    rate: Option<f64>,
    latency: Duration,
    limit: Option<usize>,
    faults: Vec<crate::cli::Fault>,
    script: Option<Script>,
    key: Option<String>,
    /// `response_format: json_schema` is honoured, not refused.
    json_schema: bool,
    desk: Desk,
    in_flight: Arc<AtomicUsize>,
    /// How many answers of the script were given.
    played: AtomicUsize,
    /// How often each conversation was sent, and each path asked for.
    seen: Mutex<HashMap<u64, u64>>,
}

impl Mock {
    /// Reads the script.
    ///
    /// # Errors
    /// Of class usage, where the script cannot be used.
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
            faults: args.fail.clone(),
            script: args.script.as_deref().map(Script::load).transpose()?,
            key: args.require_key.clone(),
            json_schema: args.json_schema,
            desk: Desk::new(args.seed),
            in_flight: Arc::default(),
            played: AtomicUsize::default(),
            seen: Mutex::default(),
        })
    }

    /// Decides about one request.
    pub(super) fn decide(&self, request: Incoming<'_>) -> Outcome {
        let at_once = |reply| Outcome {
            wait: Duration::ZERO,
            then: Then::Reply(reply),
            slot: None,
        };
        let route = match self.admit(request) {
            Ok(route) => route,
            Err(refusal) => return at_once(refusal),
        };
        let Some(place) = route.place() else {
            return at_once(models::reply(route));
        };
        if route != Route::Chat {
            return Outcome {
                wait: Duration::ZERO,
                then: self.serve(route, place, request),
                slot: None,
            };
        }
        let Some(slot) = Slot::take(&self.in_flight, self.limit) else {
            return at_once(reply::rate_limited());
        };
        let (wait, then) = self.answer(request);
        Outcome {
            wait,
            then,
            slot: Some(slot),
        }
    }

    /// Refuses what does not come to an endpoint with a key that is taken.
    fn admit<'a>(&self, request: Incoming<'a>) -> Result<Route<'a>, Reply> {
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

    /// Does what a request about files or batches asks for.
    fn serve(&self, route: Route<'_>, place: Place, request: Incoming<'_>) -> Then {
        let what = format!("{} {}", request.method, request.path);
        let fingerprint = dice::fingerprint(what.as_bytes());
        let fault = self.roll(place, fingerprint, self.occurrence(fingerprint));
        if let Some(then) = fault.and_then(|kind| instead(kind, request)) {
            return then;
        }
        let reply = self.desk.serve(route, request, &mut |body| {
            let item = Incoming {
                path: "/v4/chat/completions",
                body,
                ..request
            };
            self.answer(item).1
        });
        Then::Reply(match fault {
            Some(FaultKind::CutOutput) => reply.ending(Ending::CutOutput),
            Some(FaultKind::Stall) => reply.ending(Ending::Stall),
            Some(FaultKind::Malformed) => reply.ending(Ending::Malformed),
            _ => reply,
        })
    }

    fn answer(&self, request: Incoming<'_>) -> (Duration, Then) {
        let scripted = self.script.as_ref().map(|script| {
            let number = self.played.fetch_add(1, Ordering::SeqCst);
            script.answer(number)
        });
        let latency = scripted.and_then(|line| line.delay).unwrap_or(self.latency);
        let play = scripted.map_or(&Play::Invented(None), |line| &line.play);
        let asked = match play {
            Play::Invented(_) => asked::strictly(request.body, self.json_schema),
            _ => Ok(asked::leniently(request.body)),
        };
        let asked = match asked {
            Ok(asked) => asked,
            Err(refusal) => return (latency, Then::Reply(refusal)),
        };
        let occurrence = self.occurrence(asked.fingerprint);
        let rolled = self.roll(Place::Answers, asked.fingerprint, occurrence);
        let fault = match play {
            Play::Invented(Some(kind)) => Some(*kind),
            _ => rolled,
        };
        if let Some(then) = fault.and_then(|kind| instead(kind, request)) {
            return (latency, then);
        }
        let answer = match play {
            Play::Exact {
                status,
                headers,
                body,
            } => {
                let reply = script::exact(*status, headers, body, self.rate);
                return (latency, Then::Reply(reply));
            }
            Play::Answer(answer) => {
                let mut answer = answer.clone();
                if let Some(kind) = fault {
                    answer.spoil(kind);
                }
                answer
            }
            Play::Invented(_) => {
                // The texts are the same however often the same is asked.
                let dice = Dice::new(self.seed, asked.fingerprint, 0);
                match invent::answer(&asked, &dice, fault) {
                    Ok(answer) => answer,
                    Err(refusal) => return (latency, Then::Reply(refusal)),
                }
            }
        };
        let dice = Dice::new(self.seed, asked.fingerprint, occurrence);
        let envelope = Envelope::new(&asked, dice);
        self.shape(&asked, &envelope, &answer, latency)
    }

    /// Puts an answer into the shape that was asked for.
    fn shape(
        &self,
        asked: &Asked,
        envelope: &Envelope,
        answer: &Answer,
        latency: Duration,
    ) -> (Duration, Then) {
        if asked.stream {
            let steps = stream::stream(envelope, answer, self.rate, asked.tool_stream);
            return (latency, Then::Reply(Reply::stream(200, steps)));
        }
        let tokens = u32::try_from(answer.tokens()).unwrap_or(u32::MAX);
        let generation = self.rate.map_or(0.0, |rate| f64::from(tokens) / rate);
        let generation = Duration::try_from_secs_f64(generation).unwrap_or(Duration::MAX / 4);
        let wait = latency.saturating_add(generation);
        (wait, Then::Reply(wire::whole(envelope, answer)))
    }

    /// The fault that befalls a request, if one does.
    fn roll(&self, place: Place, fingerprint: u64, occurrence: u64) -> Option<FaultKind> {
        // Of their own, so that ids and texts do not change with the faults.
        let mut chance = Dice::new(self.seed, !fingerprint, occurrence);
        self.faults
            .iter()
            .filter(|fault| fault.place == place && chance.happens(fault.probability))
            .map(|fault| fault.kind)
            .next()
    }

    /// How often this conversation was sent before.
    fn occurrence(&self, fingerprint: u64) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let times = seen.entry(fingerprint).or_default();
        *times += 1;
        *times - 1
    }
}

/// What a fault that leaves no room for an answer does in its place.
fn instead(kind: FaultKind, request: Incoming<'_>) -> Option<Then> {
    match kind {
        FaultKind::Hang => Some(Then::Hang),
        FaultKind::Close => Some(Then::Close),
        FaultKind::Reset => Some(Then::Reset),
        _ => reply::refusal(kind, request.host, request.path).map(Then::Reply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Fault;
    use crate::mock::playback::Step;

    const HELLO: &str = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;

    fn request<'a>(path: &'a str, authorization: Option<&'a str>) -> Incoming<'a> {
        Incoming {
            method: "POST",
            path,
            query: "",
            host: "127.0.0.1:1",
            authorization,
            content_type: None,
            body: HELLO.as_bytes(),
            overlong: false,
        }
    }

    fn reply(outcome: &Outcome) -> &Reply {
        match &outcome.then {
            Then::Reply(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn status(mock: &Mock, request: Incoming<'_>) -> u16 {
        reply(&mock.decide(request)).status
    }

    #[test]
    fn only_the_endpoints_are_served_by_their_methods() {
        let mock = Mock::new(&MockArgs::default()).unwrap();
        assert_eq!(status(&mock, request("/v4/chat/completions", None)), 200);
        assert_eq!(status(&mock, request("/v4/embeddings", None)), 404);
        let get = Incoming {
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
        let ask = || mock.decide(request("/chat/completions", None));
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
                let outcome = mock.decide(request("/chat/completions", None));
                let reply = reply(&outcome);
                let Step::Bytes(body) = &reply.steps[0] else {
                    panic!("a whole reply");
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
}
