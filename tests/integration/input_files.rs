//! How words, files and their bytes become the message.

use crate::harness::{airx, file, folder};

/// The message that `airx chat ARGS…` in `folder` would send.
#[track_caller]
fn message(folder: &tempfile::TempDir, args: &[&str], stdin: &str) -> String {
    let ran = dry(folder, args, stdin);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let body: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    body["messages"][0]["content"].as_str().unwrap().to_owned()
}

fn dry(folder: &tempfile::TempDir, args: &[&str], stdin: &str) -> crate::harness::Ran {
    airx(["chat", "--dry-run"].iter().chain(args))
        .nowhere()
        .within(folder.path())
        .stdin(stdin)
        .run()
}

#[test]
fn words_files_and_standard_input_are_in_this_order_with_blank_lines_between() {
    let folder = folder();
    file(&folder, "a.txt", "A\n");
    let args = ["two", "words", "-f", "a.txt"];
    assert_eq!(message(&folder, &args, "in\n"), "two words\n\nA\n\nin");
}

#[test]
fn one_file_has_no_heading_and_two_are_headed_by_their_names() {
    let folder = folder();
    file(&folder, "a.txt", "A\n");
    file(&folder, "b.txt", "B");
    assert_eq!(message(&folder, &["-f", "a.txt"], ""), "A");
    let args = ["p", "-f", "a.txt", "-f", "b.txt"];
    assert_eq!(message(&folder, &args, ""), "p\n\na.txt:\nA\n\nb.txt:\nB");
}

#[test]
fn standard_input_among_files_is_named_by_a_dash() {
    let folder = folder();
    file(&folder, "a.txt", "A");
    let args = ["-f", "-", "-f", "a.txt"];
    assert_eq!(message(&folder, &args, "in"), "-:\nin\n\na.txt:\nA");
}

#[test]
fn an_option_does_not_eat_the_prompt_after_it() {
    let folder = folder();
    file(&folder, "a.txt", "A");
    assert_eq!(message(&folder, &["-f", "a.txt", "p"], ""), "p\n\nA");
    let ran = dry(&folder, &["--web-search", "p", "--", "-x"], "");
    assert!(ran.stdout.contains(r#""content":"p -x""#), "{}", ran.stdout);
}

#[test]
fn a_bom_and_one_final_newline_are_dropped_and_nothing_else() {
    let folder = folder();
    file(&folder, "bom", "\u{feff}  a\t \n\n");
    file(&folder, "crlf", "a\r\nb\r\n\r\n");
    file(&folder, "cr", "a\r");
    assert_eq!(message(&folder, &["-f", "bom"], ""), "  a\t \n");
    assert_eq!(message(&folder, &["-f", "crlf"], ""), "a\r\nb\r\n");
    assert_eq!(message(&folder, &["-f", "cr"], ""), "a\r");
    assert_eq!(
        message(&folder, &["-s", "s", "p"], "\u{feff}in\u{feff}\n"),
        "s"
    );
    let ran = dry(&folder, &["p"], "\u{feff}in\u{feff}\n");
    assert!(
        ran.stdout.contains("\"p\\n\\nin\u{feff}\""),
        "{}",
        ran.stdout
    );
}

#[test]
fn words_are_sent_as_they_are() {
    let folder = folder();
    assert_eq!(message(&folder, &[" a \n", ""], ""), " a \n ");
}

#[test]
fn what_is_not_utf8_is_refused_with_its_offset() {
    let folder = folder();
    file(&folder, "l1", b"caf\xe9!");
    let hint = "hint: convert it to UTF-8 (iconv), or let --lossy replace such bytes\n";
    let wrong = format!("airx: usage: l1 is not UTF-8: byte 0xE9 at offset 3\n{hint}");
    dry(&folder, &["p", "-f", "l1"], "").is(2, "", &wrong);
    airx(["chat", "p"])
        .nowhere()
        .stdin(b"\xef\xbb\xbfa\xff".to_vec())
        .run()
        .is(
            2,
            "",
            &format!("airx: usage: standard input is not UTF-8: byte 0xFF at offset 4\n{hint}"),
        );
}

#[test]
fn lossy_replaces_what_is_not_utf8() {
    let folder = folder();
    file(&folder, "l1", b"caf\xe9!");
    assert_eq!(
        message(&folder, &["--lossy", "-f", "l1"], ""),
        "caf\u{fffd}!"
    );
}

#[test]
#[cfg(unix)]
fn arguments_that_are_not_utf8_are_refused_with_their_offset_or_replaced_by_lossy() {
    use std::os::unix::ffi::OsStrExt;
    let word = std::ffi::OsStr::from_bytes(b"a\xff");
    let hint = "hint: convert it to UTF-8 (iconv), or let --lossy replace such bytes\n";
    let cases: [(&[&str], &str, &str, u32); 3] = [
        (&["hi"], "the prompt", r#""content":"hi a�""#, 4),
        (&["p", "-s"], "-s", r#"{"role":"system","content":"a�"}"#, 1),
        (&["p", "--stop"], "--stop", r#""stop":["a�"]"#, 1),
    ];
    for (args, name, sent, offset) in cases {
        let run = |lossy: &[&str]| {
            let args = ["chat", "-n", "--dry-run"].iter().chain(lossy).chain(args);
            airx(args).arg(word).nowhere().run()
        };
        let wrong =
            format!("airx: usage: {name} is not UTF-8: byte 0xFF at offset {offset}\n{hint}");
        run(&[]).is(2, "", &wrong);
        let ran = run(&["--lossy"]);
        assert!(ran.code == 0 && ran.stdout.contains(sent), "{ran:?}");
    }
}

#[test]
fn binary_data_is_refused_by_what_it_looks_like_and_lossy_does_not_lift_that() {
    let folder = folder();
    file(&folder, "elf", b"\x7fELF\x02\x01\x01\0");
    file(&folder, "photo", b"\x89PNG\r\n\x1a\n\0\0");
    file(&folder, "paper", b"%PDF-1.7\n");
    file(&folder, "nul", b"ab\0c\xff");
    file(&folder, "wide", b"\xff\xfea\0b\0");
    let text = "airx reads text; --lossy does not change that";
    let cases = [
        (
            "elf",
            "elf looks binary: it starts like an ELF program",
            text,
        ),
        (
            "photo",
            "photo looks binary: it starts like a PNG image",
            "-i sends an image to a vision model",
        ),
        (
            "paper",
            "paper looks binary: it starts like a PDF document",
            "extract its text first, for example with pdftotext",
        ),
        ("nul", "nul looks binary: NUL byte at offset 2", text),
        (
            "wide",
            "wide is not UTF-8: byte 0xFF at offset 0",
            "it looks like UTF-16: convert it with iconv -f UTF-16 -t UTF-8",
        ),
    ];
    for (name, what, hint) in cases {
        let refusal = format!("airx: usage: {what}\nhint: {hint}\n");
        dry(&folder, &["p", "-f", name], "").is(2, "", &refusal);
        dry(&folder, &["--lossy", "p", "-f", name], "").is(2, "", &refusal);
    }
    let what = "standard input looks binary: NUL byte at offset 1";
    let refusal = format!("airx: usage: {what}\nhint: {text}\n");
    dry(&folder, &["p"], "a\0b").is(2, "", &refusal);
}

#[test]
#[cfg(unix)]
fn pipes_of_the_shell_are_headed_by_their_number() {
    let folder = folder();
    file(&folder, "a.txt", "A");
    let script = "airx chat -n --dry-run -f <(printf 1) -f a.txt -f <(printf 3)";
    let ran = crate::harness::bash(script).within(folder.path()).run();
    let sent = r#""content":"file 1:\n1\n\na.txt:\nA\n\nfile 3:\n3""#;
    assert!(ran.stdout.contains(sent), "{ran:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = folder();
    dry(&folder, &["-f", "no.txt"], "").is(
        2,
        "",
        "airx: usage: no.txt cannot be read: No such file or directory (os error 2)\nhint: check the path; a relative one starts at the current folder\n",
    );
    std::fs::create_dir(folder.path().join("d")).unwrap();
    dry(&folder, &["-f", "d"], "").is(
        2,
        "",
        "airx: usage: d cannot be read: Is a directory (os error 21)\nhint: name a file in the folder\n",
    );
}

#[test]
#[cfg(unix)]
fn a_file_may_be_a_pipe_of_the_shells() {
    let server = crate::harness::Server::once(crate::harness::reply("ok"));
    let script = "airx chat -n -f <(printf a) -s @<(printf s)";
    crate::harness::bash(script)
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    let body = &server.requests()[0].body;
    assert!(
        body.contains(r#"[{"role":"system","content":"s"},{"role":"user","content":"a"}]"#),
        "{body}"
    );
}

#[test]
fn input_that_was_asked_for_by_name_and_is_empty_is_refused_and_nothing_is_sent() {
    let folder = folder();
    file(&folder, "empty", "");
    file(&folder, "blank", " \n\t\n");
    file(&folder, "a.txt", "A");
    let hint = "hint: did the command that writes it fail? --allow-empty-input sends the request without it\n";
    let cases: [(&[&str], &str); 6] = [
        (&["p", "-"], "standard input"),
        (&["p", "-f", "-"], "standard input"),
        (&["p", "-f", "empty"], "empty"),
        (&["p", "-f", "blank"], "blank"),
        (&["p", "-f", "a.txt", "-f", "empty"], "empty"),
        (&["p", "--messages", "empty"], "empty"),
    ];
    for (args, name) in cases {
        let refusal = format!("airx: usage: {name} is empty: nothing was sent\n{hint}");
        dry(&folder, args, "\n").is(2, "", &refusal);
        let args = [args, &["--allow-empty-input"]].concat();
        let ran = dry(&folder, &args, "\n");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
    }
    // But the message must not be blank.
    let nothing = "airx: usage: the message is empty\nhint: give a prompt, -f FILE, or text on standard input\n";
    dry(&folder, &["--allow-empty-input", "-f", "empty"], "").is(2, "", nothing);
}

#[test]
fn a_pipe_that_was_only_picked_up_and_is_empty_is_a_warning() {
    let folder = folder();
    file(&folder, "empty", "");
    let warning = "airx: warning: standard input was empty; only the prompt is sent\n";
    let run = |args: &[&str]| {
        let args = ["chat", "--dry-run", "p"].iter().chain(args);
        airx(args).nowhere().within(folder.path())
    };
    let pipe = run(&[]).empty_pipe().run();
    assert_eq!((pipe.code, pipe.stderr.as_str()), (0, warning));
    let open = std::fs::File::open(folder.path().join("empty")).unwrap();
    assert_eq!(run(&[]).stdin_from(open).run().stderr, warning);
    for silent in [
        run(&["-q"]).empty_pipe(),
        run(&["--allow-empty-input"]).empty_pipe(),
    ] {
        assert_eq!(silent.run().stderr, "");
    }
    assert_eq!(run(&["-n"]).empty_pipe().run().stderr, "");
    // Standard input was not a pipe that could have contained text.
    assert_eq!(run(&[]).run().stderr, "");
}

#[test]
fn files_of_more_than_16_mib_together_are_refused() {
    let folder = folder();
    file(&folder, "half", vec![b'a'; 9 << 20]);
    dry(&folder, &["-f", "half", "-f", "half"], "").is(
        2,
        "",
        "airx: usage: the message, with half, is larger than 16 MiB\nhint: send less: no model's context holds that much\n",
    );
}

#[test]
fn a_system_text_is_given_or_read_and_two_at_signs_are_one() {
    let folder = folder();
    file(&folder, "role", "\u{feff}You are\nbrief.\n");
    assert_eq!(message(&folder, &["-s", "Be brief.", "p"], ""), "Be brief.");
    assert_eq!(
        message(&folder, &["-s", "@role", "p"], ""),
        "You are\nbrief."
    );
    assert_eq!(message(&folder, &["-s", "@@role", "p"], ""), "@role");
    assert_eq!(message(&folder, &["-s", "@-", "p"], "by pipe\n"), "by pipe");
}

#[test]
fn a_system_text_that_is_empty_or_not_there_is_refused() {
    let folder = folder();
    let hint = "hint: leave -s out to send none\n";
    dry(&folder, &["-s", "", "p"], "").is(
        2,
        "",
        &format!("airx: usage: the system message (-s) is empty\n{hint}"),
    );
    dry(&folder, &["-s", "@no", "p"], "").is(
        2,
        "",
        "airx: usage: no cannot be read: No such file or directory (os error 2)\nhint: check the path; a relative one starts at the current folder\n",
    );
}

#[test]
fn control_characters_and_every_script_reach_the_server_unchanged() {
    let folder = folder();
    let text = "a\u{1}\u{1b}[2J\u{7f}\u{9b}\u{202e}é中🙂\u{2028}\"\\";
    assert_eq!(message(&folder, &[], text), text);
}
