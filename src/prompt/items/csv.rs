//! Records of CSV (RFC 4180): the header names the columns, and a record may span
//! lines.

use std::fmt::Display;
use std::io::{Read, Take};

use csv::{ByteRecord, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use super::{Input, read_value, wrong};
use crate::error::Failure;
use crate::prompt::bytes::{LIMIT, utf8};
use crate::prompt::template::{Item, Place};

/// The maximum number of bytes to read for one record. The reader's buffer is less than a mebibyte.
const RECORD_MAX: u64 = LIMIT as u64 + (1 << 20);

/// The records that have not been read yet.
#[derive(Debug)]
pub(super) struct CsvRecords {
    /// The input, with a limit per record: a quote that is never closed must not fill the memory.
    reader: Reader<Take<Input>>,
    /// The columns' names; `None` until the header has been read.
    columns: Option<Vec<String>>,
    record: ByteRecord,
    /// The number of records that have been read, without the header.
    number: u64,
    /// The offset of the input when it was opened.
    from: u64,
}

impl CsvRecords {
    /// Reads the records of an input from the byte `from` on.
    pub(super) fn new(input: Input, from: u64) -> Self {
        // Records with a wrong number of fields are reported one by one.
        let mut builder = ReaderBuilder::new();
        Self {
            reader: builder.flexible(true).from_reader(input.take(0)),
            columns: None,
            record: ByteRecord::new(),
            number: 0,
            from,
        }
    }

    /// The next record as an item. Fails if the input cannot be read any further, or has no
    /// usable header.
    pub(super) fn read_next(&mut self, name: &str, lossy: bool) -> Result<Option<Item>, Failure> {
        self.reader.get_mut().set_limit(RECORD_MAX);
        let unreadable =
            |why: &dyn Display| Failure::usage(format!("{name} cannot be read: {why}"));
        if self.columns.is_none() {
            let header = self.reader.byte_headers();
            let header = header.map_err(|error| unreadable(&error))?;
            self.columns = Some(columns(header, name, lossy)?);
        }
        let more = self.reader.read_byte_record(&mut self.record);
        let more = more.map_err(|error| unreadable(&error))?;
        if self.reader.get_ref().limit() == 0 {
            return Err(unreadable(
                &"a record is larger than 16 MiB; is a quote never closed?",
            ));
        }
        if !more {
            return Ok(None);
        }
        let columns = self.columns.as_deref().unwrap_or_default();
        // The reader's own line number is one too small if lines end with CRLF.
        self.number += 1;
        let place = Place::Record(self.number);
        let (content, shown) = match object(columns, &self.record, lossy) {
            Ok(object) => {
                let json = object.to_string();
                read_value(object, json)
            }
            Err(what) => (Err(wrong(name, place, &what)), None),
        };
        Ok(Some(Item {
            content,
            shown,
            place,
            read: self.from + self.reader.position().byte(),
        }))
    }
}

fn columns(header: &ByteRecord, name: &str, lossy: bool) -> Result<Vec<String>, Failure> {
    let mut columns: Vec<String> = Vec::with_capacity(header.len());
    for field in header {
        let column = utf8(field, lossy);
        let column = column.map_err(|why| Failure::usage(format!("{name}: the header {why}")))?;
        if columns.contains(&column) {
            let what = format!("{name}: the header names two columns {column:?}");
            return Err(Failure::usage(what).hint("--each=csv reads the first line as the header"));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The record as an object, or its error.
fn object(columns: &[String], record: &ByteRecord, lossy: bool) -> Result<Value, String> {
    if record.len() != columns.len() {
        let (fields, columns) = (record.len(), columns.len());
        return Err(format!("has {fields} fields, the header has {columns}"));
    }
    let mut object = Map::new();
    for (column, field) in columns.iter().zip(record) {
        let text = utf8(field, lossy).map_err(|why| format!("(column {column}) {why}"))?;
        object.insert(column.clone(), Value::String(text));
    }
    Ok(Value::Object(object))
}
