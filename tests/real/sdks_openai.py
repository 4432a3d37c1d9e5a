"""The official OpenAI SDK for Python against `airx mock`: sdks_openai.py AIRX"""

import json
import tempfile

import openai
import pydantic
from sdks_mock import Mock, check, lines, raises, run

MODEL = "glm-4-airx"
HELLO = [{"role": "user", "content": "hello"}]
WEATHER = [{"role": "user", "content": "What is the weather in Nanjing?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


class Person(pydantic.BaseModel):
    name: str
    age: int
    tags: list[str]


def client(base: str, **options) -> openai.OpenAI:
    return openai.OpenAI(api_key="mock-key-0123", base_url=base, max_retries=0, **options)


@check("openai: chat")
def chat() -> None:
    with Mock() as base:
        answer = client(base).chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content.startswith("[airx mock]")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@check("openai: the chunks of a stream")
def chunks() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        complete = asked.create(model=MODEL, messages=HELLO).choices[0].message.content
        stream = list(asked.create(model=MODEL, messages=HELLO, stream=True))
    assert {chunk.object for chunk in stream} == {"chat.completion.chunk"}
    assert "".join(chunk.choices[0].delta.content for chunk in stream) == complete
    assert stream[-1].choices[0].finish_reason == "stop"
    assert stream[-1].usage.completion_tokens > 0


@check("openai: chat.completions.stream()")
def stream_helper() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        complete = asked.create(model=MODEL, messages=HELLO).choices[0].message.content
        with asked.stream(model=MODEL, messages=HELLO) as stream:
            pieces = [event.delta for event in stream if event.type == "content.delta"]
            answer = stream.get_final_completion()
    assert len(pieces) > 1 and "".join(pieces) == complete
    assert answer.choices[0].message.content == complete


@check("openai: reasoning")
def reasoning() -> None:
    with Mock() as base:
        thinking = {"thinking": {"type": "enabled"}}
        asked = client(base).chat.completions
        answer = asked.create(model=MODEL, messages=HELLO, extra_body=thinking)
    assert "A mock does not think" in answer.choices[0].message.reasoning_content


@check("openai: a tool call and its result")
def tools() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        first = asked.create(model=MODEL, messages=WEATHER, tools=TOOLS).choices[0]
        assert first.finish_reason == "tool_calls" and first.message.content is None
        call = first.message.tool_calls[0]
        assert (call.type, call.function.name) == ("function", "get_weather")
        assert json.loads(call.function.arguments) == {"city": "Nanjing"}
        result = {"role": "tool", "tool_call_id": call.id, "content": "21 °C"}
        turns = [*WEATHER, first.message, result]
        last = asked.create(model=MODEL, messages=turns, tools=TOOLS).choices[0]
    assert "21 °C" in last.message.content


@check("openai: tool calls in a stream, complete and in fragments")
def streamed_tools() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        for extra in ({}, {"tool_stream": True}):
            options = {"model": MODEL, "messages": WEATHER, "tools": TOOLS, "extra_body": extra}
            with asked.stream(**options) as stream:
                done = [e for e in stream if e.type == "tool_calls.function.arguments.done"]
                choice = stream.get_final_completion().choices[0]
            assert [json.loads(event.arguments) for event in done] == [{"city": "Nanjing"}]
            assert choice.finish_reason == "tool_calls"
            arguments = choice.message.tool_calls[0].function.arguments
            assert json.loads(arguments) == {"city": "Nanjing"}


@check("openai: json_object")
def json_object() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        format = {"type": "json_object"}
        answer = asked.create(model=MODEL, messages=HELLO, response_format=format)
    assert json.loads(answer.choices[0].message.content)["source"] == "airx mock"


@check("openai: parse() with --json-schema, complete and streamed")
def parsed() -> None:
    with Mock("--json-schema") as base:
        asked = client(base).chat.completions
        options = {"model": MODEL, "messages": HELLO, "response_format": Person}
        complete = asked.parse(**options).choices[0].message.parsed
        with asked.stream(**options) as stream:
            streamed = stream.get_final_completion().choices[0].message.parsed
    assert isinstance(complete, Person) and complete == streamed


@check("openai: parse() without --json-schema is refused")
def schema_refused() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        options = {"model": MODEL, "messages": HELLO, "response_format": Person}
        error = raises(openai.BadRequestError, lambda: asked.parse(**options))
    assert error.code == "1214" and "response_format" in error.message


@check("openai: models")
def models() -> None:
    with Mock() as base:
        known = client(base).models
        names = [model.id for model in known.list()]
        assert MODEL in names and known.retrieve(MODEL).id == MODEL
        raises(openai.NotFoundError, lambda: known.retrieve("no-such-model"))


@check("openai: files and batches")
def batches() -> None:
    with Mock() as base:
        at = client(base)
        content = lines("/v1/chat/completions")
        file = at.files.create(file=("in.jsonl", content), purpose="batch")
        assert at.files.retrieve(file.id).bytes == len(content)
        assert at.files.content(file.id).read() == content
        batch = at.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"by": "sdks"},
        )
        states = [batch.status]
        while batch.status not in ("completed", "failed"):
            batch = at.batches.retrieve(batch.id)
            states.append(batch.status)
        assert states == ["validating", "in_progress", "finalizing", "completed"], states
        assert batch.request_counts.completed == 3
        output = [json.loads(line) for line in at.files.content(batch.output_file_id).iter_lines()]
        assert sorted(line["custom_id"] for line in output) == ["item-0", "item-1", "item-2"]
        assert output[0]["response"]["body"]["object"] == "chat.completion"
        assert [one.id for one in at.batches.list(limit=1)] == [batch.id]
        assert {one.id for one in at.files.list(limit=1)} == {file.id, batch.output_file_id}
        assert at.files.delete(file.id).deleted
        raises(openai.NotFoundError, lambda: at.files.retrieve(file.id))
        raises(openai.BadRequestError, lambda: at.batches.cancel(batch.id))


@check("openai: each failure is the exception of its status")
def errors() -> None:
    for kind, expected, code in [
        ("400", openai.BadRequestError, "1214"),
        ("401", openai.AuthenticationError, "1002"),
        ("404", openai.NotFoundError, None),
        ("balance", openai.RateLimitError, "1113"),
        ("429", openai.RateLimitError, "1302"),
        ("500", openai.InternalServerError, "1200"),
        ("html502", openai.InternalServerError, None),
        ("503", openai.InternalServerError, "503"),
        ("reset", openai.APIConnectionError, None),
        ("hang", openai.APITimeoutError, None),
    ]:
        with Mock("--fail", kind) as base:
            asked = client(base, timeout=1 if kind == "hang" else 30).chat.completions
            error = raises(expected, lambda: asked.create(model=MODEL, messages=HELLO))
            assert error.code == code, (kind, error.code)


@check("openai: a refusal is retried")
def retried() -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as script:
        script.write('{"fail":"429-now"}\n{"content":"at last"}\n')
        script.flush()
        with Mock("--script", script.name) as base:
            asked = client(base).with_options(max_retries=1).chat.completions
            answer = asked.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message.content == "at last"


@check("openai: an error in mid-stream")
def broken_stream() -> None:
    with Mock("--fail", "error-frame") as base:
        asked = client(base).chat.completions
        stream = asked.create(model=MODEL, messages=HELLO, stream=True)
        error = raises(openai.APIError, lambda: list(stream))
    assert error.code == "1302"


run()
