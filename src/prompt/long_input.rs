//! The user message of `--split` in two pieces: the instruction and the material.

use super::Sources;
use crate::error::Failure;
use crate::material::Material;

/// What stands between two parts of a message.
const SEPARATOR: &str = "\n\n";

/// What `--split` asks for, and the text that it may cut.
#[derive(Debug)]
pub struct LongInput {
    /// The words before `-`, and those after it.
    pub(super) words: Vec<String>,
    /// Bytes of the material that stand between those words in one message.
    pub(super) named: usize,
    /// Files and standard input, with their headings.
    pub material: Material,
}

impl LongInput {
    /// What is asked about the material.
    pub fn instruction(&self) -> String {
        joined(self.words.iter().map(String::as_str), " ")
    }

    /// The message that holds everything, as it is without `--split`.
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

/// Checks that there is an instruction.
pub(super) fn check(sources: &Sources) -> Result<(), Failure> {
    let says = |word: &String| word != "-" && !word.trim().is_empty();
    if sources.split.is_none() || sources.prompt.iter().any(says) {
        return Ok(());
    }
    Err(
        Failure::usage("--split needs a PROMPT that says what to do with each part").hint(
            "files and standard input are the text: airx chat --split \"List the risks\" < FILE",
        ),
    )
}
