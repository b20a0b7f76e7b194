"""confluent-kafka: librdkafka in Python. Members are polled when the scenario asks for their state."""

import asyncio

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from serve import BOOTSTRAP, Inbox, serve

TIMEOUT_S = 20
BASE = {"bootstrap.servers": BOOTSTRAP, "client.id": "suite"}

admin = AdminClient(BASE)
members = {}


class Member:
    def __init__(self, group, topic):
        self.topic = topic
        self.inbox = Inbox()
        self.consumer = consumer_of(group)
        self.consumer.subscribe([topic])

    def poll(self):
        for message in self.consumer.consume(500, timeout=0.05):
            if message.error():
                raise RuntimeError(str(message.error()))
            self.inbox.add(
                message.partition(),
                message.offset(),
                message.key(),
                message.value(),
                message.headers(),
                message.timestamp()[1],
            )


def consumer_of(group):
    return Consumer(
        {
            **BASE,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 300,
        }
    )


def create_topic(topic, partitions):
    made = admin.create_topics([NewTopic(topic, partitions, 1)])
    made[topic].result(TIMEOUT_S)


def partitions_of(topic):
    return len(admin.list_topics(topic, TIMEOUT_S).topics[topic].partitions)


def produce(topic, acks, codec, idempotent, header, records):
    reports = []
    producer = Producer(
        {**BASE, "acks": acks, "compression.type": codec, "enable.idempotence": idempotent}
    )
    for record in records:
        producer.produce(
            topic,
            record["value"],
            record["key"],
            record["partition"],
            on_delivery=lambda error, _: reports.append(error),
            timestamp=record["timestampMs"],
            headers={"case": header},
        )
    left = producer.flush(TIMEOUT_S)
    errors = [error for error in reports if error]
    if left or errors or len(reports) != len(records):
        raise RuntimeError(f"{left} left, {len(reports)} reported, errors: {errors[:3]}")


def join(member, group, topic):
    members[member] = Member(group, topic)


def state(member):
    found = members[member]
    found.poll()
    assigned = [place.partition for place in found.consumer.assignment()]
    return {"assigned": assigned, "taken": found.inbox.hand_out()}


def commit(member):
    found = members[member]
    places = [TopicPartition(found.topic, p, o) for p, o in found.inbox.to_commit().items()]
    found.consumer.commit(offsets=places, asynchronous=False)


def leave(member):
    members.pop(member).consumer.close()


def committed(group, topic):
    consumer = consumer_of(group)
    wanted = [TopicPartition(topic, p) for p in range(partitions_of(topic))]
    found = consumer.committed(wanted, TIMEOUT_S)
    consumer.close()
    return {place.partition: max(place.offset, -1) for place in found}


def reset_by_time(group, topic, timestampMs):
    consumer = consumer_of(group)
    wanted = [TopicPartition(topic, p, timestampMs) for p in range(partitions_of(topic))]
    found = consumer.offsets_for_times(wanted, TIMEOUT_S)
    for place in found:
        if place.offset < 0:
            place.offset = consumer.get_watermark_offsets(place, TIMEOUT_S)[1]
    consumer.commit(offsets=found, asynchronous=False)
    consumer.close()
    return {place.partition: place.offset for place in found}


def close():
    for member in members.values():
        member.consumer.close()


asyncio.run(
    serve(
        {
            "createTopic": create_topic,
            "partitions": partitions_of,
            "produce": produce,
            "join": join,
            "state": state,
            "commit": commit,
            "leave": leave,
            "committed": committed,
            "resetByTime": reset_by_time,
        },
        close,
    )
)
