//! Payloads in, the steps of an event stream out: paced where a rate is set,
//! else gathered in few large buffers.

use std::time::Duration;

use hyper::body::Bytes;

use super::playback::Step;

/// A buffer is handed over when it is longer than this.
const BUFFER: usize = 256 * 1024;

/// Frames under construction.
#[derive(Debug)]
pub(super) struct Frames {
    steps: Vec<Step>,
    buffer: Vec<u8>,
    /// Frames a second.
    rate: Option<f64>,
    paced: u32,
}

impl Frames {
    /// No frames yet.
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self {
            steps: Vec::new(),
            buffer: Vec::new(),
            rate,
            paced: 0,
        }
    }

    /// Adds a frame of this payload, which may have several lines.
    pub(super) fn payload(&mut self, payload: &str) {
        for line in payload.split('\n') {
            self.raw("data: ");
            self.raw(line);
            self.raw("\n");
        }
        self.end_frame();
    }

    /// Waits for the turn of the next frame, where a rate is set.
    pub(super) fn pace(&mut self) {
        let Some(rate) = self.rate else { return };
        self.paced = self.paced.saturating_add(1);
        let offset = Duration::try_from_secs_f64(f64::from(self.paced) / rate);
        self.flush();
        self.steps
            .push(Step::At(offset.unwrap_or(Duration::MAX / 4)));
    }

    /// The steps, in order.
    pub(super) fn finish(mut self) -> Vec<Step> {
        self.flush();
        self.steps
    }

    /// Adds a part of a frame.
    pub(super) fn raw(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Ends a frame whose lines are all there.
    pub(super) fn end_frame(&mut self) {
        self.raw("\n");
        if self.buffer.len() > BUFFER {
            self.flush();
        }
    }

    /// Adds a string as JSON.
    pub(super) fn string(&mut self, text: &str) {
        // A string can always be written as JSON, and to memory.
        let _ = serde_json::to_writer(&mut self.buffer, text);
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let bytes = Bytes::from(std::mem::take(&mut self.buffer));
            self.steps.push(Step::Bytes(bytes));
        }
    }

    /// The steps, and one more behind them.
    pub(super) fn then(mut self, step: Step) -> Vec<Step> {
        self.flush();
        self.steps.push(step);
        self.steps
    }
}
