//! The options under "Request": members of the request's body.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

/// Members of the request's body.
#[derive(Debug, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Request")]
pub struct RequestArgs {
    /// Model to ask [default: glm-4-airx; AIRX_MODEL]
    ///
    /// At Z.ai, which does not list that model, the default is glm-4.5-airx with thinking off.
    #[arg(short, long, value_name = "NAME")]
    pub model: Option<String>,

    /// Ask MODEL if the one before it is unavailable (repeat)
    ///
    /// airx goes on to the next model if the server does not serve the last one, if that one is
    /// overloaded, or if it is still busy after --retries, and only while nothing of the answer
    /// was printed. Other failures do not change the model. `done` and --meta name the model
    /// that answered.
    #[arg(long, value_name = "MODEL", hide_short_help = true)]
    pub fallback: Vec<String>,

    /// Sampling temperature
    ///
    /// 0 also turns sampling off at BigModel and Z.ai (do_sample false).
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub temperature: Option<f64>,

    /// Nucleus sampling: choose from this share of the probability
    #[arg(
        long,
        value_name = "NUMBER",
        allow_negative_numbers = true,
        hide_short_help = true
    )]
    pub top_p: Option<f64>,

    /// Limit the answer to N tokens; a cut answer exits 9
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,

    /// End the answer before this text (repeat, as far as the model allows)
    #[arg(long, value_name = "TEXT", hide_short_help = true)]
    pub stop: Vec<OsString>,

    /// Id of the end user, 6 to 128 characters
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub user_id: Option<String>,

    /// Id of this request; a retry sends ID-2, ID-3
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub request_id: Option<String>,

    /// Always take the likeliest token (do_sample false)
    #[arg(long, hide_short_help = true)]
    pub greedy: bool,

    /// Think before the answer, for models that can
    #[arg(
        long,
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub thinking: Option<OnOff>,

    /// Set any other member of the body (repeat)
    ///
    /// The value is JSON: --param seed=7, --param 'meta={"a":1}', --param
    /// 'tool_choice="none"'. It overrides the options. `model`, `messages` and `stream` are
    /// refused.
    #[arg(long, value_name = "KEY=JSON", hide_short_help = true)]
    pub param: Vec<String>,

    /// Let the provider search the web [default engine: search_std]
    #[arg(long, value_name = "ENGINE", num_args = 0..=1, require_equals = true, default_missing_value = "search_std", hide_short_help = true)]
    pub web_search: Option<String>,

    /// Count this finish_reason as a complete answer (repeat)
    #[arg(long, value_name = "REASON", hide_short_help = true)]
    pub accept: Vec<String>,

    /// Accept an answer with neither text nor tool calls
    ///
    /// Without this option, such an answer is asked for again, twice at most, and then exits
    /// 7. `json` never accepts one.
    #[arg(long, hide_short_help = true)]
    pub allow_empty: bool,
}

/// `--thinking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Think first
    On,
    /// Answer at once
    Off,
}
