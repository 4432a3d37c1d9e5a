//! The text of the topic `config`. The list of keys comes between the two parts.

/// The paragraphs before the keys.
pub(super) const OPENING: &[&str] = &[
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
pub(super) const CLOSING: &[&str] = &[
    "The configuration file cannot contain an API key. key-file names a file that contains it, \
     and key-command a program that prints it as its first line. airx starts the program without \
     a shell and without standard input, and kills its process group after 10 seconds. airx \
     passes on what the program writes to standard error. --key-file, AIRX_API_KEY and the \
     providers' own variables override both. --dry-run, --replay and airx config do not run the \
     program.",
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
