//! An answer as an event stream: a `data: {json}` frame for each piece of text, at the
//! pace of `--rate`. api.md §5.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::chat::{Answer, Call, Envelope, search_results};
use super::fault::Ending;
use super::reply::Step;
use super::tokens::tokens;

/// The stream with the complete answer. With `fragments` the arguments of calls come in
/// pieces.
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
        Ending::Cut => {
            frames.raw(&opening);
            return frames.then(Step::Cut);
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
            // A complete call has the reason already, and the last chunk has it again.
            let finish = match &answer.finish_reason {
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
        .finish_reason
        .as_ref()
        .map(|reason| format!("\"finish_reason\":{},", json!(reason)))
        .unwrap_or_default();
    frames.raw(opening);
    frames.raw(&finish);
    frames.raw("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]");
    if answer.finish_reason.as_deref() == Some("sensitive") {
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

/// A buffer is sent when it is longer than this.
const BUFFER: usize = 256 * 1024;

/// The frames of a stream, gathered into few large buffers unless a rate is set.
#[derive(Debug)]
pub(super) struct Frames {
    steps: Vec<Step>,
    buffer: Vec<u8>,
    /// Frames a second.
    rate: Option<f64>,
    paced: u32,
}

impl Frames {
    pub(super) fn new(rate: Option<f64>) -> Self {
        Self {
            steps: Vec::new(),
            buffer: Vec::new(),
            rate,
            paced: 0,
        }
    }

    /// Adds a frame with this payload, which may have several lines.
    pub(super) fn payload(&mut self, payload: &str) {
        for line in payload.split('\n') {
            self.raw("data: ");
            self.raw(line);
            self.raw("\n");
        }
        self.end_frame();
    }

    /// Waits until the rate allows the next frame.
    pub(super) fn pace(&mut self) {
        let Some(rate) = self.rate else { return };
        self.paced = self.paced.saturating_add(1);
        let offset = Duration::try_from_secs_f64(f64::from(self.paced) / rate);
        self.flush();
        self.steps
            .push(Step::At(offset.unwrap_or(Duration::MAX / 4)));
    }

    pub(super) fn finish(mut self) -> Vec<Step> {
        self.flush();
        self.steps
    }

    /// Adds a part of a frame.
    fn raw(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn end_frame(&mut self) {
        self.raw("\n");
        if self.buffer.len() > BUFFER {
            self.flush();
        }
    }

    /// Adds a string as JSON.
    fn string(&mut self, text: &str) {
        // A string can always be written as JSON, and to memory.
        let _ = serde_json::to_writer(&mut self.buffer, text);
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let bytes = Bytes::from(std::mem::take(&mut self.buffer));
            self.steps.push(Step::Bytes(bytes));
        }
    }

    /// The steps, and one more at the end.
    fn then(mut self, step: Step) -> Vec<Step> {
        self.flush();
        self.steps.push(step);
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::chat_request::RequestView;
    use crate::mock::rng::Rng;

    fn answer(content: &str) -> Answer {
        Answer {
            content: Some(content.into()),
            finish_reason: Some("stop".into()),
            ..Answer::default()
        }
    }

    fn steps(answer: &Answer, rate: Option<f64>, fragments: bool) -> Vec<Step> {
        let request = RequestView {
            model: "m".into(),
            ..RequestView::default()
        };
        let envelope = Envelope::new(&request, Rng::new(0, 0, 0));
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
