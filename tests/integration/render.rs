//! `--render`: formats Markdown and TeX for people, on a terminal or on request; elsewhere
//! airx prints the answer unchanged.

use std::fs::File;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::watch::terminal;
use crate::harness::{
    Airx, DONE, Play, Ran, Server, Step, airx, chunk, delta, finish, finish_frame, folder,
    last_chunk, reply, stream, stream_head, stream_of,
};
use crate::signals::heedful;

const ANSWER: &str = "# Title\n\nSome **bold** words, `code` and $x^2$.\n\n- one\n  - *two*\n\n| 名 | n |\n|:--|--:|\n| 甲乙 | 1 |\n| `a` | 20 |\n\n\\[\n\\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}\n\\]\n\n```sh\necho **hi**\n```\nIt costs $5 and $6.";

const PLAIN: &str = "# Title\n\nSome bold words, `code` and x².\n\n• one\n  ◦ two\n\n名   │  n\n─────┼───\n甲乙 │  1\n`a`  │ 20\n\n  (-b ± √(b²-4ac))/(2a)\n\n──── sh\necho **hi**\n────\nIt costs $5 and $6.\n";

const SHAPED: &str = "{1;4}Title{0}\n\nSome {1}bold{0} words, `code` and x².\n\n• one\n  ◦ {3}two{0}\n\n{1}名{0}   │  {1}n{0}\n─────┼───\n甲乙 │  1\n`a`  │ 20\n\n  (-b ± √(b²-4ac))/(2a)\n\n{2}────{0} {2}sh{0}\necho **hi**\n{2}────{0}\nIt costs $5 and $6.\n";

const COLOURED: &str = "{1;4;35}Title{0}\n\nSome {1}bold{0} words, {36}code{0} and x².\n\n• one\n  ◦ {3}two{0}\n\n{1}名{0}   │  {1}n{0}\n─────┼───\n甲乙 │  1\n{36}a{0}    │ 20\n\n  (-b ± √(b²-4ac))/(2a)\n\n{2}────{0} {2}sh{0}\necho **hi**\n{2}────{0}\nIt costs $5 and $6.\n";

/// Replaces the escape sequences by marks such as `{1;4}`.
fn marked(shown: &str) -> String {
    let mut parts = shown.split("\u{1b}[");
    let mut marked = parts.next().unwrap().to_owned();
    for part in parts {
        let (codes, text) = part.split_once('m').unwrap();
        marked += &["{", codes, "}", text].concat();
    }
    marked
}

const XTERM: (&str, &str) = ("TERM", "xterm");

/// What a run with a terminal on standard output shows there.
fn on_terminal(airx: Airx, code: i32, stderr: &str) -> String {
    let (screen, side) = terminal();
    airx.stdout_to(side).run().is(code, "", stderr);
    marked(&screen.all())
}

fn chat(args: &[&str], variables: &[(&str, &str)]) -> String {
    let server = Server::once(reply(ANSWER));
    let airx = airx(["chat", "-n", "hi"]).args(args).at(&server);
    on_terminal(airx.envs(variables), 0, "")
}

/// The same into a pipe.
fn piped(args: &[&str], variables: &[(&str, &str)]) -> String {
    let server = Server::once(reply(ANSWER));
    let ran = airx(["chat", "-n", "hi"])
        .args(args)
        .at(&server)
        .envs(variables)
        .run();
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    marked(&ran.stdout)
}

#[test]
fn an_answer_on_a_terminal_is_rendered_with_colours() {
    assert_eq!(chat(&[], &[XTERM]), COLOURED);
    assert_eq!(chat(&["-o", "-"], &[XTERM]), COLOURED);
    assert_eq!(chat(&["--render", "auto"], &[XTERM]), COLOURED);
}

#[test]
fn no_color_leaves_bold_and_dumb_no_escape_at_all() {
    assert_eq!(chat(&[], &[XTERM, ("NO_COLOR", "1")]), SHAPED);
    assert_eq!(chat(&[], &[XTERM, ("NO_COLOR", "")]), COLOURED);
    assert_eq!(chat(&[], &[("TERM", "dumb")]), PLAIN);
    assert_eq!(chat(&[], &[]), PLAIN);
}

#[test]
fn a_pipe_gets_the_answer_as_it_is_unless_rendering_is_forced() {
    let as_it_is = format!("{ANSWER}\n");
    assert_eq!(piped(&[], &[XTERM]), as_it_is);
    assert_eq!(piped(&[], &[XTERM, ("CLICOLOR_FORCE", "0")]), as_it_is);
    assert_eq!(piped(&[], &[("CLICOLOR_FORCE", "1")]), COLOURED);
    assert_eq!(piped(&["--render", "always"], &[]), COLOURED);
    assert_eq!(piped(&["--render=always"], &[("NO_COLOR", "1")]), SHAPED);
    assert_eq!(piped(&["--render=always"], &[("TERM", "dumb")]), PLAIN);
    assert_eq!(
        piped(&["--render=never"], &[("CLICOLOR_FORCE", "1")]),
        as_it_is
    );
}

#[test]
fn never_prints_the_answer_as_it_is_on_a_terminal_too() {
    assert_eq!(
        chat(&["--render", "never"], &[XTERM]),
        format!("{ANSWER}\n")
    );
}

#[test]
fn a_file_is_rendered_only_where_it_is_asked_for() {
    let home = folder();
    let path = home.path().join("answer");
    for (render, expected) in [
        ("auto", format!("{ANSWER}\n")),
        ("always", COLOURED.to_owned()),
    ] {
        let server = Server::once(reply(ANSWER));
        airx(["chat", "-n", "--render", render, "hi", "-o"])
            .arg(&path)
            .at(&server)
            .envs(&[XTERM, ("CLICOLOR_FORCE", "1")])
            .run()
            .is(0, "", "");
        assert_eq!(marked(&std::fs::read_to_string(&path).unwrap()), expected);
    }
}

#[test]
fn a_stream_shows_the_same_however_it_is_cut() {
    for size in [1, 2, 3, 7, 50, ANSWER.len()] {
        let chars: Vec<char> = ANSWER.chars().collect();
        let pieces: Vec<String> = chars
            .chunks(size)
            .map(|piece| piece.iter().collect())
            .collect();
        let server = Server::once(stream_of(pieces.iter().map(String::as_str)));
        let airx = airx(["stream", "-n", "hi"]).at(&server).envs(&[XTERM]);
        assert_eq!(on_terminal(airx, 0, ""), COLOURED, "pieces of {size}");
    }
}

#[test]
fn a_stream_cut_between_any_two_bytes_shows_the_same() {
    let frames = [delta(ANSWER), finish_frame("stop"), DONE.into()].concat();
    let server = Server::once(stream(frames.as_bytes().chunks(1)));
    let airx = airx(["stream", "-n", "--render=always", "hi"]).at(&server);
    let ran = airx.run();
    assert_eq!(
        (ran.code, marked(&ran.stdout), &*ran.stderr),
        (0, COLOURED.to_owned(), "")
    );
}

#[test]
fn what_only_looks_like_markup_is_on_a_terminal_as_it_was() {
    const TEXT: &str = "rated $$ to $$$ here; kill -9 $$ ends it, as PHP: $$name and $$value.\ncp \"$src\" \"$dst\" and sed \"s/$a/$b/g\" $this->a($b)\ncp src/*.js dist/*.js; COUNT(*), SUM(*); f(*args); /api/*/users/*/\nsrc/__tests__/a.js, from __future__ import x, __FILE__:__LINE__\n";
    let server = Server::once(reply(&format!("{TEXT}**so** $x$\n")));
    let airx = airx(["chat", "-n", "hi"]).at(&server);
    let shown = on_terminal(airx.envs(&[XTERM]), 0, "");
    assert_eq!(shown, format!("{TEXT}{{1}}so{{0}} x\n"));
}

#[test]
fn a_word_leaves_with_the_delta_after_it_and_a_span_when_it_is_complete() {
    let play = vec![
        stream_head(),
        chunk(delta("# Two head").as_bytes()),
        Step::Gate,
        chunk(delta("ings\nWords **bo").as_bytes()),
        Step::Gate,
        chunk(delta("ld** and\n| a | b |\n|---|---|\n").as_bytes()),
        Step::Gate,
        chunk(delta("| c | d |\n\nThe end").as_bytes()),
        Step::Gate,
        chunk([finish_frame("stop"), DONE.into()].concat().as_bytes()),
        last_chunk(),
    ];
    let server = Server::once(play);
    let (screen, side) = terminal();
    let child = airx(["stream", "-n", "hi"])
        .at(&server)
        .envs(&[("TERM", "dumb")])
        .stdout_to(side)
        .start();
    for shown in [
        "# Two",
        " headings\nWords",
        " bold and\n",
        "a │ b\n──┼──\nc │ d\n\nThe",
    ] {
        screen.until(shown);
        server.open_gate();
    }
    finish(child).is(0, "", "");
    assert_eq!(
        screen.all(),
        "# Two headings\nWords bold and\na │ b\n──┼──\nc │ d\n\nThe end\n"
    );
}

/// A stream that breaks off after this text.
fn broken(text: &str) -> Play {
    stream([delta(text)])
}

#[test]
fn an_answer_that_breaks_off_leaves_no_style_and_loses_nothing() {
    for (text, shown) in [
        ("# Head **bo", "{1;4;35}Head **bo{0}\n"),
        ("a **bold *and", "a **bold *and\n"),
        ("a `co", "a `co\n"),
        ("$$\nx +", "$$\nx +\n"),
        ("| a | b |\n|--|--|\n| c", "{1}a{0} │ {1}b{0}\n──┼──\nc │\n"),
        ("```sh\nls", "{2}────{0} {2}sh{0}\nls\n"),
    ] {
        let server = Server::once(broken(text));
        let (screen, side) = terminal();
        let ran = airx(["stream", "-n", "--retries=0", "hi"])
            .at(&server)
            .envs(&[XTERM])
            .stdout_to(side)
            .run();
        assert_eq!(ran.code, 7, "{}", ran.stderr);
        assert_eq!(marked(&screen.all()), shown);
    }
}

#[test]
fn a_signal_leaves_no_style_behind() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for (text, until, shown) in [
            ("# A head", "A", "{1;4;35}A head{0}\n"),
            ("Words **bold", "Words", "Words **bold\n"),
        ] {
            let play = vec![stream_head(), chunk(delta(text).as_bytes()), Step::Hold];
            let server = Server::once(play);
            let (screen, side) = terminal();
            let child = heedful(&["stream", "-n", "hi"])
                .at(&server)
                .envs(&[XTERM])
                .stdout_to(side)
                .start();
            screen.until(until);
            kill_process(Pid::from_child(&child), signal).unwrap();
            assert_eq!(finish(child).code, code);
            assert_eq!(marked(&screen.all()), shown);
        }
    }
}

const NASTY: &str =
    "**a\u{1b}[2J**\u{7} &#27;[31m `\u{9b}` [x](\u{1b}]8;;http://a.b) \u{202e}\r\nd";
const SAFE: &str = "a␛[2J␇ &#27;[31m `<U+009B>` x (␛]8;;http://a.b) <U+202E>\nd\n";

#[test]
fn control_characters_of_a_rendered_answer_are_shown_in_a_pipe_too() {
    let dumb = ("TERM", "dumb");
    let server = Server::play([reply(NASTY), reply(NASTY)]);
    let chat = || airx(["chat", "-n", "hi"]).at(&server).envs(&[dumb]);
    assert_eq!(on_terminal(chat(), 0, ""), SAFE);
    chat().arg("--render=always").run().is(0, SAFE, "");
}

#[test]
fn prose_of_tools_is_rendered_and_calls_are_not() {
    let home = folder();
    let tools = crate::harness::file(&home, "t.json", r#"{"name":"f","parameters":{}}"#);
    let call = r#"data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"**b** `c`\"}"}}]}}]}"#;
    let frames = [
        delta("I **call** *f"),
        format!("{call}\n\n"),
        finish_frame("tool_calls"),
        DONE.into(),
    ];
    let call = "{\n  {1;34}\"id\"{0}: {32}\"c\"{0},\n  {1;34}\"name\"{0}: {32}\"f\"{0},\n  {1;34}\"arguments\"{0}: {\n    {1;34}\"a\"{0}: {32}\"**b** `c`\"{0}\n  }\n}\n";
    let server = Server::play([stream(frames), reply("**done**")]);
    let tools = |args: &[&str]| {
        airx(["tools", "-n", "hi", "-t"])
            .arg(&tools)
            .args(args)
            .at(&server)
            .envs(&[XTERM])
    };
    let shown = on_terminal(tools(&["--stream"]), 0, "");
    assert_eq!(shown, ["I {1}call{0} *f\n", call].concat());
    assert_eq!(on_terminal(tools(&[]), 0, ""), "{1}done{0}\n");
}

#[test]
fn events_sessions_and_recordings_keep_the_text() {
    let home = folder();
    let (session, record) = (home.path().join("s"), home.path().join("r"));
    let server = Server::once(reply("**a** $x$"));
    let airx = airx(["chat", "-n", "hi", "--session"])
        .arg(&session)
        .arg("--record")
        .arg(&record)
        .at(&server)
        .envs(&[XTERM]);
    assert_eq!(on_terminal(airx, 0, ""), "{1}a{0} x\n");
    let kept = std::fs::read_to_string(&session).unwrap();
    assert!(kept.ends_with("\"content\":\"**a** $x$\"}\n"), "{kept}");
    let recorded = record.read_dir().unwrap().next().unwrap().unwrap();
    let recorded = std::fs::read_to_string(recorded.path()).unwrap();
    assert!(recorded.contains("**a** $x$"), "{recorded}");
}

#[test]
fn other_formats_and_commands_are_not_rendered() {
    for (args, stdout) in [
        (&["chat", "-x"][..], "**a**\n"),
        (&["json"], "{32}\"**a**\"{0}\n"),
    ] {
        let text = if args[0] == "json" {
            "\"**a**\""
        } else {
            "```\n**a**\n```"
        };
        let server = Server::once(reply(text));
        let airx = airx(args.iter().chain(&["-n", "hi"]))
            .at(&server)
            .envs(&[XTERM]);
        assert_eq!(on_terminal(airx, 0, ""), stdout);
    }
    let server = Server::once(reply("**a**"));
    let airx = airx(["chat", "-n", "--format=ndjson", "hi"])
        .at(&server)
        .envs(&[XTERM]);
    let events = on_terminal(airx, 0, "");
    assert!(events.contains("\"content\":\"**a**\""), "{events}");
}

#[test]
fn always_is_refused_where_there_is_no_text() {
    let text = "airx: usage: --render always is for the text of chat, stream and tools\n";
    let extract = "airx: usage: --render always and --extract exclude each other\nhint: --extract prints code as it is\n";
    let each = "airx: usage: --render always is for one answer, not for --each\nhint: leave it out: each item becomes one line of JSON\n";
    let run = |args: &[&str]| -> Ran {
        airx(args)
            .arg("--render=always")
            .stdin("a\n")
            .nowhere()
            .run()
    };
    run(&["chat", "-n", "--format=json", "hi"]).is(2, "", text);
    run(&["json", "-n", "hi"]).is(2, "", text);
    run(&["json", "-n", "--lines", "hi"]).is(2, "", text);
    run(&["chat", "-n", "-x", "hi"]).is(2, "", extract);
    let ran = run(&["stream", "-n", "--format=ndjson", "hi"]);
    assert_eq!(
        (ran.code, ran.types(), &*ran.stderr),
        (2, vec!["error".to_owned()], text)
    );
    let ran = run(&["chat", "--each", "x {}"]);
    assert_eq!((ran.code, &*ran.stderr), (2, each));
    let ran = airx(["chat", "-n", "--render=sometimes", "hi"])
        .nowhere()
        .run();
    assert_eq!(ran.code, 2);
}

#[test]
fn the_configuration_may_say_when_and_gives_way_to_what_excludes_it() {
    let home = folder();
    let config = crate::harness::file(&home, "c.toml", "render = \"always\"\n");
    let run = |args: &[&str], play: Play| {
        let server = Server::once(play);
        let airx = airx(args.iter().chain(&["-n", "hi", "--config"]));
        airx.arg(&config).at(&server).run()
    };
    assert_eq!(marked(&run(&["chat"], reply("**a**")).stdout), "{1}a{0}\n");
    run(&["chat", "--render=never"], reply("**a**")).is(0, "**a**\n", "");
    run(&["chat", "-x"], reply("```\n**a**\n```")).is(0, "**a**\n", "");
    run(&["json"], reply("\"*a*\"")).is(0, "\"*a*\"\n", "");
    let ran = run(&["chat", "--format=ndjson"], reply("**a**"));
    assert_eq!(
        (ran.code, ran.events()[1]["content"].as_str()),
        (0, Some("**a**"))
    );
    let server = Server::once(reply("**a**"));
    let items = airx(["chat", "--each", "--config"])
        .arg(&config)
        .stdin("x\n");
    let ran = items.at(&server).run();
    assert_eq!(
        (ran.code, ran.events()[0]["content"].as_str()),
        (0, Some("**a**"))
    );
}

#[test]
fn an_answer_that_was_cut_is_rendered_to_where_it_was_cut() {
    let frames = [delta("- **a** *b"), finish_frame("length"), DONE.into()];
    let server = Server::once(stream(frames));
    let (screen, side): (_, File) = terminal();
    let ran = airx(["stream", "-n", "hi"])
        .at(&server)
        .envs(&[XTERM])
        .stdout_to(side)
        .run();
    assert_eq!(ran.code, 9);
    assert_eq!(marked(&screen.all()), "• {1}a{0} *b\n");
}
