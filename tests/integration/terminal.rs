//! What people see on a terminal: control characters as visible symbols, and a spinner
//! that disappears before the answer.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::watch::{Watch, terminal, terminal_pair};
use crate::harness::{
    Airx, DONE, Play, Server, Step, airx, chunk, delta, file, finish, finish_frame, folder, gated,
    json, last_chunk, reply, stream, stream_head,
};

/// Runs with a terminal as standard output. Returns the exit code and what it shows.
#[track_caller]
fn shown(args: &[&str], play: Play) -> (i32, String) {
    let server = Server::once(play);
    on_terminal(airx(args.iter().chain(&["hi"])).at(&server))
}

#[track_caller]
fn on_terminal(airx: Airx) -> (i32, String) {
    let (screen, side) = terminal();
    let ran = airx.stdout_to(side).run();
    assert_eq!(ran.stderr, "");
    (ran.code, screen.all())
}

/// Characters that a terminal would act on; CRLF counts as a newline.
const NASTY: &str = "a\u{1b}[2J\u{7}\u{8}\0\u{7f}\u{9b}\u{202e}\u{2066}b\tc\r\nd\re中🙂";
const SAFE: &str = "a␛[2J␇␈␀␡<U+009B><U+202E><U+2066>b\tc\nd␍e中🙂\n";

#[test]
fn control_characters_of_an_answer_are_shown() {
    assert_eq!(shown(&["chat"], reply(NASTY)), (0, SAFE.into()));
    assert_eq!(shown(&["tools"], reply(NASTY)), (0, SAFE.into()));
    // Also when a CRLF is split over two deltas.
    let frames = NASTY
        .chars()
        .map(|c| delta(&c.to_string()))
        .chain([finish_frame("stop"), DONE.into()]);
    assert_eq!(shown(&["stream"], stream(frames)), (0, SAFE.into()));
}

#[test]
fn control_characters_of_json_are_shown() {
    // JSON itself escapes C0; it leaves DEL, C1 and bidi characters.
    let answer = "{\"a\":\"\u{7f}\u{9b}\u{202e}\"}";
    assert_eq!(
        shown(&["json"], reply(answer)),
        (0, "{\n  \"a\": \"␡<U+009B><U+202E>\"\n}\n".into())
    );
    let raw = ["json", "--select", "/a"];
    assert_eq!(
        shown(&raw, reply("{\"a\":\"\\u001b[2J\\r\\n\"}")),
        (0, "␛[2J\n\n".into())
    );
}

#[test]
fn control_characters_are_shown_in_every_format() {
    let body = "{\"x\":\"\u{9b}\u{7f}\",\r\n\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"\u{202e}\"}}]}";
    let safe = "{\"x\":\"<U+009B>␡\",\n\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"<U+202E>\"}}]}\n";
    assert_eq!(
        shown(&["chat", "--format", "json"], json(200, body)),
        (0, safe.into())
    );
    let (code, events) = shown(&["chat", "--format", "ndjson"], reply(NASTY));
    assert_eq!(code, 0);
    assert!(events.contains("\"content\":\"a\\u001b[2J\\u0007\\b\\u0000␡<U+009B><U+202E><U+2066>b\\tc\\r\\nd\\re中🙂\"}\n"), "{events:?}");
    let frame = "data: {\"choices\":[{\"delta\":{\"content\":\"\u{9b}\"}}]}\n\n";
    let (code, payloads) = shown(
        &["stream", "--format", "json"],
        stream([frame.into(), finish_frame("stop"), DONE.into()]),
    );
    assert_eq!(code, 0);
    assert!(
        payloads.starts_with("{\"choices\":[{\"delta\":{\"content\":\"<U+009B>\"}}]}\n"),
        "{payloads:?}"
    );
}

#[test]
fn control_characters_of_a_dry_run_are_shown() {
    let args = ["chat", "--dry-run", "-n", "a\u{9b}\u{202e}\u{7f}"];
    let body = "{\"model\":\"glm-4-airx\",\"messages\":[{\"role\":\"user\",\"content\":\"a<U+009B><U+202E>␡\"}],\"stream\":false}\n";
    assert_eq!(on_terminal(airx(args).nowhere()), (0, body.into()));
}

#[test]
fn extracted_code_is_made_safe_too() {
    assert_eq!(
        shown(&["chat", "-x"], reply("```\na\u{1b}c\r\n```\n")),
        (0, "a␛c\n".into())
    );
}

#[test]
fn a_terminal_given_as_o_is_made_safe_too() {
    let server = Server::once(reply("a\u{1b}c"));
    let (screen, side) = terminal();
    airx(["chat", "-o", "/dev/stderr", "hi"])
        .at(&server)
        .stderr_to(side)
        .run()
        .is(0, "", "");
    let shown = screen.all();
    assert!(shown.ends_with("a␛c\n"), "{shown:?}");
}

#[test]
fn standard_error_is_made_safe_even_where_it_is_no_terminal() {
    let server = Server::once(json(
        400,
        "{\"error\":{\"code\":\"1210\",\"message\":\"bad\\u001b[2J\\u009b\\u202e\\r\\nword\"}}",
    ));
    let ran = airx(["chat", "hi"]).at(&server).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (4, ""));
    assert!(
        ran.stderr.starts_with("airx: rejected: ")
            && ran.stderr.contains("bad␛[2J<U+009B><U+202E>"),
        "{:?}",
        ran.stderr
    );
    let ran = airx(["chat", "-f", "no\u{1b}[2J\nname"]).nowhere().run();
    ran.is(
        2,
        "",
        "airx: usage: no␛[2J name cannot be read: No such file or directory (os error 2)\nhint: check the path; a relative one starts at the current folder\n",
    );
}

/// Starts a run with a terminal as standard error. Returns it and the terminal's screen.
fn with_screen(args: &[&str], server: &Server) -> (std::process::Child, Watch) {
    let (screen, side) = terminal();
    let child = airx(args.iter().chain(&["-n", "hi"]))
        .at(server)
        .env("TERM", "xterm")
        .stderr_to(side)
        .start();
    (child, screen)
}

const WIPE: &str = "\r\u{1b}[2K";

#[test]
fn a_spinner_appears_while_waiting_and_is_gone_before_the_answer() {
    let server = Server::once(gated(reply("a")));
    let started = Instant::now();
    let (child, screen) = with_screen(&["chat"], &server);
    screen.until("airx chat");
    assert!(started.elapsed() >= Duration::from_millis(400));
    server.open_gate();
    finish(child).is(0, "a\n", "");
    let shown = screen.all();
    assert!(shown.ends_with(WIPE), "{shown:?}");
}

#[test]
fn a_spinner_is_wiped_before_the_first_byte_of_a_stream() {
    // Both outputs are the same terminal, which shows their order.
    let play = vec![
        Step::Gate,
        stream_head(),
        chunk(delta("first").as_bytes()),
        Step::Gate,
        chunk(
            [delta(" last"), finish_frame("stop"), DONE.into()]
                .concat()
                .as_bytes(),
        ),
        last_chunk(),
    ];
    let server = Server::once(play);
    let (screen, side) = terminal();
    let child = airx(["stream", "-n", "--render", "never", "hi"])
        .at(&server)
        .env("TERM", "xterm")
        .stdout_to(side.try_clone().unwrap())
        .stderr_to(side)
        .start();
    screen.until("airx stream");
    server.open_gate();
    screen.until("first");
    server.open_gate();
    finish(child).is(0, "", "");
    let shown = screen.all();
    assert!(shown.ends_with(&format!("{WIPE}first last\n")), "{shown:?}");
}

#[test]
fn an_answer_that_comes_at_once_has_no_spinner() {
    let server = Server::once(reply("a"));
    let (child, screen) = with_screen(&["chat"], &server);
    finish(child).is(0, "a\n", "");
    assert_eq!(screen.all(), "");
}

#[test]
fn a_spinner_is_wiped_before_an_error() {
    let server = Server::once(gated(json(401, "{}")));
    let (child, screen) = with_screen(&["chat"], &server);
    screen.until("airx chat");
    server.open_gate();
    assert_eq!(finish(child).code, 3);
    let error = format!("{WIPE}airx: \u{1b}[1;31maccount:\u{1b}[0m ");
    assert!(screen.all().contains(&error), "{:?}", screen.all());
}

#[test]
fn quiet_verbose_and_a_dumb_terminal_have_no_spinner() {
    // The second wait is long enough for a spinner to start: it ends when another
    // run's spinner appears.
    for (flag, term) in [("-q", "xterm"), ("--", "dumb")] {
        let server = Server::play([gated(reply("a")), gated(reply("b"))]);
        let (screen, side) = terminal();
        let silent = airx(["chat", "-n", flag, "hi"])
            .at(&server)
            .env("TERM", term)
            .stderr_to(side)
            .start();
        server.await_requests(1);
        let (other, watched) = with_screen(&["chat"], &server);
        watched.until("airx chat");
        server.open_gate();
        server.open_gate();
        assert_eq!((finish(silent).code, finish(other).code), (0, 0));
        assert_eq!(screen.all(), "", "{flag} {term}");
    }
}

#[test]
fn no_spinner_is_drawn_where_standard_error_is_no_terminal() {
    let server = Server::play([gated(reply("a")), gated(reply("b"))]);
    let (_screen, side) = terminal_pair();
    let silent = airx(["chat", "-n", "hi"])
        .at(&server)
        .stdin_from(Stdio::null())
        .stdout_to(side)
        .start();
    server.await_requests(1);
    let (other, watched) = with_screen(&["chat"], &server);
    watched.until("airx chat");
    server.open_gate();
    server.open_gate();
    finish(silent).is(0, "", "");
    assert_eq!(finish(other).code, 0);
}

#[test]
fn shown_thinking_ends_its_line_before_the_answer() {
    let server = Server::once(stream([
        "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"2+2\\u001b\"}}]}\n\n".to_owned(),
        delta("4"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    let (screen, side) = terminal();
    airx(["stream", "-n", "--reasoning", "hi"])
        .at(&server)
        .stdout_to(side.try_clone().unwrap())
        .stderr_to(side)
        .run();
    assert_eq!(screen.all(), "2+2␛\n4\n");
}

#[test]
fn control_characters_of_the_configuration_are_shown() {
    let folder = folder();
    let text = "model = \"\\u001b[2J模型\"\nsystem = \"\\u202ebidi\"\nuser-id = \"\\u009bx\"\n[models.\"\\u001b[31m中文\"]\ncontext = 1024\n";
    let path = file(&folder, "c.toml", text);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for args in [["models", "--config"], ["config", "--config"]] {
        let show = (args[0] == "config").then_some("show");
        let run = airx(args).arg(&path).args(show);
        let (code, screen) = on_terminal(run);
        assert_eq!(code, 0, "{screen}");
        assert!(
            !screen.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
            "{screen:?}"
        );
        assert!(screen.contains('␛'), "{screen}");
    }
    let (_, screen) = on_terminal(airx(["models", "--config"]).arg(&path));
    assert!(screen.contains("\n␛[31m中文 "), "{screen}");
}

#[test]
fn tables_fit_the_terminal() {
    use unicode_width::UnicodeWidthStr;
    let folder = folder();
    let text = format!(
        "system = \"{}\"\n[models.\"中文模型\"]\ncontext = 1024\n",
        "long ".repeat(60)
    );
    let path = file(&folder, "c.toml", text);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for args in [&["models"][..], &["config", "show"]] {
        let (code, screen) = on_terminal(airx(args).arg("--config").arg(&path));
        assert_eq!(code, 0, "{screen}");
        for line in screen.lines() {
            assert!(line.width() <= 80, "{line}");
        }
    }
}

#[test]
fn on_a_terminal_the_class_is_coloured_and_lines_wrap_at_words() {
    let words = "a rather long explanation of what is wrong with this request, word by word";
    let body = serde_json::json!({ "error": { "code": "1210", "message": words } }).to_string();
    for (variables, coloured) in [
        (&[("TERM", "xterm")][..], true),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
        (&[], false),
    ] {
        let server = Server::once(json(400, &body));
        let (screen, side) = terminal();
        let mut window = rustix::termios::tcgetwinsize(&side).unwrap();
        (window.ws_col, window.ws_row) = (50, 24);
        rustix::termios::tcsetwinsize(&side, window).unwrap();
        let ran = airx(["chat", "-n", "hi"])
            .at(&server)
            .envs(variables)
            .stderr_to(side)
            .run();
        assert_eq!(ran.code, 4);
        let shown = screen.all();
        let class = if coloured {
            "airx: \u{1b}[1;31mrejected:\u{1b}[0m "
        } else {
            "airx: rejected: "
        };
        let message = shown
            .split(class)
            .nth(1)
            .unwrap_or_else(|| panic!("{shown:?}"));
        let plain = message.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert!(plain.lines().count() >= 3, "{plain}");
        assert!(
            plain.lines().all(|line| line.chars().count() <= 50),
            "{plain}"
        );
        let unwrapped = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(words), "{unwrapped}");
    }
}

#[test]
fn the_spinner_names_the_model_and_why_it_retries() {
    let failure = crate::harness::http(500, "Retry-After: 1\r\n", "{}");
    let server = Server::play([failure, gated(reply("a"))]);
    let (child, screen) = with_screen(&["chat", "-m", "some-model"], &server);
    screen.until("airx chat: some-model, ");
    screen.until(", retry 1 of 5 in 1 s: HTTP 500");
    server.await_requests(2);
    server.open_gate();
    finish(child).is(0, "a\n", "");
}

#[test]
fn reasoning_is_dimmed_on_a_terminal() {
    let frame = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n".to_owned();
    let server = Server::once(stream([
        frame,
        delta("4"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    let (screen, side) = terminal();
    airx(["stream", "-n", "--reasoning", "hi"])
        .at(&server)
        .env("TERM", "xterm")
        .stderr_to(side)
        .run()
        .is(0, "4\n", "");
    let shown = screen.all();
    assert!(shown.contains("\u{1b}[2mhm\u{1b}[0m\n"), "{shown:?}");
}

#[test]
fn the_summary_of_items_is_for_a_terminal_or_verbose() {
    for (flags, shown) in [(&[][..], false), (&["-v"], true), (&["-q"], false)] {
        let server = Server::once(reply("a"));
        let ran = airx(["chat", "--each"])
            .args(flags)
            .at(&server)
            .stdin("hi\n")
            .run();
        assert_eq!(
            ran.stderr.contains("airx: 1 done, 0 failed, "),
            shown,
            "{flags:?}"
        );
        assert_eq!(ran.stderr.is_empty(), !shown, "{flags:?}");
    }
}

#[test]
fn json_and_calls_are_laid_out_and_coloured_on_a_terminal_alone() {
    let colours = |text: &str| text.replace('<', "\u{1b}[").replace('>', "m");
    let value = r#"{"b":[1E5,null],"a":"x"}"#;
    let call = crate::harness::toolbench::calls("", &[("f", value)]);
    let json = "{\n  <1;34>\"b\"<0>: [\n    1E5,\n    <90>null<0>\n  ],\n  <1;34>\"a\"<0>: <32>\"x\"<0>\n}\n";
    for (args, play, lines) in [
        (&["json"][..], reply(value), 7),
        (&["json", "--pretty"], reply(value), 7),
        (&["tools"], call, 11),
    ] {
        let server = Server::play([play.clone(), play]);
        let args = [args, &["-n", "hi"]].concat();
        let piped = airx(&args).at(&server).run();
        assert!(!piped.stdout.contains('\u{1b}'), "{}", piped.stdout);
        let (code, shown) = on_terminal(airx(&args).at(&server).env("TERM", "xterm"));
        assert_eq!((code, shown.lines().count()), (0, lines), "{shown}");
        if args[0] == "json" {
            assert_eq!(shown, colours(json));
        } else {
            assert!(
                shown.starts_with(&colours("{\n  <1;34>\"id\"<0>: <32>\"")),
                "{shown:?}"
            );
        }
    }
    for args in [&["json", "--lines"][..], &["json", "--select", "/0"]] {
        let server = Server::once(reply("[{\"a\":1}]"));
        let args = [args, &["-n", "hi"]].concat();
        let shown = on_terminal(airx(&args).at(&server).env("TERM", "xterm"));
        assert_eq!(shown, (0, "{\"a\":1}\n".to_owned()), "{args:?}");
    }
}
