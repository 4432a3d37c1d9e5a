"""The measurements of tests/real/split.

    split.py AIRX WINDOWS...
"""

import ast
import http.server
import json
import os
import pathlib
import pydoc_data.topics
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

AIRX = os.path.abspath(sys.argv[1])
WINDOWS = [int(word) for words in sys.argv[2:] for word in words.split()]
KEY = "real-" + os.urandom(12).hex()
ROOT = pathlib.Path(__file__).resolve().parents[2]
MB = 1_000_000
CONTEXT = 2048
FOLDER = tempfile.TemporaryDirectory(prefix="airx-split-")


class Model:
    """llama.cpp's server as a child process; it ends when its standard input ends."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.root = f"http://127.0.0.1:{port}"
        script = pathlib.Path(__file__).with_name("serve.py")
        command = [sys.executable, script, str(port), KEY, str(CONTEXT)]
        log = open(pathlib.Path(FOLDER.name, "log"), "wb")
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while time.monotonic() < end and self.child.poll() is None:
            try:
                with urllib.request.urlopen(self.root + "/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        sys.exit("split.py: the model's server did not come up")

    def ask(self, path: str, body: dict) -> dict:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + KEY}
        request = urllib.request.Request(self.root + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def tokens(self, messages: list) -> int:
        """Returns the number of tokens of a prompt, including the chat template."""
        prompt = self.ask("/apply-template", {"messages": messages})["prompt"]
        return len(self.ask("/tokenize", {"content": prompt, "parse_special": True})["tokens"])


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers every request and records its messages."""

    protocol_version = "HTTP/1.1"
    asked: list = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.asked.append(json.loads(body)["messages"])
        message = {"role": "assistant", "content": "ok"}
        reply = json.dumps({"choices": [{"finish_reason": "stop", "message": message}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_) -> None:
        pass


def start(base: str, context: int, *args: str) -> subprocess.Popen:
    """Starts airx with a model of this context size."""
    config = pathlib.Path(FOLDER.name, "config.toml")
    config.write_text(f"[models.smollm2]\ncontext = {context}\n")
    config.chmod(0o600)
    env = {"PATH": os.environ["PATH"], "AIRX_BASE_URL": base + "/v1", "AIRX_API_KEY": KEY}
    command = [AIRX, "chat", "--config", str(config), "-m", "smollm2", "--temperature", "0", *args]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, stderr=pipe)


def airx(base: str, context: int, *args: str, text: str) -> str:
    """Returns what airx prints for this text."""
    child = start(base, context, *args)
    out, err = child.communicate(text.encode())
    if child.returncode != 0:
        sys.exit(f"split.py: {child.args}: exit {child.returncode}: {err.decode()[-2000:]}")
    return out.decode()


def one_megabyte(texts) -> str:
    """Joins the texts and repeats them up to one megabyte."""
    text = "\n".join(texts)
    return (text * (MB // len(text) + 1))[:MB]


def rows(files: list) -> list:
    """Returns the functions and classes of the source files as JSON objects."""
    found = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(errors="ignore"))):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                doc, score = ast.get_docstring(node), random.random()
                found.append({"file": file.name, "line": node.lineno, "name": node.name, "doc": doc, "score": score})
    return found


def texts() -> dict:
    """One megabyte of each kind, and Chinese."""
    random.seed(1)
    library = sorted(pathlib.Path(os.__file__).parent.glob("*.py"))
    pages = [path.read_text() for path in sorted(ROOT.glob("docs/*.md"))]
    log = ["git", "log", "-p", "--no-color", "-n", "300"]
    diff = subprocess.run(log, cwd=ROOT, capture_output=True).stdout.decode(errors="replace")
    made = {
        "English": one_megabyte([*pydoc_data.topics.topics.values(), *pages]),
        "source code": one_megabyte(path.read_text(errors="ignore") for path in [*sorted(ROOT.glob("src/**/*.rs")), *library]),
        "JSON": json.dumps(rows(library))[:MB],
        "NDJSON": "\n".join(map(json.dumps, rows(library)))[:MB],
    }
    if diff:
        made["a diff"] = one_megabyte([diff])
    chinese = (ROOT / "README.zh-CN.md").read_text()
    lines = [line for line in chinese.splitlines() if sum("\u4e00" <= c <= "\u9fff" for c in line) > 10]
    made["Chinese"] = one_megabyte(lines)[:100_000]
    return made


def over_the_window(model: Model, base: str) -> bool:
    """Counts the parts of each text. Returns whether a part is over the window, except Chinese."""
    room = CONTEXT - CONTEXT // 4
    print(f"Parts for a context of {CONTEXT}: tokens of a prompt by the model's tokenizer, of {room} (the rest is for the answer)")
    print(f"{'text':12} {'parts':>6} {'mean':>6} {'most':>6} {'over':>5}")
    failed = False
    for name, text in texts().items():
        Recorder.asked.clear()
        airx(base, CONTEXT, "--split", "List the risks", "--merge", "concat", "-c", "8", text=text)
        counts = [model.tokens(messages) for messages in Recorder.asked]
        over = sum(count > room for count in counts)
        note = "  (reported only)" if name == "Chinese" else ""
        print(f"{name:12} {len(counts):6} {sum(counts) // len(counts):6} {max(counts):6} {over:5}{note}", flush=True)
        failed |= over > 0 and name != "Chinese"
    return failed


def memory(base: str) -> bool:
    """Returns whether the peak memory for 16 MB of text, including the program itself, is more
    than 2.5 times the text: a second copy of the text would be over that. Reads the peak while
    airx runs, since ru_maxrss would also count the Python that started it."""
    text = one_megabyte(pydoc_data.topics.topics.values()).encode() * 16
    child = start(base, 8192, "--split", "List the risks", "--merge", "concat", "-c", "8")
    out: list = []
    threads = [threading.Thread(target=lambda: [child.stdin.write(text), child.stdin.close()])]
    threads.append(threading.Thread(target=lambda: out.append(child.stdout.read())))
    for thread in threads:
        thread.start()
    peak = 0
    while child.poll() is None:
        status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        seen = re.search(r"VmHWM:\s+(\d+) kB", status)
        peak = max(peak, int(seen[1]) * 1024 if seen else 0)
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    if child.returncode != 0:
        sys.exit(f"split.py: 16 MB of text: {child.stderr.read().decode()[-2000:]}")
    times, parts = peak / len(text), out[0].count(b"ok")
    print(f"\nMemory for {len(text) / MB:.0f} MB of text in {parts} parts: {peak / MB:.0f} MB, {times:.2f} times the text (2.5 at most)")
    return times > 2.5


# The fact, and a sentence of the same shape for the other places, so that the text is always
# cut in the same way and the other parts come from --cache.
QUESTION = "What is the code of the harbour gate?"
FACT = "The code of the harbour gate is 7413."
OTHER = "The deck of the granite pier is 2895."
WINDOW = 512
ANSWER = 24
PLACES = (0.1, 0.45, 0.8)


def story(sentences: int) -> list:
    """Returns filler sentences."""
    pick = random.Random(7).choice
    who = ("baker", "teacher", "sailor", "farmer", "doctor", "painter", "miller", "clerk")
    did = ("carried", "found", "sold", "counted", "repaired", "painted", "forgot", "washed")
    what = ("two baskets", "a blue lamp", "some old maps", "three chairs", "a long rope", "a heavy box")
    where = ("by the river", "at the market", "behind the church", "near the mill", "in the square")
    when = ("On Monday", "In the morning", "After the rain", "Before noon", "At night", "In spring")
    return [f"{pick(when)} the {pick(who)} {pick(did)} {pick(what)} {pick(where)}." for _ in range(sentences)]


def planted(sentences: list, place: float) -> str:
    """Returns the story with the fact at this place, in paragraphs of six sentences."""
    text = list(sentences)
    for other in sorted(PLACES, reverse=True):
        text.insert(int(len(sentences) * other), FACT if other == place else OTHER)
    return "\n\n".join(" ".join(text[at : at + 6]) for at in range(0, len(text), 6))


def cut_off(model: Model, text: str) -> str:
    """Returns the part of the text that fits the window with the question and the answer."""
    words = re.findall(r"\S+\s*", text)
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        prompt = QUESTION + "\n\n" + "".join(words[:middle])
        fits = model.tokens([{"role": "user", "content": prompt}]) + ANSWER <= WINDOW
        low, high = (middle, high) if fits else (low, middle - 1)
    return "".join(words[:low])


def recall(model: Model) -> None:
    """Asks for the fact at each place of each length."""
    limits = ["--max-tokens", str(ANSWER), "--accept", "length", "--timeout", "10m"]
    cache = ["--cache", str(pathlib.Path(FOLDER.name, "cache"))]
    model_of = lambda *args, text: "7413" in airx(model.root, WINDOW, *args, *limits, *cache, text=text)
    print(f"\nA fact at one of {len(PLACES)} places of a text, found by SmolLM2 with a context of {WINDOW}:")
    print(f"{'windows':8} {'parts':>6} {'--split':>8} {'--split --merge concat':>23} {'cut off at the window':>22}")
    sentence = model.tokens([{"role": "user", "content": " ".join(story(200))}]) / 200
    for windows in WINDOWS:
        sentences = story(int(windows * WINDOW / sentence))
        found = [0, 0, 0]
        for place in PLACES:
            text = planted(sentences, place)
            found[0] += model_of("--split", QUESTION, text=text)
            found[1] += model_of("--split", QUESTION, "--merge", "concat", text=text)
            found[2] += model_of(QUESTION, text=cut_off(model, text))
        table = airx(model.root, WINDOW, "--split", QUESTION, "--merge", "concat", "--dry-run", *limits, text=text)
        parts = len(table.splitlines()) - 2
        shown = [f"{count} of {len(PLACES)}" for count in found]
        print(f"{windows:8} {parts:6} {shown[0]:>8} {shown[1]:>23} {shown[2]:>22}", flush=True)


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    model = Model()
    try:
        failed = [what for what, bad in (("parts are over the window", over_the_window(model, base)), ("too much memory", memory(base))) if bad]
        recall(model)
    finally:
        model.child.kill()
        model.child.wait()
    if failed:
        sys.exit(f"split.py: {', '.join(failed)}")


main()
