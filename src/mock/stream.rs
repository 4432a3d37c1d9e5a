//! An answer in, the steps of an event stream out: `data: {json}` frames, a
//! piece of text each, paced where a rate is set, else in few large buffers.
//! api.md §5.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Ending};
use super::frames::Frames;
use super::playback::Step;
use super::tokens::tokens;
use super::wire::{Envelope, search_results};

/// The stream that holds all of `answer`.
pub(super) fn stream(
    envelope: &Envelope,
    answer: &Answer,
    rate: Option<f64>,
    fragments: bool,
) -> Vec<Step> {
    let mut frames = Frames::new(rate);
    let head = json!({
        "id": envelope.id, "created": envelope.created, "model": envelope.model,
        "object": "chat.completion.chunk",
    });
    let head = head.to_string();
    // The object is left open for `choices`.
    let head = head.trim_end_matches('}');
    let opening = format!("data: {head},\"choices\":[{{\"index\":0,");
    if answer.ending == Ending::Malformed {
        frames.raw(&opening);
        frames.raw("\"delta\":{\"ro");
    }
    if answer.ending != Ending::Empty {
        deltas(&mut frames, &opening, envelope, answer, fragments);
    }
    match answer.ending {
        Ending::CutOutput => {
            frames.raw(&opening);
            return frames.then(Step::CutOutput);
        }
        Ending::Stall => return frames.then(Step::Stall),
        Ending::NoDone => return frames.finish(),
        Ending::ErrorFrame => {
            frames.raw("event: error\n");
            frames.payload(&envelope.error().to_string());
        }
        Ending::Empty => {
            let usage = usage(envelope, answer);
            frames.payload(&format!("{head},\"choices\":[],\"usage\":{usage}}}"));
        }
        Ending::Proper | Ending::Malformed => last(&mut frames, &opening, envelope, answer),
    }
    frames.payload("[DONE]");
    frames.finish()
}

fn deltas(
    frames: &mut Frames,
    opening: &str,
    envelope: &Envelope,
    answer: &Answer,
    fragments: bool,
) {
    let texts = [
        ("reasoning_content", answer.reasoning.as_str()),
        ("content", answer.content.as_deref().unwrap_or_default()),
    ];
    for (name, text) in texts {
        for piece in tokens(text) {
            frames.pace();
            frames.raw(opening);
            frames.raw("\"delta\":{\"role\":\"assistant\",\"");
            frames.raw(name);
            frames.raw("\":");
            frames.string(piece);
            frames.raw("}}]}\n");
            frames.end_frame();
        }
    }
    for (index, call) in answer.calls.iter().enumerate() {
        let made = format!("call_{}_{index}", envelope.id);
        let id = call.id.as_deref().unwrap_or(&made);
        for (piece, is_last) in pieces(call, id, index, fragments) {
            // A whole call tells the reason already, and the last chunk again.
            let finish = match &answer.finish {
                Some(reason) if is_last && !fragments => {
                    format!("\"finish_reason\":{},", json!(reason))
                }
                _ => String::new(),
            };
            let delta = json!({ "role": "assistant", "tool_calls": [piece] });
            frames.pace();
            frames.raw(opening);
            frames.raw(&format!("{finish}\"delta\":{delta}}}]}}\n"));
            frames.end_frame();
        }
    }
}

/// A call as one piece, or in fragments of which the first has id and name.
fn pieces(call: &Call, id: &str, index: usize, fragments: bool) -> Vec<(Value, bool)> {
    let first = |arguments: &str| {
        let function = json!({ "name": call.name, "arguments": arguments });
        json!({ "id": id, "index": index, "type": "function", "function": function })
    };
    if !fragments {
        return vec![(first(&call.arguments), true)];
    }
    let later = tokens(&call.arguments)
        .map(|piece| json!({ "index": index, "function": { "arguments": piece } }));
    let all = std::iter::once(first("")).chain(later);
    all.map(|piece| (piece, false)).collect()
}

fn last(frames: &mut Frames, opening: &str, envelope: &Envelope, answer: &Answer) {
    let finish = answer
        .finish
        .as_ref()
        .map(|reason| format!("\"finish_reason\":{},", json!(reason)))
        .unwrap_or_default();
    frames.raw(opening);
    frames.raw(&finish);
    frames.raw("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]");
    if answer.finish.as_deref() == Some("sensitive") {
        frames.raw(",\"content_filter\":[{\"role\":\"assistant\",\"level\":1}]");
    } else {
        frames.raw(&format!(",\"usage\":{}", usage(envelope, answer)));
    }
    if answer.search {
        frames.raw(&format!(",\"web_search\":{}", search_results()));
    }
    frames.raw("}\n");
    frames.end_frame();
}

/// The token counts in the order in which streams have them.
fn usage(envelope: &Envelope, answer: &Answer) -> Value {
    let mut counted = envelope.usage(answer);
    let mut usage = json!({
        "prompt_tokens": counted["prompt_tokens"].take(),
        "completion_tokens": counted["completion_tokens"].take(),
        "total_tokens": counted["total_tokens"].take(),
    });
    if let Some(details) = counted.get_mut("completion_tokens_details") {
        usage["completion_tokens_details"] = details.take();
    }
    usage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::asked::Asked;
    use crate::mock::dice::Dice;

    fn answer(content: &str) -> Answer {
        Answer {
            content: Some(content.into()),
            finish: Some("stop".into()),
            ..Answer::default()
        }
    }

    fn steps(answer: &Answer, rate: Option<f64>, fragments: bool) -> Vec<Step> {
        let asked = Asked {
            model: "m".into(),
            ..Asked::default()
        };
        let envelope = Envelope::new(&asked, Dice::new(0, 0, 0));
        stream(&envelope, answer, rate, fragments)
    }

    fn text(steps: &[Step]) -> String {
        let bytes = steps.iter().filter_map(|step| match step {
            Step::Bytes(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            _ => None,
        });
        bytes.collect()
    }

    #[test]
    fn a_stream_has_the_frames_of_the_sample() {
        let text = text(&steps(&answer("Hi 你好"), None, false));
        let frames: Vec<_> = text.split_terminator("\n\n").collect();
        let choice = |frame: &str| frame.split_once("\"choices\":").unwrap().1.to_owned();
        assert_eq!(frames.len(), 4);
        assert!(frames[0].starts_with("data: {\"id\":\"20250609"));
        assert_eq!(
            choice(frames[0]),
            r#"[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#
        );
        assert_eq!(
            choice(frames[2]),
            r#"[{"index":0,"finish_reason":"stop","delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":0,"completion_tokens":2,"total_tokens":2}}"#
        );
        assert_eq!(frames[3], "data: [DONE]");
    }

    #[test]
    fn a_hundred_thousand_deltas_come_in_few_buffers() {
        let steps = steps(&answer(&"word ".repeat(100_000)), None, false);
        assert!(steps.len() < 200, "{}", steps.len());
        assert_eq!(text(&steps).matches("\"delta\"").count(), 100_002);
    }

    #[test]
    fn a_rate_puts_each_piece_at_its_time() {
        let steps = steps(&answer("a b"), Some(4.0), false);
        let times: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::At(offset) => Some(offset.as_millis()),
                _ => None,
            })
            .collect();
        assert_eq!(times, [250, 500]);
    }

    #[test]
    fn fragments_of_a_call_join_to_its_arguments() {
        let call = Call {
            name: "add".into(),
            arguments: r#"{"a": 2, "b": 3}"#.into(),
            ..Call::default()
        };
        let joined: String = pieces(&call, "call_1", 0, true)
            .iter()
            .map(|(piece, _)| piece["function"]["arguments"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(joined, call.arguments);
    }

    #[test]
    fn a_malformed_stream_glues_a_torn_frame_to_the_next() {
        let mut malformed = answer("Hi");
        malformed.ending = Ending::Malformed;
        let text = text(&steps(&malformed, None, false));
        assert!(text.contains("\"delta\":{\"rodata: {\"id\":"));
        assert!(text.ends_with("data: [DONE]\n\n"));
    }
}
