//! `json --lines --stream`: a sink between a stream and the printer that shows
//! each element of the answer's array as soon as it is complete and valid.

use serde_json::Value;

use std::fmt::Display;

use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};
use crate::exit::Class;
use crate::schema::{ArraySplitter, ExpectedJson, compact, parse_strict};

/// The maximum length of an answer's text in bytes; the same limit as for a body.
const TEXT_MAX: usize = 64 << 20;

/// The number of elements that are kept so that the next one is checked at its own index. Above it,
/// the index matters only if a schema lists more elements one by one.
const BEFORE_MAX: usize = 64;

/// Receives deltas and passes on complete elements.
pub(super) struct Elements<'a> {
    sink: &'a mut dyn Sink,
    wanted: &'a ExpectedJson,
    splitter: ArraySplitter,
    /// The first elements, as an array.
    before: Vec<Value>,
    length: usize,
    /// The number of elements that have been shown.
    shown: usize,
    /// Whether an element was invalid. The check of the complete answer reports it.
    broken: bool,
}

impl<'a> Elements<'a> {
    pub(super) fn new(wanted: &'a ExpectedJson, sink: &'a mut dyn Sink) -> Self {
        Self {
            sink,
            wanted,
            splitter: ArraySplitter::default(),
            before: Vec::new(),
            length: 0,
            shown: 0,
            broken: false,
        }
    }

    /// The number of elements that have been shown.
    pub(super) fn shown(&self) -> usize {
        self.shown
    }

    fn take(&mut self, content: &str) -> Result<(), Failure> {
        self.length += content.len();
        if self.length > TEXT_MAX {
            let limit = TEXT_MAX >> 20;
            let what = format!("the answer is longer than {limit} MiB");
            return Err(Failure::new(Class::Incomplete, what));
        }
        let mut complete = Vec::new();
        self.splitter.push(content, &mut complete);
        for text in complete {
            if self.broken {
                break;
            }
            let fits = parse_strict(&text).is_ok_and(|element| self.fits(&element));
            match compact(&text).ok().filter(|_| fits) {
                Some(element) => {
                    show(element.get(), self.sink)?;
                    self.shown += 1;
                }
                None => self.broken = true,
            }
        }
        Ok(())
    }

    /// Whether the schema accepts the element at its index. What the schema requires of the array
    /// itself is checked at the end.
    fn fits(&mut self, element: &Value) -> bool {
        let at = format!("/{}", self.before.len());
        self.before.push(element.clone());
        let array = Value::Array(std::mem::take(&mut self.before));
        let errors = self.wanted.violations(&array);
        if let Value::Array(elements) = array {
            self.before = elements;
        }
        self.before.truncate(BEFORE_MAX);
        !errors.iter().any(|error| {
            let inside = error.path.strip_prefix(&at);
            inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Passes on one element, which is compact JSON.
pub(super) fn show(element: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
    let value = serde_json::from_str(element).map_err(std::io::Error::from)?;
    sink.event(&Event::Value { value })?;
    sink.data(Data::Answer(&format!("{element}\n")))
}

impl Sink for Elements<'_> {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Delta { content } => return self.take(content),
            Event::Retry { .. } => {
                self.splitter = ArraySplitter::default();
                self.before.clear();
                self.length = 0;
                self.broken = false;
            }
            _ => {}
        }
        self.sink.event(event)
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        match data {
            // `--format json` prints the accepted body, not the frames.
            Data::Body { .. } => Ok(()),
            data => self.sink.data(data),
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.sink.flush()
    }

    fn printed(&self) -> bool {
        self.sink.printed()
    }

    fn count(&mut self, what: Count<'_>) {
        self.sink.count(what);
    }

    fn hide_key(&mut self, key: &str) {
        self.sink.hide_key(key);
    }

    fn note(&mut self, level: Level, text: &dyn Display) {
        self.sink.note(level, text);
    }
}
