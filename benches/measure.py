"""The common part of tests/real/bounds and benches/compare: a server of prepared
bytes, and the measurement of instructions, processor time and memory.

The server does not affect the figures: it sends bytes that were made before, from
a thread that waits in the kernel while the client works.
"""

import asyncio
import atexit
import contextlib
import functools
import multiprocessing
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
KEY = "bounds-0123456789abcdef"
PROMPT = "What does EAGAIN mean?"
BODY = '{"model":"glm-4-airx","messages":[{"role":"user","content":"%s"}]%s}'
# Frames in the provider's form, as in the recordings under tests/wire.
DELTA = (
    b'data: {"id":"20250609154210a91d3be0c7724f58","created":1749454930,"model":"glm-4-airx",'
    b'"choices":[{"index":0,"delta":{"role":"assistant","content":"%08d"}}]}\n\n'
)
END = (
    b'data: {"id":"20250609154210a91d3be0c7724f58","created":1749454930,"model":"glm-4-airx",'
    b'"choices":[{"index":0,"finish_reason":"stop","delta":{"role":"assistant","content":""}}],'
    b'"usage":{"prompt_tokens":11,"completion_tokens":9,"total_tokens":20}}\n\ndata: [DONE]\n\n'
)
ANSWER = (
    b'{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Try again.",'
    b'"role":"assistant"}}],"created":1749454064,"id":"20250609","model":"glm-4-airx",'
    b'"usage":{"completion_tokens":16,"prompt_tokens":9,"total_tokens":25}}'
)
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@functools.cache
def airx() -> str:
    """Returns the binary: the first argument, else a new release build."""
    if len(sys.argv) > 1:
        return installed(pathlib.Path(sys.argv[1]))
    return installed(built("airx", "--bin", "airx"))


def is_static(binary: str) -> bool:
    """Returns whether an ELF file is static: it names no dynamic linker."""
    with open(binary, "rb") as file:
        head = file.read(4096)
    return b"/ld-" not in head


@functools.cache
def floor() -> str:
    """Returns the program of benches/floor.rs, built with the same options as airx."""
    return installed(built("examples/floor", "--example", "floor"))


def built(name: str, *what: str) -> pathlib.Path:
    build = ["cargo", "build", "--release", "--locked", "--quiet", *what]
    if subprocess.run(build, cwd=ROOT, check=False).returncode:
        sys.exit(f"{name} cannot be built")
    return TARGET / "release" / name


def installed(made: pathlib.Path) -> str:
    """Copies a program to a temporary folder, as an installation does. A file that the
    linker wrote in random order costs each run a fifth more than one that was written
    from start to end."""
    folder = tempfile.mkdtemp(prefix="airx-")
    atexit.register(shutil.rmtree, folder)
    return shutil.copy(made, folder)


def environment(base: str = "", **more: str) -> dict:
    """Returns an environment with only the caller's path: an empty home, no proxies."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AIRX_API_KEY": KEY, **more}
    if base:
        env["AIRX_BASE_URL"] = base
    return env


# --- servers ---------------------------------------------------------------


def request(connection: socket.socket) -> None:
    """Reads one complete request."""
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += more(connection)
    head, _, body = asked.partition(b"\r\n\r\n")
    missing = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1]) - len(body)
    if b"100-continue" in head:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while missing > 0:
        missing -= len(more(connection))


def more(connection: socket.socket) -> bytes:
    got = connection.recv(1 << 18)
    if not got:
        raise OSError("the client went away")
    return got


class Server:
    """Answers the only request of each connection with prepared bytes."""

    def __init__(self, pieces: list[bytes], context: ssl.SSLContext | None = None) -> None:
        self.pieces, self.context = pieces, context
        # If set, the last piece is sent only when this event is set.
        self.gate: threading.Event | None = None
        # The seconds between two pieces, and the time when each was sent.
        self.pace = 0.0
        self.sent: list[float] = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        self.base = f"http{'s' if context else ''}://127.0.0.1:{self.port}/v4"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError), plain:
                if self.context:
                    with self.context.wrap_socket(plain, server_side=True) as secure:
                        self.answer(secure)
                else:
                    self.answer(plain)

    def answer(self, connection: socket.socket) -> None:
        request(connection)
        self.sent = []
        for piece in self.pieces[:-1]:
            if self.pace:
                time.sleep(self.pace)
                self.sent.append(time.monotonic())
            connection.sendall(piece)
        if self.gate:
            self.gate.wait(60)
        connection.sendall(self.pieces[-1])


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def complete(content: bytes = b"Try again.") -> list[bytes]:
    """Returns the pieces of a complete reply with this text, which is already JSON."""
    answer = ANSWER.replace(b"Try again.", content)
    return [HEAD + b"Content-Length: %d\r\n\r\n" % len(answer) + answer[:-1], answer[-1:]]


SHAPES = ("large HTTP chunks", "an HTTP chunk a delta")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def streamed(deltas: int, shape: str) -> list[bytes]:
    """Returns the pieces of a stream, each for a separate write; the last is the end."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    frames = [DELTA % number for number in range(deltas)]
    end = chunk(END) + b"0\r\n\r\n"
    if shape == "one by one":
        return [head, *map(chunk, frames), end]
    if shape == "an HTTP chunk a delta":
        return [head + b"".join(map(chunk, frames)), end]
    data = b"".join(frames)
    large = (chunk(data[at : at + 65536]) for at in range(0, len(data), 65536))
    return [head + b"".join(large), end]


class Slow(asyncio.Protocol):
    """Answers many connections at once, each request after 20 ms. Keeps them open
    unless the client asks to close them."""

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = b"".join(complete()).replace(b"Connection: close\r\n", b"")
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1]))
                await asyncio.sleep(0.02)
                writer.write(answer)
                await writer.drain()
                if b"connection: close" in head.lower():
                    break
        writer.close()


def slow() -> tuple[multiprocessing.Process, int]:
    """Starts [`Slow`] in another process. Returns the process and the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    async def serve() -> None:
        server = await asyncio.start_server(Slow().one, sock=listener)
        await server.serve_forever()

    child = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(serve()), daemon=True)
    child.start()
    return child, listener.getsockname()[1]


def certificates(folder: str) -> tuple[ssl.SSLContext, str, str] | None:
    """Returns the TLS context of a server with a temporary authority, the path of that
    authority, and the path of the system's bundle with it at the end: airx parses all of
    the system's roots, as for a public server."""
    bundle = next((path for path in BUNDLES if os.path.exists(path)), None)
    if bundle is None or not shutil.which("openssl"):
        return None
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    new += ["-nodes", "-days", "2"]
    quiet = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=airx bounds"], **quiet)
    leaf = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    leaf += ["-subj", "/CN=127.0.0.1", "-CA", "ca.pem", "-CAkey", "ca.key"]
    subprocess.run([*new, "-keyout", "leaf.key", "-out", "leaf.pem", *leaf], **quiet)
    place = pathlib.Path(folder)
    roots = place / "roots.pem"
    roots.write_bytes(pathlib.Path(bundle).read_bytes() + b"\n" + (place / "ca.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "leaf.pem", place / "leaf.key")
    return context, str(place / "ca.pem"), str(roots)


# --- measuring -------------------------------------------------------------


def instructions(command: list[str], env: dict, feed: bytes = b"") -> int:
    """Returns the instructions of one run, counted by valgrind."""
    under = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    done = subprocess.run(under, env=env, input=feed, capture_output=True, timeout=300)
    found = re.search(rb"Collected : (\d+)", done.stderr)
    if done.returncode or not found or not done.stdout:
        sys.exit(f"{command[:3]} under valgrind: {done.stderr.decode()[-1000:]}")
    return int(found[1])


def a_delta(format: str, shape: str) -> float:
    """Returns the instructions per delta: the difference of two streams of unequal length."""
    few, many = 1_000, 11_000
    counts = []
    for deltas in (few, many):
        env = environment(Server(streamed(deltas, shape)).base)
        counts.append(instructions([airx(), "stream", "-n", "--format", format, PROMPT], env))
    return (counts[1] - counts[0]) / (many - few)


def processor(command: list[str], env: dict, feed: str | None = None) -> float:
    """Returns the user and system seconds of one run. `feed` names its standard input."""
    with open(feed or os.devnull, "rb") as stdin:
        child = subprocess.Popen(command, env=env, stdin=stdin, stdout=subprocess.PIPE)
    while os.read(child.stdout.fileno(), 65536):
        pass
    child.stdout.close()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command[:4]} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime


def in_turns(
    commands: dict[str, list[str]], runs: int, env: dict, feeds: dict[str, str] | None = None
) -> dict[str, float]:
    """Returns the median milliseconds of each command. They run in turns, under the same
    load; a burst of other work does not change the median."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(1000 * processor(command, env, (feeds or {}).get(name)))
    return {name: sorted(all_)[len(all_) // 2] for name, all_ in times.items()}


def curl(base: str, extra: str = "", *flags: str) -> list[str]:
    """Returns the curl command for the same exchange."""
    data = [] if "--data-binary" in flags else ["-d", BODY % (PROMPT, extra)]
    head = ["-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {KEY}"]
    return ["curl", "-q", "-sS", *flags, *head, *data, f"{base}/chat/completions"]


def peak(server: Server, command: list[str], expected: int) -> float:
    """Returns the peak memory of a run in MB. Reads it while the server holds back the
    end of the answer: ru_maxrss would also count the Python that started the run, since
    it survives exec."""
    server.gate = threading.Event()
    child = subprocess.Popen(command, env=environment(server.base), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    size = 0
    while size < expected:
        size += len(os.read(child.stdout.fileno(), 65536))

    def now() -> int:
        status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])

    # Waits until the peak has not grown for a tenth of a second.
    seen, since, started = now(), time.monotonic(), time.monotonic()
    while time.monotonic() < min(since + 0.1, started + 5):
        if now() > seen:
            seen, since = now(), time.monotonic()
        time.sleep(0.01)
    server.gate.set()
    child.communicate()
    if child.returncode:
        sys.exit(f"{command[:2]} ended with {child.returncode}")
    return seen / 1024
