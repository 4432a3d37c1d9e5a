"""The provider's SDKs for Python against `airx mock`:

    sdks_bigmodel.py AIRX zai|zhipuai

The two have the same resources; only the names of the client and of the module
of the exceptions differ.
"""

import importlib
import io
import json
import sys

from sdks_mock import Mock, check, lines, raises, run

NAME = sys.argv[2]
SDK = importlib.import_module(NAME)
CLIENT = SDK.ZaiClient if NAME == "zai" else SDK.ZhipuAI
ERRORS = importlib.import_module(f"{NAME}.core._errors")
MODEL = "glm-4-airx"
HELLO = [{"role": "user", "content": "hello"}]
WEATHER = [{"role": "user", "content": "What is the weather in Nanjing?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


def client(base: str, **options):
    return CLIENT(api_key="mockid.mocksecret", base_url=base, max_retries=0, **options)


@check(f"{NAME}: chat")
def chat() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        answer = asked.create(model=MODEL, messages=HELLO, request_id="mine-0001")
    assert answer.choices[0].message.content.startswith("[airx mock]")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.request_id == "mine-0001"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@check(f"{NAME}: a stream")
def stream() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        complete = asked.create(model=MODEL, messages=HELLO).choices[0].message.content
        chunks = list(asked.create(model=MODEL, messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == complete
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0


@check(f"{NAME}: reasoning in a stream")
def reasoning() -> None:
    with Mock() as base:
        options = {"model": MODEL, "messages": HELLO, "stream": True}
        thinking = {"thinking": {"type": "enabled"}}
        chunks = list(client(base).chat.completions.create(**options, extra_body=thinking))
    pieces = [getattr(chunk.choices[0].delta, "reasoning_content", None) for chunk in chunks]
    assert "A mock does not think" in "".join(piece or "" for piece in pieces)


@check(f"{NAME}: a tool call and its result")
def tools() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        first = asked.create(model=MODEL, messages=WEATHER, tools=TOOLS).choices[0]
        assert first.finish_reason == "tool_calls"
        call = first.message.tool_calls[0]
        assert (call.type, call.function.name) == ("function", "get_weather")
        assert json.loads(call.function.arguments) == {"city": "Nanjing"}
        result = {"role": "tool", "tool_call_id": call.id, "content": "21 °C"}
        turns = [*WEATHER, first.message.model_dump(), result]
        last = asked.create(model=MODEL, messages=turns, tools=TOOLS).choices[0]
    assert "21 °C" in last.message.content


@check(f"{NAME}: a tool call in a stream")
def streamed_tools() -> None:
    with Mock() as base:
        options = {"model": MODEL, "messages": WEATHER, "tools": TOOLS, "stream": True}
        chunks = list(client(base).chat.completions.create(**options))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert [call.function.name for call in calls] == ["get_weather"]
    assert json.loads(calls[0].function.arguments) == {"city": "Nanjing"}


@check(f"{NAME}: json_object")
def json_object() -> None:
    with Mock() as base:
        asked = client(base).chat.completions
        format = {"type": "json_object"}
        answer = asked.create(model=MODEL, messages=HELLO, response_format=format)
    assert json.loads(answer.choices[0].message.content)["source"] == "airx mock"


@check(f"{NAME}: files and batches")
def batches() -> None:
    with Mock() as base:
        at = client(base)
        content = lines("/v4/chat/completions")
        upload = io.BytesIO(content)
        upload.name = "in.jsonl"
        file = at.files.create(file=upload, purpose="batch")
        assert file.bytes == len(content)
        assert at.files.content(file.id).content == content
        batch = at.batches.create(
            input_file_id=file.id,
            endpoint="/v4/chat/completions",
            completion_window="24h",
            metadata={"by": "sdks"},
            auto_delete_input_file=True,
        )
        states = [batch.status]
        while batch.status not in ("completed", "failed"):
            batch = at.batches.retrieve(batch.id)
            states.append(batch.status)
        assert states == ["validating", "in_progress", "finalizing", "completed"], states
        assert batch.request_counts.completed == 3
        output = at.files.content(batch.output_file_id).content
        answers = [json.loads(line) for line in output.splitlines()]
        assert sorted(line["custom_id"] for line in answers) == ["item-0", "item-1", "item-2"]
        assert [one.id for one in at.batches.list(limit=10).data] == [batch.id]
        # The input file is deleted when the batch ends.
        assert [one.id for one in at.files.list(purpose="batch").data] == [batch.output_file_id]
        assert at.files.delete(batch.output_file_id).deleted


@check(f"{NAME}: each failure is the exception of its status")
def errors() -> None:
    for kind, expected in [
        ("400", ERRORS.APIRequestFailedError),
        ("401", ERRORS.APIAuthenticationError),
        ("429", ERRORS.APIReachLimitError),
        ("balance", ERRORS.APIReachLimitError),
        ("500", ERRORS.APIInternalError),
        ("503", ERRORS.APIServerFlowExceedError),
        ("html502", ERRORS.APIStatusError),
        ("reset", ERRORS.APIConnectionError),
        ("hang", ERRORS.APITimeoutError),
    ]:
        with Mock("--fail", kind) as base:
            asked = client(base, timeout=1 if kind == "hang" else 30).chat.completions
            error = raises(expected, lambda: asked.create(model=MODEL, messages=HELLO))
            if kind == "429":
                assert error.response.json()["error"]["code"] == "1302"


run()
