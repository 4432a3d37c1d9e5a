//! The reply to a chat, made of an answer: complete, with its members in alphabetical order
//! as the API sends them (api.md §4), or as an event stream (api.md §5).

use serde_json::{Value, json};

use super::answer::{Answer, Call, Ending, count_tokens, tokens};
use super::chat_request::RequestView;
use super::reply::{Frames, RATE_LIMITED, Reply, Step, error};
use super::rng::{DAY, Rng};

/// The members of a reply that do not depend on the answer.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    request: &'a RequestView,
    id: String,
    /// Seconds since 1970, chosen by the seed and not by the clock.
    created: u64,
    /// For the ids of calls.
    rng: Rng,
}

impl<'a> Envelope<'a> {
    pub(super) fn new(request: &'a RequestView, mut rng: Rng) -> Self {
        let second = rng.next_u64() % 86_400;
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let tail = rng.next_u64();
        Self {
            request,
            id: format!("20250609{hour:02}{minute:02}{:02}{tail:016x}", second % 60),
            created: DAY + second,
            rng,
        }
    }

    /// The complete reply.
    pub(super) fn complete(&self, answer: &Answer) -> Reply {
        if answer.ending == Ending::ErrorFrame {
            return Reply::ok(&self.error());
        }
        answer.ending.apply(Reply::ok(&self.body(answer)))
    }

    fn body(&self, answer: &Answer) -> Value {
        let blocked = answer.finish_reason.as_deref() == Some("sensitive");
        without_nulls(json!({
            "choices": (answer.ending != Ending::Empty).then(|| [self.choice(answer)]),
            "content_filter": blocked.then(|| json!([{ "level": 1, "role": "assistant" }])),
            "created": self.created,
            "id": self.id,
            "model": self.request.model,
            "object": "chat.completion",
            "request_id": self.request.request_id.as_ref().unwrap_or(&self.id),
            "usage": (!blocked).then(|| self.usage(answer)),
            "web_search": answer.search.then(search_results),
        }))
    }

    fn choice(&self, answer: &Answer) -> Value {
        let mut message = json!({ "content": answer.content });
        if !answer.reasoning.is_empty() {
            message["reasoning_content"] = answer.reasoning.as_str().into();
        }
        message["role"] = "assistant".into();
        if !answer.calls.is_empty() {
            let mut rng = self.rng.clone();
            let calls = answer.calls.iter().enumerate().map(|(index, call)| {
                let made = format!("call_-{}", rng.next_u64() >> 1);
                let id = call.id.as_ref().unwrap_or(&made);
                let function = json!({ "arguments": call.arguments, "name": call.name });
                json!({ "function": function, "id": id, "index": index, "type": "function" })
            });
            message["tool_calls"] = calls.collect();
        }
        let finish_reason = &answer.finish_reason;
        without_nulls(json!({ "finish_reason": finish_reason, "index": 0, "message": message }))
    }

    fn usage(&self, answer: &Answer) -> Value {
        let (prompt, completion) = (self.request.prompt_tokens, answer.tokens());
        without_nulls(json!({
            "completion_tokens": completion,
            "completion_tokens_details": reasoning_usage(answer),
            "prompt_tokens": prompt,
            "total_tokens": prompt + completion,
        }))
    }

    /// The error that replaces an answer, or ends a stream.
    fn error(&self) -> Value {
        let mut body = error("1302", RATE_LIMITED);
        body["request_id"] = self.id.as_str().into();
        body
    }

    /// The stream: a frame for each token, at the pace of `rate` a second.
    pub(super) fn stream(&self, answer: &Answer, rate: Option<f64>) -> Reply {
        let mut frames = Frames::new(rate);
        let head = json!({
            "id": self.id, "created": self.created, "model": self.request.model,
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
            add_texts(&mut frames, &opening, answer);
            self.add_calls(&mut frames, &opening, answer);
        }
        match answer.ending {
            Ending::Cut => {
                frames.raw(&opening);
                frames.step(Step::Cut);
            }
            Ending::Stall => frames.step(Step::Stall),
            Ending::NoDone => {}
            Ending::ErrorFrame => {
                frames.raw("event: error\n");
                frames.payload(&self.error().to_string());
                frames.payload("[DONE]");
            }
            Ending::Empty => {
                let usage = self.stream_usage(answer);
                frames.payload(&format!("{head},\"choices\":[],\"usage\":{usage}}}"));
                frames.payload("[DONE]");
            }
            Ending::Proper | Ending::Malformed => {
                self.add_last(&mut frames, &opening, answer);
                frames.payload("[DONE]");
            }
        }
        frames.reply(200)
    }

    fn add_calls(&self, frames: &mut Frames, opening: &str, answer: &Answer) {
        let fragments = self.request.tool_stream;
        // The frame of a complete call has the reason, and the last frame repeats it.
        let finish = if fragments {
            String::new()
        } else {
            finish_member(answer)
        };
        for (index, call) in answer.calls.iter().enumerate() {
            let made = format!("call_{}_{index}", self.id);
            let id = call.id.as_deref().unwrap_or(&made);
            for piece in pieces(call, id, index, fragments) {
                let delta = json!({ "role": "assistant", "tool_calls": [piece] });
                frames.pace();
                frames.raw(&format!("{opening}{finish}\"delta\":{delta}}}]}}"));
                frames.end_frame();
            }
        }
    }

    fn add_last(&self, frames: &mut Frames, opening: &str, answer: &Answer) {
        frames.raw(opening);
        frames.raw(&finish_member(answer));
        frames.raw("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]");
        if answer.finish_reason.as_deref() == Some("sensitive") {
            frames.raw(",\"content_filter\":[{\"role\":\"assistant\",\"level\":1}]");
        } else {
            frames.raw(&format!(",\"usage\":{}", self.stream_usage(answer)));
        }
        if answer.search {
            frames.raw(&format!(",\"web_search\":{}", search_results()));
        }
        frames.raw("}");
        frames.end_frame();
    }

    /// The usage, with its members in the order of streams.
    fn stream_usage(&self, answer: &Answer) -> Value {
        let (prompt, completion) = (self.request.prompt_tokens, answer.tokens());
        without_nulls(json!({
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "completion_tokens_details": reasoning_usage(answer),
        }))
    }
}

fn reasoning_usage(answer: &Answer) -> Option<Value> {
    let tokens = count_tokens(&answer.reasoning);
    (tokens > 0).then(|| json!({ "reasoning_tokens": tokens }))
}

/// An object without the members that are null.
fn without_nulls(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    object
}

fn add_texts(frames: &mut Frames, opening: &str, answer: &Answer) {
    let content = answer.content.as_deref().unwrap_or_default();
    for (name, text) in [
        ("reasoning_content", answer.reasoning.as_str()),
        ("content", content),
    ] {
        let start = format!("{opening}\"delta\":{{\"role\":\"assistant\",\"{name}\":");
        for piece in tokens(text) {
            frames.pace();
            frames.raw(&start);
            frames.string(piece);
            frames.raw("}}]}");
            frames.end_frame();
        }
    }
}

fn finish_member(answer: &Answer) -> String {
    let reason = answer.finish_reason.as_ref();
    reason.map_or_else(String::new, |reason| {
        format!("\"finish_reason\":{},", json!(reason))
    })
}

/// A call as one piece, or in fragments. The first fragment has id and name.
fn pieces(call: &Call, id: &str, index: usize, fragments: bool) -> Vec<Value> {
    let first = |arguments: &str| {
        let function = json!({ "name": call.name, "arguments": arguments });
        json!({ "id": id, "index": index, "type": "function", "function": function })
    };
    if !fragments {
        return vec![first(&call.arguments)];
    }
    let later = tokens(&call.arguments)
        .map(|piece| json!({ "index": index, "function": { "arguments": piece } }));
    std::iter::once(first("")).chain(later).collect()
}

/// What the `web_search` tool "found".
fn search_results() -> Value {
    let result = |number: u32| {
        json!({
            "content": format!("[airx mock] 第{number}页的摘要……"),
            "icon": if number == 1 { "https://example.com/icon.jpg" } else { "" },
            "link": format!("https://www.example.com/a/{number}"),
            "media": "示例网",
            "publish_date": "2025-05-23",
            "refer": format!("ref_{number}"),
            "title": format!("airx mock {number}"),
        })
    };
    json!([result(1), result(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content: &str) -> Answer {
        Answer::new(Some(content.into()), Vec::new())
    }

    fn body(answer: &Answer) -> Value {
        let request = RequestView::default();
        Envelope::new(&request, Rng::new(0, 0, 0)).body(answer)
    }

    fn steps(answer: &Answer, rate: Option<f64>) -> Vec<Step> {
        let request = RequestView::default();
        let envelope = Envelope::new(&request, Rng::new(0, 0, 0));
        envelope.stream(answer, rate).steps
    }

    fn text(steps: &[Step]) -> String {
        let bytes = steps.iter().filter_map(|step| match step {
            Step::Bytes(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            _ => None,
        });
        bytes.collect()
    }

    /// Every object's member names, in order, at every depth.
    fn shape(value: &Value) -> String {
        match value {
            Value::Object(members) => {
                let members = members.iter();
                let inner: Vec<_> = members
                    .map(|(key, value)| key.clone() + &shape(value))
                    .collect();
                format!("{{{}}}", inner.join(","))
            }
            Value::Array(items) => items.first().map_or("[]".into(), shape),
            _ => String::new(),
        }
    }

    #[test]
    fn a_complete_reply_has_the_members_of_the_sample_and_object_in_alphabetical_order() {
        let answer = Answer {
            search: true,
            ..answer("hi")
        };
        assert_eq!(
            shape(&body(&answer)),
            "{choices{finish_reason,index,message{content,role}},created,id,model,object,request_id,\
             usage{completion_tokens,prompt_tokens,total_tokens},\
             web_search{content,icon,link,media,publish_date,refer,title}}"
        );
        let id = body(&answer)["id"].as_str().unwrap().len();
        assert_eq!(id, "20250609152743f1c2a4d9078b41e6".len());
    }

    #[test]
    fn a_tool_call_has_the_members_of_the_sample_and_null_content() {
        let body = body(&Answer::new(None, vec![Call::default()]));
        let message = &body["choices"][0]["message"];
        assert_eq!(
            shape(message),
            "{content,role,tool_calls{function{arguments,name},id,index,type}}"
        );
        assert_eq!(message["content"], Value::Null);
    }

    #[test]
    fn a_stream_has_the_frames_of_the_sample() {
        let text = text(&steps(&answer("Hi 你好"), None));
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
        let steps = steps(&answer(&"word ".repeat(100_000)), None);
        assert!(steps.len() < 200, "{}", steps.len());
        assert_eq!(text(&steps).matches("\"delta\"").count(), 100_002);
    }

    #[test]
    fn a_rate_puts_each_piece_at_its_time() {
        let steps = steps(&answer("a b"), Some(4.0));
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
            .map(|piece| piece["function"]["arguments"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(joined, call.arguments);
    }

    #[test]
    fn a_malformed_stream_glues_a_torn_frame_to_the_next() {
        let mut malformed = answer("Hi");
        malformed.ending = Ending::Malformed;
        let text = text(&steps(&malformed, None));
        assert!(text.contains("\"delta\":{\"rodata: {\"id\":"));
        assert!(text.ends_with("data: [DONE]\n\n"));
    }
}
