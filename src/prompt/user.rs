//! The text of the user message: words, then files, then standard input.

use std::path::Path;

use super::Sources;
use super::bytes;
use super::items::ItemFormat;
use super::long_input::LongInput;
use super::stdin::{self, Stdin};
use super::stdin_claim::{self, Claim};
use super::template::Template;
use super::text::Text;
use crate::error::Failure;
use crate::material::{Borders, Material};

/// Reads the parts of the user message.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) stdin: Stdin<'a>,
    /// Called with a notice if the run waits for standard input, or if the input was empty.
    pub(super) notice: &'a mut dyn FnMut(&str),
}

impl Reader<'_> {
    /// Reads and joins the parts. The text may be empty only if there is an image and no
    /// source of text.
    pub(super) fn text(&mut self, claim: Option<Claim>) -> Result<String, Failure> {
        let sources = self.sources;
        let mut text = Text::new(sources.lossy);
        let mut runs = sources.prompt.split(|word| word == "-");
        text.words(runs.next().unwrap_or_default())?;
        for run in runs {
            self.named_stdin(&mut text, None)?;
            text.words(run)?;
        }
        self.files(&mut text)?;
        let asked = !sources.prompt.is_empty() || !sources.files.is_empty();
        let unclaimed = claim.is_none() && !sources.no_stdin;
        if unclaimed {
            self.unclaimed_stdin(&mut text, asked)?;
        }
        let finished = text.finish()?;
        let image_alone = !asked && !unclaimed && !sources.images.is_empty();
        if finished.blank && !image_alone {
            return Err(blank(sources, &finished.text));
        }
        Ok(finished.text)
    }

    /// The instruction and the material of `--split`: the words, and all other parts.
    pub(super) fn long_input(
        &mut self,
        claim: Option<Claim>,
        borders: Borders,
    ) -> Result<LongInput, Failure> {
        let sources = self.sources;
        let runs: Vec<&[String]> = sources.prompt.split(|word| word == "-").collect();
        let mut material = Text::new(sources.lossy);
        if runs.len() > 1 {
            self.named_stdin(&mut material, None)?;
        }
        let named = material.len();
        self.files(&mut material)?;
        if claim.is_none() && !sources.no_stdin {
            self.unclaimed_stdin(&mut material, true)?;
        }
        let material = material.finish()?;
        Ok(LongInput {
            words: runs.into_iter().map(|run| run.join(" ")).collect(),
            named,
            material: Material::new(material.text, material.sources, borders),
        })
    }

    /// The template of `--each`: the words, with their placeholders, then the files.
    /// Standard input is part of it only where `-` names it.
    pub(super) fn template(&mut self, format: ItemFormat) -> Result<Template, Failure> {
        let sources = self.sources;
        let mut template = Template::new(format);
        let mut runs = sources.prompt.split(|word| word == "-");
        template.prompt(&runs.next().unwrap_or_default().join(" "));
        for run in runs {
            let mut text = Text::new(sources.lossy);
            self.named_stdin(&mut text, None)?;
            template.text(text.finish()?.text);
            template.prompt(&run.join(" "));
        }
        let mut text = Text::new(sources.lossy);
        self.files(&mut text)?;
        template.text(text.finish()?.text);
        Ok(template.finish())
    }

    fn files(&mut self, text: &mut Text) -> Result<(), Failure> {
        let headed = self.sources.files.len() > 1;
        for (at, path) in self.sources.files.iter().enumerate() {
            let heading = headed.then(|| heading(path, at));
            if stdin_claim::is_stdin(path) {
                self.named_stdin(text, heading.as_deref())?;
                continue;
            }
            let name = path.display().to_string();
            let said = text.source(&name, heading.as_deref(), |into| {
                bytes::append_file(path, into)
            })?;
            self.refuse_empty(said, &name)?;
        }
        Ok(())
    }

    fn named_stdin(&mut self, text: &mut Text, heading: Option<&str>) -> Result<(), Failure> {
        let said = text.source(stdin::NAME, heading, |into| {
            self.stdin.to_the_end(into, self.notice)
        })?;
        self.refuse_empty(said, stdin::NAME)
    }

    /// Reads standard input that no argument names: as the prompt, or after it.
    fn unclaimed_stdin(&mut self, text: &mut Text, asked: bool) -> Result<(), Failure> {
        let mut added = false;
        let said = text.source(stdin::NAME, None, |into| {
            if asked {
                added = self.stdin.if_given(into, self.notice)?;
                Ok(())
            } else {
                self.stdin.as_prompt(into, self.notice)
            }
        })?;
        if added && !said && !self.sources.allow_empty {
            (self.notice)("standard input was empty; only the prompt is sent");
        }
        Ok(())
    }

    fn refuse_empty(&self, said: bool, name: &str) -> Result<(), Failure> {
        if said || self.sources.allow_empty {
            return Ok(());
        }
        Err(empty(name))
    }
}

/// The failure for empty input that was requested by name.
pub(super) fn empty(name: &str) -> Failure {
    Failure::usage(format!("{name} is empty: nothing was sent")).hint(
        "did the command that writes it fail? --allow-empty-input sends the request without it",
    )
}

/// The line above a file's text. A shell's pipe has no useful name.
fn heading(path: &Path, at: usize) -> String {
    let folder = path.parent().unwrap_or(Path::new(""));
    let descriptor = folder == Path::new("/dev/fd") || folder == Path::new("/proc/self/fd");
    if descriptor && !stdin_claim::is_stdin(path) {
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
