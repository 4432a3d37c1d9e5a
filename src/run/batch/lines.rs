//! The files of ended batches → the location of each item's line, in input order. The
//! lines themselves stay on disk.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use super::custom_id;
use super::engine::Engine;
use crate::api::batch::{Batch, LINES_MAX, OutputLine, Span, State};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::exit::Class;
use crate::http::BODY_LIMIT;
use crate::temp_files::unusable;

/// The maximum number of lines that are read from a file: twenty times the limit of a batch.
const LINES: u64 = 20 * LINES_MAX;

/// A line of a file, or an item without a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The index of the item.
    pub(super) index: u64,
    /// The number of the batch.
    pub(super) batch: u32,
    /// The location of the line: number of the file, first byte, length. None for an item
    /// without a line.
    pub(super) at: Option<(u32, u64, u32)>,
}

/// All lines of a run.
#[derive(Debug, Default)]
pub(super) struct Lines {
    files: Vec<File>,
    /// In input order, after [`settle`](Self::settle).
    pub(super) places: Vec<Place>,
    /// The number of items that have no line and no known index.
    pub(super) lost: u64,
    /// Batches with an unknown number of items, some of which may be missing.
    pub(super) unknown: Vec<u32>,
    /// Lines with an id that airx did not make, in the order of the files.
    foreign: Vec<Place>,
    /// The foreign ids of one batch, and their numbers.
    named: HashMap<String, u64>,
    numbers: u64,
}

impl Lines {
    /// Downloads the files of a batch and finds its lines.
    pub(super) fn add(
        &mut self,
        number: u32,
        batch: &Batch,
        engine: &mut Engine,
    ) -> Result<(), Failure> {
        let (from, mut unreadable_count) = (self.places.len(), 0);
        self.named.clear();
        for id in batch.output.iter().chain(&batch.errors) {
            let mut file = tempfile::tempfile().map_err(unusable)?;
            engine.download(id, &mut file)?;
            let bad_lines = self.scan(number, &mut file)?;
            unreadable_count += bad_lines.len() as u64;
            for line in bad_lines {
                let what = format!(
                    "batch {}: line {line} of file {id} cannot be read",
                    batch.id
                );
                engine.printer.note(Level::Warning, &what);
            }
            self.files.push(file);
        }
        let found = &mut self.places[from..];
        found.sort_unstable();
        if let Some(span) = batch.span {
            let missing = missing(number, span, found);
            self.places.extend(missing);
            return Ok(());
        }
        let own = found.chunk_by(|one, other| one.index == other.index);
        let found = own.count() as u64 + self.named.len() as u64;
        // Servers that do not count say 0.
        let total = batch.total.filter(|total| *total > 0);
        self.lost += match total {
            Some(total) if total >= found => total - found,
            _ => unreadable_count,
        };
        let files = batch.output.is_some() || batch.errors.is_some();
        if total.is_none() && !(files && batch.state == State::Completed) {
            self.unknown.push(number);
        }
        Ok(())
    }

    /// Finds the lines of a file. Returns the numbers of the lines that cannot be read.
    fn scan(&mut self, batch: u32, file: &mut File) -> Result<Vec<u64>, Failure> {
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        file.seek(SeekFrom::Start(0)).map_err(unusable)?;
        let mut reader = BufReader::new(&*file);
        let (mut line, mut at, mut lines, mut bad_lines) = (Vec::new(), 0, 0, Vec::new());
        loop {
            line.clear();
            let read = (&mut reader)
                .take(BODY_LIMIT as u64 + 1)
                .read_until(b'\n', &mut line)
                .map_err(unusable)?;
            if read == 0 {
                return Ok(bad_lines);
            }
            if read > BODY_LIMIT {
                let mib = BODY_LIMIT >> 20;
                let what = format!("a line of the batch's file is longer than {mib} MiB");
                return Err(Failure::new(Class::Incomplete, what));
            }
            lines += 1;
            if lines > LINES {
                let what = format!("a batch's file has more than {LINES} lines");
                return Err(Failure::new(Class::Incomplete, what));
            }
            if !line.trim_ascii().is_empty() {
                let at = Some((number, at, u32::try_from(read).unwrap_or(u32::MAX)));
                if self.place(&line, batch, at).is_none() {
                    bad_lines.push(lines);
                }
            }
            at += read as u64;
        }
    }

    /// Assigns a line to its item. Returns none if it is not a line of output.
    fn place(&mut self, line: &[u8], batch: u32, at: Option<(u32, u64, u32)>) -> Option<()> {
        let answered: OutputLine<'_> = serde_json::from_slice(line).ok()?;
        let id = answered
            .custom_id
            .as_ref()
            .filter(|_| answered.has_outcome())?;
        if let Some((index, _)) = custom_id::read(id.as_str()) {
            self.places.push(Place { index, batch, at });
            return Some(());
        }
        let index = *self.named.entry(id.as_str().to_owned()).or_insert_with(|| {
            self.numbers += 1;
            self.numbers - 1
        });
        self.foreign.push(Place { index, batch, at });
        Some(())
    }

    /// Sorts the items: items with an id of airx in input order, then the others.
    pub(super) fn settle(&mut self) {
        let greatest = self.places.iter().map(|place| place.index).max();
        let from = greatest.map_or(0, |greatest| greatest + 1);
        let after = |place: Place| Place {
            index: from + place.index,
            ..place
        };
        let foreign = std::mem::take(&mut self.foreign);
        self.places.extend(foreign.into_iter().map(after));
        self.places.sort_unstable();
    }

    /// The line at a place, without its line end; none for an item without a line.
    pub(super) fn read(&mut self, place: &Place) -> Result<Option<Vec<u8>>, Failure> {
        let Some((file, at, length)) = place.at else {
            return Ok(None);
        };
        let mut line = vec![0; length as usize];
        let mut file = &self.files[file as usize];
        file.seek(SeekFrom::Start(at))
            .and_then(|_| file.read_exact(&mut line))
            .map_err(unusable)?;
        line.truncate(line.trim_ascii_end().len());
        Ok(Some(line))
    }
}

/// The items of a batch that have no line; `found` is sorted.
fn missing(batch: u32, span: Span, found: &[Place]) -> Vec<Place> {
    let mut found = found.iter().map(|place| place.index).peekable();
    let is_missing = |index: &u64| {
        while found.next_if(|found| found < index).is_some() {}
        found.peek() != Some(index)
    };
    let at = None;
    let place = |index| Place { index, batch, at };
    let all = span.first..span.first + span.items;
    all.filter(is_missing).map(place).collect()
}
