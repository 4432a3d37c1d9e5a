//! An answer of the model, and the reply that holds a complete one. Members are in
//! alphabetical order, as the API sends them (api.md §4). Streams: `stream.rs`.

use serde_json::{Map, Value, json};

use super::chat_request::RequestView;
use super::fault::Ending;
use super::reply::{RATE_LIMITED, Reply, error};
use super::rng::Rng;
use super::tokens;

/// An answer before it is put into the API's form.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// None is `null` in the reply.
    pub(super) content: Option<String>,
    /// Empty for an answer without reasoning.
    pub(super) reasoning: String,
    pub(super) calls: Vec<Call>,
    /// None leaves the member out.
    pub(super) finish_reason: Option<String>,
    /// The results of the `web_search` tool are added.
    pub(super) search: bool,
    /// How the reply ends.
    pub(super) ending: Ending,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Call {
    /// None: one is made from the id of the answer.
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Answer {
    /// Obeys the `stop` and `max_tokens` of the request.
    pub(super) fn limit(&mut self, stop: &[String], max_tokens: Option<u64>) {
        if let Some(content) = &mut self.content {
            let ends = stop.iter().filter(|stop| !stop.is_empty());
            if let Some(end) = ends.filter_map(|stop| content.find(stop.as_str())).min() {
                content.truncate(end);
            }
        }
        let Some(limit) = max_tokens.filter(|limit| self.tokens() > *limit) else {
            return;
        };
        let mut left = limit;
        let calls = self.calls.iter_mut().map(|call| &mut call.arguments);
        let texts = [Some(&mut self.reasoning), self.content.as_mut()];
        for text in texts.into_iter().flatten().chain(calls) {
            text.truncate(tokens::first(text, left).len());
            left -= tokens::count(text);
        }
        self.finish_reason = Some("length".into());
    }

    /// Tokens of everything that was generated.
    pub(super) fn tokens(&self) -> u64 {
        let calls = self.calls.iter().map(|call| tokens::count(&call.arguments));
        tokens::count(&self.reasoning)
            + tokens::count(self.content.as_deref().unwrap_or_default())
            + calls.sum::<u64>()
    }
}

/// The members of a reply that do not depend on the answer.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) id: String,
    /// Seconds since 1970, chosen by the seed and not by the clock.
    pub(super) created: u64,
    pub(super) model: String,
    /// The `request_id` of the request.
    request_id: Option<String>,
    prompt_tokens: u64,
    /// For the ids of calls.
    rng: Rng,
}

/// 2025-06-09 00:00 in Beijing, in seconds since 1970. Ids show Beijing time.
pub(super) const DAY: u64 = 1_749_398_400;

impl Envelope {
    pub(super) fn new(request: &RequestView, mut rng: Rng) -> Self {
        let second = rng.next_u64() % 86_400;
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let tail = rng.next_u64();
        Self {
            id: format!("20250609{hour:02}{minute:02}{:02}{tail:016x}", second % 60),
            created: DAY + second,
            model: request.model.clone(),
            request_id: request.request_id.clone(),
            prompt_tokens: request.prompt_tokens,
            rng,
        }
    }

    /// The token counts of an answer.
    pub(super) fn usage(&self, answer: &Answer) -> Value {
        let completion = answer.tokens();
        let mut usage = json!({ "completion_tokens": completion });
        if !answer.reasoning.is_empty() {
            let reasoning = tokens::count(&answer.reasoning);
            usage["completion_tokens_details"] = json!({ "reasoning_tokens": reasoning });
        }
        usage["prompt_tokens"] = self.prompt_tokens.into();
        usage["total_tokens"] = (self.prompt_tokens + completion).into();
        usage
    }

    /// The error that replaces an answer, or ends a stream.
    pub(super) fn error(&self) -> Value {
        let mut body = error("1302", RATE_LIMITED);
        body["request_id"] = self.id.as_str().into();
        body
    }
}

pub(super) fn complete(envelope: &Envelope, answer: &Answer) -> Reply {
    if answer.ending == Ending::ErrorFrame {
        return Reply::json(200, &envelope.error());
    }
    let reply = Reply::json(200, &body(envelope, answer));
    answer.ending.apply(reply)
}

fn body(envelope: &Envelope, answer: &Answer) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if answer.ending != Ending::Empty {
        set("choices", json!([choice(envelope, answer)]));
    }
    let blocked = answer.finish_reason.as_deref() == Some("sensitive");
    if blocked {
        let filter = json!([{ "level": 1, "role": "assistant" }]);
        set("content_filter", filter);
    }
    set("created", envelope.created.into());
    set("id", envelope.id.as_str().into());
    set("model", envelope.model.as_str().into());
    set("object", "chat.completion".into());
    let request_id = envelope.request_id.as_ref().unwrap_or(&envelope.id);
    set("request_id", request_id.as_str().into());
    if !blocked {
        set("usage", envelope.usage(answer));
    }
    if answer.search {
        set("web_search", search_results());
    }
    Value::Object(body)
}

fn choice(envelope: &Envelope, answer: &Answer) -> Value {
    let mut message = Map::new();
    message.insert("content".into(), answer.content.clone().into());
    if !answer.reasoning.is_empty() {
        message.insert("reasoning_content".into(), answer.reasoning.clone().into());
    }
    message.insert("role".into(), "assistant".into());
    if !answer.calls.is_empty() {
        let mut rng = envelope.rng.clone();
        let calls = answer.calls.iter().enumerate().map(|(index, call)| {
            let made = format!("call_-{}", rng.next_u64() >> 1);
            let id = call.id.as_ref().unwrap_or(&made);
            let function = json!({ "arguments": call.arguments, "name": call.name });
            json!({ "function": function, "id": id, "index": index, "type": "function" })
        });
        message.insert("tool_calls".into(), calls.collect());
    }
    let mut choice = Map::new();
    if let Some(reason) = &answer.finish_reason {
        choice.insert("finish_reason".into(), reason.as_str().into());
    }
    choice.insert("index".into(), 0.into());
    choice.insert("message".into(), Value::Object(message));
    Value::Object(choice)
}

/// What the `web_search` tool "found".
pub(super) fn search_results() -> Value {
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

    fn envelope() -> Envelope {
        let request = RequestView {
            model: "glm-4-airx".into(),
            prompt_tokens: 9,
            ..RequestView::default()
        };
        Envelope::new(&request, Rng::new(0, 0, 0))
    }

    fn answer(content: &str) -> Answer {
        Answer {
            content: Some(content.into()),
            finish_reason: Some("stop".into()),
            ..Answer::default()
        }
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
            shape(&body(&envelope(), &answer)),
            "{choices{finish_reason,index,message{content,role}},created,id,model,object,request_id,\
             usage{completion_tokens,prompt_tokens,total_tokens},\
             web_search{content,icon,link,media,publish_date,refer,title}}"
        );
        assert_eq!(envelope().id.len(), "20250609152743f1c2a4d9078b41e6".len());
    }

    #[test]
    fn a_tool_call_has_the_members_of_the_sample_and_null_content() {
        let answer = Answer {
            calls: vec![Call::default()],
            finish_reason: Some("tool_calls".into()),
            ..Answer::default()
        };
        let body = body(&envelope(), &answer);
        let message = &body["choices"][0]["message"];
        assert_eq!(
            shape(message),
            "{content,role,tool_calls{function{arguments,name},id,index,type}}"
        );
        assert_eq!(message["content"], Value::Null);
    }

    #[test]
    fn max_tokens_cuts_reasoning_first_and_sets_length() {
        let mut cut = Answer {
            reasoning: "a b c".into(),
            ..answer("d e f")
        };
        cut.limit(&[], Some(4));
        assert_eq!(
            (cut.reasoning.as_str(), cut.content.as_deref()),
            ("a b c", Some("d"))
        );
        assert_eq!(cut.finish_reason.as_deref(), Some("length"));
        let mut kept = answer("d e f");
        kept.limit(&[], Some(3));
        assert_eq!(kept, answer("d e f"));
    }

    #[test]
    fn the_first_stop_text_ends_the_answer_and_is_not_part_of_it() {
        let mut stopped = answer("one two three");
        stopped.limit(&["three".into(), " two".into()], None);
        assert_eq!(stopped, answer("one"));
    }
}
