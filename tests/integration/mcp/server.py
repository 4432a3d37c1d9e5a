"""A minimal Model Context Protocol server over stdio: two tools that work, one that
reports an error, one that never answers.

    server.py [LOG]

Each call is written to LOG. The server ends when its standard input ends.
"""

import json
import sys

NUMBER = {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "number"}, "b": {"type": "number"}}}
TOOLS = [
    {"name": "add", "description": "Adds two numbers", "inputSchema": NUMBER},
    {"name": "notes/read", "description": "Reads a note", "inputSchema": {"type": "object"}},
    {"name": "fail", "description": "Fails", "inputSchema": {"type": "object"}},
    {"name": "hang", "description": "Never answers", "inputSchema": {"type": "object"}},
]


def called(name, arguments):
    if name == "add":
        text = "%g" % (arguments["a"] + arguments["b"])
        return {"content": [{"type": "text", "text": text}]}
    if name == "notes/read":
        return {"content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}
    return {"content": [{"type": "text", "text": "no luck"}], "isError": True}


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "tiny", "version": "1"},
        }
    if method == "tools/list":
        # The list has two pages: a client must ask for the second one.
        if params and params.get("cursor"):
            return {"tools": TOOLS[2:]}
        return {"tools": TOOLS[:2], "nextCursor": "2"}
    return called(params["name"], params.get("arguments") or {})


def main():
    log = open(sys.argv[1], "a", buffering=1) if len(sys.argv) > 1 else sys.stderr
    print("tiny server started", file=sys.stderr, flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        method = message.get("method")
        if method == "tools/call":
            print(json.dumps(message["params"]["name"]), file=log)
            if message["params"]["name"] == "hang":
                continue
        if "id" in message:
            if method in ("initialize", "tools/list", "tools/call"):
                body = {"result": answer(method, message.get("params"))}
            else:
                body = {"error": {"code": -32601, "message": "no such method"}}
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)
    print("ended", file=log)


main()
