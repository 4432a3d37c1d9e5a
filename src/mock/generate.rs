//! Answers that the mock makes up: a tool call, JSON, code, mathematics or prose. Each
//! text says that it is from the mock and quotes some of the prompt.

use serde_json::{Value, json};

use super::answer::{Answer, Call};
use super::chat_request::RequestView;
use super::example::example;
use super::reply::{Reply, refused};
use super::rng::Rng;
use crate::cli::FaultKind;
use crate::schema::Schema;
use crate::terminal::shortened;

/// Makes an answer up. A fault may require an answer without calls or JSON.
pub(super) fn answer(
    request: &RequestView,
    rng: &Rng,
    fault: Option<FaultKind>,
) -> Result<Answer, Reply> {
    let never_calls = fault == Some(FaultKind::NoCall) || !request.results.is_empty();
    let mut answer = if never_calls || request.functions.is_empty() {
        let content = content(request, rng, fault == Some(FaultKind::NotJson))?;
        Answer {
            search: request.web_search,
            ..Answer::new(Some(content), Vec::new())
        }
    } else {
        Answer::new(None, calls(request, rng))
    };
    if request.thinking {
        answer.reasoning = reasoning(&request.prompt);
    }
    answer.limit(&request.stop, request.max_tokens);
    Ok(answer)
}

fn content(request: &RequestView, rng: &Rng, never_json: bool) -> Result<String, Reply> {
    if let Some(schema) = request.schema.as_ref().filter(|_| !never_json) {
        return fitting(schema, request, rng);
    }
    Ok(if request.json && !never_json {
        json_content(request, rng)
    } else if !request.results.is_empty() {
        tool_results(&request.results)
    } else if request.web_search && request.functions.is_empty() {
        // It cites web pages.
        let echo = echo(&request.prompt);
        format!("{echo} Two pages were “found”: one [来源：ref_1], another [来源：ref_2].")
    } else {
        prose(&request.prompt, rng.clone())
    })
}

/// A value that fits the schema of `response_format`.
fn fitting(schema: &Value, request: &RequestView, rng: &Rng) -> Result<String, Reply> {
    let unfit = |why: &str| refused(&format!("response_format: {why}"));
    let compiled = Schema::compile(schema, "json_schema").map_err(|why| unfit(&why.message))?;
    let value = example(schema, &request.prompt, rng);
    if compiled.violations(&value).is_empty() {
        Ok(value.to_string())
    } else {
        Err(unfit("the mock cannot make an example of this schema"))
    }
}

/// Calls the functions that the prompt names, else the first.
fn calls(request: &RequestView, rng: &Rng) -> Vec<Call> {
    let words: Vec<&str> = request
        .prompt
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .collect();
    let wanted = |function: &&Value| {
        let name = function["name"].as_str().unwrap_or_default();
        match &request.forced {
            Some(forced) => name == forced,
            None => words.contains(&name),
        }
    };
    let mut chosen: Vec<&Value> = request.functions.iter().filter(wanted).collect();
    if chosen.is_empty() {
        chosen.extend(request.functions.first());
    }
    let call = |function: &Value| {
        let arguments = match &function["parameters"] {
            Value::Null => json!({}),
            schema => example(schema, &request.prompt, rng),
        };
        Call {
            id: None,
            name: function["name"].as_str().unwrap_or_default().to_owned(),
            arguments: spaced(&arguments),
        }
    };
    chosen.into_iter().map(call).collect()
}

/// A JSON object, made for the schema in the messages if there is one.
fn json_content(request: &RequestView, rng: &Rng) -> String {
    let Some(schema) = request.texts.iter().find_map(|text| schema_in(text)) else {
        let prompt = excerpt(&request.prompt, 80);
        let items = json!([{ "name": "alpha", "value": 1 }, { "name": "beta", "value": 2 }]);
        return json!({ "source": "airx mock", "prompt": prompt, "items": items }).to_string();
    };
    let mut value = example(&schema, &request.prompt, rng);
    let closed = schema["additionalProperties"] == false;
    if let Some(members) = value.as_object_mut().filter(|_| !closed) {
        members
            .entry("source")
            .or_insert_with(|| "airx mock".into());
    }
    value.to_string()
}

/// The first JSON Schema of an object or array in a text.
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

/// JSON with a space after each colon and comma, as the models write it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member = |(name, value)| format!("{}: {}", json!(name), spaced(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// How every text begins.
const MARK: &str = "[airx mock]";

/// An answer to a prompt: mathematics or code if the prompt mentions them.
fn prose(prompt: &str, mut rng: Rng) -> String {
    let echo = echo(prompt);
    let lower = prompt.to_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if mentions(&["covariance", "positive definite", "协方差", "正定"]) {
        return format!("{echo}\n\n{COVARIANCE}");
    }
    if MATHEMATICS.split(' ').any(|word| lower.contains(word)) {
        return format!("{echo}\n\n{QUADRATIC}");
    }
    if let Some(block) = code(&lower) {
        return format!("{echo}\n\n{block}\n\nThat is all there is to it.");
    }
    format!("{echo}\n{}", rng.pick(&REMARKS))
}

fn reasoning(prompt: &str) -> String {
    format!(
        "{MARK} The user asks “{}”. A mock does not think; it says so and answers.",
        excerpt(prompt, 40)
    )
}

/// An answer that quotes the results of tools.
fn tool_results(results: &[String]) -> String {
    let quoted: Vec<String> = results
        .iter()
        .map(|result| format!("“{}”", excerpt(result, 200)))
        .collect();
    let tools = if results.len() == 1 { "tool" } else { "tools" };
    format!("{MARK} The {tools} answered: {}.", quoted.join(", "))
}

/// The first `limit` characters, on one line.
fn excerpt(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&line, limit).into_owned()
}

fn echo(prompt: &str) -> String {
    format!(
        "{MARK} You asked “{}” ({} characters).",
        excerpt(prompt, 80),
        prompt.chars().count()
    )
}

/// The program of a language that the prompt names; Python's if it mentions only code.
fn code(lower: &str) -> Option<&'static str> {
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let named = |(names, _): &&(&[&str], _)| names.iter().any(|name| words.contains(name));
    let any = || lower.contains("code") || lower.contains("代码");
    let program = PROGRAMS.iter().find(named);
    let program = program.or_else(|| PROGRAMS.last().filter(|_| any()));
    program.map(|(_, block)| *block)
}

/// Names of a language, and a program in it.
const PROGRAMS: [(&[&str], &str); 3] = [
    (
        &["rust", "cargo"],
        "```rust\nfn main() {\n    println!(\"hello from the airx mock\");\n}\n```",
    ),
    (
        &["bash", "shell", "sh", "zsh"],
        "```bash\n#!/usr/bin/env bash\nset -euo pipefail\necho \"hello from the airx mock\"\n```",
    ),
    (
        &["python"],
        "```python\ndef main():\n    print(\"hello from the airx mock\")\n\n\nmain()\n```",
    ),
];

const MATHEMATICS: &str = "\
    matrix equation integral derivative theorem polynomial probability eigenvalue mathemat \
    latex 方程 矩阵 数学 积分";

const REMARKS: [&str; 4] = [
    "No model was asked; this text is made up.\n你好 🙂",
    "A real model would say more, and charge for it.",
    "This stands in for an answer, so that a script can be tried.",
    "Nothing left this machine.\n\n- one\n- two",
];

const COVARIANCE: &str = r"**Covariance matrix.** For a random vector \( (X, Y) \) with variances \( σ_X^2 \), \( σ_Y^2 \) and correlation \( ρ \),

\[
Σ = \begin{pmatrix} σ_X^2 & ρ σ_X σ_Y \\ ρ σ_X σ_Y & σ_Y^2 \end{pmatrix},
\qquad \operatorname{Cov}(X, Y) = E[XY] - E[X]E[Y].
\]

**Example.** With \( σ_X = 2 \), \( σ_Y = 3 \) and \( ρ = \tfrac{1}{2} \):

\[
Σ = \begin{pmatrix} 4 & 3 \\ 3 & 9 \end{pmatrix}, \qquad \det Σ = 4 \cdot 9 - 3^2 = 27 > 0.
\]

**Positive definite?** By Sylvester's criterion \( Σ \) is positive definite if and only if \( σ_X^2 > 0 \) and \( \det Σ = σ_X^2 σ_Y^2 (1 - ρ^2) > 0 \), that is, \( |ρ| < 1 \). Here both hold, and the eigenvalues \( λ_{1,2} = \frac{13 \pm \sqrt{61}}{2} \) are positive: \( Σ \) is positive definite.";

const QUADRATIC: &str = r"Take \( a x^2 + b x + c = 0 \) with \( a \neq 0 \). Its solutions are

\[
x_{1,2} = \frac{-b \pm \sqrt{Δ}}{2a}, \qquad Δ = b^2 - 4ac,
\]

and they are real if and only if \( Δ \ge 0 \).";

#[cfg(test)]
mod tests {
    use super::*;

    fn request(prompt: &str) -> RequestView {
        RequestView {
            prompt: prompt.into(),
            texts: vec![prompt.into()],
            ..RequestView::default()
        }
    }

    fn made(request: &RequestView, fault: Option<FaultKind>) -> Answer {
        answer(request, &Rng::new(0, request.fingerprint, 0), fault).unwrap()
    }

    fn with_functions(prompt: &str) -> RequestView {
        let function = |name: &str| {
            let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
            json!({"name": name, "parameters": schema})
        };
        RequestView {
            functions: vec![function("get_weather"), function("get_time")],
            ..request(prompt)
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
        assert_eq!(answer.finish_reason.as_deref(), Some("tool_calls"));
    }

    #[test]
    fn a_tool_result_is_quoted_in_a_text_answer() {
        let answer = made(
            &RequestView {
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
                &RequestView {
                    json: true,
                    ..request(prompt)
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

    fn text(prompt: &str) -> String {
        prose(prompt, Rng::new(0, 0, 0))
    }

    #[test]
    fn every_text_begins_with_the_mark_and_echoes_the_prompt() {
        for prompt in ["hello there", "a bash script", "solve the equation", "你好"] {
            let text = text(prompt);
            assert!(text.starts_with("[airx mock] "), "{text}");
            assert!(text.contains(prompt), "{text}");
        }
    }

    #[test]
    fn mathematics_comes_as_latex_with_greek_letters() {
        let text = text(
            "Combining probability and statistics with linear algebra: calculate the covariance \
             matrix of a two-dimensional random variable and determine whether the matrix is \
             positive definite.",
        );
        for piece in [r"\(", r"\)", r"\[", r"\]", "Σ", "σ", "ρ"] {
            assert!(text.contains(piece), "{piece}");
        }
    }

    #[test]
    fn code_comes_in_a_fence_of_its_language() {
        assert!(text("Write a Bash script").contains("\n```bash\n"));
        assert!(text("hello world in Rust").contains("\n```rust\n"));
        assert!(text("Show me code").contains("\n```python\n"));
        assert!(!text("Trust the publisher").contains("```"));
    }

    #[test]
    fn an_excerpt_is_one_line_and_cut_between_characters() {
        assert_eq!(excerpt("a\n  b", 9), "a b");
        assert_eq!(excerpt("你好吗", 2), "你好…");
    }
}
