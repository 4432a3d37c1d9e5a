//! `airx help`, and the texts that the help, the man pages and the README share. The
//! texts are plain data; the pages format them.

mod events;
pub mod page;

pub use events::{EventDoc, Member, events};

/// A text that is not about one command.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// The name that `airx help` takes.
    pub name: &'static str,
    /// The section of the manual that its page is in.
    pub section: &'static str,
    /// A one-line description of the topic.
    pub title: &'static str,
    /// The paragraphs before the table. A paragraph that starts with a space is printed
    /// verbatim.
    pub opening: &'static [&'static str],
    /// What stands between the paragraphs.
    pub table: Table,
    /// The paragraphs after the table, as in `opening`.
    pub closing: &'static [&'static str],
}

/// A topic's table.
#[derive(Debug, Clone, Copy)]
pub enum Table {
    /// The events of --format ndjson
    Events,
    /// The exit codes
    ExitCodes,
    /// The keys of the configuration file
    Keys,
}

/// Every topic.
pub const TOPICS: &[Topic] = &[
    Topic {
        name: "events",
        section: "7",
        title: "the output of --format ndjson",
        opening: EVENTS_OPENING,
        table: Table::Events,
        closing: EVENTS_CLOSING,
    },
    Topic {
        name: "exit-codes",
        section: "7",
        title: "the exit codes of airx",
        opening: EXIT_CODES_OPENING,
        table: Table::ExitCodes,
        closing: EXIT_CODES_CLOSING,
    },
    Topic {
        name: "config",
        section: "5",
        title: "the configuration file",
        opening: CONFIG_OPENING,
        table: Table::Keys,
        closing: CONFIG_CLOSING,
    },
];

const EVENTS_OPENING: &[&str] = &[
    "With --format ndjson, standard output is one JSON object per line, in UTF-8. The first member \
     of each object is `type`. airx writes each line as soon as its content is known.",
    "Once airx has parsed its arguments, a run ends with exactly one `done` or `error`, also after \
     refused input or a signal. The only exception is a reader that closes the pipe.",
    "Every member below is present in each event of its type unless its description says \
     otherwise. A value that is not known is null.",
];

const EVENTS_CLOSING: &[&str] = &[
    "Later versions may add members and types, so a script should ignore those that it does not \
     know. As long as `v` is 1, no member is renamed or removed, and none changes its meaning.",
    "airx batch prints a `batch` line for each batch, and airx batch fetch a `result` line for \
     each item.",
    "With --each, `start` has no request_id, and only `result` lines come between it and the end.",
    "--meta FILE writes an object with the members of `done` or `error`, with any --format.",
    "The JSON Schema (draft 2020-12) of a line is in airx's sources: src/event.schema.json.",
];

const EXIT_CODES_OPENING: &[&str] = &[
    "The exit code says whether the answer is complete, and if not, what kind of failure it was. \
     The numbers and names are stable.",
];

const EXIT_CODES_CLOSING: &[&str] = &[
    "airx exits with 0 only if the server gave a finish reason that counts as complete (`stop`, \
     `tool_calls`, or one that --accept names) and the answer ended properly. After a \
     failure, text that was printed remains, and a regular file named by -o is unchanged.",
    "airx reports a failure on standard error as `airx: CLASS: MESSAGE`, followed by a `hint:` \
     line if there is a remedy. The `error` event and --meta have the same `class`.",
    "If several codes apply, airx uses the first of: signal, internal, the code for the server's \
     error, blocked, truncated, incomplete, any other.",
    "airx retries if the server is busy, if a connection fails or is reset, and if an answer \
     breaks off, within the limits of --retries and --timeout. It does not retry where that would \
     repeat text that it has printed.",
    "In a script:",
    "    airx chat -o answer.txt \"$question\"
    case $? in
        0) ;;
        3) echo 'check the API key and the balance' >&2; exit 1 ;;
        5 | 6 | 7) echo \"$question\" >> again.txt ;;
        9) echo 'the answer was cut off: raise --max-tokens' >&2 ;;
        *) exit 1 ;;
    esac",
];

/// An environment variable or a file, with its description.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its description.
    pub does: &'static str,
}

const fn entry(name: &'static str, does: &'static str) -> Variable {
    Variable { name, does }
}

/// The paragraph before the list of variables.
pub const ENVIRONMENT_NOTE: &str = "A flag overrides its environment variable, and a variable overrides the configuration file. \
     An empty variable counts as unset.";

/// Every environment variable that airx reads.
pub const ENVIRONMENT: &[Variable] = &[
    entry(
        "AIRX_API_KEY",
        "API key for any server. Without a base URL, requests go to \
         https://open.bigmodel.cn/api/paas/v4. It overrides the providers' own variables; \
         --key-file overrides it.",
    ),
    entry(
        "AIRX_BASE_URL",
        "Base URL of the server, without /chat/completions. Same as --base-url.",
    ),
    entry("AIRX_MODEL", "Model name. Same as --model."),
    entry("AIRX_CONFIG", "Configuration file. Same as --config."),
    entry(
        "AIRX_PROFILE",
        "Profile of the configuration file. Same as --profile.",
    ),
    entry(
        "AIRX_NO_STDIN",
        "1: do not read standard input. Same as --no-stdin.",
    ),
    entry(
        "AIRX_STDIN_WAIT",
        "How long airx waits for a silent standard input if there is a prompt and no `-`. After \
         that it exits with 2 and sends nothing. A duration; the default is 60s.",
    ),
    entry(
        "AIRX_ALLOW_HTTP",
        "1: allow plain http to a host other than this machine. Same as --allow-http.",
    ),
    entry(
        "AIRX_MAX_IN_FLIGHT",
        "Maximum number of requests in flight, across all runs of airx. Same as --max-in-flight.",
    ),
    entry(
        "AIRX_BUDGET",
        "The most that all runs of this user may spend in a calendar period, such as 20/day. Same \
         as --budget.",
    ),
    entry(
        "AIRX_CACHE",
        "Folder to keep answers in and to take them from. Same as --cache.",
    ),
    entry(
        "AIRX_RECORD",
        "Folder to record each exchange in. Same as --record.",
    ),
    entry(
        "AIRX_REPLAY",
        "Folder to replay answers from. Same as --replay. Cannot be combined with AIRX_RECORD.",
    ),
    entry(
        "ZHIPUAI_API_KEY",
        "BigModel API key. It is sent only to open.bigmodel.cn or ZHIPUAI_BASE_URL.",
    ),
    entry(
        "ZHIPUAI_BASE_URL",
        "Base URL to use with ZHIPUAI_API_KEY instead of \
         https://open.bigmodel.cn/api/paas/v4.",
    ),
    entry(
        "ZAI_API_KEY",
        "Z.ai API key. It is sent only to api.z.ai or ZAI_BASE_URL.",
    ),
    entry(
        "ZAI_BASE_URL",
        "Base URL to use with ZAI_API_KEY instead of https://api.z.ai/api/paas/v4.",
    ),
    entry(
        "HTTPS_PROXY",
        "Proxy for https servers; --proxy overrides it.",
    ),
    entry(
        "HTTP_PROXY",
        "Proxy for plain http servers; --proxy overrides it.",
    ),
    entry(
        "ALL_PROXY",
        "Proxy to use if the variable for the server's scheme is unset: http, https, socks5 or \
         socks5h.",
    ),
    entry(
        "NO_PROXY",
        "Comma-separated hosts to reach without a proxy. This machine never uses one.",
    ),
    entry(
        "SSL_CERT_FILE",
        "PEM file of certificates to trust instead of the system's; --cacert overrides it.",
    ),
    entry(
        "SSL_CERT_DIR",
        "Folder of PEM certificates to trust instead of the system's.",
    ),
    entry(
        "NO_COLOR",
        "If set, --render uses no colours. It still uses bold, italic and underlined text.",
    ),
    entry(
        "CLICOLOR_FORCE",
        "If set and not 0, --render auto also renders when the output is a pipe, and uses escape \
         sequences with any TERM.",
    ),
    entry(
        "TERM",
        "If `dumb`, or unset on a terminal, --render writes no escape sequences.",
    ),
    entry(
        "XDG_CONFIG_HOME",
        "Folder that contains airx/config.toml; the default is ~/.config.",
    ),
    entry(
        "XDG_RUNTIME_DIR",
        "Folder for the lock files of --max-in-flight; the default is the folder for temporary files.",
    ),
    entry(
        "XDG_STATE_HOME",
        "Folder that contains airx/ with the ledgers of --budget; the default is ~/.local/state.",
    ),
];

/// The files that the man pages of the requesting commands list.
pub const FILES: &[Variable] = &[
    entry(
        "~/.config/airx/config.toml",
        "Defaults for options; optional. airx looks in XDG_CONFIG_HOME if that is set. --config or \
         AIRX_CONFIG names another file. airx refuses a file that others can write. See \
         airx-config(5).",
    ),
    entry(
        "--session FILE",
        "A conversation as NDJSON: one message per line, in the API's format. airx creates it with \
         mode 0600, locks it while the run lasts, and appends to it in one write, only if the run \
         succeeds.",
    ),
    entry(
        "-o FILE, FILE.partial",
        "If the run exits with 0, airx replaces a regular FILE atomically, keeps its mode and \
         follows symbolic links. A new file has mode 0600. After a failure FILE is unchanged, and \
         FILE.partial (mode 0600) has the part of the answer that arrived.",
    ),
    entry(
        "-o FILE, FILE.partial under --each",
        "airx writes each result to FILE as soon as it is complete, and sorts them into input \
         order at the end. A FILE that is not empty is replaced only if the run succeeds: until \
         then, and after a failure, the results are in FILE.partial. --resume continues \
         FILE.partial if that has results, otherwise FILE. If a run is killed, at most the last \
         line is incomplete.",
    ),
    entry(
        "--key-file FILE",
        "The API key. airx warns if group or others can read the file, and refuses it if they can \
         write it.",
    ),
    entry(
        "DIR/HASH-1.json, DIR/HASH-2.json",
        "An exchange recorded by --record DIR: JSON, mode 0600. HASH is computed from the request \
         without request_id, user_id, host and headers. A repeated request gets the next number; \
         airx never overwrites a recording.",
    ),
    entry(
        "DIR/HASH.json",
        "An answer kept by --cache DIR, in the form of a recording: mode 0600, replaced by a newer \
         answer to the same request. HASH is computed from the URL and the request without \
         request_id, user_id and headers. Remove the files, or DIR, to ask again.",
    ),
    entry(
        "$XDG_RUNTIME_DIR/airx/, or airx-UID/ in the folder for temporary files",
        "The lock files of --max-in-flight: empty files that airx locks while a request is in \
         flight. The folder must belong to the user and have mode 0700.",
    ),
    entry(
        "~/.local/state/airx/budget-CNY.json",
        "The ledger of --budget, one a currency: JSON, mode 0600, with what was spent in this \
         hour, day and month. Each request in flight has its own file next to it, which airx \
         removes. The folder is below XDG_STATE_HOME if that is set. Remove the ledger to count \
         from zero.",
    ),
];

/// The paragraphs before the keys.
const CONFIG_OPENING: &[&str] = &[
    "airx reads defaults for its options from $XDG_CONFIG_HOME/airx/config.toml \
     (~/.config/airx/config.toml if XDG_CONFIG_HOME is unset), or from the file that --config or \
     AIRX_CONFIG names. The file is optional, and airx never writes it. Set \
     AIRX_CONFIG=/dev/null to run without one.",
    "The file is TOML. Its keys are the long names of options:",
    "    model = \"glm-4-air-250414\"
    timeout = \"2m\"
    retries = 5
    key-command = [\"pass\", \"show\", \"bigmodel\"]

    [profile.review]
    system = \"@review.md\"
    temperature = 0.1

    [profile.local]
    base-url = \"http://127.0.0.1:8080/v1\"
    model = \"qwen3\"

    [models.qwen3]
    context = 32768",
    "--profile NAME or AIRX_PROFILE selects a profile: `airx chat --profile review -f new.py`. \
     A profile with a `system` text defines a role. Like --system, it replaces a leading system \
     message of --messages.",
    "A flag overrides a variable, a variable overrides the profile, the profile overrides the top \
     level, and the top level overrides the built-in default. Values are not merged: one --header \
     replaces all headers of the file. A profile turns a switch off with false.",
    "An unknown key or a value of the wrong type exits with 2; the message gives the file, line \
     and column. A command ignores the keys of other commands (`rounds`, `tries`). A run also \
     ignores a key that does not apply to it, as `extract` with --each; on the command line, the \
     same option is an error. `-` and --each override `no-stdin`.",
    "airx refuses a file that group or others can write, or that belongs to another user. Paths, \
     including FILE in `@FILE`, are relative to the folder of the configuration file; `~/` is the \
     home folder.",
];

/// The paragraphs after the keys.
const CONFIG_CLOSING: &[&str] = &[
    "The configuration file cannot contain an API key. key-file names a file that contains it, \
     and key-command a program that prints it as its first line. airx starts the program without \
     a shell and without standard input, and kills its process group after 10 seconds. airx \
     passes on what the program writes to standard error. --key-file, AIRX_API_KEY and the \
     providers' own variables override both. --dry-run, --replay and airx config do not run the \
     program; with --cache it runs only for a request that is sent, and for tools --run.",
    "A key belongs to the base-url in the same table: airx sends it only to that scheme, host and \
     port, even if --base-url or another table names another server. Without a base-url in its \
     table, a key belongs to BigModel: open.bigmodel.cn, or the server that ZHIPUAI_BASE_URL \
     names. A profile with its own base-url therefore never uses the key of the top level. \
     Headers do not belong to a base-url: put a header that only one server may see into the \
     profile for that server.",
    "The file cannot set a run's input or where its output goes. airx refuses these keys: file, \
     image, messages, session, schema, fields, select, lines, stream, request-id, output, meta, \
     dry-run, record, replay, run, yes and exec.",
    "airx config show prints each setting and its origin. airx config check reports every error \
     in the file. See airx config --help.",
];
