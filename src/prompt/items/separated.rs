//! Reads records that a byte separates: lines, or the output of `find -print0`.

use std::io::{self, Read};

use memchr::memchr;

use super::Input;
use crate::prompt::bytes::{BOM, LIMIT};
use crate::prompt::template::{ItemFormat, Place};

/// Bytes per read.
pub(super) const CHUNK: usize = 64 << 10;

/// A record of the input.
#[derive(Debug)]
pub(super) struct Found {
    /// Its bytes without the separator; `None` for a record that is too long and was skipped.
    pub(super) record: Option<Vec<u8>>,
    /// Bytes dropped before it: the BOM.
    pub(super) dropped: usize,
    pub(super) place: Place,
    /// Bytes of the input up to its end.
    pub(super) read: u64,
}

/// Where a record ends in the buffer.
enum End {
    /// At the byte after its separator.
    At(usize),
    /// The record is too long and was skipped.
    TooLong,
}

/// The records that have not been read yet.
#[derive(Debug)]
pub(super) struct Separated {
    input: Input,
    /// The separator; for a list of files, the first bytes determine it.
    separator: Option<u8>,
    /// The bytes that were read; those before `from` are processed.
    pub(super) buffer: Vec<u8>,
    from: usize,
    number: u64,
    read: u64,
    ended: bool,
}

impl Separated {
    /// Reads the records of an input from the byte `read` on.
    pub(super) fn new(input: Input, format: ItemFormat, read: u64) -> Self {
        Self {
            input,
            separator: match format {
                ItemFormat::Null => Some(0),
                ItemFormat::Files => None,
                _ => Some(b'\n'),
            },
            buffer: Vec::new(),
            from: 0,
            number: 0,
            read,
            ended: false,
        }
    }

    /// The next record, blank ones included.
    ///
    /// # Errors
    /// The input cannot be read.
    pub(super) fn read_next(&mut self) -> io::Result<Option<Found>> {
        let separator = self.separator()?;
        let Some(end) = self.next_end(separator)? else {
            return Ok(None);
        };
        self.number += 1;
        let mut dropped = 0;
        let record = match end {
            End::At(end) => {
                let bom = self.number == 1 && self.buffer[self.from..end].starts_with(BOM);
                dropped = if bom { BOM.len() } else { 0 };
                let record = self.record(self.from + dropped, end, separator);
                self.read += (end - self.from) as u64;
                self.from = end;
                record
            }
            End::TooLong => None,
        };
        Ok(Some(Found {
            record,
            dropped,
            place: match separator {
                0 => Place::Record(self.number),
                _ => Place::Line(self.number),
            },
            read: self.read,
        }))
    }

    /// A list of files with a NUL byte is separated by NUL bytes.
    fn separator(&mut self) -> io::Result<u8> {
        if let Some(separator) = self.separator {
            return Ok(separator);
        }
        while !self.ended && memchr(b'\n', &self.buffer).is_none() && !self.buffer.contains(&0) {
            if self.buffer.len() > LIMIT {
                break;
            }
            self.fill()?;
        }
        let separator = if self.buffer.contains(&0) { 0 } else { b'\n' };
        self.separator = Some(separator);
        Ok(separator)
    }

    /// The record between these bytes; `None` if it is too long.
    fn record(&self, start: usize, end: usize, separator: u8) -> Option<Vec<u8>> {
        let record = &self.buffer[start..end];
        let mut record = record.strip_suffix(&[separator]).unwrap_or(record);
        if separator == b'\n' {
            record = record.strip_suffix(b"\r").unwrap_or(record);
        }
        (record.len() <= LIMIT).then(|| record.to_vec())
    }

    fn next_end(&mut self, separator: u8) -> io::Result<Option<End>> {
        let mut seen = self.from;
        loop {
            if let Some(at) = memchr(separator, &self.buffer[seen..]) {
                return Ok(Some(End::At(seen + at + 1)));
            }
            let length = self.buffer.len() - self.from;
            // A CR may belong to the end of the line.
            if length > LIMIT + 1 {
                return self.skip(separator).map(|()| Some(End::TooLong));
            }
            if self.ended {
                return Ok((length > 0).then_some(End::At(self.buffer.len())));
            }
            if self.from > 0 {
                self.buffer.drain(..self.from);
                self.from = 0;
                // Free the memory of a long line.
                self.buffer.shrink_to(CHUNK.max(self.buffer.len()));
            }
            seen = self.buffer.len();
            self.fill()?;
        }
    }

    /// Drops the rest of a record whose start is in the buffer.
    fn skip(&mut self, separator: u8) -> io::Result<()> {
        self.read += (self.buffer.len() - self.from) as u64;
        self.from = 0;
        while !self.ended {
            self.buffer.clear();
            self.buffer.shrink_to(CHUNK);
            self.fill()?;
            let end = memchr(separator, &self.buffer).map(|at| at + 1);
            self.from = end.unwrap_or(self.buffer.len());
            self.read += self.from as u64;
            if end.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Waits for input, and reads the bytes that are available.
    fn fill(&mut self) -> io::Result<()> {
        let from = self.buffer.len();
        self.buffer.resize(from + CHUNK, 0);
        let read = self.input.read(&mut self.buffer[from..]);
        self.buffer.truncate(from + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }
}
