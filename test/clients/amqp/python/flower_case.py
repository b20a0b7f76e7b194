"""Flower beside a celery worker: what it shows of the queues, it asks of the management API."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

from cases import eventually, it
from celery_tasks import add, app

os.chdir(os.path.dirname(os.path.abspath(__file__)))
TIMEOUT = 60
port = int(os.environ["FLOWER_PORT"])
children = []


def start(*args):
    child = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_tasks", *args],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "FLOWER_UNAUTHENTICATED_API": "true",
        },
    )
    children.append(child)
    return child


def stop(child):
    child.send_signal(signal.SIGTERM)
    try:
        return child.wait(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
        raise


def page(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read().decode()


def lengths():
    queues = json.loads(page("/api/queues/length"))["active_queues"]
    return {queue["name"]: queue["messages"] for queue in queues}


def answers():
    try:
        return page("/healthcheck") != ""
    except OSError as error:
        print(repr(error), file=sys.stderr)
        return False


api = os.environ["MANAGEMENT"]
flower = start("flower", "--address=127.0.0.1", f"--port={port}", f"--broker-api={api}")


@it("it starts, and answers")
def _():
    eventually(answers, "Flower answers", TIMEOUT)


@it("it shows the lengths of queues")
def _():
    for number in range(3):
        add.apply_async((number, 1))
    eventually(lambda: lengths().get("celery.tasks") == 3, "three tasks wait", TIMEOUT)


@it("its page of the broker names the queue, and its messages")
def _():
    shown = page("/broker")
    for part in ("celery.tasks", ">3<"):
        assert part in shown.replace("\n", "").replace(" ", ""), part


@it("with a worker the queues run empty, and the worker is seen")
def _():
    options = ["--concurrency=1", "--pool=threads", "--loglevel=warning", "--hostname=seen@%h"]
    worker = start("worker", *options)
    try:
        eventually(lambda: lengths().get("celery.tasks") == 0, "no task waits", TIMEOUT)
        seen = json.loads(page("/api/workers?refresh=1"))
        assert any(name.startswith("seen@") for name in seen), seen
    finally:
        assert stop(worker) == 0


app.close()
for child in children:
    if child.poll() is None:
        stop(child)
