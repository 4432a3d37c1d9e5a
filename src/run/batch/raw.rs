//! `batch submit --raw`: request lines written by the user, checked and uploaded unchanged.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::upload_files::{Part, Parts};
use crate::api::batch::BYTES_MAX;
use crate::error::Failure;
use crate::prompt::{Item, Items};

/// Request lines, ready for upload.
#[derive(Debug)]
pub(super) struct RawLines {
    /// The files of the batches.
    pub(super) parts: Vec<Part>,
    /// The endpoint that all lines name.
    pub(super) url: String,
    /// The model that all lines name.
    pub(super) model: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with custom_id, url and body")]
struct Line {
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

/// Reads and checks all lines. Nothing is sent before that.
///
/// # Errors
/// A line is wrong, or there is none: exit 2; the disk is full.
pub(super) fn raw_lines(items: &mut Items) -> Result<RawLines, Failure> {
    let mut parts = Parts::default();
    let (mut ids, mut first) = (HashSet::new(), None::<Line>);
    let mut index = 0;
    while let Some(item) = items.read_next()? {
        let place =
            |failure: Failure| failure.within(format_args!("item {index} ({})", item.place));
        let (text, line) = read(&item).map_err(place)?;
        if let Some(first) = &first {
            same(first, &line).map_err(place)?;
        }
        if !ids.insert(line.custom_id.clone()) {
            let what = format!(
                "the custom_id {:?} is also in an earlier line",
                line.custom_id
            );
            return Err(place(Failure::usage(what)));
        }
        parts.add(index, item.place, format!("{text}\n").as_bytes())?;
        first.get_or_insert(line);
        index += 1;
    }
    let parts = parts.finish()?;
    let Some(Line { url, body, .. }) = first else {
        return Err(Failure::usage("there are no request lines"));
    };
    Ok(RawLines {
        parts,
        url,
        model: body.model,
    })
}

fn read(item: &Item) -> Result<(&str, Line), Failure> {
    let content = item.content.as_ref().map_err(Failure::clone)?;
    let line: Line = serde_json::from_str(&content.text).map_err(|why| {
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

/// A batch has one endpoint and one model.
fn same(first: &Line, line: &Line) -> Result<(), Failure> {
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
