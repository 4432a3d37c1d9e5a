//! A file that a run of `--each` wrote → the results in it that are whole and no
//! failures.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Part;
use crate::error::Failure;
use crate::event::Earlier;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) known: Earlier,
    /// The lines of what is known.
    pub(super) parts: Vec<Part>,
    /// The file's length, without a torn last line.
    pub(super) end: u64,
}

#[derive(Deserialize)]
struct Line<'a> {
    r#type: &'a str,
    index: Option<u64>,
    hash: Option<&'a str>,
    error: Option<IgnoredAny>,
}

/// Reads the file and cuts off a torn last line, so that the next one begins a
/// line of its own. A line that was written again counts where it stands last.
///
/// # Errors
/// It cannot be read, or holds something else: exit 2.
pub(super) fn scan(mut file: &File, path: &Path) -> Result<Scanned, Failure> {
    let name = path.display();
    let failed = |error: io::Error| Failure::usage(format!("--output {name}: {error}"));
    file.rewind().map_err(failed)?;
    let mut scanned = Scanned::default();
    let mut lines: BTreeMap<u64, Part> = BTreeMap::new();
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        bytes.clear();
        let length = reader.read_until(b'\n', &mut bytes).map_err(failed)? as u64;
        if !bytes.ends_with(b"\n") {
            if length > 0 {
                file.set_len(scanned.end).map_err(failed)?;
            }
            break;
        }
        let at = scanned.end;
        scanned.end += length;
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let wrong = || {
            let what = format!("--output {name}: line {number} is no result of --each");
            Failure::usage(what).hint(
                "--resume goes on with a file that airx wrote; name another, or remove the line",
            )
        };
        let line: Line<'_> = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let index = match (line.r#type, line.index, line.hash, &line.error) {
            ("start" | "done" | "error", ..) | ("result", _, _, Some(_)) => continue,
            ("result", Some(index), Some(hash), None) if scanned.known.add(index, hash) => index,
            _ => return Err(wrong()),
        };
        let place = index.saturating_add(1);
        lines.insert(index, Part { place, at, length });
    }
    scanned.parts = lines.into_values().collect();
    Ok(scanned)
}
