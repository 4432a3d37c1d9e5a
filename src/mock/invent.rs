//! What is asked in, an answer made up out: a tool call, JSON, code, mathematics
//! or prose. Every text of it says that it is from the mock.

use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{Answer, Call};
use super::asked::{Asked, Function};
use super::dice::Dice;
use super::example::Example;
use super::prose;
use super::reply::{Reply, error};
use crate::cli::FaultKind;
use crate::schema::Schema;

/// Makes an answer up, spoiled where a fault asks for that.
///
/// # Errors
/// The refusal of a schema that cannot be used, or that no example fits.
pub(super) fn answer(
    asked: &Asked,
    dice: &Dice,
    fault: Option<FaultKind>,
) -> Result<Answer, Reply> {
    let calls = if fault == Some(FaultKind::NoCall) || !asked.results.is_empty() {
        Vec::new()
    } else {
        calls(asked, dice)
    };
    let mut answer = Answer {
        finish: Some(
            if calls.is_empty() {
                "stop"
            } else {
                "tool_calls"
            }
            .into(),
        ),
        content: calls
            .is_empty()
            .then(|| content(asked, dice, fault == Some(FaultKind::NotJson)))
            .transpose()?,
        search: calls.is_empty() && asked.web_search,
        calls,
        ..Answer::default()
    };
    if asked.thinking {
        answer.reasoning = prose::reasoning(&asked.prompt);
    }
    answer.bound(&asked.stop, asked.max_tokens);
    if let Some(kind) = fault {
        answer.spoil(kind);
    }
    Ok(answer)
}

fn content(asked: &Asked, dice: &Dice, never_json: bool) -> Result<String, Reply> {
    if let Some(schema) = asked.schema.as_ref().filter(|_| !never_json) {
        return fitting(schema, asked, dice);
    }
    Ok(if asked.json && !never_json {
        json_content(asked, dice)
    } else if !asked.results.is_empty() {
        prose::tool_results(&asked.results)
    } else if asked.web_search && asked.functions.is_empty() {
        prose::search_summary(&asked.prompt)
    } else {
        prose::reply(&asked.prompt, &mut dice.clone())
    })
}

/// A value that fits the schema of `response_format`.
///
/// # Errors
/// The refusal of a schema that is none, or that the example does not fit.
fn fitting(schema: &Value, asked: &Asked, dice: &Dice) -> Result<String, Reply> {
    let refused = |why: &str| Reply::json(400, &error("1214", &format!("response_format: {why}")));
    let compiled = Schema::compile(schema, "json_schema").map_err(|why| refused(&why.message))?;
    let value = example(schema, asked, dice);
    if compiled.errors(&value).is_empty() {
        Ok(value.to_string())
    } else {
        Err(refused("the mock cannot make an example of this schema"))
    }
}

/// The calls of the functions that the prompt names, else of the first.
fn calls(asked: &Asked, dice: &Dice) -> Vec<Call> {
    let words: Vec<&str> = asked
        .prompt
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .collect();
    let wanted = |function: &&Function| match &asked.forced {
        Some(name) => function.name == *name,
        None => words.contains(&function.name.as_str()),
    };
    let mut chosen: Vec<&Function> = asked.functions.iter().filter(wanted).collect();
    if chosen.is_empty() {
        chosen.extend(asked.functions.first());
    }
    let call = |function: &Function| {
        let value = if function.parameters.is_null() {
            json!({})
        } else {
            example(&function.parameters, asked, dice)
        };
        Call {
            id: None,
            name: function.name.clone(),
            arguments: spaced(&value),
        }
    };
    chosen.into_iter().map(call).collect()
}

fn example(schema: &Value, asked: &Asked, dice: &Dice) -> Value {
    Example {
        root: schema,
        prompt: &asked.prompt,
        fallback: "airx mock",
        dice: dice.clone(),
    }
    .value()
}

/// A JSON object; one that fits the schema where a message holds a schema.
fn json_content(asked: &Asked, dice: &Dice) -> String {
    let Some(schema) = asked.texts.iter().find_map(|text| schema_in(text)) else {
        let prompt = prose::excerpt(&asked.prompt, 80);
        let items = json!([{ "name": "alpha", "value": 1 }, { "name": "beta", "value": 2 }]);
        return json!({ "source": "airx mock", "prompt": prompt, "items": items }).to_string();
    };
    let mut value = example(&schema, asked, dice);
    let closed = schema["additionalProperties"] == false;
    if let Some(members) = value.as_object_mut().filter(|_| !closed) {
        members
            .entry("source")
            .or_insert_with(|| "airx mock".into());
    }
    value.to_string()
}

/// The first JSON Schema of an object or array that stands in a text.
fn schema_in(text: &str) -> Option<Value> {
    let starts = text.match_indices('{').map(|(position, _)| position);
    starts.take(64).find_map(|start| {
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let is_schema = match value["type"].as_str() {
            Some("object") => value["properties"].is_object(),
            Some("array") => value["items"].is_object(),
            _ => false,
        };
        is_schema.then_some(value)
    })
}

/// JSON with a space behind each colon and comma, as the models write it.
fn spaced(value: &Value) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    // A value that was read or made from JSON can be written as JSON.
    let _ = value.serialize(&mut writer);
    String::from_utf8(text).unwrap_or_default()
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: std::io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: std::io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: std::io::Write + ?Sized>(
        &mut self,
        out: &mut W,
    ) -> std::io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(prompt: &str) -> Asked {
        Asked {
            prompt: prompt.into(),
            texts: vec![prompt.into()],
            ..Asked::default()
        }
    }

    fn made(asked: &Asked, fault: Option<FaultKind>) -> Answer {
        answer(asked, &Dice::new(0, asked.fingerprint, 0), fault).unwrap()
    }

    fn with_functions(prompt: &str) -> Asked {
        let function = |name: &str| Function {
            name: name.into(),
            parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
        };
        Asked {
            functions: vec![function("get_weather"), function("get_time")],
            ..asked(prompt)
        }
    }

    #[test]
    fn the_function_that_the_prompt_names_is_called_else_the_first() {
        let names = |prompt: &str| {
            let answer = made(&with_functions(prompt), None);
            assert_eq!(answer.content, None);
            let names = answer.calls.into_iter().map(|call| call.name);
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("use get_time, please"), "get_time");
        assert_eq!(names("hello"), "get_weather");
        assert_eq!(names("get_time and get_weather"), "get_weather get_time");
    }

    #[test]
    fn arguments_are_written_as_the_models_write_them() {
        let answer = made(&with_functions("Weather in Nanjing?"), None);
        assert_eq!(answer.calls[0].arguments, r#"{"city": "Nanjing"}"#);
        assert_eq!(answer.finish.as_deref(), Some("tool_calls"));
    }

    #[test]
    fn a_tool_result_is_quoted_in_a_text_answer() {
        let answer = made(
            &Asked {
                results: vec!["21 °C".into()],
                ..with_functions("Weather?")
            },
            None,
        );
        assert!(answer.calls.is_empty());
        assert!(answer.content.unwrap().contains("21 °C"));
    }

    #[test]
    fn json_is_an_object_that_names_the_mock_or_fits_the_schema_found() {
        let json = |prompt: &str, fault| {
            let content = made(
                &Asked {
                    json: true,
                    ..asked(prompt)
                },
                fault,
            )
            .content
            .unwrap();
            serde_json::from_str::<Value>(&content)
        };
        assert_eq!(json("cities", None).unwrap()["source"], "airx mock");
        let schema = r#"Fit this: {"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer"}}} for 7"#;
        assert_eq!(json(schema, None).unwrap(), json!({"n": 7}));
        assert!(json("cities", Some(FaultKind::NotJson)).is_err());
    }
}
