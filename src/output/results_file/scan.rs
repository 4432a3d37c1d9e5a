//! Reads the lines of a results file: at the start the results of an earlier run, and at
//! the end of a run the order of the lines.

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

/// The results of an earlier run.
pub(super) struct Scanned {
    pub(super) earlier: Earlier,
    /// The file's length, without an incomplete last line.
    pub(super) end: u64,
}

/// Reads the answers in the file and removes an incomplete last line. If an item has two
/// answers, the later one counts.
pub(super) fn scan(file: &File, path: &Path) -> Result<Scanned, Failure> {
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
    Ok(Scanned {
        earlier: Earlier::new(answers),
        end: lines.end,
    })
}

/// The lines to keep, in order.
pub(super) struct Order {
    pub(super) lines: Vec<u64>,
    /// How many of them are results.
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
    // The place in the order and the offset of each line.
    let mut places: Vec<(u64, u64)> = Vec::new();
    let mut dropped = false;
    while let Some(at) = lines.next()? {
        let Some(line) = Line::parse(&lines.bytes) else {
            return Ok(None);
        };
        let place = match line {
            Line::Answer(index, _) => Some(index.saturating_add(1)),
            Line::Failure(index) if at >= start => Some(index.saturating_add(1)),
            Line::Start if at >= start => Some(0),
            Line::End if at >= start => Some(u64::MAX),
            _ => None,
        };
        match place {
            Some(place) => places.push((place, at)),
            None => dropped = true,
        }
    }
    if !lines.bytes.is_empty() {
        return Ok(None);
    }
    let sorted = places.is_sorted_by(|one, next| one.0 < next.0);
    if !sorted {
        places.sort_unstable();
        // If two lines have the same place, the later one counts.
        places.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                *kept = *later;
            }
            same
        });
    }
    let events = |place: u64| place == 0 || place == u64::MAX;
    let results = places.iter().filter(|(place, _)| !events(*place)).count();
    Ok(Some(Order {
        results: results as u64,
        is_file: sorted && !dropped,
        lines: places.into_iter().map(|(_, at)| at).collect(),
    }))
}
