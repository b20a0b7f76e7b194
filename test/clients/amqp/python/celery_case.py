"""celery with kombu: a worker in a process of its own, called and controlled from here."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

from cases import eventually, it, restart
from celery import group
from celery_tasks import URL, add, app, fails, poison, stubborn
from kombu import Connection

os.chdir(os.path.dirname(os.path.abspath(__file__)))
options = ["--concurrency=2", "--pool=threads", "--loglevel=warning", "--hostname=rig@%h"]
worker = subprocess.Popen(
    [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", *options],
    stdin=subprocess.DEVNULL,
    stdout=sys.stderr,
    stderr=sys.stderr,
    env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
)
TIMEOUT = 30


@it("a worker starts, and answers a ping")
def _():
    eventually(lambda: worker.poll() is None and app.control.ping(timeout=1), "a pong")


@it("tasks run, their results come back")
def _():
    answers = [add.delay(i, 1) for i in range(50)]
    assert [answer.get(timeout=TIMEOUT) for answer in answers] == list(range(1, 51))
    assert group(add.s(i, i) for i in range(10))().get(timeout=TIMEOUT) == [
        2 * i for i in range(10)
    ]


@it("a task that fails says why")
def _():
    try:
        fails.delay().get(timeout=TIMEOUT)
    except ValueError as error:
        assert "as it should" in str(error)
    else:
        raise AssertionError("it did not fail")


@it("a task is retried until it does not fail")
def _():
    assert stubborn.delay(2).get(timeout=TIMEOUT) == 2


@it("a task waits for its time")
def _():
    began = time.monotonic()
    eta = datetime.now(timezone.utc) + timedelta(seconds=1)
    assert add.apply_async((20, 3), eta=eta).get(timeout=TIMEOUT) == 23
    assert time.monotonic() - began >= 0.9


@it("events of the worker are seen, and a task that expired is not run")
def _():
    seen = []
    with app.connection() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": seen.append})
        watch = threading.Thread(
            target=lambda: receiver.capture(limit=None, timeout=TIMEOUT), daemon=True
        )
        watch.start()

        def has(kind, task_id=None):
            return any(
                event["type"] == kind and task_id in (None, event["uuid"])
                for event in list(seen)
                if "uuid" in event
            )

        def ran():
            add.delay(1, 1).get(timeout=TIMEOUT)
            return has("task-succeeded")

        eventually(ran, "an event of a task that succeeded", TIMEOUT)
        late = add.apply_async((1, 1), countdown=1, expires=0.2)
        eventually(lambda: has("task-revoked", late.id), "an event that it expired", TIMEOUT)
        assert not has("task-started", late.id)
        receiver.should_stop = True
        watch.join(TIMEOUT)


@it("a rejected task is dead-lettered")
def _():
    with Connection(URL) as connection:
        dead = connection.SimpleQueue("celery.dead")
        poison.apply_async(routing_key="celery.mortal", queue="celery.mortal")
        message = dead.get(timeout=TIMEOUT)
        assert message.headers["task"] == "celery_tasks.poison"
        assert message.headers["x-death"][0]["reason"] == "rejected"
        message.ack()
        dead.close()


@it("remote control: inspect, a rate limit, a revoked task, another queue")
def _():
    inspect = app.control.inspect(timeout=5)
    (name,) = inspect.ping().keys()
    assert name.startswith("rig@")
    assert "celery_tasks.add" in inspect.registered()[name]
    assert {queue["name"] for queue in inspect.active_queues()[name]} == {
        "celery.tasks",
        "celery.mortal",
    }
    assert inspect.stats()[name]["broker"]["transport"] == "amqp"
    (answer,) = app.control.rate_limit("celery_tasks.fails", "100/s", reply=True, timeout=5)
    assert "ok" in answer[name]
    waiting = add.apply_async((1, 2), countdown=30)
    eventually(lambda: len(inspect.scheduled()[name]) == 1, "the task is scheduled", TIMEOUT)
    waiting.revoke()
    eventually(
        lambda: waiting.id in (inspect.revoked() or {}).get(name, []), "it is revoked", TIMEOUT
    )
    (answer,) = app.control.add_consumer("celery.more", reply=True, timeout=5)
    assert "ok" in answer[name]
    assert add.apply_async((2, 3), queue="celery.more").get(timeout=TIMEOUT) == 5


restart()


@it("after a restart the worker goes on by itself")
def _():
    results = []

    def answered():
        try:
            results.append(add.delay(4, 5).get(timeout=3))
        except Exception as error:
            print(repr(error), file=sys.stderr)
        return results

    eventually(answered, "a task is run", 90)
    assert results == [9]
    assert stubborn.delay(1).get(timeout=TIMEOUT) == 1


@it("the worker shuts down when told over the broker")
def _():
    app.control.shutdown()
    try:
        assert worker.wait(timeout=TIMEOUT) == 0
    finally:
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)


app.close()
