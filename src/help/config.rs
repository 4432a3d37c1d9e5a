//! The text of the topic `config`; its keys are listed between the two.

/// Before the keys.
pub(super) const OPENING: &[&str] = &[
    "airx takes the defaults of its options from a file where there is one: \
     $XDG_CONFIG_HOME/airx/config.toml, which is ~/.config/airx/config.toml by default, or the \
     file that --config or AIRX_CONFIG names. Nothing requires it, and airx never writes it. \
     AIRX_CONFIG=/dev/null is a run without it.",
    "It is TOML. Its keys are long names of options:",
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
    "A profile is chosen by --profile NAME or AIRX_PROFILE: `airx chat --profile review -f \
     new.py`. A `system` text makes a role of it, and as --system does, it takes the place of \
     a leading system message of --messages. A flag counts before a variable, a variable before \
     the profile, the profile before the top level, that before what is built in. Whoever comes \
     first gives the whole value: one --header puts aside all the headers of the file. What a \
     file switches on is switched off by a profile that says false.",
    "A key that airx does not know, or a value of another type, is exit 2 with file, line and \
     column. A key of one command (`rounds`, `tries`) means nothing to the others, and what \
     means nothing to a run is put aside, as `extract` is by --each: only the command line is \
     refused for that. `no-stdin` gives way to `-` and to --each. A file that \
     group or others can write is refused, and so is one of another user's. Paths, and FILE of \
     `@FILE`, are looked for from the folder of the configuration file; `~/` is the home folder.",
];

/// Behind them.
pub(super) const CLOSING: &[&str] = &[
    "No key stands in the file: key-file names a file of its own, key-command a program that \
     prints the key as its first line. It is started by itself, no shell reads its words, it has nothing \
     on standard input, and its process group is killed after 10 seconds; what it says on \
     standard error is passed on. --key-file, AIRX_API_KEY and the providers' own variables come \
     before both. It is not run for --dry-run, --replay and airx config.",
    "A key is for the base-url that stands in the same table: it is sent to that scheme, host and \
     port and nowhere else, whatever --base-url or another table say. Without a base-url beside it, \
     it is BigModel's: for open.bigmodel.cn, or where ZHIPUAI_BASE_URL has put that. So a \
     profile with a base of its own never gets the key of the top level. Headers are not bound to a \
     base: one that only one server may see belongs into the profile that names that server.",
    "What a run asks and where its output goes is not for the file: file, image, messages, \
     session, schema, fields, select, lines, stream, request-id, output, meta, dry-run, record, \
     replay, run, yes and exec are refused.",
    "airx config show tells each setting and where it comes from, airx config check all that is \
     wrong with the file; airx config --help tells how.",
];
