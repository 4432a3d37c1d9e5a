//! Reads records that are separated by a byte: lines, or the output of `find -print0`.

use std::io::{self, BufRead, BufReader};

use memchr::memchr;

use super::Input;
use crate::prompt::bytes::{BOM, LIMIT};
use crate::prompt::template::{ItemFormat, Place};

/// Bytes per read.
pub(super) const CHUNK: usize = 64 << 10;
/// The maximum length of a record in bytes, with a BOM and CRLF, which are dropped.
const RECORD_MAX: usize = BOM.len() + LIMIT + 2;

/// A record of the input.
#[derive(Debug)]
pub(super) struct Record {
    /// Its bytes without the separator; `None` for a record that is too long and was skipped.
    pub(super) bytes: Option<Vec<u8>>,
    /// The number of bytes dropped before it: the BOM.
    pub(super) dropped: usize,
    pub(super) place: Place,
    /// The number of bytes of the input up to the end of the record.
    pub(super) read: u64,
}

/// The records that have not been read yet.
#[derive(Debug)]
pub(super) struct Separated {
    pub(super) input: BufReader<Input>,
    /// The separator; for a list of files, the first bytes determine it.
    separator: Option<u8>,
    number: u64,
    read: u64,
}

impl Separated {
    /// Reads the records of an input from the byte `read` on.
    pub(super) fn new(input: Input, format: ItemFormat, read: u64) -> Self {
        Self {
            input: BufReader::with_capacity(CHUNK, input),
            separator: match format {
                ItemFormat::Null => Some(0),
                ItemFormat::Files => None,
                _ => Some(b'\n'),
            },
            number: 0,
            read,
        }
    }

    /// The next record, blank ones included.
    pub(super) fn read_next(&mut self) -> io::Result<Option<Record>> {
        let before = self.read;
        let mut bytes = self.read_record()?;
        if self.read == before {
            return Ok(None);
        }
        self.number += 1;
        let separator = self.separator.unwrap_or(b'\n');
        let mut dropped = 0;
        if let Some(bytes) = &mut bytes {
            bytes.pop_if(|last| *last == separator);
            if separator == b'\n' {
                bytes.pop_if(|last| *last == b'\r');
            }
            if self.number == 1 && bytes.starts_with(BOM) {
                dropped = BOM.len();
                bytes.drain(..dropped);
            }
        }
        Ok(Some(Record {
            bytes: bytes.filter(|bytes| bytes.len() <= LIMIT),
            dropped,
            place: match separator {
                0 => Place::Record(self.number),
                _ => Place::Line(self.number),
            },
            read: self.read,
        }))
    }

    /// Reads up to the next separator or the end; `None` if the record is too long.
    fn read_record(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut record = Some(Vec::new());
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(record);
            }
            if self.separator.is_none() {
                // A list of files with a NUL byte is separated by NUL bytes.
                let mut separators = [0, b'\n'].into_iter();
                self.separator = separators.find(|byte| memchr(*byte, chunk).is_some());
            }
            let end = self.separator.and_then(|byte| memchr(byte, chunk));
            let length = end.map_or(chunk.len(), |at| at + 1);
            record = record.filter(|record| record.len() + length <= RECORD_MAX);
            if let Some(record) = &mut record {
                record.extend_from_slice(&chunk[..length]);
            }
            self.input.consume(length);
            self.read += length as u64;
            if end.is_some() {
                return Ok(record);
            }
        }
    }
}
