//! Items → the files to upload, on disk, each as large as a batch may be. Nothing is sent
//! before all items have been checked.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::custom_id;
use crate::api::batch::{BYTES_MAX, LINES_MAX, Span, line};
use crate::digest::sha256;
use crate::error::Failure;
use crate::prompt::{Item, Items, Place};
use crate::request::{ItemRequests, PreparedRequest};
use crate::temp_files::unusable;

/// The lines of one batch.
#[derive(Debug)]
pub(super) struct Part {
    /// A file without a name, readable by its owner only.
    pub(super) file: File,
    /// Its items.
    pub(super) span: Span,
    /// The place of the first item in the input.
    pub(super) place: Place,
}

/// A part that is still written to.
struct Open {
    file: BufWriter<File>,
    span: Span,
    place: Place,
    bytes: u64,
}

impl Open {
    fn new(first: u64, place: Place) -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(tempfile::tempfile()?),
            span: Span { first, items: 0 },
            place,
            bytes: 0,
        })
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.span.items < LINES_MAX && self.bytes + bytes <= BYTES_MAX
    }

    fn close(self) -> io::Result<Part> {
        Ok(Part {
            file: self
                .file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?,
            span: self.span,
            place: self.place,
        })
    }
}

/// The parts of a submission, written one line after the other.
#[derive(Default)]
pub(super) struct Parts {
    full: Vec<Part>,
    open: Option<Open>,
}

impl Parts {
    /// Adds the line of the item with this index, including its newline. `place` is the
    /// item's place in the input.
    ///
    /// # Errors
    /// The disk is full.
    pub(super) fn add(&mut self, index: u64, place: Place, line: &[u8]) -> Result<(), Failure> {
        let length = line.len() as u64;
        if let Some(full) = self.open.take_if(|open| !open.has_room(length)) {
            self.full.push(full.close().map_err(unusable)?);
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(index, place).map_err(unusable)?,
        };
        let open = self.open.insert(open);
        let written = open.file.write_all(line);
        written.map_err(unusable)?;
        open.bytes += length;
        open.span.items += 1;
        Ok(())
    }

    /// All parts.
    ///
    /// # Errors
    /// There are no items: exit 2; the disk is full.
    pub(super) fn finish(mut self) -> Result<Vec<Part>, Failure> {
        if let Some(last) = self.open {
            self.full.push(last.close().map_err(unusable)?);
        }
        if self.full.is_empty() {
            return Err(Failure::usage("there are no items")
                .hint("give them on standard input, or with --items FILE, one a line"));
        }
        Ok(self.full)
    }
}

/// Writes the lines of all items; `url` is the chat endpoint of the engine.
///
/// # Errors
/// An item is wrong, or there is none: exit 2; the disk is full.
pub(super) fn parts(
    job: &PreparedRequest,
    many: &ItemRequests,
    items: &mut Items,
    url: &str,
) -> Result<Vec<Part>, Failure> {
    let mut parts = Parts::default();
    let mut index = 0;
    while let Some(item) = items.read_next()? {
        let line = item_line(job, many, &item, index, url)?;
        parts.add(index, item.place, &line)?;
        index += 1;
    }
    parts.finish()
}

fn item_line(
    job: &PreparedRequest,
    many: &ItemRequests,
    item: &Item,
    index: u64,
    url: &str,
) -> Result<Vec<u8>, Failure> {
    let place = |failure: Failure| failure.within(format_args!("item {index} ({})", item.place));
    if item.is_request_line() {
        let what = "it is a batch request already (custom_id, body)";
        let hint = "--raw uploads request lines as they are";
        return Err(place(Failure::usage(what).hint(hint)));
    }
    let mut request = many.request(&job.request, item).map_err(place)?;
    let hash = sha256(&request.body());
    request.request_id = many.own_id(index);
    let line = line(&custom_id::make(index, &hash), url, &request);
    if line.len() as u64 > BYTES_MAX {
        let what = "its request alone is larger than a batch may be, 100 MB";
        return Err(place(Failure::usage(what)));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_100_mb_and_50000_lines_and_no_more() {
        let mut open = Open::new(0, Place::Line(1)).unwrap();
        assert!(open.has_room(BYTES_MAX) && !open.has_room(BYTES_MAX + 1));
        open.bytes = BYTES_MAX - 10;
        open.span.items = LINES_MAX - 1;
        assert!(open.has_room(10) && !open.has_room(11));
        open.span.items = LINES_MAX;
        assert!(!open.has_room(1));
    }
}
