"""Checks airx against a real model on a real server.

    checks.py AIRX

Prints one line per check, then `N passed, N failed` on its own line. A small model
answers nonsense, so the checks are about what a script sees: exit code, standard
output, standard error.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

AIRX = os.path.abspath(sys.argv[1])
KEY = "real-" + os.urandom(12).hex()
# The most seconds for an answer: after that, a hang is a failure of the check.
PATIENCE = 120
# Makes answers repeatable: no sampling, and no cache of the previous prompt.
STEADY = ["--temperature", "0", "--param", "cache_prompt=false", "--max-tokens", "60"]
HELLO = "Say hello in one word."
# For an answer that ends at --max-tokens, and not where the model would end it.
LONG = ["--param", "ignore_eos=true", "Tell me a long story about a ship and a storm."]
TOOL = {
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


class Server:
    """llama.cpp's server as a child process; it ends when its standard input ends."""

    def __init__(self, *template: pathlib.Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}/v1"
        self.log = tempfile.TemporaryFile()
        script = pathlib.Path(__file__).with_name("serve.py")
        self.child = subprocess.Popen(
            [sys.executable, script, str(self.port), KEY, *template],
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=self.log,
        )

    def until(self, asked, seconds: float) -> None:
        """Waits until `asked()` is true; ends the run if the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.child.poll() is not None:
                break
            if asked():
                return
            time.sleep(0.01)
        self.log.seek(0)
        sys.stdout.buffer.write(self.log.read()[-4000:])
        sys.exit("checks.py: the model's server did not come up")

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()


class Ran:
    """The result of one run of airx."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code, self.out, self.err = code, out.decode(), err.decode()

    def events(self) -> list:
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self) -> str:
        return f"exit {self.code}\n  stdout: {self.out[-600:]!r}\n  stderr: {self.err[-600:]!r}"


SERVER = Server()
FOLDER = tempfile.TemporaryDirectory(prefix="airx-real-")


def start(*args: str, key: str | None = KEY, **more) -> subprocess.Popen:
    """Starts airx in its own environment: this server, this key, no home."""
    env = {"PATH": os.environ["PATH"], "AIRX_BASE_URL": more.get("server", SERVER).base}
    if key is not None:
        env["AIRX_API_KEY"] = key
    return subprocess.Popen(
        [AIRX, *args],
        env=env,
        cwd=FOLDER.name,
        stdin=more.get("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def airx(*args: str, key: str | None = KEY, feed: bytes | None = None, **more) -> Ran:
    more["stdin"] = subprocess.DEVNULL if feed is None else subprocess.PIPE
    child = start(*args, key=key, **more)
    try:
        out, err = child.communicate(feed, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        err += b"\n(killed: it hung)"
    return Ran(child.returncode, out, err)


CHECKS = []


def check(what: str):
    """Registers a check; a check fails by raising an exception."""

    def register(body):
        CHECKS.append((what, body))
        return body

    return register


def that(holds: object, ran: Ran) -> None:
    if not holds:
        raise AssertionError(str(ran))


def failed(ran: Ran, code: int, name: str) -> None:
    """Checks the exit code and the message of a failure."""
    that(ran.code == code and ran.err.startswith(f"airx: {name}: "), ran)


def answered(ran: Ran) -> None:
    """Checks for a complete answer as text: a newline at the end, and no message."""
    that(ran.code == 0 and ran.err == "" and ran.out.strip() and ran.out.endswith("\n"), ran)


def joined(ran: Ran) -> str:
    return "".join(event["content"] for event in ran.events() if event["type"] == "delta")


@check("a model that is still loading (503) is asked again until it answers")
def loading() -> None:
    # This check runs first, as soon as the server listens.
    SERVER.until(SERVER.listens, 60)
    ran = airx("stream", "--format", "ndjson", "--retries", "40", "--max-tokens", "60", HELLO)
    retries = [event for event in ran.events() if event["type"] == "retry"]
    that(ran.code == 0 and retries and ran.events()[-1]["type"] == "done", ran)
    for retry in retries:
        that(retry["http_status"] == 503 and retry["class"] == "busy", ran)
    that(ran.events()[-1]["requests"] == len(retries) + 1, ran)


@check("chat: the answer, exit 0, nothing on standard error")
def chat() -> None:
    answered(airx("chat", *STEADY, HELLO))


@check("chat --format json: the server's own body")
def chat_body() -> None:
    ran = airx("chat", "--format", "json", *STEADY, HELLO)
    that(ran.code == 0 and ran.err == "" and ran.out.count("\n") == 1, ran)
    that(json.loads(ran.out)["choices"][0]["message"]["content"], ran)


@check("stream: text, payloads and events have the same answer")
def formats() -> None:
    text = airx("stream", *STEADY, HELLO)
    answered(text)
    bodies = airx("stream", "--format", "json", *STEADY, HELLO)
    that(bodies.code == 0 and bodies.err == "" and "[DONE]" not in bodies.out, bodies)
    chunks = [json.loads(line) for line in bodies.out.splitlines()]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    events = airx("stream", "--format", "ndjson", *STEADY, HELLO)
    types = [event["type"] for event in events.events()]
    that(events.code == 0 and events.err == "", events)
    that(types == ["start"] + ["delta"] * (len(types) - 2) + ["done"], events)
    done = events.events()[-1]
    that(done["finish_reason"] == "stop" and done["id"] and done["requests"] == 1, events)
    that(joined(events).rstrip("\n") == text.out.rstrip("\n"), events)
    that("".join(delta.get("content") or "" for delta in deltas) == joined(events), bodies)


@check("stream: the first words arrive long before the last")
def as_it_comes() -> None:
    child = start("stream", "--max-tokens", "120", *LONG)
    started, times = time.monotonic(), []
    while os.read(child.stdout.fileno(), 65536):
        times.append(time.monotonic() - started)
    _, err = child.communicate(timeout=PATIENCE)
    ran = Ran(child.returncode, repr(times).encode(), err)
    that(len(times) > 10 and times[0] < times[-1] / 2, ran)


@check("stream: the server's usage, where it is asked for, is in done")
def stream_usage() -> None:
    ask = ["--param", 'stream_options={"include_usage":true}']
    ran = airx("stream", "--format", "ndjson", *ask, *STEADY, HELLO)
    usage = ran.events()[-1]["usage"]
    that(ran.code == 0 and usage["completion_tokens"] > 0, ran)
    that(usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"], ran)


@check("json: valid JSON and exit 0, or nothing and a code of the contract")
def json_object() -> None:
    for prompt in ("Give me a JSON object with a name and an age.", "List two colours as JSON."):
        ran = airx("json", "--max-tokens", "200", prompt)
        if ran.code == 0:
            that(ran.err == "" and ran.out.count("\n") == 1, ran)
            json.loads(ran.out)
        else:
            that(ran.code in (9, 10) and ran.out == "", ran)


@check("json --max-tokens 5: exit 9 and nothing on standard output")
def json_cut() -> None:
    ran = airx("json", "--max-tokens", "5", "Give me a JSON object with many members.")
    failed(ran, 9, "truncated")
    that(ran.out == "", ran)


@check("a wrong key and no key: exit 3, nothing on standard output")
def keys() -> None:
    for command in ("chat", "stream", "json"):
        for key in ("wrong-key-0123456789", None):
            ran = airx(command, HELLO, key=key)
            failed(ran, 3, "account")
            that(ran.out == "" and "401" in ran.err, ran)
            that(key is None or key not in ran.err, ran)


@check("a model the server does not know: it answers with its own, and done names it")
def model() -> None:
    ran = airx("stream", "-m", "no-such-model", "--format", "ndjson", *STEADY, HELLO)
    events = ran.events()
    that(ran.code == 0 and events[0]["model"] == "no-such-model", ran)
    that(events[-1]["type"] == "done" and "SmolLM2" in events[-1]["model"], ran)
    that(events[-1]["cost"] is None, ran)


@check("--max-tokens 5: exit 9, and the text that came is printed")
def cut() -> None:
    for command in ("chat", "stream"):
        ran = airx(command, "--max-tokens", "5", *LONG)
        failed(ran, 9, "truncated")
        that(ran.out.strip() and ran.out.endswith("\n"), ran)
    ran = airx("stream", "--format", "ndjson", "--max-tokens", "5", *LONG)
    last = ran.events()[-1]
    that(ran.code == 9 and last["type"] == "error" and last["exit"] == 9, ran)
    that(last["class"] == "truncated" and last["finish_reason"] == "length", ran)
    accepted = airx("chat", "--accept", "length", "--max-tokens", "5", *LONG)
    that(accepted.code == 0 and accepted.err == "", accepted)


@check("a prompt beyond the context: exit 4, once, nothing on standard output")
def context() -> None:
    words = b"word " * 3000
    for command in ("chat", "stream", "json"):
        ran = airx(command, "Sum up", feed=words)
        failed(ran, 4, "rejected")
        that(ran.out == "" and "context" in ran.err, ran)
    ran = airx("chat", "--format", "ndjson", "Sum up", feed=words)
    last = ran.events()[-1]
    that(ran.code == 4 and last["http_status"] == 400 and last["requests"] == 1, ran)


@check("tools: calls as lines or prose as text, and --require-call tells them apart")
def tools() -> None:
    pathlib.Path(FOLDER.name, "tools.json").write_text(json.dumps(TOOL))
    # A prose answer may be cut off, which does not matter here.
    given = ["--tools", "tools.json", "--accept", "length"]
    ask = [*given, *STEADY, "What is the weather in Paris?"]
    free = airx("tools", *ask)
    answered(free)
    needed = airx("tools", "--require-call", *ask)
    if free.out.startswith("{"):
        for line in free.out.splitlines():
            that(list(json.loads(line))[:2] == ["id", "name"], free)
        that(needed.code == 0, needed)
    else:
        # This model's template does not support tools, so the model answers with prose,
        # which goes to standard error.
        that(needed.code == 11 and needed.out == "" and "\nairx: tool: " in needed.err, needed)


@check("--usage: one line on standard error, tokens and time, cost unknown")
def usage() -> None:
    ran = airx("chat", "--usage", *STEADY, HELLO)
    line = r"airx: \d+ \+ \d+ tokens, cost unknown, (first token after \d+ ms, )?\d+ ms in total\n"
    that(ran.code == 0 and re.fullmatch(line, ran.err), ran)


@check("-v: heads and times on standard error, the key nowhere")
def verbose() -> None:
    for command in ("chat", "stream", "json"):
        ran = airx(command, "-v", "--max-tokens", "5", HELLO)
        that("> POST /v1/chat/completions" in ran.err and "< HTTP/1.1 200" in ran.err, ran)
        that(KEY not in ran.err and KEY not in ran.out, ran)
    wrong = "wrong-key-0123456789"
    ran = airx("chat", "-v", HELLO, key=wrong)
    that(ran.code == 3 and wrong not in ran.err and "< HTTP/1.1 401" in ran.err, ran)


@check("files, standard input and a system message: one request, one answer")
def inputs() -> None:
    pathlib.Path(FOLDER.name, "note.txt").write_text("The ship is called Aurora.\n")
    shown = airx("chat", "--dry-run", "-s", "Be brief.", "-f", "note.txt", "What?", feed=b"Answer.\n")
    body = json.loads(shown.out)["messages"]
    that([turn["role"] for turn in body] == ["system", "user"], shown)
    that("Aurora.\n\nAnswer." in body[1]["content"], shown)
    answered(airx("chat", "-s", "Be brief.", "-f", "note.txt", *STEADY, "What?", feed=b"Answer.\n"))


@check("--session: each run adds its two turns, a failed one none")
def session() -> None:
    file = pathlib.Path(FOLDER.name, "talk.ndjson")
    for turns in (2, 4):
        answered(airx("chat", "--session", str(file), *STEADY, HELLO))
        roles = [json.loads(line)["role"] for line in file.read_text().splitlines()]
        assert roles == ["user", "assistant"] * (turns // 2), roles
    before = file.read_bytes()
    failed(airx("chat", "--session", str(file), "--max-tokens", "5", *LONG), 9, "truncated")
    assert file.read_bytes() == before


@check("-o and --meta: the file is replaced on success and kept on failure")
def output() -> None:
    file = pathlib.Path(FOLDER.name, "answer.txt")
    meta = pathlib.Path(FOLDER.name, "meta.json")
    good = airx("stream", "-o", str(file), "--meta", str(meta), *STEADY, HELLO)
    that(good.code == 0 and good.out == "" and file.read_text().strip(), good)
    assert json.loads(meta.read_text())["type"] == "done"
    kept = file.read_bytes()
    bad = airx("stream", "-o", str(file), "--meta", str(meta), "--max-tokens", "5", *LONG)
    that(bad.code == 9 and bad.out == "" and "answer.txt.partial" in bad.err, bad)
    assert file.read_bytes() == kept
    assert json.loads(meta.read_text())["class"] == "truncated"


RUNS = 20


def share(what: str, codes: list) -> None:
    """Prints how many of the runs reached exit 0."""
    print(f"      {what}: {codes.count(0)} of {len(codes)} reached exit 0, all: {sorted(codes)}")


@check("json --fields, 20 runs: three fields that fit and exit 0, or 9 or 10 and nothing")
def fields() -> None:
    codes = []
    for seed in range(RUNS):
        ran = airx(
            *["json", "--fields", "name, age int, city", "--max-tokens", "80"],
            *["--param", f"seed={seed}", "Ada is 36 years old and lives in London."],
        )
        that(ran.code in (0, 9, 10), ran)
        if ran.code == 0:
            value = json.loads(ran.out)
            that(sorted(value) == ["age", "city", "name"], ran)
            that(type(value["age"]) is int and type(value["name"]) is str, ran)
        else:
            that(ran.out == "", ran)
        codes.append(ran.code)
    share("json --fields", codes)


@check("tools --run, 20 runs: the command's own words reach the model, or a code of the contract")
def running() -> None:
    template = pathlib.Path(__file__).with_name("tools-template.jinja")
    server = Server(template)
    try:
        server.until(server.ready, 120)
        folder = pathlib.Path(FOLDER.name)
        (folder / "weather.json").write_text(json.dumps(TOOL))
        program = folder / "weather"
        program.write_text('#!/bin/sh\nread -r asked\necho "$asked" >> asked\necho "Rain, 12 degrees."\n')
        program.chmod(0o755)
        codes = []
        for seed in range(RUNS):
            ran = airx(
                *["tools", "-t", "weather.json", "--run", "--yes", "--rounds", "3"],
                *["--exec", f"get_weather={program}", "--max-tokens", "80"],
                *["--param", f"seed={seed}", "--format", "ndjson"],
                "Ask get_weather about Nanjing.",
                server=server,
            )
            that(ran.code in (0, 9, 10, 11), ran)
            last = ran.events()[-1]
            that(last["type"] == ("done" if ran.code == 0 else "error"), ran)
            codes.append(ran.code)
        share("tools --run", codes)
        if not (folder / "asked").exists():
            raise AssertionError("no run started the command")
        for line in (folder / "asked").read_text().splitlines():
            json.loads(line)
    finally:
        server.kill()


@check("a reader that goes away: exit 0, silently")
def closed_pipe() -> None:
    child = start("stream", "--max-tokens", "400", *LONG)
    os.read(child.stdout.fileno(), 1)
    child.stdout.close()
    err = child.stderr.read()
    that(child.wait(PATIENCE) == 0 and err == b"", Ran(child.returncode, b"", err))


@check("SIGINT in mid-answer: the text so far, one error event, death by the signal")
def interrupted() -> None:
    child = start("stream", "--format", "ndjson", "--max-tokens", "400", *LONG)
    head = b""
    while head.count(b"\n") < 5:
        head += os.read(child.stdout.fileno(), 4096)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    ran = Ran(child.returncode, head + out, err)
    last = ran.events()[-1]
    that(ran.code == -signal.SIGINT and (last["type"], last["exit"]) == ("error", 130), ran)


# The last two checks: they stop the server.
@check("the server dies in mid-answer: exit 7, the text so far stays printed")
def died() -> None:
    child = start("stream", "--max-tokens", "400", *LONG)
    head = b""
    while len(head) < 20:
        head += os.read(child.stdout.fileno(), 4096)
    SERVER.kill()
    out, err = child.communicate(timeout=PATIENCE)
    ran = Ran(child.returncode, head + out, err)
    failed(ran, 7, "incomplete")
    that(ran.out.endswith("\n"), ran)


@check("no server: exit 6 after the retries")
def refused() -> None:
    ran = airx("chat", "--retries", "1", HELLO)
    failed(ran, 6, "network")
    that(ran.out == "", ran)


def main() -> int:
    bad = 0
    started = time.monotonic()
    for what, body in CHECKS:
        try:
            body()
            print(f"ok    {what}", flush=True)
        except Exception as error:  # one failed check does not end the run
            bad += 1
            print(f"FAIL  {what}\n  {type(error).__name__}: {error}", flush=True)
        if body is loading:
            SERVER.until(SERVER.ready, 120)
    print(f"took {time.monotonic() - started:.0f} s")
    print(f"{len(CHECKS) - bad} passed, {bad} failed", flush=True)
    return 1 if bad else 0


try:
    STATUS = main()
finally:
    SERVER.kill()
sys.exit(STATUS)
