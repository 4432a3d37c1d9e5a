//! The user message's text: come in words, files and standard input, goes out
//! one text, its parts in that order.

use super::Sources;
use super::bytes;
use super::claim::{self, Claim};
use super::stdin::{self, Stdin};
use super::template::Template;
use super::text::Text;
use crate::error::Failure;

/// Reads and joins the parts. Only an image may go without any text, and only
/// where no text was asked for.
pub(super) fn text(
    sources: &Sources,
    claim: Option<Claim>,
    stdin: Stdin<'_>,
    notice: &mut dyn FnMut(&str),
) -> Result<String, Failure> {
    let mut text = Text::new(sources.lossy);
    words(&mut text, &sources.prompt, stdin)?;
    files(&mut text, sources, stdin)?;
    let asked = !sources.prompt.is_empty() || !sources.files.is_empty();
    let free = claim.is_none() && !sources.no_stdin;
    if free {
        text.source(stdin::NAME, None, |into| {
            if asked {
                stdin.if_given(into, notice)
            } else {
                stdin.as_prompt(into, notice)
            }
        })?;
    }
    let finished = text.finish()?;
    let image_alone = !asked && !free && !sources.images.is_empty();
    if finished.blank && !image_alone {
        return Err(blank(sources, &finished.text));
    }
    Ok(finished.text)
}

/// The template of `--each`: the words, with their places, then the files. Standard
/// input is no part of it unless it is named.
pub(super) fn template(
    sources: &Sources,
    json: bool,
    stdin: Stdin<'_>,
) -> Result<Template, Failure> {
    let mut template = Template::new(json);
    let mut runs = sources.prompt.split(|word| word == "-");
    template.prompt(&runs.next().unwrap_or_default().join(" "));
    for run in runs {
        let mut text = Text::new(sources.lossy);
        text.source(stdin::NAME, None, |into| stdin.to_the_end(into))?;
        template.text(text.finish()?.text);
        template.prompt(&run.join(" "));
    }
    let mut text = Text::new(sources.lossy);
    files(&mut text, sources, stdin)?;
    template.text(text.finish()?.text);
    Ok(template.finish())
}

/// The words; those before and after a `-` are parts of their own.
fn words(text: &mut Text, words: &[String], stdin: Stdin<'_>) -> Result<(), Failure> {
    let mut runs = words.split(|word| word == "-");
    text.words(runs.next().unwrap_or_default())?;
    for run in runs {
        text.source(stdin::NAME, None, |into| stdin.to_the_end(into))?;
        text.words(run)?;
    }
    Ok(())
}

fn files(text: &mut Text, sources: &Sources, stdin: Stdin<'_>) -> Result<(), Failure> {
    let headed = sources.files.len() > 1;
    for path in &sources.files {
        let name = path.display().to_string();
        let heading = headed.then_some(name.as_str());
        if claim::is_stdin(path) {
            text.source(stdin::NAME, heading, |into| stdin.to_the_end(into))?;
        } else {
            text.source(&name, heading, |into| bytes::append_file(path, into))?;
        }
    }
    Ok(())
}

fn blank(sources: &Sources, text: &str) -> Failure {
    let what = if text.is_empty() || !sources.files.is_empty() {
        "the message is empty"
    } else {
        "the message is blank: it holds only white space"
    };
    let hint = if sources.messages.is_some() || sources.session.is_some() {
        "the conversation's last turn is not the user's or a tool's: give a prompt"
    } else {
        "give a prompt, -f FILE, or text on standard input"
    };
    Failure::usage(what).hint(hint)
}
