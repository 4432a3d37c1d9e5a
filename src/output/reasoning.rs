//! The model's thinking → standard error, scrubbed and safe.

use std::io::Write;

use super::Printer;

impl<O: Write, E: Write> Printer<O, E> {
    /// Shows a part of the model's thinking.
    pub(super) fn think(&mut self, content: &str) {
        self.spinner = None;
        self.printed |= !content.is_empty();
        self.unsettled.push_str(content);
        let settled = self.scrubber.settled(&self.unsettled);
        let thought: String = self.unsettled.drain(..settled).collect();
        self.tell_thought(&thought);
    }

    fn tell_thought(&mut self, thought: &str) {
        let mut safe = Vec::new();
        self.thoughts.push(&self.scrubber.scrub(thought), &mut safe);
        if let Some(last) = safe.last() {
            self.thinking = *last != b'\n';
        }
        let _ = self.err.write_all(&safe);
    }

    /// What comes next, on either output, begins a line of its own.
    pub(super) fn end_thinking(&mut self) {
        let rest = std::mem::take(&mut self.unsettled);
        self.tell_thought(&rest);
        let mut end = Vec::new();
        self.thoughts.end(&mut end);
        if std::mem::take(&mut self.thinking) || !end.is_empty() {
            end.push(b'\n');
            let _ = self.err.write_all(&end);
        }
    }
}
