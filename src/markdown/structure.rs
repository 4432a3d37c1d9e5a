//! Finds the quotes and list items of each line, and its kind.
//!
//! pulldown-cmark does not stream, so each line is parsed on its own, after a short
//! document that opens the quotes and items that are open before the line.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::is_invisible;

/// The most levels of quotes and items; deeper ones are text.
const NESTED_MAX: usize = 16;

/// Characters before the text of a line.
const MARKS: &str = " \t>-+*.)0123456789#";
/// Further characters that do not decide alone what a line is; `[x]` is a task's box.
const UNDECIDED: &str = "_=`~[xX]|";

/// A block that contains others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Container {
    Quote,
    Item {
        /// The item's line up to its text, from where the parent's text begins: `  12. `.
        opening: String,
        /// The state of a task's box.
        done: Option<bool>,
    },
}

/// The kind of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf {
    Blank,
    Text,
    Heading(usize),
    Rule,
    Code,
    /// The line that opens a block of code, with the text after its marks.
    Fence(String),
    /// A line in a block of code.
    FenceLine,
    FenceEnd,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of open containers that continue in the line.
    pub(super) kept: usize,
    /// Containers that begin in the line.
    pub(super) opened: Vec<Container>,
    pub(super) leaf: Leaf,
    /// The text after the marks of containers and headings.
    pub(super) text: String,
}

impl Line {
    /// Whether no item begins in it.
    pub(super) fn opens_no_item(&self) -> bool {
        let mut opened = self.opened.iter();
        opened.all(|container| *container == Container::Quote)
    }
}

/// The blocks that are open before a line.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) containers: Vec<Container>,
    /// The previous line was text, so an indented line continues its paragraph.
    in_paragraph: bool,
    /// The line that opened the block of code.
    fence: Option<String>,
}

impl Structure {
    pub(super) fn in_fence(&self) -> bool {
        self.fence.is_some()
    }

    /// Reads the beginning of a line. Returns `None` unless its last character makes the
    /// line text, no matter what follows.
    pub(super) fn read_start(&self, head: &str) -> Option<Line> {
        let decides = |c| !MARKS.contains(c) && !UNDECIDED.contains(c);
        let (at, last) = head.char_indices().next_back()?;
        if !decides(last) || head[..at].contains(decides) {
            return None;
        }
        let line = self.read(head);
        let is_text = matches!(line.leaf, Leaf::Text | Leaf::Heading(_));
        (is_text && !line.text.starts_with('|')).then_some(line)
    }

    /// Reads a line.
    pub(super) fn read(&self, line: &str) -> Line {
        if self.in_fence() {
            return self.parse(line);
        }
        if line.trim_start_matches([' ', '\t', '>']).is_empty() {
            return self.blank(line);
        }
        let mut read = self.parse(&expanded(line));
        if read.leaf == Leaf::Text && read.kept == 0 && read.opened.is_empty() {
            // A paragraph keeps its tabs.
            line.trim_start().clone_into(&mut read.text);
        }
        read
    }

    fn parse(&self, line: &str) -> Line {
        let context = self.context();
        let source = [&context, line, "\n"].concat();
        let mut reader = Reader {
            line,
            start: context.len(),
            known: &self.containers,
            open: 0,
            code: None,
            opened: Vec::new(),
            text: 0,
        };
        let mut events = Parser::new_ext(&source, Options::ENABLE_TASKLISTS).into_offset_iter();
        let leaf = events.find_map(|(event, range)| reader.event(&event, &range));
        let (leaf, text) = match (leaf, reader.code) {
            (Some(leaf), _) => (leaf, line[reader.text..].to_owned()),
            (None, Some(code)) if code.is_empty() => (Leaf::FenceEnd, String::new()),
            (None, Some(code)) => (Leaf::FenceLine, code.trim_end_matches('\n').to_owned()),
            (None, None) => (Leaf::Blank, String::new()),
        };
        let (kept, mut opened) = (reader.open, reader.opened);
        opened.truncate(NESTED_MAX.saturating_sub(kept));
        Line {
            kept,
            opened,
            leaf,
            text,
        }
    }

    /// A line without text closes quotes, unless it has their marks.
    fn blank(&self, line: &str) -> Line {
        let mut quotes = line.matches('>').count().min(NESTED_MAX);
        let kept = self.containers.iter().take_while(|container| {
            let kept = **container != Container::Quote || quotes > 0;
            quotes -= usize::from(kept && **container == Container::Quote);
            kept
        });
        Line {
            kept: kept.count(),
            opened: vec![Container::Quote; quotes],
            leaf: Leaf::Blank,
            text: String::new(),
        }
    }

    /// Records the containers that a line opens and closes.
    pub(super) fn accept(&mut self, line: &Line) {
        self.containers.truncate(line.kept);
        self.containers.extend(line.opened.iter().cloned());
        self.in_paragraph = line.leaf == Leaf::Text;
        match line.leaf {
            Leaf::Fence(_) => self.fence = Some(line.text.clone()),
            Leaf::FenceLine => {}
            _ => self.fence = None,
        }
    }

    /// Ends the paragraph, so that the next line does not continue it.
    pub(super) fn end_paragraph(&mut self) {
        self.in_paragraph = false;
    }

    /// Makes the document that opens the blocks that are open before the line.
    fn context(&self) -> String {
        let (mut source, mut prefix) = (String::new(), String::new());
        for container in &self.containers {
            let (opening, inside) = match container {
                Container::Quote => ("> ", "> ".to_owned()),
                Container::Item { opening, .. } => (&**opening, " ".repeat(opening.len())),
            };
            source += &[&prefix, opening, "x\n"].concat();
            prefix += &inside;
            source += &[prefix.trim_end(), "\n"].concat();
        }
        if let Some(marks) = &self.fence {
            source += &[&prefix, &**marks, "\n"].concat();
        } else if self.in_paragraph {
            source += &[&prefix, "x\n"].concat();
        }
        source
    }
}

/// Finds the line in the parser's events.
struct Reader<'a> {
    line: &'a str,
    /// Where the line begins in the document.
    start: usize,
    known: &'a [Container],
    /// The number of known containers that are open.
    open: usize,
    /// The line's text in a block of code that an earlier line opened.
    code: Option<String>,
    opened: Vec<Container>,
    /// Where the text begins in the line.
    text: usize,
}

impl Reader<'_> {
    /// The kind of the line, if the event determines it.
    fn event(&mut self, event: &Event<'_>, range: &Range<usize>) -> Option<Leaf> {
        let Some(at) = range.start.checked_sub(self.start) else {
            return self.context_event(event, range.end);
        };
        match event {
            Event::Start(Tag::List(_)) | Event::End(_) => return None,
            Event::Text(text) if self.code.is_some() => {
                self.code.get_or_insert_default().push_str(text);
                return None;
            }
            Event::Start(Tag::Item) => {
                self.item(at);
                return None;
            }
            Event::TaskListMarker(is_done) => {
                if let Some(Container::Item { done, .. }) = self.opened.last_mut() {
                    *done = Some(*is_done);
                }
                self.text = self.after_spaces(range.end - self.start);
                return None;
            }
            _ => self.content(at),
        }
        Some(match event {
            Event::Start(Tag::BlockQuote(_)) => {
                self.opened.push(Container::Quote);
                self.text += 1;
                return None;
            }
            Event::Start(Tag::Paragraph) => return None,
            Event::Rule => Leaf::Rule,
            Event::Start(Tag::Heading { level, .. }) => {
                let marks = self.line[self.text..].trim_start_matches('#');
                self.text = self.after_spaces(self.line.len() - marks.len());
                Leaf::Heading(*level as usize)
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                // An entity (`&#x1b;`) can put any character here.
                let shown = info.chars().filter(|c| !is_invisible(*c));
                Leaf::Fence(shown.collect::<String>().trim().to_owned())
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                self.text = at;
                Leaf::Code
            }
            _ => Leaf::Text,
        })
    }

    /// An event of the document before the line.
    fn context_event(&mut self, event: &Event<'_>, end: usize) -> Option<Leaf> {
        let goes_on = end > self.start;
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::Item) => self.open += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::Item) if !goes_on => self.open -= 1,
            Event::Start(Tag::CodeBlock(_)) if goes_on => self.code = Some(String::new()),
            // The line underlines the paragraph before it.
            Event::Start(Tag::Heading { level, .. }) if goes_on => {
                self.text = self.after_spaces(self.consumed());
                let rule = *level == HeadingLevel::H2;
                return Some(if rule { Leaf::Rule } else { Leaf::Text });
            }
            _ => {}
        }
        None
    }

    fn after_spaces(&self, at: usize) -> usize {
        let rest = &self.line[at..];
        self.line.len() - rest.trim_start_matches([' ', '\t']).len()
    }

    /// Where the content of the open containers begins in the line.
    fn consumed(&self) -> usize {
        let mut at = 0;
        for container in &self.known[..self.open] {
            let text = self.after_spaces(at);
            match container {
                Container::Quote => {
                    let rest = &self.line[text..];
                    let mark = ["> ", ">"].into_iter().find(|mark| rest.starts_with(mark));
                    at = mark.map_or(at, |mark| text + mark.len());
                }
                Container::Item { opening, .. } => at = text.min(at + opening.len()),
            }
        }
        at
    }

    /// Adds an item that begins in the line.
    fn item(&mut self, at: usize) {
        let mark = self.after_spaces(at);
        let from = if self.opened.is_empty() {
            self.consumed().min(mark)
        } else {
            self.content(mark);
            mark
        };
        let digits = self.line[mark..].trim_start_matches(|c: char| c.is_ascii_digit());
        self.text = self.line.len() - digits.len() + 1;
        self.opened.push(Container::Item {
            opening: [&self.line[from..self.text], " "].concat(),
            done: None,
        });
    }

    /// Records where the content of the innermost container begins.
    fn content(&mut self, at: usize) {
        let at = self.after_spaces(at.max(self.text));
        let gap = at - self.text;
        if let Some(Container::Item { opening, .. }) = self.opened.last_mut()
            && (2..=4).contains(&gap)
        {
            *opening += &" ".repeat(gap - 1);
        }
        self.text = at;
    }
}

/// Replaces the tabs before the text of a line by spaces.
fn expanded(line: &str) -> Cow<'_, str> {
    let text = line.find(|c| !MARKS.contains(c)).unwrap_or(line.len());
    if !line[..text].contains('\t') {
        return line.into();
    }
    let mut spaced = String::new();
    for c in line[..text].chars() {
        let gap = 4 - spaced.len() % 4;
        match c {
            '\t' => spaced += &" ".repeat(gap),
            c => spaced.push(c),
        }
    }
    (spaced + &line[text..]).into()
}

#[cfg(test)]
mod tests;
