//! Items or request lines → the files to upload, on disk, each as large as a batch may be.
//! Nothing is sent before all items have been checked.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::custom_id;
use crate::api::batch::{BYTES_MAX, LINES_MAX, Span, line};
use crate::digest::sha256;
use crate::error::Failure;
use crate::prompt::{Item, Items, Place};
use crate::request::{ItemRequests, PreparedRequest};
use crate::temp_files::unusable;

/// The files of a submission.
#[derive(Debug)]
pub(super) struct Upload {
    /// One batch is created for each part.
    pub(super) parts: Vec<Part>,
    /// The chat endpoint of the engine.
    pub(super) url: String,
    /// The model of all items.
    pub(super) model: String,
}

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

/// A part to which lines are still added.
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
struct Parts {
    full: Vec<Part>,
    open: Option<Open>,
}

impl Parts {
    /// Adds the line of the item with this index, including its newline. `place` is the
    /// item's place in the input.
    fn add(&mut self, index: u64, place: Place, line: &[u8]) -> io::Result<()> {
        let length = line.len() as u64;
        if let Some(full) = self.open.take_if(|open| !open.has_room(length)) {
            self.full.push(full.close()?);
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(index, place)?,
        };
        let open = self.open.insert(open);
        open.file.write_all(line)?;
        open.bytes += length;
        open.span.items += 1;
        Ok(())
    }

    /// All parts.
    ///
    /// # Errors
    /// There are no items: exit 2; the disk is full.
    fn finish(mut self) -> Result<Vec<Part>, Failure> {
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

/// Calls `line` for each item, and writes the lines that it returns.
fn write_lines(
    items: &mut Items,
    mut line: impl FnMut(u64, &Item) -> Result<Vec<u8>, Failure>,
) -> Result<Vec<Part>, Failure> {
    let mut parts = Parts::default();
    let mut index = 0;
    while let Some(item) = items.read_next()? {
        let line = line(index, &item)
            .map_err(|failure| failure.within(format_args!("item {index} ({})", item.place)))?;
        parts.add(index, item.place, &line).map_err(unusable)?;
        index += 1;
    }
    parts.finish()
}

/// Writes a request line for each item; `url` is the chat endpoint of the engine.
///
/// # Errors
/// An item is wrong, or there is none: exit 2; the disk is full.
pub(super) fn item_lines(
    prepared: &PreparedRequest,
    item_requests: &ItemRequests,
    items: &mut Items,
    url: &str,
) -> Result<Upload, Failure> {
    let parts = write_lines(items, |index, item| {
        if item.is_request_line() {
            return Err(
                Failure::usage("it is a batch request already (custom_id, body)")
                    .hint("--raw uploads request lines as they are"),
            );
        }
        let mut request = item_requests.request(&prepared.request, item)?;
        let hash = sha256(&request.body());
        request.request_id = item_requests.own_id(index);
        let line = line(&custom_id::make(index, &hash), url, &request);
        if line.len() as u64 > BYTES_MAX {
            let what = "its request alone is larger than a batch may be, 100 MB";
            return Err(Failure::usage(what));
        }
        Ok(line)
    })?;
    Ok(Upload {
        parts,
        url: url.to_owned(),
        model: prepared.request.model.clone(),
    })
}

/// A request line written by the user (`--raw`).
#[derive(Deserialize)]
#[serde(expecting = "an object with custom_id, url and body")]
struct RawLine {
    custom_id: String,
    method: Option<String>,
    url: String,
    body: Body,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with model and messages")]
struct Body {
    model: String,
    messages: Vec<Box<RawValue>>,
}

/// Checks the request lines that the user wrote, and writes them unchanged.
///
/// # Errors
/// A line is wrong, or there is none: exit 2; the disk is full.
pub(super) fn raw_lines(items: &mut Items) -> Result<Upload, Failure> {
    let (mut ids, mut first) = (HashSet::new(), None::<RawLine>);
    let parts = write_lines(items, |_, item| {
        let (text, line) = read_raw(item)?;
        if let Some(first) = &first {
            check_same(first, &line)?;
        }
        if !ids.insert(line.custom_id.clone()) {
            let what = format!(
                "the custom_id {:?} is also in an earlier line",
                line.custom_id
            );
            return Err(Failure::usage(what));
        }
        first.get_or_insert(line);
        Ok(format!("{text}\n").into_bytes())
    })?;
    let Some(RawLine { url, body, .. }) = first else {
        return Err(Failure::usage("there are no request lines"));
    };
    Ok(Upload {
        parts,
        url,
        model: body.model,
    })
}

fn read_raw(item: &Item) -> Result<(&str, RawLine), Failure> {
    let content = item.content.as_ref().map_err(Failure::clone)?;
    let line: RawLine = serde_json::from_str(&content.text).map_err(|why| {
        let why = why.to_string().replace(" at line 1 column ", " at column ");
        Failure::usage(format!("it is not a batch request: {why}")).hint(
            "--raw takes lines like {\"custom_id\":…,\"method\":\"POST\",\"url\":…,\"body\":{…}}",
        )
    })?;
    let wrong = match &line {
        line if line.custom_id.is_empty() => "its custom_id is empty",
        line if line.method.as_ref().is_some_and(|method| method != "POST") => {
            "its method is not POST"
        }
        line if line.body.messages.is_empty() => "its body has no messages",
        _ if content.text.len() as u64 >= BYTES_MAX => "it is larger than a batch may be, 100 MB",
        _ => return Ok((&content.text, line)),
    };
    Err(Failure::usage(wrong))
}

/// Checks that a line has the url and the model of the first line: a batch has one of each.
fn check_same(first: &RawLine, line: &RawLine) -> Result<(), Failure> {
    let (what, first, other) = if line.url != first.url {
        ("url", &first.url, &line.url)
    } else if line.body.model != first.body.model {
        ("model", &first.body.model, &line.body.model)
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "its {what} is {other:?}, the first line's {first:?}: a batch has one"
    ))
    .hint(format!("submit the lines of each {what} separately")))
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
