//! The options under "Connection": the server, the key, and how long things may take.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::duration;

/// The server, the key, and how long things may take.
///
/// Durations: `90s`, `5m`, `500ms`, `24h`, `30d`; a bare number is seconds; `0` is no limit.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Base URL of the server [AIRX_BASE_URL]
    ///
    /// The part in front of /chat/completions.
    /// Without it the key decides: ZHIPUAI_API_KEY and AIRX_API_KEY go to
    /// https://open.bigmodel.cn/api/paas/v4, ZAI_API_KEY to https://api.z.ai/api/paas/v4.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,

    /// Read the key from FILE; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// Send this header, too (repeat)
    ///
    /// @FILE reads one header a line from FILE, @- from standard input.
    #[arg(long, value_name = "NAME: VALUE|@FILE", hide_short_help = true)]
    pub header: Vec<String>,

    /// Proxy: http, https, socks5 or socks5h
    ///
    /// It replaces HTTPS_PROXY, HTTP_PROXY and ALL_PROXY. This machine is always asked without
    /// a proxy.
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub proxy: Option<String>,

    /// Trust the certificates in this PEM file, not the system's
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub cacert: Option<PathBuf>,

    /// Allow plain http to another machine [AIRX_ALLOW_HTTP=1]
    #[arg(long, hide_short_help = true)]
    pub allow_http: bool,

    /// Limit the wait for a connection [default: 8s]
    #[arg(long, value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub connect_timeout: Option<Duration>,

    /// Limit the wait for the first token of a stream [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub first_token_timeout: Option<Duration>,

    /// Limit the silence after a stream's first token [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub idle_timeout: Option<Duration>,

    /// Limit one answer, retries included [default: 300s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Retry N times while nothing is printed [default: 5]
    ///
    /// airx retries when the server is busy, when a connection cannot be made or is reset
    /// before the answer, and when the answer breaks off. It never retries a refused key or an
    /// empty account. Overload of the model (1305, 1312) does not count.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub retries: Option<u32>,

    /// Limit requests in flight over all runs of airx [default: 0, no limit; AIRX_MAX_IN_FLIGHT]
    ///
    /// It counts the requests of this user with the same host, port, key and model, so that
    /// `xargs -P 50 airx chat` stays within an account's limit. Other requests wait for their
    /// turn; the wait does not count against --timeout, and -v shows it. All runs must see the
    /// same XDG_RUNTIME_DIR, or none.
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub max_in_flight: Option<u32>,

    /// Send nothing that could cost more than AMOUNT in a PERIOD, over all runs [AIRX_BUDGET]
    ///
    /// 20/day, 5/hour or 100/month: calendar periods in UTC, over all runs of this user that have
    /// a budget. The amount is in the currency of the model's price (airx models). Before a
    /// request is sent, airx reserves the most that it may cost: the longest answer that it may
    /// get, so a lower --max-tokens lets more requests through at once. Then it counts what the
    /// answer cost, or the reserved amount if the server does not report the tokens. A refused
    /// request costs nothing; one that a signal ends costs the reserved amount.
    ///
    /// While other requests have reserved what is left, a request waits for them, as long as
    /// --timeout. If the budget is used up, airx exits 3 and says when it is free again.
    /// `none` is no budget. airx budget shows the sums. Runs against airx mock count, too: to try
    /// a budget, set XDG_STATE_HOME to another folder.
    #[arg(long, value_name = "AMOUNT/PERIOD", hide_short_help = true)]
    pub budget: Option<String>,

    /// Keep answers in DIR and use them again [AIRX_CACHE]
    ///
    /// A request that was answered before is answered from DIR, without network, key and
    /// cost: one with the same base URL and the same body, ids aside. Only complete answers
    /// are kept, of airx json only valid ones. A file has mode 0600 and contains no key.
    /// --record and --replay use no cache. '' turns the cache off.
    #[arg(long, value_name = "DIR", value_parser = folder(), value_hint = ValueHint::DirPath, hide_short_help = true)]
    pub cache: Option<PathBuf>,

    /// Ask again when the answer in --cache is older [default: 0, no limit]
    ///
    /// Such as 12h or 30d. The age is that of the file, so `touch` renews it. The new answer
    /// replaces the old one.
    #[arg(long, value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub cache_ttl: Option<Duration>,

    /// Record each exchange in a file in DIR [AIRX_RECORD]
    ///
    /// One readable file an exchange, mode 0600, for --replay and for version control: the
    /// request, the status and some headers, the body or the pieces of the stream. The file
    /// contains no key, id or host. A retry is a separate exchange. An exchange without a
    /// response is not recorded.
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub record: Option<PathBuf>,

    /// Take the answers from the recordings in DIR [AIRX_REPLAY]
    ///
    /// Needs no network and no key. Each run starts with the first recording of its request; a
    /// retry takes the next one, without a wait. A request without a recording exits 13, and
    /// the message says how it differs from the nearest one.
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub replay: Option<PathBuf>,
}

/// A path that may be empty.
fn folder() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}
