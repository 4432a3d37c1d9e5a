//! `airx mock` as clients other than airx see it: answers, chunks, models and
//! `response_format: json_schema`.

use serde_json::{Value, json};

use crate::harness::mock::Mock;
use crate::harness::{airx, folder};

/// A request for a chat completion, with these members added.
fn question(members: Value) -> Value {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hello" }] });
    let Value::Object(members) = members else {
        panic!("members are an object");
    };
    body.as_object_mut().unwrap().extend(members);
    body
}

/// A question whose answer must fit `schema`.
fn held_to(schema: &Value) -> Value {
    let format = json!({ "name": "answer", "strict": true, "schema": schema });
    question(json!({ "response_format": { "type": "json_schema", "json_schema": format } }))
}

fn person() -> Value {
    json!({
        "type": "object",
        "properties": { "name": { "type": "string" }, "age": { "type": "integer" } },
        "required": ["name", "age"],
        "additionalProperties": false,
    })
}

#[test]
fn answers_and_chunks_say_what_kind_of_object_they_are() {
    let weather = json!({ "type": "function", "function": { "name": "weather" } });
    for members in [
        json!({}),
        json!({ "tools": [weather] }),
        json!({ "tools": [weather], "tool_stream": true }),
        json!({ "thinking": { "type": "enabled" } }),
        json!({ "tools": [{ "type": "web_search" }] }),
    ] {
        let mock = Mock::start(&[]);
        let mut body = question(members);
        let answer = mock.post("/chat/completions", &body).json();
        assert_eq!(answer["object"], "chat.completion", "{body}");
        body["stream"] = true.into();
        let stream = mock.post("/chat/completions", &body).text();
        let chunks: Vec<Value> = stream
            .lines()
            .filter_map(|line| line.strip_prefix("data: {"))
            .map(|rest| serde_json::from_str(&format!("{{{rest}")).unwrap())
            .collect();
        assert!(chunks.len() > 1, "{stream}");
        for chunk in chunks {
            assert_eq!(chunk["object"], "chat.completion.chunk", "{chunk}");
        }
    }
}

#[test]
fn models_are_listed_and_found_by_name() {
    let mock = Mock::start(&[]);
    let list = mock.get("/models").json();
    assert_eq!(list["object"], "list");
    let models = list["data"].as_array().unwrap();
    let listed: Vec<&str> = models
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    let known = airx(["models", "--format", "json"]).run();
    let known: Value = serde_json::from_str(&known.stdout).unwrap();
    let known: Vec<&str> = known
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, known);
    assert!(models.iter().all(|model| model["object"] == "model"));
    assert_eq!(mock.get("/models/glm-4-airx").json(), models[0]);
    mock.get("/models/no-such-model")
        .is_refused(404, "1211", "模型不存在，请检查模型代码。");
    assert_eq!(mock.post("/models", &json!({})).status, 405);
}

#[test]
fn models_need_the_key_and_fail_by_no_fault() {
    let mock = Mock::start(&["--require-key", "good", "--fail", "500"]);
    assert_eq!(mock.get("/models").status, 401);
    let key = "Authorization: Bearer good\r\n";
    assert_eq!(mock.ask("GET", "/models", key, b"").status, 200);
}

#[test]
fn json_schema_is_refused_unless_the_mock_honours_it() {
    let words = "response_format参数非法。请检查文档。";
    let mock = Mock::start(&[]);
    mock.post("/chat/completions", &held_to(&person()))
        .is_refused(400, "1214", words);
    let mock = Mock::start(&["--json-schema"]);
    for format in [
        json!({ "type": "json_schema" }),
        json!({ "type": "json_schema", "json_schema": { "name": "answer" } }),
        json!({ "type": "xml" }),
    ] {
        mock.post(
            "/chat/completions",
            &question(json!({ "response_format": format })),
        )
        .is_refused(400, "1214", words);
    }
}

#[test]
fn with_json_schema_the_answer_fits_the_schema() {
    let mock = Mock::start(&["--json-schema"]);
    for schema in [
        person(),
        json!({ "type": "array", "items": person(), "minItems": 3 }),
        json!({ "enum": ["red", "green"] }),
        json!({ "type": "object", "maxProperties": 1, "required": ["a"] }),
        json!({ "type": "string", "format": "date-time" }),
        json!({ "type": "string", "format": "ipv4" }),
        json!({ "type": "string", "pattern": "^(PR|MR)-[0-9]{2,}(\\.[a-z]+)?$" }),
        json!({ "type": "string", "pattern": "^[^@\\s]+@[\\w.]+$" }),
        json!({ "type": "integer", "minimum": 10, "multipleOf": 7 }),
        json!({ "type": "array", "items": { "type": "string" }, "minItems": 3, "uniqueItems": true }),
        json!({ "type": "array", "prefixItems": [{ "type": "integer" }, { "const": "a" }], "items": false }),
        json!({ "$ref": "#/$defs/n", "$defs": { "n": { "type": "number", "maximum": -2.5 } } }),
    ] {
        let answer = mock.post("/chat/completions", &held_to(&schema)).json();
        let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
        let value: Value = serde_json::from_str(content).unwrap();
        jsonschema::validate(&schema, &value).unwrap_or_else(|error| panic!("{schema}: {error}"));
    }
}

#[test]
fn a_schema_that_no_example_fits_is_refused() {
    let mock = Mock::start(&["--json-schema"]);
    let ask = |schema: &Value| mock.post("/chat/completions", &held_to(schema));
    ask(&json!({ "type": "string", "not": { "minLength": 1 } })).is_refused(
        400,
        "1214",
        "response_format: the mock cannot make an example of this schema",
    );
    let refused = ask(&json!({ "type": "nonsense" }));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("not a JSON Schema"));
}

#[test]
fn airx_json_is_constrained_by_a_mock_that_honours_the_schema_and_goes_on_without() {
    let folder = folder();
    let log = folder.path().join("log");
    for (option, formats) in [
        (Some("--json-schema"), &["json_schema"][..]),
        (None, &["json_schema", "json_object"]),
    ] {
        let mut options = vec!["--log", log.to_str().unwrap()];
        options.extend(option);
        let mock = Mock::start(&options);
        airx(["json", "-n", "--fields", "name, age int", "Ada is 36"])
            .env("AIRX_BASE_URL", &mock.base)
            .run()
            .is(0, "{\"name\":\"airx mock\",\"age\":36}\n", "");
        let log = std::fs::read_to_string(&log).unwrap();
        let asked: Vec<String> = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|line| {
                line["body"]["response_format"]["type"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(asked, formats);
    }
}
