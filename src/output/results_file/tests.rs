//! The results file: its content after every way a run can end, and how it is resumed.

use super::*;
use crate::event::ResumeState;

const START: &str = "{\"type\":\"start\"}\n";
const DONE: &str = "{\"type\":\"done\"}\n";

fn line(index: u64, hash: u8, rest: &str) -> String {
    let hash = format!("{hash:02x}").repeat(32);
    format!(r#"{{"type":"result","index":{index},"hash":"{hash}"{rest}}}"#) + "\n"
}

fn open(path: &Path, resume: bool) -> ResultsFile {
    ResultsFile::open(path, resume).unwrap().unwrap()
}

fn put(results: &mut ResultsFile, text: &str) {
    results.write(text.as_bytes()).unwrap();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn each_line_is_there_at_once_and_all_are_in_order_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut results = open(&path, false);
    results.write(START.as_bytes()).unwrap();
    for index in [2, 0, 1] {
        put(&mut results, &line(index, 1, ""));
    }
    assert_eq!(
        read(&path),
        format!(
            "{START}{}{}{}",
            line(2, 1, ""),
            line(0, 1, ""),
            line(1, 1, "")
        )
    );
    results.write(DONE.as_bytes()).unwrap();
    results.keep().unwrap();
    assert_eq!(
        read(&path),
        format!(
            "{START}{}{}{}{DONE}",
            line(0, 1, ""),
            line(1, 1, ""),
            line(2, 1, "")
        )
    );
}

#[test]
fn a_torn_line_and_failures_are_dropped_and_the_rest_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let failed = line(1, 3, r#","error":{"class":"busy"}"#);
    let newer = line(0, 9, r#","content":"newer""#);
    let complete = [line(0, 2, ""), failed, line(7, 4, ""), newer.clone()].concat();
    std::fs::write(&path, format!("{complete}{{\"type\":\"resu")).unwrap();
    let mut results = open(&path, true);
    assert_eq!(read(&path), complete);
    let mut known = std::mem::take(&mut results.earlier);
    assert_eq!(known.take(0, &"09".repeat(32)), ResumeState::Done);
    assert_eq!(known.take(1, &"03".repeat(32)), ResumeState::NotDone);
    assert_eq!(known.last(), Some(7));
    put(&mut results, &line(1, 3, ""));
    results.keep().unwrap();
    assert_eq!(
        read(&path),
        format!("{newer}{}{}", line(1, 3, ""), line(7, 4, ""))
    );
}

#[test]
fn a_file_of_another_run_is_replaced_at_the_end_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let partial = folder.path().join("out.partial");
    std::fs::write(&path, line(0, 1, "")).unwrap();
    std::fs::write(&partial, "of another command").unwrap();
    let mut results = open(&path, false);
    put(&mut results, &line(0, 2, ""));
    assert_eq!(
        (read(&path), read(&partial)),
        (line(0, 1, ""), line(0, 2, ""))
    );
    assert_eq!(results.set_aside().unwrap(), partial);
    // From here on a new run is refused, but a resumed one is accepted.
    let refused = ResultsFile::open(&path, false).unwrap_err();
    assert_eq!(refused.exit(), 2);
    let mut results = open(&path, true);
    put(&mut results, &line(1, 2, ""));
    results.keep().unwrap();
    assert_eq!(read(&path), line(0, 2, "") + &line(1, 2, ""));
    assert!(!partial.exists());
}

#[test]
fn two_runs_do_not_write_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let first = open(&path, false);
    assert!(
        ResultsFile::open(&path, true)
            .unwrap_err()
            .message
            .contains("another run")
    );
    drop(first);
    assert!(!path.exists(), "nothing came: nothing is left");
}

#[test]
fn what_airx_did_not_write_is_not_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    for wrong in [
        "text\n",
        "{\"type\":\"result\"}\n",
        "[]\n",
        "{\"type\":\"delta\"}\n",
    ] {
        std::fs::write(&path, format!("{}{wrong}", line(0, 1, ""))).unwrap();
        let failure = ResultsFile::open(&path, true).unwrap_err();
        assert!(
            failure.message.contains("line 2 is not a result"),
            "{failure}"
        );
    }
}
