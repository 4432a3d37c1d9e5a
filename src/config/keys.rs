//! The keys of the configuration file: which long options can have a default
//! in the file, the type of each value, and why the other options are refused.

use super::value::Kind;

/// A key that a table may contain.
#[derive(Debug)]
pub struct Key {
    /// The long option's name.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// Environment variables that override the file.
    pub variables: &'static [&'static str],
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        variables: &[],
    }
}

impl Key {
    const fn below(mut self, variables: &'static [&'static str]) -> Self {
        self.variables = variables;
        self
    }
}

const ANY: Kind = Kind::Count(0, u32::MAX as u64);
const SOME: Kind = Kind::Count(1, u32::MAX as u64);
/// The variables of the HTTP client, which uses the one for the scheme of the server's URL.
const PROXIES: &[&str] = &[
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The keys that name the source of the API key. They belong to the table's `base-url`.
pub(super) const KEY_FILE: &str = "key-file";
pub(super) const KEY_COMMAND: &str = "key-command";

/// Every key, in the order of the options' help.
pub const KEYS: &[Key] = &[
    key("model", Kind::Text).below(&["AIRX_MODEL"]),
    key("fallback", Kind::Texts),
    key("system", Kind::TextOrFile),
    key("temperature", Kind::Number),
    key("top-p", Kind::Number),
    key("max-tokens", Kind::Count(0, u64::MAX)),
    key("stop", Kind::Texts),
    key("user-id", Kind::Text),
    key("greedy", Kind::Switch),
    key("thinking", Kind::Choice(&["on", "off"])),
    key("param", Kind::Texts),
    key("web-search", Kind::Optional),
    key("accept", Kind::Texts),
    key("allow-empty", Kind::Switch),
    key("no-stdin", Kind::Switch).below(&["AIRX_NO_STDIN"]),
    key("lossy", Kind::Switch),
    key("format", Kind::Choice(&["text", "json", "ndjson"])),
    key("extract", Kind::Optional),
    key("render", Kind::Choice(&["auto", "always", "never"])),
    key("usage", Kind::Switch),
    key("reasoning", Kind::Switch),
    key("quiet", Kind::Switch),
    key("verbose", Kind::Switch),
    key("concurrency", Kind::Count(1, 1000)),
    key("tier", Kind::Choice(&["v0", "v1", "v2", "v3"])),
    key("unordered", Kind::Switch),
    key("no-item", Kind::Switch),
    key("max-cost", Kind::Amount),
    key("base-url", Kind::Text).below(&["AIRX_BASE_URL"]),
    key(KEY_FILE, Kind::Path),
    key(KEY_COMMAND, Kind::Words),
    key("header", Kind::TextsOrFiles),
    key("proxy", Kind::Text).below(PROXIES),
    key("cacert", Kind::Path).below(&["SSL_CERT_FILE", "SSL_CERT_DIR"]),
    key("allow-http", Kind::Switch).below(&["AIRX_ALLOW_HTTP"]),
    key("connect-timeout", Kind::Duration),
    key("first-token-timeout", Kind::Duration),
    key("idle-timeout", Kind::Duration),
    key("timeout", Kind::Duration),
    key("retries", ANY),
    key("max-in-flight", ANY).below(&["AIRX_MAX_IN_FLIGHT"]),
    key("budget", Kind::Budget).below(&["AIRX_BUDGET"]),
    key("cache", Kind::Folder).below(&["AIRX_CACHE"]),
    key("cache-ttl", Kind::Duration),
    key("poll", Kind::Duration),
    key("constrain", Kind::Choice(&["auto", "always", "never"])),
    key("tries", Kind::Count(1, 100)),
    key("pretty", Kind::Switch),
    key("tools", Kind::Paths),
    key("tools-dir", Kind::Paths),
    key("mcp", Kind::Texts),
    key("only", Kind::Texts),
    key("retrieval", Kind::Text),
    key("retrieval-prompt", Kind::Text),
    key("require-call", Kind::Switch),
    key("rounds", SOME),
    key("tool-timeout", Kind::Duration),
    key("tool-max-bytes", Kind::Count(1, u64::MAX)),
];

/// The options that are refused as keys, with the reason.
const REFUSED: &[(&str, &str)] = &[
    (
        "prompt file image messages session each items split merge raw allow-empty-input schema \
         fields select lines stream",
        "it belongs to one run: give it on the command line",
    ),
    (
        "resume output meta dry-run record replay run yes",
        "it must be asked for in each run: give it on the command line",
    ),
    (
        "request-id",
        "an id belongs to one request: give it on the command line",
    ),
    (
        "exec",
        "the tool's own file names its command: \"command\": [..]",
    ),
    (
        "config",
        "the file cannot choose itself: use --config or AIRX_CONFIG",
    ),
    (
        "key api-key",
        "an API key must not be in this file: use key-file or key-command",
    ),
];

/// Why an option is refused as a key, if it is.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    let is_among = |names: &str| names.split(' ').any(|known| known == name);
    let found = REFUSED.iter().find(|(names, _)| is_among(names));
    found.map(|(_, why)| *why)
}

/// The key of this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

#[cfg(test)]
mod tests;
