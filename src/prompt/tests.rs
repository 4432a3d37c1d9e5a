//! Tests of complete conversations, from sources to messages, each with its own standard input.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use super::stdin::tests::over;
use super::*;

/// Reads `sources` with a closed pipe that contains `input`.
fn with(input: &[u8], sources: &Sources) -> Result<Prompt, Failure> {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(input).unwrap();
    drop(writer);
    read_with(sources, over(reader.as_fd(), Duration::ZERO), &mut |_| {})
}

/// Reads `sources` with a folder as standard input: a notice fails the test, and reading a folder
/// is an error.
fn untouched(sources: &Sources) -> Result<Prompt, Failure> {
    let folder = File::open("/").unwrap();
    read_with(sources, over(folder.as_fd(), Duration::ZERO), &mut |_| {
        unreachable!("standard input was waited for")
    })
}

fn json(prompt: &Prompt) -> String {
    serde_json::to_string(&prompt.messages).unwrap()
}

/// The text of the only message, which is the user's.
fn text(prompt: Result<Prompt, Failure>) -> String {
    match &prompt.unwrap().messages[..] {
        [Message::User { text, images }] if images.is_empty() => text.clone(),
        other => unreachable!("{other:?}"),
    }
}

fn asks(words: &[&str]) -> Sources {
    Sources {
        prompt: words.iter().map(|&word| word.to_owned()).collect(),
        ..Sources::default()
    }
}

/// A file with this content, and the temporary folder with the file.
fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_diff_piped_in_follows_the_question_after_a_blank_line() {
    let prompt = with(b"diff\n", &asks(&["Explain", "this"]));
    assert_eq!(text(prompt), "Explain this\n\ndiff");
    assert_eq!(text(with(b"", &asks(&["Explain"]))), "Explain");
    assert_eq!(text(with(b"alone\n", &asks(&[]))), "alone");
}

#[test]
fn a_dash_among_the_words_puts_standard_input_there() {
    let prompt = with(b"in\n", &asks(&["before", "it", "-", "after", "it"]));
    assert_eq!(text(prompt), "before it\n\nin\n\nafter it");
}

#[test]
fn one_file_stands_bare_and_two_are_headed_by_their_names() {
    let (_folder, path) = file("content\n");
    let one = Sources {
        files: vec![path.clone()],
        ..asks(&["see"])
    };
    assert_eq!(text(with(b"", &one)), "see\n\ncontent");
    let two = Sources {
        files: vec![path.clone(), "-".into()],
        ..asks(&["see"])
    };
    let expected = format!("see\n\n{}:\ncontent\n\n-:\nin", path.display());
    assert_eq!(text(with(b"in\n", &two)), expected);
}

#[test]
fn an_empty_or_blank_message_is_refused() {
    let (_folder, path) = file(" \n");
    let files = Sources {
        files: vec![path.clone(), path],
        ..asks(&[])
    };
    let files = Sources {
        allow_empty: true,
        ..files
    };
    for sources in [asks(&[]), asks(&[""]), asks(&[" ", "\t"]), files] {
        let failure = with(b"\n", &sources).unwrap_err();
        assert_eq!(failure.exit(), 2);
        assert!(failure.message.starts_with("the message is "));
    }
}

#[test]
fn input_that_was_asked_for_by_name_and_is_empty_is_refused_unless_that_is_allowed() {
    let (_folder, path) = file(" \n");
    let at_file = format!("@{}", path.display());
    let named: [(&str, Sources); 5] = [
        ("standard input is empty", asks(&["say", "-"])),
        (
            "standard input is empty",
            Sources {
                files: vec!["-".into()],
                ..asks(&["say"])
            },
        ),
        (
            "f is empty",
            Sources {
                files: vec![path.clone()],
                ..asks(&["say"])
            },
        ),
        (
            "f is empty",
            Sources {
                messages: Some(path),
                ..asks(&["say"])
            },
        ),
        (
            "the system message (-s) is empty",
            Sources {
                system: Some(at_file),
                ..asks(&["say"])
            },
        ),
    ];
    for (what, sources) in named {
        for input in ["", "\n", " \t\r\n"] {
            let failure = with(input.as_bytes(), &sources).unwrap_err();
            assert_eq!(failure.exit(), 2);
            assert!(failure.message.contains(what), "{}", failure.message);
        }
        let allowed = Sources {
            allow_empty: true,
            ..sources
        };
        assert!(text(with(b"", &allowed)).starts_with("say"));
    }
}

#[test]
fn no_stdin_leaves_it_alone() {
    let sources = Sources {
        no_stdin: true,
        ..asks(&["hi"])
    };
    assert_eq!(text(with(b"not mine", &sources)), "hi");
    let nothing = Sources {
        no_stdin: true,
        ..asks(&[])
    };
    let failure = untouched(&nothing).unwrap_err();
    assert_eq!(failure.message, "the message is empty");
}

#[test]
fn a_conversation_that_waits_for_its_answer_needs_no_prompt() {
    let (_folder, path) = file(r#"[{"role":"user","content":"a"}]"#);
    let sources = Sources {
        messages: Some(path.clone()),
        system: Some("s".into()),
        ..asks(&[])
    };
    assert_eq!(
        json(&untouched(&sources).unwrap()),
        r#"[{"role":"system","content":"s"},{"role":"user","content":"a"}]"#
    );
    let with_words = Sources {
        messages: Some(path),
        ..asks(&["b"])
    };
    assert_eq!(
        json(&with(b"c", &with_words).unwrap()),
        r#"[{"role":"user","content":"a"},{"role":"user","content":"b\n\nc"}]"#
    );
}

#[test]
fn a_conversation_that_ended_takes_its_prompt_from_standard_input() {
    let (_folder, path) = file("{\"role\":\"assistant\",\"content\":\"a\"}\n");
    let sources = Sources {
        messages: Some(path),
        ..asks(&[])
    };
    assert!(json(&with(b"b", &sources).unwrap()).ends_with(r#"{"role":"user","content":"b"}]"#));
    let dash = Sources {
        messages: Some("-".into()),
        ..asks(&[])
    };
    let ended = b"{\"role\":\"assistant\",\"content\":\"a\"}\n";
    assert!(
        with(ended, &dash)
            .unwrap_err()
            .hint
            .unwrap()
            .contains("give a prompt")
    );
    let open = b"[{\"role\":\"tool\",\"content\":\"a\"}]";
    assert_eq!(with(open, &dash).unwrap().messages.len(), 1);
}

#[test]
fn the_system_message_is_text_or_a_file_or_a_literal_at_sign() {
    let (_folder, path) = file("role\n");
    let at = format!("@{}", path.display());
    for (given, sent) in [("s\n", "s\\n"), (&at, "role"), ("@@x", "@x"), ("@-", "in")] {
        let sources = Sources {
            system: Some(given.into()),
            ..asks(&["hi"])
        };
        let input: &[u8] = if given == "@-" { b"in\n" } else { b"" };
        let expected =
            format!(r#"[{{"role":"system","content":"{sent}"}},{{"role":"user","content":"hi"}}]"#);
        assert_eq!(json(&with(input, &sources).unwrap()), expected);
    }
    for wrong in ["", "@", "@no/such/file"] {
        let sources = Sources {
            system: Some(wrong.into()),
            ..asks(&["hi"])
        };
        assert_eq!(with(b"", &sources).unwrap_err().exit(), 2, "{wrong}");
    }
}

#[test]
fn an_image_comes_from_a_url_or_standard_input_with_or_without_words() {
    let sources = Sources {
        images: vec!["https://e.com/a.png".into(), "-".into()],
        ..asks(&["what?"])
    };
    let sent = json(&with(b"GIF89a", &sources).unwrap());
    assert!(sent.contains(r#"{"type":"text","text":"what?"}"#));
    assert!(
        sent.contains("https://e.com/a.png") && sent.contains("data:image/gif;base64,R0lGODlh")
    );
    let alone = Sources {
        images: vec!["-".into()],
        ..asks(&[])
    };
    assert!(!json(&with(b"GIF89a", &alone).unwrap()).contains(r#""text""#));
    let unasked = Sources {
        images: vec!["https://e.com/a.png".into()],
        ..asks(&[])
    };
    assert_eq!(with(b"", &unasked).unwrap_err().exit(), 2);
}

#[test]
fn a_session_keeps_the_system_text_and_every_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let turn = |words: &[&str], system: Option<&str>| Sources {
        session: Some(path.clone()),
        system: system.map(str::to_owned),
        ..asks(words)
    };
    let answer = r#"{"role":"assistant","content":"x"}"#;
    let prompt = with(b"", &turn(&["a"], Some("s"))).unwrap();
    prompt.session.unwrap().extend(answer).unwrap();
    // Standard input is read after the first look at the turns and before the lock is taken.
    let prompt = with(b"b", &turn(&[], Some("t"))).unwrap();
    assert!(
        json(&prompt)
            .starts_with(r#"[{"role":"system","content":"t"},{"role":"user","content":"a"}"#)
    );
    prompt.session.unwrap().extend(answer).unwrap();
    let user = |text| format!(r#"{{"role":"user","content":"{text}"}}"#);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        format!(
            "{{\"role\":\"system\",\"content\":\"s\"}}\n{}\n{answer}\n{}\n{answer}\n",
            user("a"),
            user("b")
        )
    );
}

#[test]
fn a_session_that_waits_for_its_answer_needs_no_prompt() {
    let (_folder, path) = file("{\"role\":\"user\",\"content\":\"a\"}\n");
    let sources = Sources {
        session: Some(path.clone()),
        ..asks(&[])
    };
    let prompt = untouched(&sources).unwrap();
    assert_eq!(prompt.messages.len(), 1);
    prompt.session.unwrap().extend("{}").unwrap();
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept, "{\"role\":\"user\",\"content\":\"a\"}\n{}\n");
}

#[test]
fn a_refused_prompt_leaves_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Sources {
        session: Some(folder.path().join("s")),
        ..asks(&[" "])
    };
    assert_eq!(with(b"", &sources).unwrap_err().exit(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
