//! Finds the quotes and list items of each line, and its kind.
//!
//! pulldown-cmark does not stream, so each line is parsed on its own, after a short
//! document that opens the quotes and items that are open where the line stands.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag};

use super::is_invisible;

/// Quotes and items within each other; deeper ones are text.
const NESTED_MAX: usize = 16;

/// A block that contains others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Container {
    Quote,
    Item {
        /// `-` or `12.`, as it was written.
        marker: String,
        /// Columns before the marker, from where the parent's text begins.
        indent: usize,
        /// Columns from there to the item's own text.
        offset: usize,
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
    /// The line that opens a block of code, with what is written after the marks.
    Fence(String),
    /// A line in a block of code, without what belongs to quotes and items.
    FenceLine(String),
    FenceEnd,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// How many of the open containers continue.
    pub(super) kept: usize,
    /// Containers that begin in the line.
    pub(super) opened: Vec<Container>,
    pub(super) leaf: Leaf,
    /// Where the text begins, in bytes.
    pub(super) text: usize,
}

/// The blocks that are open before a line.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) containers: Vec<Container>,
    /// The line before was text, which an indented line continues.
    in_paragraph: bool,
    /// The marks that opened the block of code.
    fence: Option<String>,
}

impl Structure {
    pub(super) fn in_fence(&self) -> bool {
        self.fence.is_some()
    }

    /// Reads a line, or the part of it that decides its kind. Outside of code, tabs before
    /// its text must be [`expanded`].
    pub(super) fn read(&self, line: &str) -> Line {
        if self.fence.is_none() && line.trim_start_matches([' ', '\t', '>']).is_empty() {
            return self.blank(line);
        }
        let context = self.context();
        let source = [&context, line, "\n"].concat();
        let mut reader = Reader {
            line,
            start: context.len(),
            known: &self.containers,
            open: 0,
            in_code: false,
            code: None,
            opened: Vec::new(),
            text: 0,
        };
        let mut found = None;
        for (event, range) in Parser::new_ext(&source, Options::ENABLE_TASKLISTS).into_offset_iter()
        {
            found = reader.event(&event, range.start, range.end);
            if found.is_some() {
                break;
            }
        }
        let leaf = match (found, reader.code) {
            (Some(leaf), _) => leaf,
            (None, Some(code)) => Leaf::FenceLine(code),
            (None, None) if reader.in_code => Leaf::FenceEnd,
            (None, None) => Leaf::Blank,
        };
        let kept = match leaf {
            Leaf::FenceLine(_) | Leaf::FenceEnd => self.containers.len(),
            _ => reader.open,
        };
        let mut opened = reader.opened;
        opened.truncate(NESTED_MAX.saturating_sub(kept));
        Line {
            kept,
            opened,
            leaf,
            text: reader.text,
        }
    }

    /// A line without text closes quotes, unless it has their marks.
    fn blank(&self, line: &str) -> Line {
        let quotes = line.matches('>').count().min(NESTED_MAX);
        let is_quote = |container: &Container| *container == Container::Quote;
        let mut known = 0;
        let kept = self.containers.iter().position(|container| {
            known += usize::from(is_quote(container));
            known > quotes
        });
        let known = known.min(quotes);
        Line {
            kept: kept.unwrap_or(self.containers.len()),
            opened: vec![Container::Quote; quotes - known],
            leaf: Leaf::Blank,
            text: line.len(),
        }
    }

    /// Records the containers that a line opens and closes.
    pub(super) fn accept(&mut self, line: &Line, source: &str) {
        self.containers.truncate(line.kept);
        self.containers.extend(line.opened.iter().cloned());
        self.in_paragraph = line.leaf == Leaf::Text;
        match line.leaf {
            Leaf::Fence(_) => {
                let marks = source[line.text..].trim();
                self.fence = Some(marks.to_owned());
            }
            Leaf::FenceLine(_) => {}
            _ => self.fence = None,
        }
    }

    /// Ends the paragraph, so that the next line does not continue it.
    pub(super) fn end_paragraph(&mut self) {
        self.in_paragraph = false;
    }

    /// A document that ends where the line begins.
    fn context(&self) -> String {
        let mut source = String::new();
        let mut prefix = String::new();
        for container in &self.containers {
            let Container::Item {
                marker,
                indent,
                offset,
                ..
            } = container
            else {
                source += &[&prefix, "> x\n", &prefix, ">\n"].concat();
                prefix += "> ";
                continue;
            };
            let marker = format!("{}{marker}", " ".repeat(*indent));
            let gap = " ".repeat(offset.saturating_sub(marker.len()).max(1));
            source += &[&prefix, &marker, &gap, "x\n", prefix.trim_end(), "\n"].concat();
            prefix += &" ".repeat(*offset);
        }
        if let Some(marks) = &self.fence {
            source += &[&prefix, marks, "\n"].concat();
        } else if self.in_paragraph {
            source += &[&prefix, "x\n"].concat();
        }
        source
    }
}

/// Follows the parser's events to the line.
struct Reader<'a> {
    line: &'a str,
    /// Where the line begins in the document.
    start: usize,
    known: &'a [Container],
    /// Known containers that are open.
    open: usize,
    /// A block of code continues in the line.
    in_code: bool,
    /// The line of the block of code.
    code: Option<String>,
    opened: Vec<Container>,
    text: usize,
}

impl Reader<'_> {
    /// The kind of the line, if the event determines it.
    fn event(&mut self, event: &Event<'_>, start: usize, end: usize) -> Option<Leaf> {
        let Some(at) = start.checked_sub(self.start) else {
            return self.context_event(event, end);
        };
        match event {
            Event::Start(Tag::List(_)) | Event::End(_) => return None,
            Event::Start(Tag::BlockQuote(_)) => {
                self.content(at);
                self.opened.push(Container::Quote);
                self.text = self.after_spaces(at) + 1;
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
                self.text = end - self.start;
                return None;
            }
            Event::Text(text) if self.in_code => {
                let text = text.trim_end_matches(['\r', '\n']);
                self.code.get_or_insert_default().push_str(text);
                return None;
            }
            Event::Start(Tag::Paragraph) => {
                self.content(at);
                return None;
            }
            _ => {}
        }
        let tasked = matches!(
            self.opened.last(),
            Some(Container::Item { done: Some(_), .. })
        );
        if !tasked {
            self.content(at);
        }
        self.text = self.after_spaces(self.text);
        Some(match event {
            Event::Rule => Leaf::Rule,
            Event::Start(Tag::Heading { level, .. }) => {
                let rest = &self.line[self.text..];
                let marks = rest.bytes().take_while(|byte| *byte == b'#').count();
                self.text = self.after_spaces(self.text + marks);
                Leaf::Heading(number(*level))
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
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::Item) => self.open += 1,
            Event::End(pulldown_cmark::TagEnd::BlockQuote(_) | pulldown_cmark::TagEnd::Item) => {
                self.open -= 1;
            }
            Event::Start(Tag::CodeBlock(_)) => self.in_code = end > self.start,
            // The line underlines the paragraph before it.
            Event::Start(Tag::Heading { level, .. }) if end > self.start => {
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
            match container {
                Container::Quote => {
                    let mark = self.after_spaces(at);
                    if self.line[mark..].starts_with('>') {
                        at = mark + 1;
                        at += usize::from(self.line[at..].starts_with(' '));
                    }
                }
                Container::Item { offset, .. } => {
                    let space = self.after_spaces(at) - at;
                    at += space.min(*offset);
                }
            }
        }
        at
    }

    /// An item begins in the line.
    fn item(&mut self, at: usize) {
        let mark = self.after_spaces(at);
        let base = if self.opened.is_empty() {
            self.consumed()
        } else {
            self.content(mark);
            self.text
        };
        let rest = &self.line[mark..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let marker = rest[..(digits + 1).min(rest.len())].to_owned();
        let indent = mark.saturating_sub(base);
        self.text = mark + marker.len();
        self.opened.push(Container::Item {
            offset: indent + marker.len() + 1,
            marker,
            indent,
            done: None,
        });
    }

    /// The content of the innermost container begins here.
    fn content(&mut self, at: usize) {
        let at = at.max(self.text);
        let at = self.after_spaces(at);
        if let Some(Container::Item {
            offset,
            indent,
            marker,
            ..
        }) = self.opened.last_mut()
        {
            let gap = at - self.text;
            let gap = if (1..=4).contains(&gap) { gap } else { 1 };
            *offset = *indent + marker.len() + gap;
        }
        self.text = at;
    }
}

fn number(level: HeadingLevel) -> usize {
    level as usize
}

/// The line with spaces for the tabs before its text.
pub(super) fn expanded(line: &str) -> std::borrow::Cow<'_, str> {
    let text = line
        .find(|c: char| !" \t>-+*.)0123456789#".contains(c))
        .unwrap_or(line.len());
    if !line[..text].contains('\t') {
        return line.into();
    }
    let mut spaced = String::new();
    for c in line[..text].chars() {
        if c == '\t' {
            let gap = 4 - spaced.len() % 4;
            spaced += &" ".repeat(gap);
        } else {
            spaced.push(c);
        }
    }
    (spaced + &line[text..]).into()
}

/// Where it is certain that text begins, no matter what follows in the line; `None` if
/// the line may still become something else.
pub(super) fn text_start(head: &str) -> Option<usize> {
    let mut at = 0;
    for _ in 0..=NESTED_MAX {
        let space = head[at..].len() - head[at..].trim_start_matches([' ', '\t']).len();
        at += space;
        let rest = &head[at..];
        let mut chars = rest.chars();
        let first = chars.next()?;
        let run = rest.len() - rest.trim_start_matches(first).len();
        let after = rest[run..].chars().next();
        match first {
            '>' => at += 1,
            '#' if run <= 6 => {
                return matches!(after?, ' ' | '\t')
                    .then_some(at + run + 1)
                    .or(Some(at));
            }
            '-' | '+' | '*' | '_' | '=' => {
                if first != '_' && first != '=' && matches!(chars.next()?, ' ' | '\t') {
                    at = after_box(head, at + 2)?;
                } else if rest.trim_start_matches([first, ' ', '\t']).is_empty() {
                    return None;
                } else {
                    return Some(at);
                }
            }
            '0'..='9' => {
                let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                let mut after = number.chars();
                if !matches!(after.next()?, '.' | ')') || !matches!(after.next()?, ' ' | '\t') {
                    return Some(at);
                }
                at = after_box(head, head.len() - number.len() + 2)?;
            }
            '`' | '~' if run >= 3 => return None,
            '`' | '~' => return after.map(|_| at),
            '|' => return None,
            _ => return Some(at),
        }
    }
    Some(at)
}

/// Where the text of an item begins, after the box of a task.
fn after_box(head: &str, at: usize) -> Option<usize> {
    let text = head[at..].trim_start_matches(' ');
    let boxes = ["[ ] ", "[x] ", "[X] "];
    if boxes.iter().any(|known| text.starts_with(known)) {
        return Some(head.len() - text.len() + 4);
    }
    let undecided = text.is_empty() || boxes.iter().any(|known| known.starts_with(text));
    (!undecided).then_some(at)
}

#[cfg(test)]
mod tests;
