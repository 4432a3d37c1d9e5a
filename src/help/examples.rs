//! Shell lines to paste, by command; a test reads each with the real command line.

/// One line and what it is for.
#[derive(Debug)]
pub struct Example {
    /// What it does, without a final period.
    pub does: &'static str,
    /// The line, as a shell takes it.
    pub line: &'static str,
}

const fn example(does: &'static str, line: &'static str) -> Example {
    Example { does, line }
}

/// The examples of each command, and of the program under its own name.
pub const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "airx",
        &[
            example(
                "Ask; the exit code tells whether the answer is whole",
                r#"airx chat "What does EAGAIN mean?""#,
            ),
            example(
                "Ask a server on this machine, without a key",
                r#"airx chat --base-url http://127.0.0.1:8080/v1 -m qwen3 "Hello""#,
            ),
            example(
                "Try a script without a server, a key or a bill",
                "airx mock -- ./nightly-report.sh",
            ),
        ],
    ),
    (
        "chat",
        &[
            example(
                "Add what a command prints to the question",
                r#"git diff | airx chat "Write a commit message for this diff" -"#,
            ),
            example(
                "Two files, and a role from a third",
                r#"airx chat -s @reviewer.txt -f old.py -f new.py "What has changed?""#,
            ),
            example(
                "Keep the code alone, and only if the answer is complete",
                r#"airx chat -x=sql -o top.sql "SQL: the ten largest orders""#,
            ),
            example(
                "Inside a loop: -n leaves the loop's own lines alone",
                r#"while read -r word; do airx chat -n "Define: $word"; done < words.txt"#,
            ),
            example(
                "Go on with a conversation",
                r#"airx chat --session talk.ndjson "And in one sentence?""#,
            ),
            example(
                "Ask about a picture",
                r#"airx chat -m glm-4v-flash -i photo.jpg "What is on the sign?""#,
            ),
            example(
                "Many at once, and never more than five requests in flight",
                r#"while read -r word; do airx chat -n --max-in-flight 5 "Define: $word" > "$word.txt" & done < words.txt; wait"#,
            ),
            example(
                "One request for each line, five at a time; the answers in input order",
                r#"airx chat --each -c 5 "Define: {}" < words.txt | jq -r .content"#,
            ),
            example(
                "Thousands, in a file: after a kill or a failure the same line goes on",
                r#"airx chat --each --items words.txt -o defined.ndjson --resume "Define: {}""#,
            ),
            example(
                "Keep the exchange, then have it again without network and key",
                r#"airx chat --record tapes "Hello" && airx chat --replay tapes "Hello""#,
            ),
            example(
                "See what would be sent, as a command to run by hand",
                r#"airx chat --dry-run=curl "Hello""#,
            ),
        ],
    ),
    (
        "stream",
        &[
            example(
                "Read along and keep a copy; pipefail keeps airx's exit code",
                r#"set -o pipefail; airx stream "Explain TCP slow start" | tee notes.txt"#,
            ),
            example(
                "Take the deltas apart",
                r#"airx stream --format ndjson "Hello" | jq -rj 'select(.type == "delta").content'"#,
            ),
            example(
                "Watch the thinking, keep the answer",
                r#"airx stream -m glm-4.5-flash --thinking on --reasoning "Is 2027 prime?" > answer.txt"#,
            ),
            example(
                "Tokens, cost and times beside the answer",
                r#"airx stream --usage "A limerick about pipes""#,
            ),
        ],
    ),
    (
        "tools",
        &[
            example(
                "Print the calls that the model wants",
                r#"airx tools -t weather.json "Weather in Nanjing?""#,
            ),
            example(
                "Fail where there is no call",
                r#"airx tools -t weather.json --require-call "Weather in Nanjing?" | jq -c .arguments"#,
            ),
            example(
                "Run what the model calls; it gets the arguments as JSON on standard input",
                "airx tools -t weather.json --exec weather=./weather.sh --run --yes 'Weather in Nanjing?'",
            ),
            example(
                "Every executable of a folder is a tool; each call is asked for",
                "airx tools --tools-dir ~/tools --run 'How large is this folder?'",
            ),
            example(
                "The tools of a Model Context Protocol server",
                "airx tools --mcp 'npx -y @modelcontextprotocol/server-filesystem .' --run 'Which files are here?'",
            ),
            example(
                "Go on after a tool has run: the last message of the history is its result",
                "airx tools -t weather.json --messages history.json",
            ),
        ],
    ),
    (
        "json",
        &[
            example(
                "One value out of the answer",
                r#"airx json --select /city 'Where is the Louvre? Answer {"city": "..."}'"#,
            ),
            example(
                "Classify what comes on standard input",
                r#"airx json -s 'Answer {"mood": "good" or "bad"}' --select /mood < review.txt"#,
            ),
            example(
                "Fields of a document, in a file",
                "airx json --fields 'number, due: YYYY-MM-DD, total float' -f invoice.txt -o invoice.json",
            ),
            example(
                "A check in CI: jq decides on what the schema promises",
                r#"git diff main | airx json --schema verdict.json "Does it leak a secret?" - | jq -e '.verdict == "no"'"#,
            ),
            example(
                "One row a line, each as soon as it is complete",
                r#"airx json --lines --stream --fields '[{city, people int}]' "Ten large cities" | tee rows.ndjson"#,
            ),
            example(
                "Each review of a file, with what its line says of it; for 2 CNY at most",
                "airx json --each=json --items reviews.ndjson --fields 'mood good|bad' --max-cost 2 'Mood of this review by {user.name}: {text}'",
            ),
            example(
                "Lines of a log as they are written",
                r#"tail -F app.log | airx json --each --fields 'severity int' "How bad is it, 1 to 5?" | jq --unbuffered .value.severity"#,
            ),
            example(
                "See the schema that --fields makes",
                "airx json --dry-run --fields 'name, tags [str]' -n x | jq -r '.messages[0].content'",
            ),
        ],
    ),
    (
        "mock",
        &[
            example(
                "Run a script against the mock",
                "airx mock -- ./nightly-report.sh",
            ),
            example(
                "See how it bears a rate limit that meets a third of its requests",
                "airx mock --fail 429:0.33 -- ./nightly-report.sh",
            ),
            example(
                "Give exact answers, one a line of a file",
                r#"airx mock --script answers.ndjson -- airx chat "Hello""#,
            ),
            example(
                "Serve until interrupted; the first line printed is the base URL",
                "airx mock --port 8080",
            ),
        ],
    ),
    (
        "batch",
        &[
            example(
                "Submit a question about each line, wait for the answers, fetch them",
                r#"airx batch submit -m glm-4-air-250414 --items reviews.txt "One word for: {}" > ids && airx batch wait $(cat ids) && airx batch fetch $(cat ids) -o answers.ndjson"#,
            ),
            example(
                "Items of JSON; see first what would be uploaded",
                r#"airx batch submit -m glm-4-air-250414 --each=json --items rows.ndjson --dry-run "{name}: {text}""#,
            ),
            example("How far all batches are", "airx batch status"),
            example(
                "Cancel those that are under way",
                "airx batch status | awk '$2 == \"in_progress\" { print $1 }' | xargs airx batch cancel",
            ),
            example(
                "The texts alone, in the order of the items",
                "airx batch fetch $(cat ids) | jq -r .content",
            ),
        ],
    ),
    (
        "models",
        &[
            example("The table", "airx models"),
            example(
                "Names of the models that see",
                "airx models --format ndjson | jq -r 'select(.vision).name'",
            ),
            example(
                "What a million tokens of an answer cost",
                r#"airx models --format json | jq '.[] | select(.name == "glm-4-airx").price.output'"#,
            ),
        ],
    ),
    (
        "config",
        &[
            example("What a run would use, and why", "airx config show"),
            example(
                "The same under a profile and a flag",
                "airx config show --profile review --timeout 5m",
            ),
            example(
                "Look through a file before it is used",
                "airx config check new.toml && mv new.toml ~/.config/airx/config.toml",
            ),
            example(
                "One setting, for a script",
                "airx config show --format ndjson | jq -r 'select(.name == \"url\").value'",
            ),
        ],
    ),
    (
        "completions",
        &[
            example(
                "Put Bash's where Bash looks; zsh and fish as well",
                "airx completions bash --install",
            ),
            example("Take it away again", "airx completions bash --uninstall"),
            example(
                "Zsh: into a folder of $fpath",
                "airx completions zsh > ~/.zfunc/_airx",
            ),
            example("PowerShell", "airx completions powershell >> $PROFILE"),
            example(
                "Elvish: then `use airx` in rc.elv",
                "airx completions elvish > ~/.config/elvish/lib/airx.elv",
            ),
        ],
    ),
    (
        "help",
        &[
            example("Every option of a command", "airx help chat"),
            example(
                "The same of a command's own commands",
                "airx help batch fetch",
            ),
            example("The lines of --format ndjson", "airx help events"),
            example("What the exit status tells", "airx help exit-codes"),
            example("What the configuration file holds", "airx help config"),
        ],
    ),
];
