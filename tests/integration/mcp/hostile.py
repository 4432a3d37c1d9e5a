"""A Model Context Protocol server that misbehaves in one way.

    hostile.py KIND [LOG]

Each request's method is written to LOG.
"""

import json
import sys

OBJECT = {"type": "object"}
KIND = sys.argv[1]
LOG = open(sys.argv[2], "a", buffering=1) if len(sys.argv) > 2 else None

GOOD = {"name": "good", "inputSchema": OBJECT}
TOOLS = {
    "no-schema": [{"name": "bad"}, GOOD],
    "null-schema": [{"name": "bad", "inputSchema": None}, GOOD],
    "wrong-type": [{"name": "bad", "inputSchema": {"type": "nonsense"}}, GOOD],
    "no-such-ref": [{"name": "bad", "inputSchema": {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}}, GOOD],
    "bad-pattern": [{"name": "bad", "inputSchema": {"type": "object", "properties": {"a": {"pattern": "("}}}}, GOOD],
    "no-name": [{"inputSchema": OBJECT}, GOOD],
    "not-an-object": ["bad", GOOD],
    "same-name": [GOOD, GOOD],
    "command": [{**GOOD, "command": ["touch", "ran"]}],
}
CONTENT = {
    "unknown": [{"type": "text", "text": "a"}, {"type": "video", "data": "x"}, {"type": "text", "text": "b"}],
    "known": [
        {"type": "image", "data": "eA==", "mimeType": "image/png"},
        {"type": "audio", "data": "eA==", "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "file:///a", "text": "words"}},
        {"type": "resource", "resource": {"uri": "file:///b", "blob": "eA=="}},
        {"type": "resource_link", "uri": "file:///c", "name": "c"},
    ],
    "untyped": [{"text": "a"}],
    "string": "plain",
    "strings": ["plain"],
    "text-without-text": [{"type": "text"}],
}
ERRORS = {
    "plain": {"code": -32000, "message": "the database is down"},
    "data": {"code": -32603, "message": "Internal error", "data": "the database is down"},
    "no-code": {"message": "the database is down"},
    "string": "the database is down",
    "code-as-string": {"code": "E_DB", "message": "the database is down"},
    "null-id": {"code": -32000, "message": "the database is down"},
}


def result(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "hostile", "version": "1"},
        }
    if method == "tools/list":
        if KIND == "same-cursor":
            return {"tools": [] if params.get("cursor") else [GOOD], "nextCursor": "1"}
        if KIND == "endless-pages":
            page = int(params.get("cursor") or 0)
            return {"tools": [{**GOOD, "name": "t%d" % page}], "nextCursor": str(page + 1)}
        return {"tools": TOOLS.get(KIND, [GOOD])}
    if KIND.startswith("content-"):
        return {"content": CONTENT[KIND.removeprefix("content-")]}
    if KIND.startswith("big-"):
        return {"content": [{"type": "text", "text": "é" * (int(KIND.removeprefix("big-")) << 19)}]}
    if KIND == "many-numbers":
        return {"structuredContent": list(range(100000))}
    if KIND == "no-content":
        return {"toolResult": "old"}
    if KIND == "structured":
        return {"content": [], "structuredContent": {"n": 1.50}}
    if KIND == "deep":
        return None
    return {"content": [{"type": "text", "text": "ok"}]}


def answer(message):
    method, params = message["method"], message.get("params") or {}
    for place in ("initialize", "list", "call"):
        prefix = place + "-error-"
        if KIND.startswith(prefix) and method.removeprefix("tools/") == place:
            name = KIND.removeprefix(prefix)
            id = None if name == "null-id" else message["id"]
            return json.dumps({"jsonrpc": "2.0", "id": id, "error": ERRORS[name]})
    if KIND == "deep" and method == "tools/call":
        content = "[" * 500 + "]" * 500
        return '{"jsonrpc":"2.0","id":%d,"result":{"content":%s}}' % (message["id"], content)
    body = {"jsonrpc": "2.0", "id": message["id"], "result": result(method, params)}
    return json.dumps(body, ensure_ascii=False)


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    if KIND == "noise":
        print("ready\n{not json}\n[1]\n{\"level\":\"info\"}", flush=True)
    if KIND == "endless-line":
        while True:
            sys.stdout.write("[1]," * 10000)
    if KIND == "stderr-flood":
        for _ in range(4096):
            sys.stderr.write("x" * 16384)
        sys.stderr.flush()
    for line in sys.stdin:
        message = json.loads(line)
        if LOG:
            print(message.get("method"), file=LOG)
        if "id" in message:
            print(answer(message), flush=True)


try:
    main()
except BrokenPipeError:
    pass
