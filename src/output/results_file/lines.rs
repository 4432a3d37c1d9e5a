//! Reads the lines of a results file: at the start the results of an earlier run, and at
//! the end of a run the order of the lines.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Failure;
use crate::event::{Earlier, short_hash};

#[derive(Deserialize)]
struct Fields<'a> {
    r#type: &'a str,
    index: Option<u64>,
    hash: Option<&'a str>,
    error: Option<IgnoredAny>,
}

/// A line that `--each` wrote.
enum Line {
    Blank,
    /// The event that begins a run.
    Start,
    /// An item's answer, and the first characters of its request's hash.
    Answer(u64, u64),
    /// An item's failure.
    Failure(u64),
    /// The event that ends a run.
    End,
}

impl Line {
    /// Returns `None` if airx did not write the line.
    fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.trim_ascii().is_empty() {
            return Some(Self::Blank);
        }
        let fields: Fields<'_> = serde_json::from_slice(bytes).ok()?;
        match (fields.r#type, fields.index, fields.error) {
            ("start", ..) => Some(Self::Start),
            ("done" | "error", ..) => Some(Self::End),
            ("result", index, Some(_)) => Some(Self::Failure(index?)),
            ("result", index, None) => Some(Self::Answer(index?, short_hash(fields.hash?)?)),
            _ => None,
        }
    }
}

/// Reads the file from its start, up to the first line without a newline.
struct Lines<'a> {
    reader: BufReader<&'a File>,
    bytes: Vec<u8>,
    /// The offset of the next line.
    end: u64,
}

impl<'a> Lines<'a> {
    fn of(mut file: &'a File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self {
            reader: BufReader::with_capacity(64 * 1024, file),
            bytes: Vec::new(),
            end: 0,
        })
    }

    /// Reads the next line into `bytes` and returns its offset.
    fn next(&mut self) -> io::Result<Option<u64>> {
        self.bytes.clear();
        let length = self.reader.read_until(b'\n', &mut self.bytes)? as u64;
        let at = self.end;
        if !self.bytes.ends_with(b"\n") {
            return Ok(None);
        }
        self.end += length;
        Ok(Some(at))
    }
}

/// Reads the answers in the file and removes an incomplete last line. If an item has two
/// answers, the later one counts. Returns the file's length, too.
pub(super) fn read_earlier(file: &File, path: &Path) -> Result<(Earlier, u64), Failure> {
    let name = path.display();
    let failed = |error: io::Error| Failure::usage(format!("--output {name}: {error}"));
    let mut lines = Lines::of(file).map_err(failed)?;
    let mut answers = Vec::new();
    let mut number = 0;
    while lines.next().map_err(failed)?.is_some() {
        number += 1;
        match Line::parse(&lines.bytes) {
            Some(Line::Answer(index, hash)) => answers.push((index, hash)),
            Some(_) => {}
            None => {
                let what = format!("--output {name}: line {number} is not a result of --each");
                return Err(Failure::usage(what).hint(
                    "--resume continues a file that airx wrote: name another file, or remove the line",
                ));
            }
        }
    }
    if !lines.bytes.is_empty() {
        file.set_len(lines.end).map_err(failed)?;
    }
    Ok((Earlier::new(answers), lines.end))
}

/// The lines to keep, in order.
pub(super) struct Order {
    pub(super) lines: Vec<u64>,
    /// The number of them that are results.
    pub(super) results: u64,
    /// The file already has exactly these lines in this order.
    pub(super) is_file: bool,
}

/// Orders the file's lines: this run's start, results by index, this run's end. `start`
/// is the offset of this run's first line; of the lines before it only answers are kept.
///
/// Returns `None` if the file has a line that airx did not write.
pub(super) fn order(file: &File, start: u64) -> io::Result<Option<Order>> {
    let mut lines = Lines::of(file)?;
    // The offset of each line, by its place in the order.
    let mut places = BTreeMap::new();
    let mut is_file = true;
    while let Some(at) = lines.next()? {
        let Some(line) = Line::parse(&lines.bytes) else {
            return Ok(None);
        };
        let place = match line {
            Line::Answer(index, _) => index.saturating_add(1),
            Line::Failure(index) if at >= start => index.saturating_add(1),
            Line::Start if at >= start => 0,
            Line::End if at >= start => u64::MAX,
            _ => {
                is_file = false;
                continue;
            }
        };
        is_file &= places
            .last_key_value()
            .is_none_or(|(last, _)| *last < place);
        // If two lines have the same place, the later one counts.
        places.insert(place, at);
    }
    if !lines.bytes.is_empty() {
        return Ok(None);
    }
    let events = [0, u64::MAX]
        .iter()
        .filter(|place| places.contains_key(place));
    Ok(Some(Order {
        results: (places.len() - events.count()) as u64,
        is_file,
        lines: places.into_values().collect(),
    }))
}
