//! Every event and member of `--format ndjson`, in words. A test holds them
//! against the JSON Schema, and the schema against the code.

/// A type of event.
#[derive(Debug)]
pub struct EventDoc {
    /// The value of `type`.
    pub name: &'static str,
    /// When it is printed.
    pub when: &'static str,
    /// What it holds beside `type`, in the order of the line.
    pub members: &'static [Member],
}

/// A member of an event.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its JSON type.
    pub kind: &'static str,
    /// What it tells, with its unit.
    pub tells: &'static str,
}

const fn member(name: &'static str, kind: &'static str, tells: &'static str) -> Member {
    Member { name, kind, tells }
}

const USAGE: &str = "object or null";
const COST: &str = "object or null";

/// Every event, in the order in which a run may print them.
pub const EVENTS: &[EventDoc] = &[
    EventDoc {
        name: "start",
        when: "Once, before the first request is sent.",
        members: &[
            member("v", "integer", "Version of these events: 1."),
            member(
                "command",
                "string",
                "The command: chat, stream, tools, json or batch.",
            ),
            member(
                "model",
                "string or null",
                "The model asked for; null where batch asks none.",
            ),
            member(
                "request_id",
                "string or null",
                "The id sent with the request; null where none is sent.",
            ),
        ],
    },
    EventDoc {
        name: "retry",
        when: "A request failed and another follows.",
        members: &[
            member(
                "request",
                "integer",
                "The number of the request that follows.",
            ),
            member("after_ms", "integer", "Milliseconds until it is sent."),
            member(
                "class",
                "string",
                "Why the last one failed, as in airx help exit-codes.",
            ),
            member(
                "http_status",
                "integer or null",
                "HTTP status of the reply, if there was one.",
            ),
            member("code", "string or null", "The server's own code."),
            member("message", "string", "What happened, in one line."),
        ],
    },
    EventDoc {
        name: "delta",
        when: "A part of the answer's text; all of them in order are the text. `json` prints \
               none.",
        members: &[member("content", "string", "The text.")],
    },
    EventDoc {
        name: "reasoning",
        when: "A part of the model's thinking.",
        members: &[member("content", "string", "The text.")],
    },
    EventDoc {
        name: "tool_call",
        when: "A call that the model wants, once it is whole.",
        members: &[
            member("index", "integer", "Which call of the answer, from 0."),
            member("id", "string", "What a message with the result must name."),
            member("name", "string", "The function."),
            member(
                "arguments",
                "any",
                "The arguments as a JSON value; absent where they are not JSON.",
            ),
            member(
                "arguments_text",
                "string",
                "The arguments as the model wrote them; only where they are not JSON.",
            ),
        ],
    },
    EventDoc {
        name: "tool_result",
        when: "A call of `tools --run` was run, or why it was not.",
        members: &[
            member("id", "string", "The call's id."),
            member("name", "string", "The function."),
            member(
                "exit_status",
                "integer or null",
                "Status of the command, 128 + n where a signal n ended it; of an MCP server's \
                 tool 0, or 1 for an error. Null where nothing ran to its end: a time-out, a \
                 refusal, an unknown tool, arguments that do not fit.",
            ),
            member("content", "string", "What the model is told."),
            member("elapsed_ms", "integer", "Milliseconds that the call took."),
        ],
    },
    EventDoc {
        name: "round",
        when: "The end of an answer that another request follows, with the results of its calls or with what is wrong with it.",
        members: &[
            member("number", "integer", "Which answer of the run, from 1."),
            member("finish_reason", "string", "Why the model stopped."),
            member("usage", USAGE, "Tokens of this answer alone; as in `done`."),
        ],
    },
    EventDoc {
        name: "invalid",
        when: "The model's answer, or the arguments of the call before, are not what was asked \
               for.",
        members: &[
            member("try", "integer", "Which try it was, from 1."),
            member(
                "errors",
                "array",
                "What is wrong: objects of `path` (a JSON Pointer, empty for the whole) and \
                 `message`.",
            ),
            member("content", "string", "The answer as it came."),
        ],
    },
    EventDoc {
        name: "value",
        when: "The value that `json` accepted; under --lines each element of it.",
        members: &[member(
            "value",
            "any",
            "The value, digits and order of members kept.",
        )],
    },
    EventDoc {
        name: "search",
        when: "The provider's web search found something.",
        members: &[member(
            "results",
            "any",
            "The server's web_search items, as it sent them.",
        )],
    },
    EventDoc {
        name: "batch",
        when: "What there is to tell of a batch: of one that was submitted or cancelled, of one \
               that has ended, or by batch status.",
        members: &[
            member("id", "string", "Its id."),
            member(
                "status",
                "string",
                "As the server says it: validating, in_progress, finalizing, completed, failed, \
                 expired, cancelling or cancelled.",
            ),
            member(
                "total",
                "integer or null",
                "Its items; null until the server has counted them.",
            ),
            member("completed", "integer or null", "Those that were answered."),
            member("failed", "integer or null", "Those that failed."),
        ],
    },
    EventDoc {
        name: "result",
        when: "What became of an item of --each, whose lines these are in every format, or of a \
               batch. It holds `content`, `value`, `tool_calls` or `error`; beside `tool_calls` `content` has the \
               words, if there are any.",
        members: &[
            member(
                "index",
                "integer",
                "Which item, from 0; blank lines are none.",
            ),
            member(
                "hash",
                "string or null",
                "SHA-256 of the request's body without request_id, in hexadecimal digits; null \
                 where the item made none.",
            ),
            member(
                "item",
                "any",
                "The item of `--each`: its text, its JSON value, the record of CSV as an object, \
                 or the file's path; left out with --no-item and where it cannot be shown.",
            ),
            member(
                "custom_id",
                "string",
                "What the request is called in its batch; only where airx did not call it so.",
            ),
            member("content", "string", "The answer's text."),
            member("value", "any", "The value that `json` accepted."),
            member(
                "tool_calls",
                "array",
                "The calls of `tools`: objects of `id`, `name` and `arguments`, or \
                 `arguments_text` where those are not JSON.",
            ),
            member(
                "error",
                "object",
                "Why it failed: what an `error` event holds.",
            ),
            member(
                "partial",
                "string",
                "What came of an answer that failed, was cut or is not what was asked for.",
            ),
            member("errors", "array", "What is wrong with it; as in `invalid`."),
            member(
                "search",
                "any",
                "What the provider's web search found; as in `search`.",
            ),
            member("finish_reason", "string or null", "Why the model stopped."),
            member(
                "usage",
                USAGE,
                "Tokens of the item's requests; as in `done`.",
            ),
            member(
                "cost",
                COST,
                "What they cost; as in `done`. Of a batch half of the list price where that is known to hold.",
            ),
            member(
                "requests",
                "integer",
                "How many requests were sent; 1 for an answer out of a batch.",
            ),
            member(
                "elapsed_ms",
                "integer",
                "Milliseconds from the item's first request to its end; 0 for one of a batch.",
            ),
        ],
    },
    EventDoc {
        name: "done",
        when: "The end of a run that exits 0; the last line.",
        members: &[
            member(
                "finish_reason",
                "string or null",
                "Why the model stopped; null under --each, and in --meta where nothing was sent or the reader went away.",
            ),
            member("model", "string or null", "The model that answered."),
            member("id", "string or null", "The server's id of the answer."),
            member("request_id", "string or null", "The request's id."),
            member(
                "usage",
                USAGE,
                "Tokens of all requests of the run: `prompt_tokens`, `completion_tokens`, \
                 `total_tokens` and, where a server tells them, \
                 `prompt_tokens_details.cached_tokens` and \
                 `completion_tokens_details.reasoning_tokens`.",
            ),
            member(
                "cost",
                COST,
                "What they cost: `amount` (a decimal number in a string, so that no digit is \
                 lost), `currency` (ISO 4217) and `price_date`, the day the price was read, null \
                 for one of the configuration file. Null where the model's price is not known.",
            ),
            member(
                "ttft_ms",
                "integer or null",
                "Milliseconds from the first request to the first token.",
            ),
            member(
                "elapsed_ms",
                "integer",
                "Milliseconds from the first request to the end.",
            ),
            member("requests", "integer", "How many requests were sent."),
        ],
    },
    EventDoc {
        name: "error",
        when: "The end of a run that failed; the last line.",
        members: &[
            member(
                "class",
                "string",
                "Who can fix it, as in airx help exit-codes.",
            ),
            member("exit", "integer", "The exit status."),
            member("message", "string", "What happened, in one line."),
            member("hint", "string or null", "What to do about it."),
            member(
                "http_status",
                "integer or null",
                "HTTP status of the reply, if there was one.",
            ),
            member("code", "string or null", "The server's own code."),
            member("request_id", "string or null", "The request's id."),
            member(
                "finish_reason",
                "string or null",
                "Why the model stopped, where that is the failure.",
            ),
            member("usage", USAGE, "Tokens spent all the same; as in `done`."),
            member("requests", "integer", "How many requests were sent."),
            member(
                "retry_after_ms",
                "integer or null",
                "Milliseconds that the server asked to wait.",
            ),
        ],
    },
];
