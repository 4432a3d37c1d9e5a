//! Makes the conversation to send from the words, files, images, earlier turns and standard
//! input that the settings name. An error in a source exits with 2, before any request.
//!
//! The user message is the words, each file, then standard input, one blank line
//! between two parts. Two or more files are each headed by a line `FILE:`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::api::request::Message;
use crate::error::Failure;
use crate::material::Borders;

mod binary;
mod bytes;
mod compact;
mod history;
mod image;
mod item;
mod items;
mod long_input;
mod session;
mod stdin;
mod stdin_claim;
mod template;
mod text;
mod turn;
mod user;

pub use bytes::open;
use history::History;
pub use item::{Item, Place};
pub use items::{ItemFormat, ItemSource, Items};
pub use long_input::LongInput;
pub use session::Session;
use stdin::Stdin;
use stdin_claim::Claim;
pub use stdin_claim::is_stdin;
pub use template::Template;
pub use text::arguments;

/// Where the messages come from, as settings resolved it.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Words of the prompt; `-` is standard input.
    pub prompt: Vec<String>,
    /// System message: `TEXT`, `@FILE`, or `@@` for a literal `@`.
    pub system: Option<String>,
    /// Text files; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Image files and URLs; `-` is standard input.
    pub images: Vec<PathBuf>,
    /// Earlier turns, a JSON array or NDJSON; `-` is standard input.
    pub messages: Option<PathBuf>,
    /// A conversation kept in a file.
    pub session: Option<PathBuf>,
    /// Other options that read standard input by name, in their written form.
    pub elsewhere: Vec<&'static str>,
    /// Standard input is not read.
    pub no_stdin: bool,
    /// `no_stdin` comes from the configuration: an option that names standard input
    /// overrides it.
    pub no_stdin_yields: bool,
    /// Replace bytes that are not UTF-8 instead of failing.
    pub lossy: bool,
    /// Input that was requested by name may be empty.
    pub allow_empty: bool,
    /// Longest silence of standard input that was not requested by name
    /// (`AIRX_STDIN_WAIT`); zero means no limit.
    pub stdin_wait: Duration,
    /// `--each`: one request for each item of this input.
    pub each: Option<ItemSource>,
    /// `--split`: cut what is too long at these borders.
    pub split: Option<Borders>,
}

/// The messages to send, and the session.
#[derive(Debug)]
pub struct Prompt {
    /// The conversation; its last turn is the user's or a tool's.
    pub messages: Vec<Message>,
    /// The locked session file; the run extends it if it succeeds.
    pub session: Option<Session>,
    /// The items and the template that makes the text of the last turn from each.
    pub each: Option<(Template, Items)>,
    /// With `--split`: what makes the text of the last turn.
    pub long_input: Option<LongInput>,
}

/// Checks that at most one source reads standard input. Call it before reading any source.
///
/// # Errors
/// Exit 2: standard input is named twice, or by an option that cannot read it.
pub fn check(sources: &Sources) -> Result<(), Failure> {
    Claim::of(sources).map(drop)
}

impl Prompt {
    /// Reads every source. `notice` gets a line if the run waits for standard input, if that
    /// is empty or a terminal, and if the session is locked by another run or has an
    /// incomplete last line.
    ///
    /// # Errors
    /// A source cannot be read or used: exit 2.
    pub fn read(sources: &Sources, notice: &mut dyn FnMut(&str)) -> Result<Self, Failure> {
        read_with(sources, Stdin::new(sources.stdin_wait), notice)
    }
}

fn read_with(
    sources: &Sources,
    stdin: Stdin<'_>,
    notice: &mut dyn FnMut(&str),
) -> Result<Prompt, Failure> {
    if sources.messages.is_some() && sources.session.is_some() {
        return Err(Failure::usage(
            "--messages and --session exclude each other",
        ));
    }
    let claim = Claim::of(sources)?;
    let system = system(sources, stdin, notice).map_err(|failure| failure.about("system"))?;
    let images = images(&sources.images, stdin, notice)?;
    let history = match &sources.messages {
        Some(path) => Some(earlier_turns(path, sources, stdin, notice)?),
        None => None,
    };
    if sources.each.is_some() || sources.split.is_some() {
        // The text comes later.
        let text = String::new();
        let prompt = assemble(system, history, None, Some(Message::User { text, images }))?;
        let reader = user::Reader {
            sources,
            stdin,
            notice,
        };
        return with_later_text(prompt, reader, claim);
    }
    let asked = !sources.prompt.is_empty() || !sources.files.is_empty();
    let mut session = None;
    if let (false, Some(path)) = (asked, &sources.session) {
        // Keep the session open only if it needs no prompt: holding the lock while waiting for
        // standard input would stop `airx … | airx …` over one session for good.
        session = Some(Session::open(path, notice)?).filter(|(_, turns)| turns.is_complete());
    }
    let turns = session
        .as_ref()
        .map(|(_, turns)| turns)
        .or(history.as_ref());
    let complete = turns.filter(|turns| !asked && turns.is_complete());
    let text = if complete.is_some() {
        String::new()
    } else {
        let mut reader = user::Reader {
            sources,
            stdin,
            notice,
        };
        reader.text(claim)?
    };
    let user = match complete {
        Some(turns) if images.is_empty() => turns.check_end().map(|()| None)?,
        _ => Some(Message::User { text, images }),
    };
    if let (None, Some(path)) = (&session, &sources.session) {
        session = Some(Session::open(path, notice)?);
    }
    if let Some(warning) = session.as_ref().and_then(|(session, _)| session.warning()) {
        notice(&warning);
    }
    if let (Some((_, turns)), Some(path), Some(system)) = (&session, &sources.session, &system) {
        report_system(path, turns, system, notice);
    }
    assemble(system, history, session, user)
}

/// Reads what makes the text of the last turn under `--each` and `--split`.
fn with_later_text(
    mut prompt: Prompt,
    mut reader: user::Reader<'_>,
    claim: Option<Claim>,
) -> Result<Prompt, Failure> {
    let sources = reader.sources;
    if let Some(each) = &sources.each {
        let template = reader.template(each.format)?;
        let items = Items::open(each, sources.lossy, sources.allow_empty)?;
        prompt.each = Some((template, items));
    } else if let Some(borders) = sources.split {
        long_input::check(sources)?;
        prompt.long_input = Some(reader.long_input(claim, borders)?);
    }
    Ok(prompt)
}

/// Prints a notice if the system text differs from that in the session.
fn report_system(path: &Path, turns: &History, system: &str, notice: &mut dyn FnMut(&str)) {
    let kept = turns.system();
    if turns.is_empty() || kept.as_deref() == Some(system) {
        return;
    }
    let path = path.display();
    let keeps = match kept {
        Some(_) => "keeps its own",
        None => "still has none",
    };
    notice(&format!(
        "the system message (-s) is for this run only: session {path} {keeps}"
    ));
}

fn assemble(
    system: Option<String>,
    history: Option<History>,
    session: Option<(Session, History)>,
    user: Option<Message>,
) -> Result<Prompt, Failure> {
    let (session, mut kept) = session.unzip();
    if let Some(kept) = &mut kept {
        kept.drop_old_reasoning(user.is_some());
    }
    let turns = kept.or(history).unwrap_or_default();
    let session = match session {
        Some(mut session) => {
            if let (true, Some(system)) = (turns.is_empty(), &system) {
                session.add(&Message::System(system.clone()))?;
            }
            user.as_ref().map_or(Ok(()), |user| session.add(user))?;
            Some(session)
        }
        None => None,
    };
    let mut messages = turns.into_messages(system);
    messages.extend(user);
    Ok(Prompt {
        messages,
        session,
        each: None,
        long_input: None,
    })
}

/// The system text; reads the file if it names one.
fn system(
    sources: &Sources,
    stdin: Stdin<'_>,
    notice: &mut dyn FnMut(&str),
) -> Result<Option<String>, Failure> {
    let Some(given) = &sources.system else {
        return Ok(None);
    };
    let text = match stdin_claim::system_file(given) {
        Some(file) if file.as_os_str().is_empty() => {
            return Err(Failure::usage("-s @ names no file").hint("a literal @ is written @@"));
        }
        Some(file) => {
            let text = read_named(file, sources.lossy, stdin, notice)?;
            if text.trim().is_empty() && sources.allow_empty {
                return Ok(None);
            }
            text
        }
        None => given
            .strip_prefix("@@")
            .map_or_else(|| given.clone(), |literal| format!("@{literal}")),
    };
    if text.trim().is_empty() {
        return Err(
            Failure::usage("the system message (-s) is empty").hint("leave -s out to send none")
        );
    }
    Ok(Some(text))
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
    read_named(path, lossy, Stdin::new(Duration::ZERO), notice)
}

fn read_named(
    path: &Path,
    lossy: bool,
    stdin: Stdin<'_>,
    notice: &mut dyn FnMut(&str),
) -> Result<String, Failure> {
    let mut text = text::Text::new(lossy);
    if stdin_claim::is_stdin(path) {
        text.source(stdin::NAME, None, |into| stdin.to_the_end(into, notice))?;
    } else {
        let name = path.display().to_string();
        text.source(&name, None, |into| bytes::append_file(path, into))?;
    }
    Ok(text.finish()?.text)
}

fn earlier_turns(
    path: &Path,
    sources: &Sources,
    stdin: Stdin<'_>,
    notice: &mut dyn FnMut(&str),
) -> Result<History, Failure> {
    let text = read_named(path, sources.lossy, stdin, notice)?;
    let name = if stdin_claim::is_stdin(path) {
        stdin::NAME.to_owned()
    } else {
        path.display().to_string()
    };
    if text.trim().is_empty() && !sources.allow_empty {
        return Err(user::empty(&name));
    }
    History::parse(&name, &text)
}

fn images(
    images: &[PathBuf],
    stdin: Stdin<'_>,
    notice: &mut dyn FnMut(&str),
) -> Result<Vec<String>, Failure> {
    let mut read = |path: &PathBuf| {
        if let Some(url) = image::url(path) {
            return Ok(url);
        }
        let mut bytes = Vec::new();
        if stdin_claim::is_stdin(path) {
            stdin.to_the_end(&mut bytes, notice)?;
            return image::data_url(stdin::NAME, &bytes);
        }
        bytes::append_file(path, &mut bytes)?;
        image::data_url(&path.display().to_string(), &bytes)
    };
    images.iter().map(&mut read).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
