//! An answer in, a whole reply out, members in alphabetical order as the API
//! sends them. api.md §4; streams are in `stream.rs`.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Ending};
use super::asked::Asked;
use super::dice::Dice;
use super::reply::{RATE_LIMITED, Reply, error};

/// What surrounds an answer.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    /// The answer's id.
    pub(super) id: String,
    /// When it was made, in seconds since 1970; by the seed, not by the clock.
    pub(super) created: u64,
    /// The model's name.
    pub(super) model: String,
    /// The caller's id of the request.
    pub(super) request_id: Option<String>,
    /// Tokens of the conversation.
    pub(super) prompt_tokens: u64,
    /// For the ids of calls.
    dice: Dice,
}

/// 2025-06-09 00:00 in Beijing, whose time the ids show.
pub(super) const DAY: u64 = 1_749_398_400;

impl Envelope {
    /// The envelope of the answer that these dice are for.
    pub(super) fn new(asked: &Asked, mut dice: Dice) -> Self {
        let second = dice.number() % 86_400;
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let tail = dice.number();
        Self {
            id: format!("20250609{hour:02}{minute:02}{:02}{tail:016x}", second % 60),
            created: DAY + second,
            model: asked.model.clone(),
            request_id: asked.request_id.clone(),
            prompt_tokens: asked.prompt_tokens,
            dice,
        }
    }

    /// The token counts of an answer.
    pub(super) fn usage(&self, answer: &Answer) -> Value {
        let completion = answer.tokens();
        let mut usage = json!({ "completion_tokens": completion });
        if !answer.reasoning.is_empty() {
            let reasoning = super::tokens::count(&answer.reasoning);
            usage["completion_tokens_details"] = json!({ "reasoning_tokens": reasoning });
        }
        usage["prompt_tokens"] = self.prompt_tokens.into();
        usage["total_tokens"] = (self.prompt_tokens + completion).into();
        usage
    }

    /// The error that takes an answer's place, or breaks it off.
    pub(super) fn error(&self) -> Value {
        let mut body = error("1302", RATE_LIMITED);
        body["request_id"] = self.id.as_str().into();
        body
    }
}

/// The reply that holds all of `answer`.
pub(super) fn whole(envelope: &Envelope, answer: &Answer) -> Reply {
    if answer.ending == Ending::ErrorFrame {
        return Reply::json(200, &envelope.error());
    }
    Reply::json(200, &body(envelope, answer)).ending(answer.ending)
}

fn body(envelope: &Envelope, answer: &Answer) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    if answer.ending != Ending::Empty {
        set("choices", json!([choice(envelope, answer)]));
    }
    let blocked = answer.finish.as_deref() == Some("sensitive");
    if blocked {
        set(
            "content_filter",
            json!([{ "level": 1, "role": "assistant" }]),
        );
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
        let mut dice = envelope.dice.clone();
        let calls = answer.calls.iter().enumerate().map(|(index, call)| {
            let made = format!("call_-{}", dice.number() >> 1);
            let id = call.id.as_ref().unwrap_or(&made);
            let function = json!({ "arguments": call.arguments, "name": call.name });
            json!({ "function": function, "id": id, "index": index, "type": "function" })
        });
        message.insert("tool_calls".into(), calls.collect());
    }
    let mut choice = Map::new();
    if let Some(finish) = &answer.finish {
        choice.insert("finish_reason".into(), finish.as_str().into());
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
    use crate::mock::answer::Call;

    fn envelope() -> Envelope {
        let asked = Asked {
            model: "glm-4-airx".into(),
            prompt_tokens: 9,
            ..Asked::default()
        };
        Envelope::new(&asked, Dice::new(0, 0, 0))
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
    fn a_whole_reply_has_the_members_of_the_sample_in_its_order() {
        let answer = Answer {
            content: Some("hi".into()),
            finish: Some("stop".into()),
            search: true,
            ..Answer::default()
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
            finish: Some("tool_calls".into()),
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
}
