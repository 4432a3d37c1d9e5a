//! The answer's text → the buffer: code blocks taken out, markup rendered, or made
//! safe for a terminal, or as it is.

use std::io::Write;

use super::Printer;
use crate::cli::Format;
use crate::error::Failure;
use crate::exit::Class;

/// Most of a stream that is held back while a code block is looked for.
const HELD_MAX: usize = 4 * 1024 * 1024;

impl<O: Write, E: Write> Printer<O, E> {
    pub(super) fn push_text(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.printed = true;
        match &mut self.extract {
            None => self.push_answer(text),
            Some(extract) => {
                let mut inside = String::new();
                extract.push(text, &mut inside);
                let held = extract.held();
                self.push_answer(&inside);
                if self.options.live && held > HELD_MAX {
                    let mib = HELD_MAX >> 20;
                    let what = format!(
                        "the stream has gone on for {mib} MiB without the end of a block that is wanted"
                    );
                    return Err(Failure::new(Class::Incomplete, what));
                }
            }
        }
        self.flush_burst()
    }

    pub(super) fn push_answer(&mut self, text: &str) {
        let Some(last) = text.as_bytes().last() else {
            return;
        };
        if self.render.is_some() {
            let mut safe = Vec::new();
            self.pieces.push(text, &mut safe);
            return self.show(&safe, false);
        }
        self.last = *last;
        if self.terminal {
            self.pieces.push(text, &mut self.buffer);
        } else {
            self.buffer.extend_from_slice(text.as_bytes());
        }
    }

    /// Puts what the rendering holds back, and closes its styles.
    pub(super) fn end_render(&mut self) {
        if self.render.is_some() {
            let mut safe = Vec::new();
            self.pieces.end(&mut safe);
            self.show(&safe, true);
        }
    }

    /// Renders what is safe to be shown, to the text's `end` or not.
    fn show(&mut self, safe: &[u8], end: bool) {
        let Some(render) = &mut self.render else {
            return;
        };
        let mut shown = render.push(&String::from_utf8_lossy(safe));
        if end {
            shown += &render.finish();
        }
        self.buffer.extend_from_slice(shown.as_bytes());
        self.last = shown.bytes().last().unwrap_or(self.last);
    }

    /// Ends the line of streamed text that more than text follows.
    pub(super) fn end_prose(&mut self) {
        self.end_render();
        if self.options.live && self.last != b'\n' {
            self.pieces.end(&mut self.buffer);
            self.buffer.push(b'\n');
            self.last = b'\n';
        }
    }

    /// Ends the line of the answer's text.
    pub(super) fn end_text(&mut self) {
        if self.options.format == Format::Text {
            self.end_render();
            self.pieces.end(&mut self.buffer);
            if self.last != b'\n' {
                self.buffer.push(b'\n');
                self.last = b'\n';
            }
        }
    }

    /// Puts the end behind what `--extract` wants, once.
    pub(super) fn end_extract(&mut self) -> Result<(), Failure> {
        let Some(mut extract) = self.extract.take() else {
            return Ok(());
        };
        let mut inside = String::new();
        let without = extract.end(&mut inside);
        self.push_answer(&inside);
        let Some(text) = without else {
            return Ok(());
        };
        let none = Failure::new(Class::Invalid, "the answer holds no such code block");
        if text.trim().is_empty() {
            return Err(none);
        }
        self.say(&text);
        Err(none.hint("the whole answer is above; without --extract it is printed"))
    }
}
