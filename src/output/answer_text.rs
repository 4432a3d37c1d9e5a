//! Prepares the answer's text for the buffer: unchanged, made safe for a terminal,
//! rendered, or reduced to its code blocks.

use super::Options;
use super::buffer::Buffer;
use super::extract::Extract;
use crate::error::Failure;
use crate::exit::Class;
use crate::markdown::Renderer;
use crate::terminal::Pieces;

/// The most bytes of a stream that are held back while looking for a code block.
const HELD_MAX: usize = 4 * 1024 * 1024;

/// The state between the pieces of the text.
#[derive(Debug)]
pub(super) struct AnswerText {
    /// The text arrives as it is generated.
    pub(super) streamed: bool,
    /// The last byte that was printed.
    last: u8,
    pieces: Pieces,
    extract: Option<Extract>,
    render: Option<Box<Renderer>>,
}

impl AnswerText {
    /// Takes `--extract` and `--render` out of the options.
    pub(super) fn new(options: &mut Options) -> Self {
        Self {
            streamed: options.live,
            last: b'\n',
            pieces: Pieces::default(),
            extract: options.extract.take().map(Extract::new),
            render: options.render.map(|how| Box::new(Renderer::new(how))),
        }
    }

    /// Prints a piece of the text.
    pub(super) fn push(&mut self, text: &str, buffer: &mut Buffer) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        buffer.printed = true;
        let Some(extract) = &mut self.extract else {
            self.show(text, buffer);
            return Ok(());
        };
        let mut inside = String::new();
        extract.push(text, &mut inside);
        let held = extract.held();
        self.show(&inside, buffer);
        if self.streamed && held > HELD_MAX {
            let mib = HELD_MAX >> 20;
            let what = format!("no code block has ended within {mib} MiB of the stream");
            return Err(Failure::new(Class::Incomplete, what));
        }
        Ok(())
    }

    /// Prints text at the start of a line.
    pub(super) fn push_line(&mut self, text: &str, buffer: &mut Buffer) -> Result<(), Failure> {
        if self.last != b'\n' {
            self.push("\n", buffer)?;
        }
        self.push(text, buffer)
    }

    /// Prints lines that are laid out and safe already.
    pub(super) fn push_lines(&mut self, lines: &str, buffer: &mut Buffer) {
        self.end_line(buffer);
        buffer.printed = true;
        buffer.bytes.extend_from_slice(lines.as_bytes());
        buffer.bytes.push(b'\n');
    }

    /// Prints a line that is not from the model, without rendering it.
    pub(super) fn push_own_line(&mut self, line: &str, buffer: &mut Buffer) -> Result<(), Failure> {
        self.end_render(buffer);
        let render = self.render.take();
        let result = self.push_line(line, buffer);
        self.render = render;
        result
    }

    fn show(&mut self, text: &str, buffer: &mut Buffer) {
        let Some(last) = text.as_bytes().last() else {
            return;
        };
        if self.render.is_some() {
            let mut safe = Vec::new();
            self.pieces.push(text, &mut safe);
            return self.render(&safe, false, buffer);
        }
        self.last = *last;
        if buffer.terminal {
            self.pieces.push(text, &mut buffer.bytes);
        } else {
            buffer.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Renders text that is safe already. `end` says that no more follows.
    fn render(&mut self, safe: &[u8], end: bool, buffer: &mut Buffer) {
        let Some(render) = &mut self.render else {
            return;
        };
        let mut shown = render.push(&String::from_utf8_lossy(safe));
        if end {
            shown += &render.finish();
        }
        buffer.bytes.extend_from_slice(shown.as_bytes());
        self.last = shown.bytes().last().unwrap_or(self.last);
    }

    /// Prints the text that the renderer holds back, and closes its styles.
    pub(super) fn end_render(&mut self, buffer: &mut Buffer) {
        if self.render.is_some() {
            let mut safe = Vec::new();
            self.pieces.end(&mut safe);
            self.render(&safe, true, buffer);
        }
    }

    /// Ends the line of streamed text before something other than text follows.
    pub(super) fn end_prose(&mut self, buffer: &mut Buffer) {
        if self.streamed {
            self.end_line(buffer);
        } else {
            self.end_render(buffer);
        }
    }

    pub(super) fn end_line(&mut self, buffer: &mut Buffer) {
        self.end_render(buffer);
        self.pieces.end(&mut buffer.bytes);
        if self.last != b'\n' {
            buffer.bytes.push(b'\n');
            self.last = b'\n';
        }
    }

    /// Call this when the answer is complete. Prints the rest of the code that
    /// `--extract` selects. Returns the complete answer if it has no such code.
    pub(super) fn end_extract(&mut self, buffer: &mut Buffer) -> Option<String> {
        let mut inside = String::new();
        let without = self.extract.take()?.end(&mut inside);
        self.show(&inside, buffer);
        without
    }
}
