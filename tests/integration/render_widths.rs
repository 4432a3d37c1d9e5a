//! `--render` on terminals of several widths: two long answers as snapshots in
//! `render/`. `AIRX_UPDATE=1` rewrites them.

use std::path::{Path, PathBuf};

use rustix::termios::{Winsize, tcsetwinsize};
use unicode_width::UnicodeWidthStr;

use crate::harness::watch::terminal;
use crate::harness::{DONE, Server, airx, delta, finish_frame, reply, stream};

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/render");
    folder.join(name)
}

/// What a run shows for an answer with this number of columns.
fn shown(answer: &str, width: usize, term: &str) -> String {
    let server = Server::once(reply(answer));
    let ran = airx(["chat", "-n", "--render=always", "hi"])
        .at(&server)
        .envs(&[("TERM", term), ("COLUMNS", &width.to_string())])
        .run();
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
    ran.stdout
}

#[track_caller]
fn snapshot(name: &str, width: usize) {
    let answer = std::fs::read_to_string(fixture(&[name, ".md"].concat())).unwrap();
    let shown = shown(&answer, width, "dumb");
    let path = fixture(&format!("{name}.{width}.txt"));
    if std::env::var_os("AIRX_UPDATE").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(&path).unwrap(), "{width}");
    for line in shown.lines() {
        assert!(line.width() <= width, "{width}: {line}");
    }
    unbroken(&answer, &shown);
}

/// Checks that no longer word of the prose was broken.
#[track_caller]
fn unbroken(answer: &str, shown: &str) {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_ascii_alphabetic());
        words.map(str::to_owned).collect()
    };
    let known = words(shown);
    let prose = answer.lines().filter(|line| !line.contains(['\\', '$']));
    let mut checked = 0;
    for word in prose.flat_map(words).filter(|word| word.len() > 3) {
        assert!(known.contains(&word), "{word}");
        checked += 1;
    }
    assert!(checked > 20);
}

#[test]
fn a_rich_answer_fits_narrow_and_wide_terminals() {
    snapshot("rich", 40);
    snapshot("rich", 80);
    snapshot("rich", 120);
}

#[test]
fn the_covariance_example_is_shown_with_its_matrices() {
    snapshot("covariance", 80);
    snapshot("covariance", 120);
}

#[test]
fn a_stream_of_single_characters_shows_the_same_as_the_complete_answer() {
    for name in ["rich.md", "covariance.md"] {
        let answer = std::fs::read_to_string(fixture(name)).unwrap();
        let deltas = answer.chars().map(|c| delta(c.encode_utf8(&mut [0; 4])));
        let frames = deltas.chain([finish_frame("stop"), DONE.into()]);
        let server = Server::once(stream(frames));
        let ran = airx(["stream", "-n", "--render=always", "hi"])
            .at(&server)
            .envs(&[("TERM", "xterm"), ("COLUMNS", "60")])
            .run();
        assert_eq!((ran.code, &*ran.stderr), (0, ""));
        assert_eq!(ran.stdout, shown(&answer, 60, "xterm"));
    }
}

#[test]
fn lines_wrap_at_the_width_of_the_terminal() {
    const ANSWER: &str =
        "- words that wrap under their own text\n\n> and quotes that keep their bar";
    let server = Server::once(reply(ANSWER));
    let (screen, program) = terminal();
    let size = Winsize {
        ws_row: 24,
        ws_col: 20,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&program, size).unwrap();
    airx(["chat", "-n", "hi"])
        .at(&server)
        .envs(&[("TERM", "dumb"), ("COLUMNS", "40")])
        .stdout_to(program)
        .run()
        .is(0, "", "");
    assert_eq!(
        screen.all(),
        "• words that wrap\n  under their own\n  text\n\n│ and quotes that\n│ keep their bar\n"
    );
}

#[test]
fn links_are_marked_on_a_terminal_that_shows_them() {
    const ANSWER: &str = "see [the page](https://a.b/c) now";
    for (term, expected) in [
        (
            "xterm-kitty",
            "see \u{1b}[4m\u{1b}]8;;https://a.b/c\u{1b}\\the page\u{1b}[0m\u{1b}]8;;\u{1b}\\ now\n",
        ),
        (
            "xterm",
            "see \u{1b}[4mthe page\u{1b}[0m (https://a.b/c) now\n",
        ),
        ("dumb", "see the page (https://a.b/c) now\n"),
    ] {
        let server = Server::once(reply(ANSWER));
        let (screen, program) = terminal();
        airx(["chat", "-n", "hi"])
            .at(&server)
            .envs(&[("TERM", term)])
            .stdout_to(program)
            .run()
            .is(0, "", "");
        assert_eq!(screen.all(), expected, "{term}");
    }
}
