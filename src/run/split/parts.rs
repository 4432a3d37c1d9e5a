//! The parts of the material as jobs, and what is done with each answer.

use super::jobs::{Answered, Jobs};
use crate::error::Failure;
use crate::event::{Data, Event, Sink};
use crate::material::{Material, Part};
use crate::request::{PreparedRequest, SplitRequests};
use crate::run::start::Done;

/// The parts, whose answers are reported in order.
pub(super) struct PartJobs<'a, S> {
    pub(super) requests: &'a SplitRequests,
    pub(super) prepared: &'a PreparedRequest,
    pub(super) material: &'a Material,
    pub(super) sink: S,
    /// `stream --merge concat`: print each answer as soon as those before it are printed.
    pub(super) prints: bool,
    /// The servers' bodies, if they are printed at the end.
    pub(super) bodies: Vec<Vec<u8>>,
    /// What is known of the last answer.
    pub(super) last: Done,
}

impl<S: Sink> Jobs for PartJobs<'_, S> {
    type Job = Part;

    fn request(&self, part: &Part, at: usize, count: usize, number: u64) -> PreparedRequest {
        let text = self.material.part(part);
        let mut request = self.requests.part(&text, at, count);
        request.request_id = self.requests.id(number);
        self.prepared.with(request)
    }

    fn halves(&self, part: &Part) -> Option<[Part; 2]> {
        self.material.halves(part)
    }

    fn label(&self, at: usize, count: usize) -> String {
        format!("part {} of {count}", at + 1)
    }

    fn answered(
        &mut self,
        part: &Part,
        at: usize,
        count: usize,
        answer: &mut Answered,
    ) -> Result<(), Failure> {
        let has_choice = !self.prepared.fallback.is_empty();
        self.sink.event(&Event::Part {
            index: at,
            count,
            offset: part.offset(),
            bytes: part.bytes(),
            model: answer.model.as_deref().filter(|_| has_choice),
            finish_reason: answer.finish_reason.as_deref(),
            usage: answer.usage,
        })?;
        self.last.finish_reason.clone_from(&answer.finish_reason);
        self.last.model.clone_from(&answer.model);
        if self.prints {
            let separator = if at == 0 { "" } else { "\n\n" };
            let content = format!("{separator}{}", answer.text.trim_matches('\n'));
            self.sink.event(&Event::Delta { content: &content })?;
            self.sink.data(Data::Body {
                bytes: &answer.body,
                token: true,
            })?;
        } else {
            self.bodies.push(std::mem::take(&mut answer.body));
        }
        self.sink.flush()
    }
}
