//! `airx help`, and the texts that help, man pages and README share. They are
//! plain data: nothing is formatted until somebody asks to read it.

mod config;
mod events;
mod examples;
pub mod page;

pub use events::{EventDoc, Member, events};
pub use examples::{EXAMPLES, Example};

/// Texts that are not about one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The events of --format ndjson
    Events,
    /// The exit codes
    ExitCodes,
    /// The configuration file
    Config,
}

/// Every topic.
pub const TOPICS: &[Topic] = &[Topic::Events, Topic::ExitCodes, Topic::Config];

impl Topic {
    /// The name that `airx help` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::ExitCodes => "exit-codes",
            Self::Config => "config",
        }
    }

    /// The section of the manual that its page is in.
    pub fn section(self) -> &'static str {
        match self {
            Self::Events | Self::ExitCodes => "7",
            Self::Config => "5",
        }
    }

    /// What it is about, in one clause.
    pub fn title(self) -> &'static str {
        match self {
            Self::Events => "what airx prints under --format ndjson",
            Self::ExitCodes => "what airx's exit status tells a script",
            Self::Config => "the configuration file",
        }
    }

    /// The paragraphs before the topic's table. One that begins with a space
    /// stands as it is, lines and all.
    pub fn opening(self) -> &'static [&'static str] {
        match self {
            Self::Events => EVENTS_OPENING,
            Self::ExitCodes => EXIT_CODES_OPENING,
            Self::Config => config::OPENING,
        }
    }

    /// The paragraphs after the topic's table, as in [`Topic::opening`].
    pub fn closing(self) -> &'static [&'static str] {
        match self {
            Self::Events => EVENTS_CLOSING,
            Self::ExitCodes => EXIT_CODES_CLOSING,
            Self::Config => config::CLOSING,
        }
    }
}

const EVENTS_OPENING: &[&str] = &[
    "Under --format ndjson standard output carries one JSON object a line, in UTF-8, whose first \
     member is `type`. Each line leaves as soon as it is known.",
    "From the moment the arguments are understood a run ends with exactly one `done` or `error`, \
     refused input and signals included. The one exception is a reader that has closed the pipe.",
    "Every member below is present in each event of its type unless the text says otherwise; what \
     is not known is null.",
];

const EVENTS_CLOSING: &[&str] = &[
    "Members and types may be added, so a script should pass over those it does not know. Within \
     `v` 1 none is renamed, removed or given another meaning.",
    "batch tells of each batch by a `batch` line, and fetch of each item by a `result`.",
    "Under --each `start` has no request_id, and between it and the end come `result` lines \
     alone.",
    "--meta FILE writes an object with what `done` or `error` holds, whatever the format.",
    "A JSON Schema (draft 2020-12) of one line is part of airx's sources: src/event.schema.json.",
];

const EXIT_CODES_OPENING: &[&str] = &[
    "The exit status tells whether the answer is complete and, where it is not, who can do \
     something about it. Numbers and names do not change.",
];

const EXIT_CODES_CLOSING: &[&str] = &[
    "Text that merely arrived does not make a 0: the server must have said why it stopped (`stop` \
     or `tool_calls`, or what --accept names) and the answer must have a proper end. What was \
     printed before a failure stays printed; a regular file named by -o is left as it was.",
    "A failure is one line on standard error, `airx: CLASS: what happened`, and a `hint:` line \
     where there is something to do. The `error` event and --meta carry the same `class`.",
    "Where several apply the first of these counts: signal, internal, the code the server gave, \
     blocked, truncated, incomplete, the others.",
    "A busy server, a connection that could not be made or was reset, and an answer that broke off \
     have been tried again already, as far as --retries, --timeout and what was printed allowed.",
    "In a script:",
    "    airx chat -o answer.txt \"$question\"
    case $? in
        0) ;;
        3) echo 'look at the key and the balance' >&2; exit 1 ;;
        5 | 6 | 7) echo \"$question\" >> again.txt ;;
        9) echo 'the answer was cut: raise --max-tokens' >&2 ;;
        *) exit 1 ;;
    esac",
];

/// Something that is read or written, by name: a variable of the environment or a file.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
}

const fn entry(name: &'static str, does: &'static str) -> Variable {
    Variable { name, does }
}

/// What holds for the environment as a whole.
pub const ENVIRONMENT_NOTE: &str = "A flag wins over its variable, a variable over the configuration file. A variable that is set \
     to nothing counts as unset.";

/// Every environment variable that airx reads.
pub const ENVIRONMENT: &[Variable] = &[
    entry(
        "AIRX_API_KEY",
        "API key for whatever server is asked; alone it means \
         https://open.bigmodel.cn/api/paas/v4. Comes before the providers' own variables, after \
         --key-file.",
    ),
    entry(
        "AIRX_BASE_URL",
        "Server to ask, the part before /chat/completions, as --base-url.",
    ),
    entry("AIRX_MODEL", "Model to ask, as --model."),
    entry("AIRX_CONFIG", "Configuration file, as --config."),
    entry(
        "AIRX_PROFILE",
        "Profile of the configuration file, as --profile.",
    ),
    entry(
        "AIRX_NO_STDIN",
        "1: never touch standard input, as --no-stdin.",
    ),
    entry(
        "AIRX_STDIN_WAIT",
        "How long a silent standard input is waited for where the prompt is given and `-` is not; \
         then airx exits 2 and nothing was sent. A duration, 60s by default.",
    ),
    entry(
        "AIRX_ALLOW_HTTP",
        "1: allow plain http to a host that is not this machine, as --allow-http.",
    ),
    entry(
        "AIRX_MAX_IN_FLIGHT",
        "Requests in flight at most, over all runs of airx, as --max-in-flight.",
    ),
    entry(
        "AIRX_RECORD",
        "Folder that each exchange is kept in, as --record.",
    ),
    entry(
        "AIRX_REPLAY",
        "Folder that the answers are taken from, as --replay. Not together with AIRX_RECORD.",
    ),
    entry(
        "ZHIPUAI_API_KEY",
        "API key of BigModel. Sent to open.bigmodel.cn or ZHIPUAI_BASE_URL and nowhere else.",
    ),
    entry(
        "ZHIPUAI_BASE_URL",
        "Base URL that goes with ZHIPUAI_API_KEY, in place of \
         https://open.bigmodel.cn/api/paas/v4.",
    ),
    entry(
        "ZAI_API_KEY",
        "API key of Z.ai. Sent to api.z.ai or ZAI_BASE_URL and nowhere else.",
    ),
    entry(
        "ZAI_BASE_URL",
        "Base URL that goes with ZAI_API_KEY, in place of https://api.z.ai/api/paas/v4.",
    ),
    entry("HTTPS_PROXY", "Proxy to https servers; --proxy wins."),
    entry("HTTP_PROXY", "Proxy to plain http servers; --proxy wins."),
    entry(
        "ALL_PROXY",
        "Proxy where the variable of the server's scheme is unset: http, https, socks5 or socks5h.",
    ),
    entry(
        "NO_PROXY",
        "Hosts that are asked without a proxy, separated by commas. This machine always is.",
    ),
    entry(
        "SSL_CERT_FILE",
        "PEM file of the certificates to trust, in place of the system's; --cacert wins.",
    ),
    entry(
        "SSL_CERT_DIR",
        "Folder of PEM certificates to trust, in place of the system's.",
    ),
    entry(
        "NO_COLOR",
        "Set: what --render shows has no colours; bold, italic and underlined text stay.",
    ),
    entry(
        "CLICOLOR_FORCE",
        "Set and not 0: --render auto renders into a pipe too, and with escape sequences whatever \
         TERM is.",
    ),
    entry(
        "TERM",
        "dumb, or nothing on a terminal: --render writes no escape sequences.",
    ),
    entry(
        "XDG_CONFIG_HOME",
        "Folder of airx/config.toml; ~/.config by default.",
    ),
    entry(
        "XDG_RUNTIME_DIR",
        "Where the files of --max-in-flight are; without it among the temporary files.",
    ),
];

/// Files, for the man pages of the commands that make requests.
pub const FILES: &[Variable] = &[
    entry(
        "~/.config/airx/config.toml",
        "Defaults of the options, where it is there; below XDG_CONFIG_HOME where that is set, or \
         whatever --config and AIRX_CONFIG name. One that others can write is refused. See \
         airx-config(5).",
    ),
    entry(
        "--session FILE",
        "A conversation: NDJSON, one message a line, as the API takes them. Made with mode 0600, \
         locked from read to write, extended in one write and only when the run succeeds.",
    ),
    entry(
        "-o FILE, FILE.partial",
        "A regular FILE is replaced in one step when the run ends with 0, its mode kept and links \
         followed; a new one has mode 0600. After a failure it is as it was, and what came of the \
         answer is in FILE.partial, mode 0600.",
    ),
    entry(
        "-o FILE, FILE.partial under --each",
        "FILE has each result as soon as it is there, and all of them in input order at the end. \
         One that held something before is replaced only if the run succeeds: until then, and after \
         a failure, the results are in FILE.partial. --resume goes on with FILE.partial where that \
         has results, else with FILE. A run that is killed leaves at most the last line torn.",
    ),
    entry(
        "--key-file FILE",
        "The API key. A file that group or others can read is warned about; one that they can \
         write is refused.",
    ),
    entry(
        "DIR/HASH-1.json, DIR/HASH-2.json",
        "A recorded exchange of --record DIR: JSON, mode 0600. HASH is made from the request \
         without request_id, user_id, host and headers; a request that is made again gets the \
         next number, and nothing is ever overwritten.",
    ),
    entry(
        "$XDG_RUNTIME_DIR/airx/, or airx-UID/ among the temporary files",
        "The slots of --max-in-flight, empty files that are locked while a request is in flight. \
         The folder must be this user's own, with mode 0700.",
    ),
];
