"""The client's side of ../commands.ts for the clients in Python.

Reads one JSON request a line from standard input, in order, and answers each on standard output.
A client gives a dict of command name -> function of the request's `with`; functions may be async.
"""

import asyncio
import json
import os
import sys
import traceback

URL = os.environ.get("BOOTSTRAP", "amqp://guest:guest@127.0.0.1:5672/%2f")


class Inbox:
    """What a consumer received: handed out once, settled by tag."""

    def __init__(self):
        self._fresh = []
        self._open = {}

    def add(self, tag, message, delivery):
        self._open[tag] = message
        self._fresh.append({"tag": tag, **delivery})

    def hand_out(self):
        out, self._fresh = self._fresh, []
        return out

    def settled(self, tag):
        """The client's own object for a delivery, which is forgotten here."""
        return self._open.pop(tag)


def deaths_of(headers):
    """The entries of a header `x-death`, in one form."""
    return [
        {"queue": death["queue"], "reason": death["reason"], "count": death["count"]}
        for death in (headers or {}).get("x-death", [])
    ]


def _answer(request_id, **more):
    sys.stdout.write(json.dumps({"id": request_id, **more}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def serve(handlers, close):
    """Serves until standard input closes, then calls `close`; handlers may be coroutines."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = json.loads(line)
        try:
            result = handlers[request["do"]](**request["with"])
            if asyncio.iscoroutine(result):
                result = await result
            _answer(request["id"], result=result)
        except Exception as error:
            traceback.print_exc()
            _answer(request["id"], error=f"{type(error).__name__}: {error}")
    result = close()
    if asyncio.iscoroutine(result):
        await result
