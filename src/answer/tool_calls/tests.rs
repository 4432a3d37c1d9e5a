//! Calls of a stream are kept apart and joined, regardless of how they are divided.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Id, name and arguments.
type Parts = (String, String, String);

fn calls(frames: &[Value]) -> Vec<Parts> {
    let mut calls = Vec::new();
    for frame in frames {
        let text = frame.to_string();
        let pieces: Vec<CallPiece<'_>> = serde_json::from_str(&text).unwrap();
        add(&mut calls, &pieces, &[]).unwrap();
    }
    calls
        .into_iter()
        .map(|call| (call.id, call.name, call.arguments))
        .collect()
}

fn expected_calls(calls: &[(&str, &str, &str)]) -> Vec<Parts> {
    let owned = |(id, name, arguments): &(&str, &str, &str)| {
        ((*id).into(), (*name).into(), (*arguments).into())
    };
    calls.iter().map(owned).collect()
}

fn piece(index: Option<usize>, id: &str, name: &str, arguments: &str) -> Value {
    json!({ "index": index, "id": id, "function": { "name": name, "arguments": arguments } })
}

#[test]
fn complete_calls_that_share_an_index_differ_by_id_or_name() {
    for index in [Some(0), None] {
        for (one, two) in [("a", "b"), ("", ""), ("", "b")] {
            let frames = [
                json!([piece(index, one, "f", "{}")]),
                json!([piece(index, two, "f", "{\"x\":1}")]),
            ];
            let expected = [(one, "f", "{}"), (two, "f", "{\"x\":1}")];
            assert_eq!(calls(&frames), expected_calls(&expected), "{index:?}");
        }
    }
}

#[test]
fn a_fragment_continues_the_call_of_its_id_or_else_the_last_one() {
    for index in [Some(0), None] {
        let frames = [
            json!([piece(index, "a", "f", "{\"x\":")]),
            json!([piece(index, "b", "g", "{\"y\":")]),
            json!([piece(index, "", "", "2}")]),
            json!([piece(index, "a", "", "1}")]),
        ];
        let expected = [("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}")];
        assert_eq!(calls(&frames), expected_calls(&expected));
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
    assert_eq!(calls(&frames), expected_calls(&expected));
}

#[test]
fn a_repeated_name_with_arguments_starts_another_call() {
    let first = json!([piece(Some(0), "a", "f", "{}")]);
    let again = |arguments| json!([piece(Some(0), "", "f", arguments)]);
    let one = [("a", "f", "{}")];
    assert_eq!(calls(&[first.clone(), again("")]), expected_calls(&one));
    let two = [one[0], ("", "f", "{\"x\":1}")];
    assert_eq!(calls(&[first, again("{\"x\":1}")]), expected_calls(&two));
}

#[test]
fn calls_are_ordered_by_index() {
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
    for (arguments, complete) in [
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
            call.is_complete();
        }
        arguments.clone_into(&mut call.arguments);
        assert_eq!(call.is_complete(), complete, "{arguments}");
    }
}

proptest! {
    #[test]
    fn calls_that_share_an_index_are_joined_wherever_they_are_cut(
        values in prop::collection::vec("[{}\\[\\]\"\\\\a-c ]{0,8}", 1..5),
        cuts in prop::collection::vec(1_usize..6, 1..4),
        // All calls have index 0 or none, with or without ids; id and name come in each fragment
        // or only in the first.
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
