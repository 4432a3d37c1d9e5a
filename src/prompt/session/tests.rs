//! Tests of the session file: created, extended, left unchanged.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::mpsc;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(path: &Path) -> Result<(Session, History), Failure> {
    Session::open(path, &mut |_| {})
}

fn message(path: &Path) -> String {
    let failure = open(path).unwrap_err();
    assert_eq!(failure.exit(), 2);
    failure.message
}

const USER: &str = "{\"role\":\"user\",\"content\":\"a\"}";
const ANSWER: &str = "{\"role\":\"assistant\",\"content\":\"b\"}";

fn user() -> Message {
    Message::User {
        text: "a".into(),
        images: Vec::new(),
    }
}

#[test]
fn a_new_session_is_made_for_its_owner_alone_and_extended() {
    let folder = folder();
    let path = folder.path().join("s");
    let (mut session, turns) = open(&path).unwrap();
    assert!(turns.is_empty());
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    session.add(&Message::System("s".into())).unwrap();
    session.add(&user()).unwrap();
    session.extend(ANSWER).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{{\"role\":\"system\",\"content\":\"s\"}}\n{USER}\n{ANSWER}\n")
    );
}

#[test]
fn a_failed_run_leaves_no_new_file_and_an_old_one_untouched() {
    let folder = folder();
    let path = folder.path().join("s");
    drop(open(&path).unwrap());
    assert!(!path.exists());
    fs::write(&path, "").unwrap();
    drop(open(&path).unwrap());
    assert!(path.exists(), "an empty file of the user's own stays");
}

#[test]
fn what_is_there_stays_as_it_is_and_a_missing_newline_is_made_up_for() {
    let folder = folder();
    let path = folder.path().join("s");
    let odd = " {\"role\" : \"user\",\"content\":\"\\u00e9\"} \n\n{\"role\":\"assistant\",\"content\":\"x\"}";
    fs::write(&path, odd).unwrap();
    let (mut session, turns) = open(&path).unwrap();
    assert!(!turns.is_complete());
    session.add(&user()).unwrap();
    session.extend(ANSWER).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{odd}\n{USER}\n{ANSWER}\n")
    );
}

#[test]
fn a_torn_last_line_is_dropped_with_a_notice_and_the_session_goes_on() {
    let folder = folder();
    let path = folder.path().join("s");
    let complete = format!("{USER}\n{ANSWER}\n");
    let last = "{\"role\":\"user\",\"content\":\"é\"}";
    for length in 1..last.len() {
        let torn = [complete.as_bytes(), &last.as_bytes()[..length]].concat();
        fs::write(&path, &torn).unwrap();
        let (mut session, turns) = open(&path).unwrap();
        assert_eq!(turns.into_messages(None).len(), 2, "{length}");
        let warning = session.warning().unwrap();
        assert!(warning.contains("line 3 is cut off"), "{warning}");
        assert_eq!(
            fs::read(&path).unwrap(),
            torn,
            "untouched until the run succeeds"
        );
        session.add(&user()).unwrap();
        session.extend(ANSWER).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), complete.repeat(2));
    }
}

#[test]
fn calls_whose_answers_were_torn_off_are_dropped_with_them() {
    let folder = folder();
    let path = folder.path().join("s");
    let calls = "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{},{}]}\n";
    let result = "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"r\"}\n";
    let turns = |content: String| {
        fs::write(&path, content).unwrap();
        open(&path).unwrap().1.into_messages(None).len()
    };
    assert_eq!(turns(format!("{USER}\n{calls}{result}{{\"ro")), 1);
    assert_eq!(turns(format!("{USER}\n{calls}{{\"ro")), 1);
    assert_eq!(turns(format!("{USER}\n{calls}{result}{result}{{\"ro")), 4);
}

#[test]
fn a_file_that_is_no_session_is_never_taken_for_a_torn_one() {
    let folder = folder();
    let path = folder.path().join("s");
    fs::write(&path, "my notes, without a newline").unwrap();
    assert!(message(&path).contains("line 1 is not JSON"));
}

#[test]
fn an_array_is_no_session() {
    let folder = folder();
    let path = folder.path().join("s");
    fs::write(&path, format!("[{USER}]\n")).unwrap();
    assert!(message(&path).contains("JSON array"));
}

#[test]
fn links_are_followed_to_files_and_anything_else_is_refused() {
    let folder = folder();
    let (file, link) = (folder.path().join("f"), folder.path().join("l"));
    symlink(&file, &link).unwrap();
    assert!(message(&link).contains("link to a file that is not there"));
    fs::write(&file, "").unwrap();
    open(&link).unwrap().0.extend(ANSWER).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{ANSWER}\n"));
    assert!(link.is_symlink());
    for other in [folder.path(), Path::new("/dev/null")] {
        assert!(message(other).contains("is not a regular file"));
    }
    assert!(message(&folder.path().join("no/s")).contains("cannot be opened"));
}

#[test]
fn a_run_that_waits_for_another_sees_what_that_one_wrote() {
    let folder = folder();
    let path = folder.path().join("s");
    let (first, _) = open(&path).unwrap();
    let (notices, waits) = mpsc::channel();
    let other = path.clone();
    let second = std::thread::spawn(move || {
        let mut notice = |line: &str| notices.send(line.to_owned()).unwrap();
        let (_session, turns) = Session::open(&other, &mut notice).unwrap();
        turns.is_empty()
    });
    assert!(waits.recv().unwrap().contains("another run"));
    first.extend(ANSWER).unwrap();
    assert!(!second.join().unwrap());
}

#[test]
fn a_run_that_waits_creates_a_removed_file_again() {
    let folder = folder();
    let path = folder.path().join("s");
    let (first, _) = open(&path).unwrap();
    let (notices, waits) = mpsc::channel();
    let other = path.clone();
    let second = std::thread::spawn(move || {
        let mut notice = |_: &str| notices.send(()).unwrap();
        let (session, _) = Session::open(&other, &mut notice).unwrap();
        session.extend(ANSWER).unwrap();
    });
    waits.recv().unwrap();
    drop(first);
    second.join().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{ANSWER}\n"));
}

#[test]
fn a_session_removed_during_the_run_is_reported() {
    let folder = folder();
    let path = folder.path().join("s");
    let (session, _) = open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let failure = session.extend(ANSWER).unwrap_err();
    assert_eq!(failure.exit(), 1);
    assert!(failure.message.contains("was removed"));
    assert!(!path.exists());
}

/// A disk with room for this number of bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len().min(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_short_write_is_undone_and_reported() {
    let mut undone = false;
    let error = append(&mut Full(3), b"12345", || {
        undone = true;
        Ok(())
    })
    .unwrap_err();
    assert!(undone);
    assert!(error.to_string().contains("only 3 of 5 bytes"));
    append(&mut Full(5), b"12345", || unreachable!()).unwrap();
}
