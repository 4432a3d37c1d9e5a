//! One file under two options: refused before anything is sent, and left as it was.

use std::fs::{hard_link, read_to_string};
use std::os::unix::fs::symlink;

use crate::harness::{airx, bash, file, folder};

const TURNS: &str =
    "{\"role\":\"user\",\"content\":\"a\"}\n{\"role\":\"assistant\",\"content\":\"b\"}\n";

#[test]
fn a_session_is_never_overwritten_by_an_output() {
    for exists in [true, false] {
        for option in ["-o", "--meta"] {
            for name in ["talk", "./talk", "here/talk", "link", "hard"] {
                let folder = folder();
                let at = |name: &str| folder.path().join(name);
                if exists {
                    file(&folder, "talk", TURNS);
                    hard_link(at("talk"), at("hard")).unwrap();
                } else if name == "hard" {
                    continue;
                }
                symlink("talk", at("link")).unwrap();
                symlink(".", at("here")).unwrap();
                for (session, output) in [("talk", name), (name, "talk")] {
                    let ran = airx(["chat", "--session", session, option, output, "hi"])
                        .nowhere()
                        .within(folder.path())
                        .run();
                    let option = option.replace("-o", "--output");
                    let message = format!(
                        "airx: usage: --session {session} and {option} are the same file\nhint: name another file, or this one would be lost\n"
                    );
                    ran.is(2, "", &message);
                    assert_eq!(at("talk").exists(), exists);
                    if exists {
                        assert_eq!(read_to_string(at("talk")).unwrap(), TURNS);
                    }
                }
            }
        }
    }
}

#[test]
fn a_session_is_not_where_standard_output_goes() {
    let folder = folder();
    file(&folder, "talk", TURNS);
    for redirection in [">>talk", "-o /dev/fd/3 3>>talk", "--meta /dev/fd/3 3>>talk"] {
        let ran = bash(&format!("airx chat --session talk hi {redirection}"))
            .nowhere()
            .within(folder.path())
            .run();
        ran.code_is(2);
        assert!(ran.stderr.contains("--session talk and "), "{}", ran.stderr);
        assert_eq!(read_to_string(folder.path().join("talk")).unwrap(), TURNS);
    }
}

#[test]
fn a_key_file_is_never_overwritten_by_an_output() {
    let folder = folder();
    let key = file(&folder, "key", "0123456789");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for option in ["-o", "--meta"] {
        let ran = airx(["chat", "--key-file", "key", option, "./key", "hi"])
            .nowhere()
            .within(folder.path())
            .run();
        ran.code_is(2);
        assert_eq!(read_to_string(&key).unwrap(), "0123456789");
    }
}

#[test]
fn the_answer_and_its_meta_are_not_one_file() {
    for format in ["text", "ndjson"] {
        let folder = folder();
        let args = [
            "chat", "--format", format, "-o", "out", "--meta", "./out", "hi",
        ];
        let ran = airx(args).nowhere().within(folder.path()).run();
        ran.code_is(2);
        assert!(
            ran.stderr
                .contains("airx: usage: --output out and --meta are the same file\n"),
            "{}",
            ran.stderr
        );
        assert!(!folder.path().join("out").exists());
    }
}
