"""The tasks of the celery case, as a worker and its callers import them."""

import os

from celery import Celery
from celery.exceptions import Reject
from kombu import Exchange, Queue

URL = os.environ.get("BOOTSTRAP", "amqp://guest:guest@127.0.0.1:5672/%2f")

app = Celery("tasks", broker=URL, backend="rpc://")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_transport_options={"confirm_publish": True},
    result_expires=600,
    task_default_queue="celery.tasks",
    task_queues=[
        Queue("celery.tasks", Exchange("celery.tasks"), routing_key="celery.tasks"),
        Queue(
            "celery.mortal",
            Exchange("celery.tasks"),
            routing_key="celery.mortal",
            queue_arguments={
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": "celery.dead",
            },
        ),
    ],
    worker_prefetch_multiplier=2,
    worker_send_task_events=True,
)


@app.task
def add(a, b):
    return a + b


@app.task(bind=True, max_retries=3)
def stubborn(self, failures):
    """Fails so often, then answers how often it was tried."""
    if self.request.retries < failures:
        raise self.retry(countdown=0.1)
    return self.request.retries


@app.task
def fails():
    raise ValueError("as it should")


@app.task(acks_late=True)
def poison():
    raise Reject("nobody wants it", requeue=False)
