//! Reads the sources of a prompt: the system message, images, earlier turns, and the user
//! message from words, files and standard input.

use std::path::Path;
use std::time::Duration;

use super::Sources;
use super::bytes::{self, STDIN, is_stdin, name};
use super::history::History;
use super::image;
use super::sources::system_file;
use super::stdin::Stdin;
use super::template::{ItemFormat, Template};
use super::text::Text;
use crate::error::Failure;
use crate::material::{Borders, Material};

/// The separator between two parts of a message.
const SEPARATOR: &str = "\n\n";

/// Reads sources, each once.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    stdin: Stdin<'a>,
    /// Whether standard input may be read although no option names it.
    may_read_stdin: bool,
    /// Called with a notice if the run waits for standard input, or if the input was empty.
    pub(super) notice: &'a mut dyn FnMut(&str),
}

impl<'a> Reader<'a> {
    /// Creates the reader without reading anything. Fails as [`Sources::stdin_reader`] does.
    pub(super) fn new(
        sources: &'a Sources,
        stdin: Stdin<'a>,
        notice: &'a mut dyn FnMut(&str),
    ) -> Result<Self, Failure> {
        Ok(Self {
            sources,
            stdin,
            may_read_stdin: sources.stdin_reader()?.is_none() && !sources.no_stdin,
            notice,
        })
    }

    /// Returns the system text, or the content of the file that it names.
    pub(super) fn system(&mut self) -> Result<Option<String>, Failure> {
        let Some(given) = &self.sources.system else {
            return Ok(None);
        };
        let text = match system_file(given) {
            Some(file) if file.as_os_str().is_empty() => {
                return Err(Failure::usage("-s @ names no file").hint("a literal @ is written @@"));
            }
            Some(file) => {
                let text = self.file(file)?;
                if text.trim().is_empty() && self.sources.allow_empty {
                    return Ok(None);
                }
                text
            }
            None if given.starts_with("@@") => given[1..].to_owned(),
            None => given.clone(),
        };
        if text.trim().is_empty() {
            return Err(Failure::usage("the system message (-s) is empty")
                .hint("leave -s out to send none"));
        }
        Ok(Some(text))
    }

    /// The images as URLs.
    pub(super) fn images(&mut self) -> Result<Vec<String>, Failure> {
        let mut urls = Vec::new();
        for path in &self.sources.images {
            urls.push(if let Some(url) = image::url(path) {
                url
            } else {
                let mut bytes = Vec::new();
                self.append(path, &mut bytes)?;
                image::data_url(&name(path), &bytes)?
            });
        }
        Ok(urls)
    }

    /// The turns of `--messages`.
    pub(super) fn history(&mut self, path: &Path) -> Result<History, Failure> {
        let text = self.file(path)?;
        if text.trim().is_empty() && !self.sources.allow_empty {
            return Err(bytes::empty(&name(path)));
        }
        History::parse(&name(path), &text)
    }

    /// The text of the user message. It may be empty only if there is an image and no
    /// source of text.
    pub(super) fn text(&mut self) -> Result<String, Failure> {
        let sources = self.sources;
        let mut text = Text::new(sources.lossy);
        for (at, words) in self.words().enumerate() {
            if at > 0 {
                self.named_stdin(&mut text)?;
            }
            text.words(words)?;
        }
        self.files(&mut text)?;
        self.unnamed_stdin(&mut text, sources.has_text())?;
        let finished = text.finish()?;
        let image_alone = !sources.has_text() && !self.may_read_stdin && !sources.images.is_empty();
        if finished.blank && !image_alone {
            return Err(blank(sources, &finished.text));
        }
        Ok(finished.text)
    }

    /// The instruction and the material of `--split`: the words, and all other parts.
    pub(super) fn long_input(&mut self, borders: Borders) -> Result<LongInput, Failure> {
        let says = |word: &String| word != "-" && !word.trim().is_empty();
        if !self.sources.prompt.iter().any(says) {
            return Err(Failure::usage(
                "--split needs a PROMPT that says what to do with each part",
            )
            .hint(
                "files and standard input are the text: airx chat --split \"List the risks\" < FILE",
            ));
        }
        let words: Vec<String> = self.words().map(|words| words.join(" ")).collect();
        let mut material = Text::new(self.sources.lossy);
        if words.len() > 1 {
            self.named_stdin(&mut material)?;
        }
        let named = material.len();
        self.files(&mut material)?;
        self.unnamed_stdin(&mut material, true)?;
        let material = material.finish()?;
        Ok(LongInput {
            words,
            named,
            material: Material::new(material.text, material.sources, borders),
        })
    }

    /// The template of `--each`: the words, with their placeholders, then the files. Standard input
    /// is part of it only if `-` names it.
    pub(super) fn template(&mut self, format: ItemFormat) -> Result<Template, Failure> {
        let mut template = Template::new(format);
        for (at, words) in self.words().enumerate() {
            if at > 0 {
                let mut text = Text::new(self.sources.lossy);
                self.named_stdin(&mut text)?;
                template.text(text.finish()?.text);
            }
            template.prompt(&words.join(" "));
        }
        let mut text = Text::new(self.sources.lossy);
        self.files(&mut text)?;
        template.text(text.finish()?.text);
        Ok(template.finish())
    }

    /// The text of a file, or of standard input if the path names it.
    pub(super) fn file(&mut self, path: &Path) -> Result<String, Failure> {
        let mut text = Text::new(self.sources.lossy);
        text.source(&name(path), None, |into| self.append(path, into))?;
        Ok(text.finish()?.text)
    }

    /// The words of the prompt, split at each `-`.
    fn words(&self) -> impl Iterator<Item = &'a [String]> + use<'a> {
        self.sources.prompt.split(|word| word == "-")
    }

    fn append(&mut self, path: &Path, into: &mut Vec<u8>) -> Result<(), Failure> {
        if is_stdin(path) {
            self.stdin.to_the_end(into, self.notice)
        } else {
            bytes::append_file(path, into)
        }
    }

    fn files(&mut self, text: &mut Text) -> Result<(), Failure> {
        let files = &self.sources.files;
        for (at, path) in files.iter().enumerate() {
            let heading = (files.len() > 1).then(|| heading(path, at));
            self.named(text, path, heading.as_deref())?;
        }
        Ok(())
    }

    fn named_stdin(&mut self, text: &mut Text) -> Result<(), Failure> {
        self.named(text, Path::new("-"), None)
    }

    /// Adds a source that was requested by name. It must not be empty.
    fn named(
        &mut self,
        text: &mut Text,
        path: &Path,
        heading: Option<&str>,
    ) -> Result<(), Failure> {
        let name = name(path);
        let has_text = text.source(&name, heading, |into| self.append(path, into))?;
        if has_text || self.sources.allow_empty {
            return Ok(());
        }
        Err(bytes::empty(&name))
    }

    /// Reads standard input if no option names it: if `follows`, as one more part, else as the
    /// prompt.
    fn unnamed_stdin(&mut self, text: &mut Text, follows: bool) -> Result<(), Failure> {
        if !self.may_read_stdin {
            return Ok(());
        }
        let mut added = false;
        let has_text = text.source(STDIN, None, |into| {
            if follows {
                added = self.stdin.if_given(into, self.notice)?;
                Ok(())
            } else {
                self.stdin.as_prompt(into, self.notice)
            }
        })?;
        if added && !has_text && !self.sources.allow_empty {
            (self.notice)("standard input was empty; only the prompt is sent");
        }
        Ok(())
    }
}

/// Reads a UTF-8 text file, or standard input if the path names it. A leading BOM and one
/// final newline are dropped. Invalid bytes are an error with their offset, or are replaced
/// if `lossy`. A file longer than 16 MiB is an error. `notice` gets a line before a read
/// from a terminal.
pub fn read_text(
    path: &Path,
    lossy: bool,
    notice: &mut dyn FnMut(&str),
) -> Result<String, Failure> {
    let sources = Sources {
        lossy,
        ..Sources::default()
    };
    Reader::new(&sources, Stdin::new(Duration::ZERO), notice)?.file(path)
}

/// The line above a file's text. The path of a shell's pipe, such as `/dev/fd/63`, is replaced by a
/// number.
fn heading(path: &Path, at: usize) -> String {
    let folder = path.parent().unwrap_or(Path::new(""));
    let descriptor = folder == Path::new("/dev/fd") || folder == Path::new("/proc/self/fd");
    if descriptor && !is_stdin(path) {
        return format!("file {}", at + 1);
    }
    path.display().to_string()
}

fn blank(sources: &Sources, text: &str) -> Failure {
    let what = if text.is_empty() || !sources.files.is_empty() {
        "the message is empty"
    } else {
        "the message is blank: it has only white space"
    };
    let hint = if sources.messages.is_some() || sources.session.is_some() {
        "the conversation's last turn is not the user's or a tool's: give a prompt"
    } else {
        "give a prompt, -f FILE, or text on standard input"
    };
    Failure::usage(what).hint(hint)
}

/// The user message of `--split`: the instruction, and the text that may be cut.
#[derive(Debug)]
pub struct LongInput {
    /// The words of the prompt, split at `-`.
    words: Vec<String>,
    /// The length in bytes of the material that is placed between those words in one message.
    named: usize,
    /// Files and standard input, with their headings.
    pub material: Material,
}

impl LongInput {
    /// The words, joined by spaces.
    pub fn instruction(&self) -> String {
        joined(self.words.iter().map(String::as_str), " ")
    }

    /// The message with everything, as it is without `--split`.
    pub fn message(&self) -> String {
        let (named, rest) = self.material.text().split_at(self.named);
        let mut words = self.words.iter().map(String::as_str);
        let first = words.next().unwrap_or_default();
        let rest = match self.named {
            0 => rest,
            _ => rest.strip_prefix(SEPARATOR).unwrap_or(rest),
        };
        let parts = [first, named].into_iter().chain(words).chain([rest]);
        joined(parts, SEPARATOR)
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>, separator: &str) -> String {
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}
