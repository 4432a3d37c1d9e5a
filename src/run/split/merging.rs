//! The merging of answers as jobs: each merges some neighbours.

use std::ops::Range;

use super::jobs::{Answered, Jobs};
use crate::error::Failure;
use crate::request::{PreparedRequest, SplitRequests};

/// One level of the tree.
pub(super) struct MergeJobs<'a> {
    pub(super) requests: &'a SplitRequests,
    pub(super) prepared: &'a PreparedRequest,
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

    fn request(&self, job: &Self::Job, _: usize, _: usize, number: u64) -> PreparedRequest {
        let mut request = self.requests.merge(&self.answers[job.clone()]);
        request.stream = false;
        request.request_id = self.requests.id(number);
        self.prepared.with(request)
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
        _: &mut Answered,
    ) -> Result<(), Failure> {
        Ok(())
    }
}
