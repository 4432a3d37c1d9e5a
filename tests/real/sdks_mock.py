"""Starts `airx mock` for the checks of `sdks`, and runs the checks."""

import subprocess
import sys
import traceback
from collections.abc import Callable

AIRX = sys.argv[1]


class Mock:
    """A mock with these options; it ends at the end of the `with` block."""

    def __init__(self, *options: str) -> None:
        self.options = options

    def __enter__(self) -> str:
        command = [AIRX, "mock", *self.options]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return self.child.stdout.readline().strip()

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.communicate()


def lines(url: str, model: str = "glm-4-air-250414", count: int = 3) -> bytes:
    """Returns the bytes of a batch's input file."""
    line = (
        '{{"custom_id":"item-{0}","method":"POST","url":"{1}",'
        '"body":{{"model":"{2}","messages":[{{"role":"user","content":"Spell {0}"}}]}}}}\n'
    )
    return "".join(line.format(number, url, model) for number in range(count)).encode()


def raises(kind: type[Exception], call: Callable[[], object]) -> Exception:
    """Returns the exception that `call` raises, which must be exactly of this type."""
    try:
        call()
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        return error
    raise AssertionError(f"no {kind.__name__}")


CHECKS: list[tuple[str, Callable[[], None]]] = []


def check(name: str) -> Callable:
    """Registers a check; a check fails by raising an exception."""

    def register(body: Callable[[], None]) -> Callable[[], None]:
        CHECKS.append((name, body))
        return body

    return register


def run() -> None:
    """Runs the checks, prints a line for each and exits with 0 or 1."""
    failed = False
    for name, body in CHECKS:
        try:
            body()
            print(f"ok    {name}", flush=True)
        except Exception:
            failed = True
            print(f"NOT   {name}\n{traceback.format_exc()}", flush=True)
    sys.exit(failed)
