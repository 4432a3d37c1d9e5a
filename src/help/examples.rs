//! Example command lines, by command. A test parses each with the real parser.

/// A command line and its description.
#[derive(Debug)]
pub struct Example {
    /// The description, without a final period.
    pub does: &'static str,
    /// The command line, in shell syntax.
    pub line: &'static str,
}

const fn example(does: &'static str, line: &'static str) -> Example {
    Example { does, line }
}

/// The examples of each command; those of the program itself have the name `airx`.
pub const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "airx",
        &[
            example(
                "Ask a question; the exit code is 0 only if the answer is complete",
                r#"airx chat "What does EAGAIN mean?""#,
            ),
            example(
                "Ask a local server, without an API key",
                r#"airx chat --base-url http://127.0.0.1:8080/v1 -m qwen3 "Hello""#,
            ),
            example(
                "Test a script without a server, an API key or costs",
                "airx mock -- ./nightly-report.sh",
            ),
        ],
    ),
    (
        "chat",
        &[
            example(
                "Add the output of a command to the question",
                r#"git diff | airx chat "Write a commit message for this diff" -"#,
            ),
            example(
                "Send two files, with the system message from a third",
                r#"airx chat -s @reviewer.txt -f old.py -f new.py "What has changed?""#,
            ),
            example(
                "Save only the code, and only if the answer is complete",
                r#"airx chat -x=sql -o top.sql "SQL: the ten largest orders""#,
            ),
            example(
                "Ask in a loop; -n does not read the loop's input",
                r#"while read -r word; do airx chat -n "Define: $word"; done < words.txt"#,
            ),
            example(
                "Continue a conversation",
                r#"airx chat --session talk.ndjson "And in one sentence?""#,
            ),
            example(
                "Ask about an image",
                r#"airx chat -m glm-4v-flash -i photo.jpg "What is on the sign?""#,
            ),
            example(
                "Ask in parallel, with at most five requests in flight",
                r#"while read -r word; do airx chat -n --max-in-flight 5 "Define: $word" > "$word.txt" & done < words.txt; wait"#,
            ),
            example(
                "Review a diff of any length: in parts if it does not fit the model's context",
                r#"git diff main | airx chat --split "List the risks" -"#,
            ),
            example(
                "Send one request per line, five at a time; the answers come in input order",
                r#"airx chat --each -c 5 "Define: {}" < words.txt | jq -r .content"#,
            ),
            example(
                "Process thousands of lines; run the same command again to resume",
                r#"airx chat --each --items words.txt -o defined.ndjson --resume "Define: {}""#,
            ),
            example(
                "Record an exchange, then replay it without network and API key",
                r#"airx chat --record tapes "Hello" && airx chat --replay tapes "Hello""#,
            ),
            example(
                "Print the request as a curl command, without sending it",
                r#"airx chat --dry-run=curl "Hello""#,
            ),
        ],
    ),
    (
        "stream",
        &[
            example(
                "Translate a text of any length, part by part",
                r#"airx stream --split --merge concat "Translate this into German" < chapter.md"#,
            ),
            example(
                "Watch the answer and save a copy; pipefail keeps airx's exit code",
                r#"set -o pipefail; airx stream "Explain TCP slow start" | tee notes.txt"#,
            ),
            example(
                "Filter the delta events",
                r#"airx stream --format ndjson "Hello" | jq -rj 'select(.type == "delta").content'"#,
            ),
            example(
                "Watch the reasoning and save the answer",
                r#"airx stream -m glm-4.5-flash --thinking on --reasoning "Is 2027 prime?" > answer.txt"#,
            ),
            example(
                "Also print tokens, cost and times",
                r#"airx stream --usage "A limerick about pipes""#,
            ),
        ],
    ),
    (
        "tools",
        &[
            example(
                "Print the calls that the model requests",
                r#"airx tools -t weather.json "Weather in Nanjing?""#,
            ),
            example(
                "Fail if the model requests no call",
                r#"airx tools -t weather.json --require-call "Weather in Nanjing?" | jq -c .arguments"#,
            ),
            example(
                "Run the tool that the model calls; it reads the arguments as JSON from standard input",
                "airx tools -t weather.json --exec weather=./weather.sh --run --yes 'Weather in Nanjing?'",
            ),
            example(
                "Offer every executable in a folder as a tool; airx asks before each call",
                "airx tools --tools-dir ~/tools --run 'How large is this folder?'",
            ),
            example(
                "Use the tools of a Model Context Protocol server",
                "airx tools --mcp 'npx -y @modelcontextprotocol/server-filesystem .' --run 'Which files are here?'",
            ),
            example(
                "Continue after a tool call; the last message of the history is its result",
                "airx tools -t weather.json --messages history.json",
            ),
        ],
    ),
    (
        "json",
        &[
            example(
                "Print one value of the answer",
                r#"airx json --select /city 'Where is the Louvre? Answer {"city": "..."}'"#,
            ),
            example(
                "Classify standard input",
                r#"airx json -s 'Answer {"mood": "good" or "bad"}' --select /mood < review.txt"#,
            ),
            example(
                "Extract fields from a document into a file",
                "airx json --fields 'number, due: YYYY-MM-DD, total float' -f invoice.txt -o invoice.json",
            ),
            example(
                "Check in CI: the schema ensures that jq finds the value",
                r#"git diff main | airx json --schema verdict.json "Does it leak a secret?" - | jq -e '.verdict == "no"'"#,
            ),
            example(
                "Print one row per line, each as soon as it is complete",
                r#"airx json --lines --stream --fields '[{city, people int}]' "Ten large cities" | tee rows.ndjson"#,
            ),
            example(
                "Classify each review in a file, for at most 2 CNY",
                "airx json --each=json --items reviews.ndjson --fields 'mood good|bad' --max-cost 2 'Mood of this review by {user.name}: {text}'",
            ),
            example(
                "Rate the lines of a log as they are written",
                r#"tail -F app.log | airx json --each --fields 'severity int' "How bad is it, 1 to 5?" | jq --unbuffered .value.severity"#,
            ),
            example(
                "Print the instruction with the schema that --fields generates",
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
                "Test a script with a rate limit on a third of its requests",
                "airx mock --fail 429:0.33 -- ./nightly-report.sh",
            ),
            example(
                "Return scripted answers, one per line of a file",
                r#"airx mock --script answers.ndjson -- airx chat "Hello""#,
            ),
            example(
                "Serve until interrupted; the first line of output is the base URL",
                "airx mock --port 8080",
            ),
        ],
    ),
    (
        "batch",
        &[
            example(
                "Submit one question per line, wait for the answers and fetch them",
                r#"airx batch submit -m glm-4-air-250414 --items reviews.txt "One word for: {}" > ids && airx batch wait $(cat ids) && airx batch fetch $(cat ids) -o answers.ndjson"#,
            ),
            example(
                "Preview the upload for items in JSON",
                r#"airx batch submit -m glm-4-air-250414 --each=json --items rows.ndjson --dry-run "{name}: {text}""#,
            ),
            example("List all batches and their progress", "airx batch status"),
            example(
                "Cancel all batches in progress",
                "airx batch status | awk '$2 == \"in_progress\" { print $1 }' | xargs airx batch cancel",
            ),
            example(
                "Print only the texts, in the order of the items",
                "airx batch fetch $(cat ids) | jq -r .content",
            ),
        ],
    ),
    (
        "models",
        &[
            example("List the models", "airx models"),
            example(
                "List the models that accept images",
                "airx models --format ndjson | jq -r 'select(.vision).name'",
            ),
            example(
                "Print the price of a million output tokens",
                r#"airx models --format json | jq '.[] | select(.name == "glm-4-airx").price.output'"#,
            ),
        ],
    ),
    (
        "budget",
        &[
            example(
                "Spend at most 5 a day, over all runs, in the currency of the model's price",
                r#"airx chat --budget 5/day "Summarize the log" - < log.txt"#,
            ),
            example(
                "Show what was spent and what is left",
                "airx budget --budget 5/day",
            ),
            example(
                "Print what was spent this month, for a script",
                "airx budget --format ndjson | jq -r 'select(.period == \"month\") | .spent, .currency'",
            ),
        ],
    ),
    (
        "config",
        &[
            example(
                "Show the settings of a run and their origins",
                "airx config show",
            ),
            example(
                "Show the settings with a profile and a flag",
                "airx config show --profile review --timeout 5m",
            ),
            example(
                "Check a file before installing it",
                "airx config check new.toml && mv new.toml ~/.config/airx/config.toml",
            ),
            example(
                "Print one setting, for a script",
                "airx config show --format ndjson | jq -r 'select(.name == \"url\").value'",
            ),
        ],
    ),
    (
        "completions",
        &[
            example(
                "Install the completions for Bash; also works for zsh and fish",
                "airx completions bash --install",
            ),
            example("Remove them", "airx completions bash --uninstall"),
            example(
                "Zsh: write to a folder in $fpath",
                "airx completions zsh > ~/.zfunc/_airx",
            ),
            example(
                "PowerShell: append to the profile",
                "airx completions powershell >> $PROFILE",
            ),
            example(
                "Elvish: write a module; load it with `use airx` in rc.elv",
                "airx completions elvish > ~/.config/elvish/lib/airx.elv",
            ),
        ],
    ),
    (
        "help",
        &[
            example("Show all options of a command", "airx help chat"),
            example("Show the options of a subcommand", "airx help batch fetch"),
            example("Show the events of --format ndjson", "airx help events"),
            example("Show the exit codes", "airx help exit-codes"),
            example(
                "Show the keys of the configuration file",
                "airx help config",
            ),
        ],
    ),
];
