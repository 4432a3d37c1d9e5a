//! Complete calls or fragments of calls → the answer's calls, in order. Fragments of one
//! call share an index and an id; servers may omit either.

use serde_json::{Map, Value};

use super::streamed_text::Surrogates;
use crate::api::reply::CallPiece;
use crate::api::scalar::Text;
use crate::error::Failure;
use crate::exit::Class;

/// The most calls of one answer; more are a defect of the server.
const CALLS_MAX: usize = 1024;

/// A tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// The server's id of the call.
    pub id: String,
    /// The function.
    pub name: String,
    /// The arguments as the model wrote them; they may not be JSON.
    pub arguments: String,
    /// Members that airx does not know, such as `extra_content`.
    pub others: Map<String, Value>,
    /// The index in its fragments.
    index: usize,
    seen: Seen,
    surrogates: Surrogates,
}

/// Progress of the search for the end of the arguments. It is kept so that repeated checks
/// read each byte only once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    bytes: usize,
    depth: usize,
    place: Place,
}

/// Context of the next byte of the arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Text,
    Escape,
    /// The outermost bracket has been closed.
    After,
    /// More text has followed: this is not a JSON value.
    Beyond,
}

impl Call {
    /// Whether the arguments are a complete object or array, judged by their brackets.
    fn is_complete(&mut self) -> bool {
        let seen = &mut self.seen;
        for &byte in &self.arguments.as_bytes()[seen.bytes..] {
            seen.take(byte);
        }
        seen.bytes = self.arguments.len();
        seen.place == Place::After || self.arguments == "null"
    }

    fn add(&mut self, piece: &CallPiece<'_>) {
        if self.id.is_empty() {
            text(piece.id.as_ref()).clone_into(&mut self.id);
        }
        if self.name.is_empty() {
            piece.name().clone_into(&mut self.name);
        }
        piece.others.add_to(&mut self.others);
        let arguments = piece.arguments();
        self.arguments.push_str(&self.surrogates.join(&arguments));
    }

    /// Ends the stream of fragments.
    pub(super) fn finish(&mut self) {
        self.arguments.push_str(self.surrogates.finish());
    }
}

impl Seen {
    fn take(&mut self, byte: u8) {
        self.place = match (self.place, byte) {
            (Place::Text, b'\\') => Place::Escape,
            (Place::Text, b'"') => Place::Between,
            (Place::Text | Place::Escape, _) | (Place::Between, b'"') => Place::Text,
            (Place::Between, b'{' | b'[') => {
                self.depth += 1;
                Place::Between
            }
            (Place::Between, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    Place::After
                } else {
                    Place::Between
                }
            }
            (Place::After, byte) if !byte.is_ascii_whitespace() => Place::Beyond,
            (place, _) => place,
        };
    }
}

/// Adds the calls of an unstreamed reply. Each is a separate call, even if they share an index.
pub(super) fn add_complete(
    calls: &mut Vec<Call>,
    pieces: &[CallPiece<'_>],
    body: &[u8],
) -> Result<(), Failure> {
    for (at, piece) in pieces.iter().enumerate() {
        insert(calls, at, at, body)?.add(piece);
        calls[at].finish();
    }
    Ok(())
}

/// Adds what the complete calls contain in addition to the fragments received.
pub(super) fn extend(
    calls: &mut Vec<Call>,
    pieces: &[CallPiece<'_>],
    payload: &[u8],
) -> Result<(), Failure> {
    for (at, piece) in pieces.iter().enumerate() {
        let Some(call) = calls.get_mut(at) else {
            insert(calls, at, at, payload)?.add(piece);
            continue;
        };
        let arguments = piece.arguments().into_string();
        if arguments.starts_with(&call.arguments) {
            call.arguments = arguments;
            call.surrogates = Surrogates::default();
        }
    }
    Ok(())
}

/// Whether these complete calls equal the calls received.
pub(super) fn are_equal(calls: &[Call], pieces: &[CallPiece<'_>]) -> bool {
    let same = |(call, piece): (&Call, &CallPiece<'_>)| {
        call.id == text(piece.id.as_ref()) && piece.arguments().as_str() == call.arguments
    };
    calls.len() == pieces.len() && calls.iter().zip(pieces).all(same)
}

/// Adds fragments of calls. The first id and the first name of a call are kept; arguments are
/// joined.
pub(super) fn add(
    calls: &mut Vec<Call>,
    pieces: &[CallPiece<'_>],
    payload: &[u8],
) -> Result<(), Failure> {
    let known = calls.len();
    for (place, piece) in pieces.iter().enumerate() {
        let call = match continued(calls, piece, place, known) {
            Some(at) => &mut calls[at],
            None => start(calls, piece, place, payload)?,
        };
        call.add(piece);
    }
    Ok(())
}

/// Returns the call that a fragment continues, or `None` if it starts a new call. If several calls
/// share an index, as all calls of some servers do, the fragment continues the last of them.
/// Without an index, it is matched by its place in the list, or by the id of a call from an earlier
/// frame (the first `known` calls).
fn continued(
    calls: &mut [Call],
    piece: &CallPiece<'_>,
    place: usize,
    known: usize,
) -> Option<usize> {
    let (index, id) = (piece.index.unwrap_or(place), text(piece.id.as_ref()));
    if !id.is_empty() {
        let at_index = |call: &Call| call.index == index && call.id == id;
        let by_id = calls.iter().rposition(at_index).or_else(|| {
            let by_id = calls[..known].iter().rposition(|call| call.id == id);
            by_id.filter(|_| piece.index.is_none())
        });
        if by_id.is_some() {
            return by_id;
        }
    }
    let at = calls.iter().rposition(|call| call.index == index)?;
    let call = &mut calls[at];
    if !id.is_empty() && !call.id.is_empty() {
        return None;
    }
    if piece.function.is_none() {
        return Some(at);
    }
    let named = !piece.name().is_empty() && !call.name.is_empty();
    // Some servers repeat the name. After complete arguments it starts another call, unless the
    // call had an id and the name comes without arguments.
    let adds = || !piece.arguments().as_str().trim().is_empty();
    let starts = named && call.is_complete() && (call.id.is_empty() || adds());
    (!starts).then_some(at)
}

/// Inserts the call that a fragment starts: after those with smaller indexes, or at the end.
fn start<'c>(
    calls: &'c mut Vec<Call>,
    piece: &CallPiece<'_>,
    place: usize,
    payload: &[u8],
) -> Result<&'c mut Call, Failure> {
    let index = piece.index.unwrap_or(place);
    let at = match piece.index {
        Some(_) => calls.iter().rposition(|call| call.index <= index),
        None => calls.len().checked_sub(1),
    };
    insert(calls, at.map_or(0, |before| before + 1), index, payload)
}

fn insert<'c>(
    calls: &'c mut Vec<Call>,
    at: usize,
    index: usize,
    payload: &[u8],
) -> Result<&'c mut Call, Failure> {
    if calls.len() == CALLS_MAX {
        let what = format!("the answer holds more than {CALLS_MAX} tool calls");
        return Err(Failure::new(Class::Incomplete, what).with_body(payload));
    }
    let call = Call {
        index,
        ..Call::default()
    };
    calls.insert(at, call);
    Ok(&mut calls[at])
}

fn text<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", Text::as_str)
}

#[cfg(test)]
mod tests;
