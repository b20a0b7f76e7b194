"""For frameworks that cannot be driven command by command; the protocol is that of ../script.ts."""

import json
import sys
import time
import traceback


def _say(line):
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def it(title):
    """Runs the function it decorates and tells how that went."""

    def run(body):
        try:
            body()
            _say({"case": title, "error": None})
        except Exception:
            _say({"case": title, "error": traceback.format_exc()})

    return run


def restart():
    _say({"restart": True})
    sys.stdin.readline()


def eventually(is_done, what, timeout=60):
    """Polls until `is_done` answers true; the restart of a broker under load takes its time."""
    end = time.monotonic() + timeout
    while not is_done():
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout} s still not: {what}")
        time.sleep(0.05)
