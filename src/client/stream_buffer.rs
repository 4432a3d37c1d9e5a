//! Keeps what a stream from the cache passes on, until it is known that the answer can be
//! used.

use std::fmt::Display;

use crate::error::Failure;
use crate::event::{Count, Data, Event, Level, Sink};

/// The steps of a stream. Their texts and bodies are joined, because there can be as many
/// steps as tokens.
#[derive(Default)]
pub(super) struct StreamBuffer {
    steps: Vec<Step>,
    texts: String,
    bodies: Vec<u8>,
}

/// What was passed on. A number is the length of the text or body.
enum Step {
    Delta(usize),
    Reasoning(usize),
    Body(usize, bool),
    FirstToken,
}

impl StreamBuffer {
    /// Passes all of it on, in order.
    ///
    /// # Errors
    /// The sink failed.
    pub(super) fn pass_on(&self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let (mut texts, mut bodies) = (self.texts.as_str(), self.bodies.as_slice());
        for step in &self.steps {
            match *step {
                Step::Delta(length) => {
                    let (content, rest) = texts.split_at(length);
                    texts = rest;
                    sink.event(&Event::Delta { content })?;
                }
                Step::Reasoning(length) => {
                    let (content, rest) = texts.split_at(length);
                    texts = rest;
                    sink.event(&Event::Reasoning { content })?;
                }
                Step::Body(length, token) => {
                    let (bytes, rest) = bodies.split_at(length);
                    bodies = rest;
                    sink.data(Data::Body { bytes, token })?;
                }
                Step::FirstToken => sink.count(Count::FirstToken),
            }
        }
        Ok(())
    }
}

impl Sink for StreamBuffer {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        // A stream passes on no other events.
        let (content, step) = match event {
            Event::Delta { content } => (content, Step::Delta(content.len())),
            Event::Reasoning { content } => (content, Step::Reasoning(content.len())),
            _ => return Ok(()),
        };
        self.texts.push_str(content);
        self.steps.push(step);
        Ok(())
    }

    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        if let Data::Body { bytes, token } = data {
            self.bodies.extend_from_slice(bytes);
            self.steps.push(Step::Body(bytes.len(), token));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn printed(&self) -> bool {
        false
    }

    fn count(&mut self, what: Count<'_>) {
        if let Count::FirstToken = what {
            self.steps.push(Step::FirstToken);
        }
    }

    fn hide_key(&mut self, _: &str) {}

    fn note(&mut self, _: Level, _: &dyn Display) {}
}
