//! The requests of `--split`: for the parts of a text, or for merging some answers.

use std::ops::Range;

use crate::api::request::Request;
use crate::error::Failure;
use crate::event::{Data, Event, Sink};
use crate::material::{Material, Part};
use crate::request::SplitRequests;
use crate::run::item_outcome::ItemOutcome;
use crate::run::start::{Done, Printer};

/// Requests of one kind. Their answers are handled in order.
pub(super) trait Jobs {
    type Job;

    /// The request of a job, with its position and the number of jobs.
    fn request(&self, job: &Self::Job, at: usize, count: usize) -> Request;

    /// A job in two halves; `None` if it cannot be divided.
    fn halves(&self, job: &Self::Job) -> Option<[Self::Job; 2]>;

    /// The prefix of messages about the job.
    fn label(&self, at: usize, count: usize) -> String;

    /// Handles an answer and returns its text. The answers are passed in the order of the jobs,
    /// each as soon as all earlier ones have arrived.
    fn answered(
        &mut self,
        job: &Self::Job,
        at: usize,
        count: usize,
        outcome: ItemOutcome,
    ) -> Result<String, Failure>;
}

/// The parts. Their answers are reported in order.
pub(super) struct PartJobs<'a> {
    pub(super) requests: &'a SplitRequests,
    pub(super) material: &'a Material,
    pub(super) printer: Printer,
    /// With `--fallback`: reports name the model that answered.
    pub(super) has_choice: bool,
    /// `stream --merge concat`: print each answer as soon as all earlier ones are printed.
    pub(super) prints: bool,
    /// The servers' bodies, if they are printed at the end.
    pub(super) bodies: Vec<Vec<u8>>,
    /// The facts about the last answer, for the end of the run.
    pub(super) last: Done,
}

impl Jobs for PartJobs<'_> {
    type Job = Part;

    fn request(&self, part: &Part, at: usize, count: usize) -> Request {
        self.requests.part(&self.material.part(part), at, count)
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
        outcome: ItemOutcome,
    ) -> Result<String, Failure> {
        self.printer.event(&Event::Part {
            index: at,
            count,
            offset: part.offset(),
            bytes: part.bytes(),
            model: outcome.model.as_deref().filter(|_| self.has_choice),
            finish_reason: outcome.finish_reason.as_deref(),
            usage: outcome.tally.usage,
        })?;
        let text = outcome.result?.into_text();
        if self.prints {
            let separator = if at == 0 { "" } else { "\n\n" };
            let content = format!("{separator}{}", text.trim_matches('\n'));
            self.printer.event(&Event::Delta { content: &content })?;
            self.printer.data(Data::Body {
                bytes: &outcome.body,
                token: true,
            })?;
        } else {
            self.bodies.push(outcome.body);
        }
        self.last.finish_reason = outcome.finish_reason;
        self.last.model = outcome.model;
        self.printer.flush()?;
        Ok(text)
    }
}

/// One level of the tree in which answers are merged: each job merges some neighbours.
pub(super) struct MergeJobs<'a> {
    pub(super) requests: &'a SplitRequests,
    pub(super) answers: &'a [String],
}

impl MergeJobs<'_> {
    /// Neighbours that fit a request together, at least two each. Only the last group may be a
    /// single answer.
    pub(super) fn groups(&self, room: u64) -> Vec<Range<usize>> {
        let mut groups = Vec::new();
        let mut start = 0;
        while start < self.answers.len() {
            let end = start + self.requests.mergeable(&self.answers[start..], room);
            groups.push(start..end);
            start = end;
        }
        groups
    }
}

impl Jobs for MergeJobs<'_> {
    type Job = Range<usize>;

    fn request(&self, job: &Self::Job, _: usize, _: usize) -> Request {
        Request {
            stream: false,
            ..self.requests.merge(&self.answers[job.clone()])
        }
    }

    fn halves(&self, job: &Self::Job) -> Option<[Self::Job; 2]> {
        let middle = job.start + job.len().div_ceil(2);
        (job.len() > 2).then_some([job.start..middle, middle..job.end])
    }

    fn label(&self, at: usize, count: usize) -> String {
        format!("merging, request {} of {count}", at + 1)
    }

    fn answered(
        &mut self,
        _: &Self::Job,
        _: usize,
        _: usize,
        outcome: ItemOutcome,
    ) -> Result<String, Failure> {
        Ok(outcome.result?.into_text())
    }
}
