//! The options that do not work with `--each`: one line names them and says what to do.

use crate::harness::{airx, folder};

/// Arguments, the message, and the hint, if there is one.
const REFUSED: &[(&[&str], &str, &str)] = &[
    (
        &["chat", "--format", "json"],
        "--format json is for one answer, not for --each",
        "leave it out: each item becomes one line of JSON",
    ),
    (
        &["chat", "-x"],
        "--extract is for one answer, not for --each",
        "the `content` of each line is the item's complete text",
    ),
    (
        &["chat", "--reasoning"],
        "--reasoning is for one answer, not for --each",
        "the reasoning of several items would be mixed; leave it out",
    ),
    (
        &["json", "--pretty"],
        "--pretty is for one answer, not for --each",
        "the `value` of each line is the item's complete value: jq -c .value",
    ),
    (
        &["json", "--select", "/a"],
        "--select is for one answer, not for --each",
        "the `value` of each line is the item's complete value: jq -c .value",
    ),
    (
        &["json", "--lines", "--stream"],
        "--stream is for one answer, not for --each",
        "an item's line is printed when its answer is complete; leave it out",
    ),
    (
        &["tools", "--stream"],
        "--stream is for one answer, not for --each",
        "an item's line is printed when its answer is complete; leave it out",
    ),
    (
        &["chat", "--format", "text"],
        "--format text is for one answer, not for --each",
        "leave it out; to print only the texts: airx … | jq -r .content",
    ),
    (
        &["json", "--format=text"],
        "--format text is for one answer, not for --each",
        "leave it out; to print only the texts: airx … | jq -r .content",
    ),
    (
        &["chat", "-o", "out-{}.txt"],
        "-o out-{}.txt: all results go to one file, and {} is not replaced there",
        "name one file, and split it afterwards: jq -r .content FILE",
    ),
    (
        &["tools", "--run"],
        "--run with --each needs --yes",
        "airx cannot ask about the calls of several items at the same time",
    ),
    (
        &["chat", "-"],
        "standard input can be read only once, and both `-` in the prompt and `--each` read it",
        "write one of them to a file first",
    ),
    (
        &["chat", "-f", "-"],
        "standard input can be read only once, and both `-f -` and `--each` read it",
        "write one of them to a file first",
    ),
    (
        &["chat", "--messages", "-"],
        "standard input can be read only once, and both `--messages -` and `--each` read it",
        "write one of them to a file first",
    ),
    (
        &["chat", "-n"],
        "`--each` reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids",
        "leave out one of the two",
    ),
    (
        &["chat", "--session", "s"],
        "the argument '--session <FILE>' cannot be used with '--each[=<HOW>]'",
        "see airx help chat",
    ),
    (
        &["chat", "--resume"],
        "--resume needs --output",
        "see airx help chat",
    ),
    (
        &["chat", "--resume", "-o", "-"],
        "--resume continues a file: name it with -o FILE",
        "",
    ),
    (
        &["chat", "--max-cost", "1,5"],
        "--max-cost 1,5: write an amount like 2.50, with 12 decimal places at most",
        "airx models shows the prices and their currency",
    ),
    (
        &["chat", "-m", "llama", "--max-cost", "1"],
        "--max-cost: the price of llama is not known",
        "airx models lists the known prices; without --max-cost the cost has no limit",
    ),
];

#[test]
fn options_for_one_answer_are_refused() {
    for (args, message, hint) in REFUSED {
        let ran = airx(*args).args(["--each"]).stdin("a\n").nowhere().run();
        let hint = if hint.is_empty() {
            String::new()
        } else {
            format!("hint: {hint}\n")
        };
        ran.is(2, "", &format!("airx: usage: {message}\n{hint}"));
    }
    airx(["stream", "--each", "x"]).nowhere().run().is(
        2,
        "",
        "airx: usage: unknown option '--each'\nhint: many inputs are for airx chat, tools and json\n",
    );
    airx(["chat", "--unordered", "x"])
        .nowhere()
        .run()
        .code_is(2);
}

#[test]
fn refusals_are_events_where_events_are_asked_for() {
    let ran = airx(["json", "--each", "--pretty", "--format", "ndjson"])
        .nowhere()
        .run();
    assert_eq!(ran.types(), ["error"]);
}

#[test]
fn a_file_of_items_that_cannot_be_read_is_named() {
    let folder = folder();
    let run = |items: &str| {
        airx(["chat", "--each", "--items", items])
            .within(folder.path())
            .nowhere()
            .run()
    };
    let ran = run("missing");
    ran.code_is(2);
    assert!(
        ran.stderr
            .starts_with("airx: usage: missing cannot be read: "),
        "{}",
        ran.stderr
    );
    run(".").code_is(2);
}

#[cfg(unix)]
#[test]
fn a_terminal_is_not_waited_for() {
    let (_screen, side) = crate::harness::watch::terminal();
    airx(["chat", "--each"]).stdin_from(side).nowhere().run().is(
        2,
        "",
        "airx: usage: --each reads items from standard input, which is a terminal\nhint: pipe them in, or name their file: --items FILE\n",
    );
}
