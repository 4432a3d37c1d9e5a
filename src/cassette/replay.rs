//! Finds the recorded response to a request in a folder, without using the network.

use std::collections::HashMap;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::file_format::{self, End, RequestView, read};
use crate::error::Failure;
use crate::exit::Class;
use crate::http::{CUT, Head, Next, Response};

/// Gives each request its next recording. Threads that share it never get the same
/// recording.
#[derive(Debug, Clone)]
pub(crate) struct Replayer {
    folder: PathBuf,
    /// The number of recordings of each name that have been used.
    given: Arc<Mutex<HashMap<String, u32>>>,
}

/// The body of a recorded response, piece by piece.
#[derive(Debug, Clone)]
pub(crate) struct ReplayedBody {
    pieces: Vec<Vec<u8>>,
    /// The number of pieces that have been read.
    read: usize,
    end: End,
}

impl Replayer {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            given: Arc::default(),
        }
    }

    /// Returns the recorded response to `body`. Exit 13 if no recording fits, exit 2 if one cannot
    /// be read.
    pub(crate) fn next(&mut self, body: &[u8]) -> Result<(Head, ReplayedBody), Failure> {
        let asked = RequestView::of(body);
        let name = asked.name();
        let mut all = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let given = all.entry(name.clone()).or_default();
        let file = format!("{name}-{}.json", *given + 1);
        let path = self.folder.join(&file);
        let recording = read(&path).map_err(|why| unusable(&path, &why))?;
        let Some(recording) = recording else {
            let used_up = (*given > 0).then_some(*given);
            drop(all);
            return Err(self.missed(&asked, &name, used_up));
        };
        *given += 1;
        drop(all);
        replayed(recording.response, &path)
            .ok_or_else(|| unusable(&path, file_format::UNREADABLE_BODY))
    }

    /// The failure when there is no recording for a request.
    fn missed(&self, asked: &RequestView, name: &str, used_up: Option<u32>) -> Failure {
        let folder = self.folder.display();
        if let Some(given) = used_up {
            return Failure::new(
                Class::Replay,
                format!(
                    "{folder} has {given} recordings of this request ({name}), and all have been replayed"
                ),
            )
            .hint("record it again, with the same options, into an empty folder");
        }
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) => {
                return Failure::usage(format!("--replay {folder}: {error}"))
                    .hint("name a folder that --record DIR has filled");
            }
        };
        let differences = |entry: DirEntry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            if !is_recording(&file) {
                return None;
            }
            // Files that cannot be read are skipped.
            let recorded = read(&entry.path()).ok().flatten()?.request.body;
            let mut found = Vec::new();
            compare(Some(&recorded), Some(&asked.body), "", &mut found);
            Some((found, file))
        };
        let order = |(found, file): &(Vec<String>, String)| (found.len(), file.clone());
        let nearest = entries.flatten().filter_map(differences).min_by_key(order);
        let message = match nearest {
            None => format!("{folder} holds no recording"),
            Some((differences, file)) if differences.is_empty() => format!(
                "no recording in {folder} fits the request: {file} differs in its name alone, \
                 which would have to be {name}-1.json"
            ),
            Some((differences, file)) => format!(
                "no recording in {folder} fits the request: the nearest, {file}, differs in {}",
                listed(differences)
            ),
        };
        Failure::new(Class::Replay, message)
            .hint("record it with --record, or repeat the recorded request")
    }
}

/// The first differences on one line.
fn listed(mut differences: Vec<String>) -> String {
    const MOST: usize = 3;
    let more = differences.len().saturating_sub(MOST);
    differences.truncate(MOST);
    if more > 0 {
        differences.push(format!("{more} more places"));
    }
    differences.join(", ")
}

/// Adds to `found` each place at or below `path` where the two values differ, with both values. A
/// place is written as members and indexes, such as `messages/0/content`.
fn compare(recorded: Option<&Value>, asked: Option<&Value>, path: &str, found: &mut Vec<String>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    match (recorded, asked) {
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            for (name, value) in one {
                compare(Some(value), two.get(name), &below(name), found);
            }
            for (name, value) in two.iter().filter(|(name, _)| !one.contains_key(*name)) {
                compare(None, Some(value), &below(name), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(two))) => {
            for at in 0..one.len().max(two.len()) {
                compare(one.get(at), two.get(at), &below(&at.to_string()), found);
            }
        }
        (one, two) if one == two => {}
        (one, two) => {
            let from = common(one, two);
            let [recorded, asked] = [one, two].map(|value| match value {
                Some(value) => shortened(value, from),
                None => "nothing".to_owned(),
            });
            found.push(format!("{path} (recorded {recorded}, asked {asked})"));
        }
    }
}

/// The number of characters in the common prefix of two texts.
fn common(one: Option<&Value>, two: Option<&Value>) -> usize {
    let [one, two] = [one, two].map(|value| value.and_then(Value::as_str).unwrap_or_default());
    let pairs = one.chars().zip(two.chars());
    pairs.take_while(|(one, two)| one == two).count()
}

/// A value, shortened to a part of a line. A long text starts shortly before the first
/// difference.
fn shortened(value: &Value, from: usize) -> String {
    const LONGEST: usize = 40;
    const BEFORE: usize = 10;
    let Value::String(text) = value else {
        return clipped(&value.to_string(), LONGEST);
    };
    let skipped = if text.chars().count() > LONGEST {
        from.saturating_sub(BEFORE)
    } else {
        0
    };
    let rest: String = text.chars().skip(skipped).collect();
    let rest = clipped(&rest, LONGEST);
    let start = if skipped > 0 { "…" } else { "" };
    Value::String(format!("{start}{rest}")).to_string()
}

fn clipped(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Whether a recorder could have given the file this name.
fn is_recording(file: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let hash = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    file.strip_suffix(".json")
        .and_then(|stem| stem.rsplit_once('-'))
        .is_some_and(|(name, last)| hash(name) && number(last))
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::usage(format!(
        "{} is not a usable recording: {why}",
        path.display()
    ))
}

/// The head and the body of a recorded response; `None` if the body cannot be read.
pub(super) fn replayed(
    response: file_format::Response,
    path: &Path,
) -> Option<(Head, ReplayedBody)> {
    let mut pieces = response.body.pieces()?;
    pieces.retain(|piece| !piece.is_empty());
    let headers = response
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned())));
    let head = Head {
        version: if response.version == "HTTP/1.0" {
            "HTTP/1.0"
        } else {
            "HTTP/1.1"
        },
        status: response.status,
        headers: headers.collect(),
        peer: None,
        recording: Some(path.display().to_string()),
    };
    let body = ReplayedBody {
        pieces,
        read: 0,
        end: response.end,
    };
    Some((head, body))
}

impl ReplayedBody {
    /// The next piece or the end, without waiting.
    pub(crate) fn next(&mut self) -> Result<Next<'_>, Failure> {
        if self.read < self.pieces.len() {
            self.read += 1;
            return Ok(Next::Bytes(&self.pieces[self.read - 1]));
        }
        match self.broken() {
            Some(failure) => Err(failure),
            None => Ok(Next::End {
                complete: self.end == End::Complete,
            }),
        }
    }

    fn broken(&self) -> Option<Failure> {
        let failure = |message: &str| Failure::new(Class::Incomplete, message);
        match &self.end {
            End::Broken(message) => Some(failure(message).hint(CUT)),
            End::Unread => Some(failure(
                "the recording ends here: the recorded run did not read further",
            )),
            End::Complete | End::Open => None,
        }
    }

    /// The complete response.
    pub(crate) fn response(self, head: Head) -> Response {
        Response {
            head,
            body: self.pieces.concat(),
            broken: self.broken(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"airx":1,"request":{"method":"POST","path":"/","body":{"a":[1,"b"]}},
        "response":{"version":"HTTP/1.1","status":200,"headers":{"location":"x"},
        "stream":[["data: a\n\n",{"base64":"/w=="}],[]],"end":{"broken":"why"}}}"#;

    /// At every offset of a recording: changes, removes or adds a byte.
    #[test]
    fn no_text_makes_the_reader_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-1.json");
        let attempt = |text: &[u8]| {
            std::fs::write(&path, text).unwrap();
            read(&path).is_ok_and(|found| found.unwrap().response.body.pieces().is_some())
        };
        assert!(attempt(GOOD.as_bytes()));
        for at in 0..GOOD.len() {
            let (before, after) = (&GOOD.as_bytes()[..at], &GOOD.as_bytes()[at + 1..]);
            for byte in [b"".as_slice(), b"\"", b"{", b"0", b"\xff", b"]]"] {
                attempt(&[before, byte, after].concat());
            }
        }
    }

    #[test]
    fn names_that_a_recorder_gives_are_known() {
        assert!(is_recording("0123456789abcdef-12.json"));
        for other in [
            "README.json",
            "a-b.json",
            "-1.json",
            "a-.json",
            "a-1.json~",
            "a-1",
        ] {
            assert!(!is_recording(other), "{other}");
        }
    }

    fn differences(one: &str, two: &str) -> Vec<String> {
        let value = |text: &str| serde_json::from_str(text).unwrap();
        let mut found = Vec::new();
        compare(Some(&value(one)), Some(&value(two)), "", &mut found);
        found
    }

    #[test]
    fn differences_have_their_place() {
        let one = r#"{"messages":[{"content":"hi"}],"stream":false,"top_p":1}"#;
        let two = r#"{"messages":[{"content":"ho"},{}],"stream":false}"#;
        let expected = [
            r#"messages/0/content (recorded "hi", asked "ho")"#,
            "messages/1 (recorded nothing, asked {})",
            "top_p (recorded 1, asked nothing)",
        ];
        assert_eq!(differences(one, two), expected);
    }

    #[test]
    fn long_texts_are_shown_where_they_differ() {
        let text = "x".repeat(100);
        let [one, two] = ["one", "two"].map(|end| format!(r#"{{"a":"{text}{end}"}}"#));
        let expected = r#"a (recorded "…xxxxxxxxxxone", asked "…xxxxxxxxxxtwo")"#;
        assert_eq!(differences(&one, &two), [expected]);
    }
}
