//! Tool calls: come in pieces, whole or in fragments, go out the answer's calls,
//! in order. Which fragments make one call is told by index and id; servers leave
//! out the one or the other.

use super::refusal::with_body;
use super::{Answer, CALLS_MAX};
use crate::api::reply::CallPiece;
use crate::api::text::Text;
use crate::error::Failure;
use crate::exit::Class;

/// A tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// The server's id of the call.
    pub id: String,
    /// The function.
    pub name: String,
    /// The arguments as the model wrote them: JSON, one hopes.
    pub arguments: String,
    /// Which fragments belong here.
    index: usize,
    seen: Seen,
}

/// How far the arguments have been looked through for their end, so that no
/// byte is looked at twice, however often that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    bytes: usize,
    depth: usize,
    place: Place,
}

/// Where in the arguments the next byte stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Text,
    Escape,
    /// What was opened first has been closed.
    Behind,
    /// And something more has come: no value.
    Beyond,
}

impl Call {
    /// Whether the arguments are a whole object or array, by their brackets.
    fn is_whole(&mut self) -> bool {
        let seen = &mut self.seen;
        for &byte in &self.arguments.as_bytes()[seen.bytes..] {
            seen.take(byte);
        }
        seen.bytes = self.arguments.len();
        seen.place == Place::Behind || self.arguments == "null"
    }

    fn add(&mut self, piece: &CallPiece<'_>, payload: &[u8]) -> Result<(), Failure> {
        if self.id.is_empty() {
            text(piece.id.as_ref()).clone_into(&mut self.id);
        }
        let Some(function) = &piece.function else {
            return Ok(());
        };
        if self.name.is_empty() {
            text(function.name.as_ref()).clone_into(&mut self.name);
        }
        let arguments = function.arguments().map_err(|why| {
            let what = format!("the arguments of a tool call cannot be read: {why}");
            with_body(Failure::new(Class::Incomplete, what), payload)
        })?;
        self.arguments.push_str(&arguments);
        Ok(())
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
                    Place::Behind
                } else {
                    Place::Between
                }
            }
            (Place::Behind, byte) if !byte.is_ascii_whitespace() => Place::Beyond,
            (place, _) => place,
        };
    }
}

impl Answer {
    /// Adds the calls of a whole reply: each stands for itself, whatever its index.
    pub(super) fn whole_calls(
        &mut self,
        pieces: &[CallPiece<'_>],
        body: &[u8],
    ) -> Result<(), Failure> {
        for (at, piece) in pieces.iter().enumerate() {
            self.open_call(at, at, body)?;
            self.calls[at].add(piece, body)?;
        }
        Ok(())
    }

    /// Adds fragments of calls: an id or a name counts where it first stands,
    /// arguments are joined.
    pub(super) fn add_calls(
        &mut self,
        pieces: &[CallPiece<'_>],
        payload: &[u8],
    ) -> Result<(), Failure> {
        let known = self.calls.len();
        for (place, piece) in pieces.iter().enumerate() {
            let at = self.home(piece, place, known);
            let at = at.map_or_else(|| self.new_call(piece, place, payload), Ok)?;
            self.calls[at].add(piece, payload)?;
        }
        Ok(())
    }

    /// The call that a fragment goes on with; none where it begins another. Of
    /// those that share an index, as all do at some servers, the last is under
    /// way. Without an index the place in the list is all there is to go by, and
    /// an id of a call that an earlier frame (one of the `known`) has begun.
    fn home(&mut self, piece: &CallPiece<'_>, place: usize, known: usize) -> Option<usize> {
        let (index, id) = (piece.index.unwrap_or(place), text(piece.id.as_ref()));
        if !id.is_empty() {
            let at_index = |call: &Call| call.index == index && call.id == id;
            let by_id = self.calls.iter().rposition(at_index).or_else(|| {
                let mut known = self.calls[..known].iter();
                let by_id = known.rposition(|call| call.id == id);
                by_id.filter(|_| piece.index.is_none())
            });
            if by_id.is_some() {
                return by_id;
            }
        }
        let at = self.calls.iter().rposition(|call| call.index == index)?;
        let call = &mut self.calls[at];
        if !id.is_empty() && !call.id.is_empty() {
            return None;
        }
        let Some(function) = &piece.function else {
            return Some(at);
        };
        let named = !text(function.name.as_ref()).is_empty() && !call.name.is_empty();
        // A name is repeated by some servers. Behind a whole value it begins a call,
        // but one that had an id and to which nothing comes is only told once more.
        let adds = || {
            let arguments = function.arguments();
            arguments.is_ok_and(|text| !text.trim().is_empty())
        };
        let begins = named && call.is_whole() && (call.id.is_empty() || adds());
        (!begins).then_some(at)
    }

    /// Makes room for the call that a fragment begins: behind those of smaller
    /// indexes, or at the end.
    fn new_call(
        &mut self,
        piece: &CallPiece<'_>,
        place: usize,
        payload: &[u8],
    ) -> Result<usize, Failure> {
        let index = piece.index.unwrap_or(place);
        let mut calls = self.calls.iter();
        let before = match piece.index {
            Some(_) => calls.rposition(|call| call.index <= index),
            None => calls.len().checked_sub(1),
        };
        let at = before.map_or(0, |before| before + 1);
        self.open_call(at, index, payload)?;
        Ok(at)
    }

    fn open_call(&mut self, at: usize, index: usize, payload: &[u8]) -> Result<(), Failure> {
        if self.calls.len() == CALLS_MAX {
            let what = format!("the answer holds more than {CALLS_MAX} tool calls");
            return Err(with_body(Failure::new(Class::Incomplete, what), payload));
        }
        let call = Call {
            index,
            ..Call::default()
        };
        self.calls.insert(at, call);
        Ok(())
    }
}

fn text<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", Text::as_str)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// Id, name and arguments.
    type Told = (String, String, String);

    fn calls(frames: &[Value]) -> Vec<Told> {
        let mut answer = Answer::default();
        for frame in frames {
            let text = frame.to_string();
            let pieces: Vec<CallPiece<'_>> = serde_json::from_str(&text).unwrap();
            answer.add_calls(&pieces, &[]).unwrap();
        }
        let calls = answer.calls.into_iter();
        calls
            .map(|call| (call.id, call.name, call.arguments))
            .collect()
    }

    fn told(calls: &[(&str, &str, &str)]) -> Vec<Told> {
        let owned = |(id, name, arguments): &(&str, &str, &str)| {
            ((*id).into(), (*name).into(), (*arguments).into())
        };
        calls.iter().map(owned).collect()
    }

    fn piece(index: Option<usize>, id: &str, name: &str, arguments: &str) -> Value {
        json!({ "index": index, "id": id, "function": { "name": name, "arguments": arguments } })
    }

    #[test]
    fn whole_calls_of_one_index_or_none_are_told_apart_by_id_or_name() {
        for index in [Some(0), None] {
            for (one, two) in [("a", "b"), ("", ""), ("", "b")] {
                let frames = [
                    json!([piece(index, one, "f", "{}")]),
                    json!([piece(index, two, "f", "{\"x\":1}")]),
                ];
                let expected = [(one, "f", "{}"), (two, "f", "{\"x\":1}")];
                assert_eq!(calls(&frames), told(&expected), "{index:?}");
            }
        }
    }

    #[test]
    fn what_has_no_id_goes_on_with_the_last_call_and_what_has_one_with_its_own() {
        for index in [Some(0), None] {
            let frames = [
                json!([piece(index, "a", "f", "{\"x\":")]),
                json!([piece(index, "b", "g", "{\"y\":")]),
                json!([piece(index, "", "", "2}")]),
                json!([piece(index, "a", "", "1}")]),
            ];
            let expected = [("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}")];
            assert_eq!(calls(&frames), told(&expected));
        }
    }

    #[test]
    fn calls_without_an_index_keep_their_order_and_their_ids() {
        let frames = [
            json!([piece(None, "a", "f", "{"), piece(None, "b", "f", "{")]),
            json!([piece(None, "b", "f", "}")]),
            json!([piece(None, "c", "g", "{}")]),
            json!([piece(None, "a", "f", "}")]),
        ];
        let expected = [("a", "f", "{}"), ("b", "f", "{}"), ("c", "g", "{}")];
        assert_eq!(calls(&frames), told(&expected));
    }

    #[test]
    fn a_name_that_comes_again_without_its_id_begins_a_call_where_arguments_come_with_it() {
        let first = json!([piece(Some(0), "a", "f", "{}")]);
        let again = |arguments| json!([piece(Some(0), "", "f", arguments)]);
        let one = [("a", "f", "{}")];
        assert_eq!(calls(&[first.clone(), again("")]), told(&one));
        let two = [one[0], ("", "f", "{\"x\":1}")];
        assert_eq!(calls(&[first, again("{\"x\":1}")]), told(&two));
    }

    #[test]
    fn indexes_order_what_comes_in_disorder() {
        let frames = [json!([
            piece(Some(2), "c", "f", "{}"),
            piece(Some(0), "a", "f", "{}"),
            piece(Some(1), "b", "f", "{}")
        ])];
        let ids: Vec<_> = calls(&frames).into_iter().map(|call| call.0).collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }

    #[test]
    fn the_end_of_arguments_is_seen_by_their_brackets() {
        for (arguments, whole) in [
            ("{}", true),
            (" [{\"a\":\"}\\\"\"}]\n", true),
            ("null", true),
            ("{\"a\":\"}\"", false),
            ("{} {", false),
            ("}}", false),
            ("1", false),
            ("", false),
        ] {
            let mut call = Call::default();
            for at in 0..arguments.len() {
                arguments[..at].clone_into(&mut call.arguments);
                call.is_whole();
            }
            arguments.clone_into(&mut call.arguments);
            assert_eq!(call.is_whole(), whole, "{arguments}");
        }
    }

    proptest! {
        #[test]
        fn calls_that_share_an_index_are_joined_and_parted_wherever_they_are_cut(
            values in prop::collection::vec("[{}\\[\\]\"\\\\a-c ]{0,8}", 1..5),
            cuts in prop::collection::vec(1_usize..6, 1..4),
            // All have index 0, or none; ids, or none; id and name in each
            // fragment, or the first.
            (index, ids, repeats) in any::<(bool, bool, bool)>(),
        ) {
            let mut frames = Vec::new();
            let mut expected = Vec::new();
            for (number, value) in values.iter().enumerate() {
                let arguments = json!({ "v": [value] }).to_string();
                let id = if ids { format!("c{number}") } else { String::new() };
                let (mut rest, mut cuts) = (arguments.as_str(), cuts.iter().cycle());
                let mut first = true;
                while !rest.is_empty() {
                    let (part, tail) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                    let (id, name) = if first || repeats { (&*id, "f") } else { ("", "") };
                    frames.push(json!([piece(index.then_some(0), id, name, part)]));
                    (rest, first) = (tail, false);
                }
                expected.push((id, "f".to_owned(), arguments));
            }
            prop_assert_eq!(calls(&frames), expected);
        }
    }
}
