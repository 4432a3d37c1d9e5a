//! Builds a man page from the sections of `clap_mangen`, with repairs where a man program
//! would complain, and from sections with airx's own texts.

use std::fmt::Write as _;

use airx::exit::Row;
use airx::help::{TOPICS, Variable};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

/// Makes apostrophes print unchanged in every man program.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
/// A page under construction: the finished text, and the current section.
#[derive(Default)]
pub(crate) struct Page {
    done: String,
    pub(crate) roff: Roff,
    /// Whether the last line is a heading: a paragraph after it needs no roff request.
    after_heading: bool,
}

impl Page {
    pub(crate) fn made_by_clap(
        &mut self,
        render: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) {
        self.flush();
        let mut section = Vec::new();
        render(&mut section).unwrap();
        let section = String::from_utf8(section).unwrap();
        let section = section.strip_prefix(PREAMBLE).unwrap_or(&section);
        // roff has no blank lines, and breaks around one do nothing.
        let section = section.replace("\n.br\n\n.br\n", "\n\n");
        for line in section.lines() {
            let _ = match line.strip_prefix(".SH ") {
                Some("NAME" | "SYNOPSIS" | "DESCRIPTION" | "OPTIONS") => {
                    writeln!(self.done, "{line}")
                }
                // Every other heading of clap is a group of options.
                Some(group) => {
                    let group = group.trim_matches('"');
                    let (initial, rest) = group.split_at(1);
                    writeln!(self.done, ".SS \"{initial}{}\"", rest.to_lowercase())
                }
                None if line.is_empty() => writeln!(self.done, ".sp"),
                None => writeln!(self.done, "{}", bold_ticks(line.trim_end())),
            };
        }
    }

    fn flush(&mut self) {
        let section = std::mem::take(&mut self.roff).render();
        self.done
            .push_str(section.strip_prefix(PREAMBLE).unwrap_or(&section));
    }

    pub(crate) fn heading(&mut self, heading: &str) {
        self.roff.control("SH", [heading]);
        self.after_heading = true;
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.roff.text(marked(text));
        self.after_heading = false;
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        if !self.after_heading {
            self.roff.control("PP", []);
        }
        self.text(text);
    }

    pub(crate) fn paragraphs(&mut self, paragraphs: &[&str]) {
        for paragraph in paragraphs {
            if paragraph.starts_with(' ') {
                let lines: Vec<&str> = paragraph.lines().collect();
                let lines: Vec<&str> = lines
                    .iter()
                    .map(|line| line.strip_prefix("    ").unwrap_or(line))
                    .collect();
                self.literal(&lines.join("\n"));
            } else {
                self.paragraph(paragraph);
            }
        }
    }

    pub(crate) fn literal(&mut self, lines: &str) {
        self.roff.control("PP", []);
        self.roff.control("RS", ["4"]);
        self.roff.control("nf", []);
        for line in lines.lines() {
            self.roff.text([roman(line)]);
        }
        self.roff.control("fi", []);
        self.roff.control("RE", []);
        self.after_heading = false;
    }

    pub(crate) fn tagged(&mut self, tag: Vec<Inline>, text: &str) {
        self.roff.control("TP", []);
        self.roff.text(tag);
        self.text(text);
    }

    pub(crate) fn variables(&mut self, variables: &[Variable]) {
        for variable in variables {
            self.tagged(vec![bold(variable.name)], variable.does);
        }
    }

    pub(crate) fn rows(&mut self, rows: &[Row]) {
        for row in rows {
            self.roff.control("TP", ["16"]);
            self.roff
                .text([bold(row.code.to_string()), roman(" "), italic(row.name)]);
            self.text(row.when);
        }
    }

    pub(crate) fn see_also(&mut self, but: &str, commands: &[String]) {
        self.heading("SEE ALSO");
        let mut pages: Vec<String> = commands
            .iter()
            .filter(|command| *command != "help")
            .map(|command| format!("airx-{command}(1)"))
            .collect();
        if but != "airx" {
            pages.push("airx(1)".to_owned());
        }
        let topics = TOPICS
            .iter()
            .map(|topic| format!("airx-{}({})", topic.name, topic.section));
        pages.extend(topics.filter(|page| page != but));
        pages.sort();
        let last = pages.len() - 1;
        for (position, page) in pages.iter().enumerate() {
            let (name, section) = page.split_once('(').unwrap();
            let comma = if position == last { "" } else { "," };
            self.roff
                .text([bold(name), roman(format!("({section}{comma}"))]);
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.flush();
        let mut page = PREAMBLE.to_owned();
        for c in self.done.chars() {
            // Not every roff reads UTF-8.
            let _ = if c.is_ascii() {
                write!(page, "{c}")
            } else {
                write!(page, "\\[u{:04X}]", u32::from(c))
            };
        }
        page
    }
}

/// A line of clap's help whose back-ticked words become bold.
fn bold_ticks(line: &str) -> String {
    if line.matches('`').count() % 2 == 1 {
        return line.to_owned();
    }
    let mut marks = ["\\fB", "\\fR"].iter().cycle();
    let mut parts = line.split('`');
    let first = parts.next().unwrap_or_default().to_owned();
    parts
        .zip(&mut marks)
        .fold(first, |text, (part, mark)| text + mark + part)
}

/// Text whose back-ticked words are bold.
fn marked(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    parts
        .map(|(position, part)| {
            if position % 2 == 0 {
                roman(part)
            } else {
                bold(part)
            }
        })
        .collect()
}
