//! `airx mock`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};

use super::duration;

/// Run a loopback server that speaks the API, for trying and testing scripts offline
///
/// Without a COMMAND it prints its base URL as the first line of standard output
/// and serves until it is killed. With a COMMAND it prints nothing. It sets
/// AIRX_BASE_URL and AIRX_API_KEY for the command, removes ZHIPUAI_* and ZAI_*
/// from its environment, puts this airx first on its PATH, runs it, and exits
/// with its status (128 + n if signal n killed it, 127 if there is no such
/// command, 126 if it cannot be run).
///
/// Chats, streams, tools, JSON, files, batches and the list of models are served.
/// Files and batches are kept in memory: 1000 files, 256 MiB in all. Each GET of a
/// batch moves it on by one state, from validating over in_progress and finalizing
/// to completed. The lines of its output are in random order; items without an
/// answer are in the error file.
///
/// The server listens on 127.0.0.1 only. Every answer that it makes up says that it
/// is from the mock, and is the same for the same --seed and messages. The model
/// `no-such-model` is refused; any other is accepted.
///
/// Example: airx mock --fail 500:0.3 -- bash nightly.sh
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct MockArgs {
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,

    /// Seed for the texts, the ids and the choice of requests that fail
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Generate this many tokens a second [default: no limit]
    ///
    /// An answer that is not streamed is sent when its last token is due.
    #[arg(long, value_name = "TOKENS_PER_SECOND", value_parser = rate)]
    pub rate: Option<f64>,

    /// Wait before the first byte of each answer (500ms, 2s)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub latency: Option<Duration>,

    /// Limit the requests in flight as for an account of this tier [default: no limit]
    ///
    /// One request more gets 429 with code 1302. A request is in flight from when
    /// it was read until its answer has been sent.
    #[arg(long, value_name = "TIER")]
    pub tier: Option<Tier>,

    /// Fail in this way, always or with a probability from 0 to 1 (repeat)
    ///
    /// The first that applies is used. --seed, the messages and how often they
    /// were sent before decide which requests fail, so a run can be repeated.
    /// A request that the API would refuse is still refused.
    ///
    /// Answers fail, those to the items of a batch too. With @files or @batches
    /// (500@files, cut:0.5@batches) the requests to these paths fail instead, before
    /// they are read. Kinds for these are the errors, and hang, reset, close, cut,
    /// stall and malformed.
    #[arg(long, value_name = "KIND[:PROBABILITY][@PLACE]", value_parser = FaultParser)]
    pub fail: Vec<Fault>,

    /// Reply what FILE says: NDJSON, one line a request, in order; the last repeats
    ///
    /// Members of a line: `content`, `reasoning`, `tool_calls` (as in the API or
    /// {"name","arguments"}) and `finish_reason`; or `status`, `headers` and `body`
    /// (a string as it is, or any JSON value); or `sse`, a list of payloads, strings
    /// as they are, without an added `[DONE]`; or `fail`, a kind of --fail. `delay`
    /// replaces --latency. `{}` is an answer that the mock makes up. The items of a
    /// batch use lines, too.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,

    /// Honour `response_format: json_schema`: answer with an example of the schema
    ///
    /// Without it such a request gets 400 with code 1214, as from servers that know
    /// only `json_object`. A schema that the mock can make no example of gets the
    /// same.
    #[arg(long)]
    pub json_schema: bool,

    /// Accept only this key: no key gets 401 with code 1001, another one 1002
    #[arg(long, value_name = "KEY")]
    pub require_key: Option<String>,

    /// Write each request to FILE before it is answered, one JSON object a line
    ///
    /// `method`, `path` with the query, `headers` (the key hidden) and `body`; of
    /// an uploaded file its name and length. An existing FILE is overwritten.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Command to run against the server, with its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// An account's tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// 5 requests in flight
    V0,
    /// 30 requests in flight
    V1,
    /// 40 requests in flight
    V2,
    /// 50 requests in flight
    V3,
}

/// One `--fail`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How often, from 0 to 1.
    pub probability: f64,
    /// Where.
    pub place: Place,
}

/// Which requests a `--fail` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Answers to chats and to the items of batches.
    Answers,
    /// Requests to `/files` and below.
    Files,
    /// Requests to `/batches` and below.
    Batches,
}

/// The kinds of `--fail`. What they do is in `mock/fault.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FaultKind {
    /// 401, code 1002: the key is refused
    #[value(name = "401")]
    KeyRefused,
    /// 429, code 1113: the balance is used up
    Balance,
    /// 400, code 1214: a member of the request is refused
    #[value(name = "400")]
    BadRequest,
    /// 404 in the gateway's shape, where `error` is a string
    #[value(name = "404")]
    NotFound,
    /// 301 with a Location
    Redirect,
    /// 429, code 1302: the rate limit
    #[value(name = "429")]
    RateLimit,
    /// 429, code 1302, with Retry-After: 0
    #[value(name = "429-now")]
    RateLimitNow,
    /// 429, code 1305: the model is overloaded
    Overload,
    /// 500, code 1200
    #[value(name = "500")]
    ServerError,
    /// 503: the server is still loading its model
    #[value(name = "503")]
    Unavailable,
    /// 502 with an HTML page
    #[value(name = "html502")]
    Html,
    /// 200 whose body is an error, code 1305
    #[value(name = "error200")]
    ErrorInSuccess,
    /// 200 with {"code":500,…,"success":false}
    SuccessFalse,
    /// 200 without choices
    Empty,
    /// 400, code 1301, with contentFilter: the prompt is blocked
    Filter,
    /// 400, code 1261: the prompt is too long
    Context,
    /// No response byte, and the connection stays open
    Hang,
    /// Connection reset before any response byte
    Reset,
    /// Connection closed before any response byte
    Close,
    /// Connection broken in the middle of the answer
    Cut,
    /// Half of the answer, and the connection stays open
    Stall,
    /// Half of the answer, without finish_reason and [DONE]
    NoDone,
    /// A frame or a body that is not JSON
    Malformed,
    /// Half of the answer, then an error frame, code 1302
    ErrorFrame,
    /// finish_reason network_error
    NetworkError,
    /// finish_reason sensitive: the answer is blocked
    Sensitive,
    /// finish_reason length: the answer is cut
    Length,
    /// finish_reason model_context_window_exceeded
    ContextWindow,
    /// finish_reason mystery, which is not documented
    UnknownFinish,
    /// Prose where JSON was asked for
    NotJson,
    /// A tool call whose arguments are not JSON
    BadArguments,
    /// Prose where a tool call was expected
    NoCall,
}

impl FaultKind {
    /// The kind of this name, as `--fail` spells it.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// Whether only an answer can fail in this way.
    fn is_of_an_answer(self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::NoDone
                | Self::ErrorFrame
                | Self::NetworkError
                | Self::Sensitive
                | Self::Length
                | Self::ContextWindow
                | Self::UnknownFinish
                | Self::NotJson
                | Self::BadArguments
                | Self::NoCall
        )
    }
}

/// Reads `KIND[:PROBABILITY][@PLACE]`; help and completions list the kinds.
#[derive(Debug, Clone)]
struct FaultParser;

impl TypedValueParser for FaultParser {
    type Value = Fault;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Fault, clap::Error> {
        let text = value.to_string_lossy();
        let wrong = |what: &str| {
            let option = "--fail <KIND[:PROBABILITY][@PLACE]>";
            let message = format!("invalid value '{text}' for '{option}': {what}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        };
        let (how, place) = text.split_once('@').unzip();
        let how = how.unwrap_or(&text);
        let (name, probability) = how.split_once(':').unwrap_or((how, "1"));
        let kind: FaultKind = EnumValueParser::new().parse_ref(command, arg, name.as_ref())?;
        let place = match place {
            None => Place::Answers,
            Some("files") => Place::Files,
            Some("batches") => Place::Batches,
            Some(_) => return Err(wrong("the place is files or batches")),
        };
        if place != Place::Answers && kind.is_of_an_answer() {
            return Err(wrong("only an answer can fail like that"));
        }
        let probability = probability.parse().ok();
        let probability = probability.filter(|it| (0.0..=1.0).contains(it));
        Ok(Fault {
            kind,
            probability: probability
                .ok_or_else(|| wrong("the probability is a number from 0 to 1"))?,
            place,
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = FaultKind::value_variants().iter();
        Some(Box::new(values.filter_map(ValueEnum::to_possible_value)))
    }
}

/// Reads a number of tokens a second.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("write a number of tokens a second, above 0".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        mock: MockArgs,
    }

    fn fail(value: &str) -> Result<Vec<Fault>, String> {
        Line::try_parse_from(["mock", "--fail", value])
            .map(|line| line.mock.fail)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_fault_is_certain_unless_a_probability_is_given() {
        let fault = |kind, probability, place| {
            vec![Fault {
                kind,
                probability,
                place,
            }]
        };
        for (value, kind, probability, place) in [
            ("429", FaultKind::RateLimit, 1.0, Place::Answers),
            ("cut:0.25", FaultKind::Cut, 0.25, Place::Answers),
            ("500@files", FaultKind::ServerError, 1.0, Place::Files),
            ("stall:0.5@batches", FaultKind::Stall, 0.5, Place::Batches),
        ] {
            assert_eq!(fail(value), Ok(fault(kind, probability, place)));
        }
    }

    #[test]
    fn a_place_takes_the_kinds_that_it_can_show() {
        assert!(fail("length@files").unwrap_err().contains("only an answer"));
        assert!(fail("500@chat").unwrap_err().contains("files or batches"));
        assert!(fail("500@").unwrap_err().contains("files or batches"));
    }

    #[test]
    fn an_unknown_kind_is_answered_with_the_list_of_kinds() {
        let error = fail("explode:0.5").unwrap_err();
        assert!(error.contains("'explode'"), "{error}");
        assert!(error.contains("html502") && error.contains("stall"));
        for wrong in ["cut:2", "cut:-1", "cut:", "cut:x"] {
            assert!(fail(wrong).unwrap_err().contains("0 to 1"), "{wrong}");
        }
    }

    #[test]
    fn what_follows_the_dashes_is_the_command_word_for_word() {
        let line = Line::try_parse_from(["mock", "--seed", "3", "--", "sh", "-c", "x"]).unwrap();
        assert_eq!(line.mock.command, ["sh", "-c", "x"]);
    }
}
