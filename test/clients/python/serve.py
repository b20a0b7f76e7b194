"""The client's side of ../lib/commands.ts for the clients in Python.

Reads one JSON request a line from standard input, in order, and answers each on standard output.
A client gives a dict of command name -> function of the request's `with`; functions may be async.
"""

import asyncio
import json
import os
import sys
import traceback

BOOTSTRAP = os.environ.get("BOOTSTRAP", "127.0.0.1:9092")


class Inbox:
    """What a member has received and not handed out yet, and what of that is not committed yet."""

    def __init__(self):
        self._taken = []
        self._next = {}

    def add(self, partition, offset, key, value, headers, timestamp_ms):
        header = dict(headers or []).get("case", b"")
        self._taken.append(
            {
                "partition": partition,
                "offset": offset,
                "key": key.decode(),
                "value": value.decode(),
                "header": header.decode(),
                "timestampMs": timestamp_ms,
            }
        )

    def hand_out(self):
        out, self._taken = self._taken, []
        for record in out:
            self._next[record["partition"]] = record["offset"] + 1
        return out

    def to_commit(self):
        """Partition -> next offset of all that was handed out since the last call."""
        out, self._next = self._next, {}
        return out


def _answer(request_id, **more):
    sys.stdout.write(json.dumps({"id": request_id, **more}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def serve(handlers, close):
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
