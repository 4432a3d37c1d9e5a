//! Makes the conversation to send from the words, files, images, earlier turns and standard
//! input that the settings name. An error in a source exits with 2, before any request.
//!
//! The user message is the words, each file, then standard input, separated by blank lines. If
//! there are two or more files, a line `FILE:` precedes each.

use std::path::Path;

use crate::api::request::Message;
use crate::error::Failure;

mod bytes;
mod history;
mod image;
mod items;
mod reader;
mod session;
mod sources;
mod stdin;
mod template;
mod text;

pub use bytes::{arguments, is_stdin, open};
use history::History;
pub use items::Items;
use reader::Reader;
pub use reader::{LongInput, read_text};
pub use session::Session;
pub use sources::{ItemSource, Sources};
use stdin::Stdin;
pub use template::{Item, ItemFormat, Place, Template};

/// The messages to send, and the session.
#[derive(Debug)]
pub struct Prompt {
    /// The conversation; its last turn is the user's or a tool's.
    pub messages: Vec<Message>,
    /// The locked session file; the run extends it if it succeeds.
    pub session: Option<Session>,
    /// The items and the template that makes the text of the last turn from each.
    pub each: Option<(Template, Items)>,
    /// With `--split`: the instruction and the material for the text of the last turn.
    pub long_input: Option<LongInput>,
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

    fn new(system: Option<String>, turns: History, user: Option<Message>) -> Self {
        let mut messages = turns.into_messages(system);
        messages.extend(user);
        Self {
            messages,
            session: None,
            each: None,
            long_input: None,
        }
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
    let mut reader = Reader::new(sources, stdin, notice)?;
    let system = reader.system().map_err(|failure| failure.about("system"))?;
    let images = reader.images()?;
    let history = match &sources.messages {
        Some(path) => reader.history(path)?,
        None => History::default(),
    };
    let user = |text, images| Some(Message::User { text, images });
    if sources.each.is_some() || sources.split.is_some() {
        // The text of the last turn is added later.
        let mut prompt = Prompt::new(system, history, user(String::new(), images));
        if let Some(each) = &sources.each {
            let template = reader.template(each.format)?;
            let items = Items::open(each, sources.lossy, sources.allow_empty)?;
            prompt.each = Some((template, items));
        } else if let Some(borders) = sources.split {
            prompt.long_input = Some(reader.long_input(borders)?);
        }
        return Ok(prompt);
    }
    let mut session = None;
    if let (false, Some(path)) = (sources.has_text(), &sources.session) {
        // Keep the session open only if it needs no prompt: holding the lock while waiting for
        // standard input would block `airx … | airx …` with one session forever.
        session =
            Some(Session::open(path, reader.notice)?).filter(|(_, turns)| turns.is_complete());
    }
    let turns = session.as_ref().map_or(&history, |(_, turns)| turns);
    let user = if sources.has_text() || !turns.is_complete() {
        user(reader.text()?, images)
    } else if images.is_empty() {
        turns.check_end()?;
        None
    } else {
        user(String::new(), images)
    };
    let Some(path) = &sources.session else {
        return Ok(Prompt::new(system, history, user));
    };
    let opened = match session {
        Some(opened) => opened,
        None => Session::open(path, reader.notice)?,
    };
    continue_session(path, opened, system, user, reader.notice)
}

/// Adds this run's turns to the session.
fn continue_session(
    path: &Path,
    (mut session, mut turns): (Session, History),
    system: Option<String>,
    user: Option<Message>,
    notice: &mut dyn FnMut(&str),
) -> Result<Prompt, Failure> {
    if let Some(warning) = session.warning() {
        notice(&warning);
    }
    let kept = turns.system();
    match &system {
        Some(system) if turns.is_empty() => session.add(&Message::System(system.clone()))?,
        Some(_) if kept != system => {
            let keeps = match kept {
                Some(_) => "keeps its own",
                None => "still has none",
            };
            let path = path.display();
            notice(&format!(
                "the system message (-s) is for this run only: session {path} {keeps}"
            ));
        }
        _ => {}
    }
    if let Some(user) = &user {
        session.add(user)?;
    }
    turns.drop_old_reasoning(user.is_some());
    Ok(Prompt {
        session: Some(session),
        ..Prompt::new(system, turns, user)
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
