"""kafka-python. Members are polled whenever the scenario asks for their state."""

import asyncio
import logging

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic, OffsetTimestamp
from serve import BOOTSTRAP, Inbox, serve

TIMEOUT_S = 20
logging.basicConfig(level=logging.INFO)

members = {}


def with_admin(ask):
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    try:
        return ask(admin)
    finally:
        admin.close()


class Member:
    def __init__(self, group, topic):
        self.topic = topic
        self.inbox = Inbox()
        self.consumer = KafkaConsumer(
            topic,
            bootstrap_servers=BOOTSTRAP,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=300,
            fetch_max_wait_ms=200,
        )

    def poll(self):
        # A poll that ends while it joins may lose the join.
        timeout_ms = 100 if self.consumer.assignment() else 1_000
        for messages in self.consumer.poll(timeout_ms).values():
            for message in messages:
                self.inbox.add(
                    message.partition,
                    message.offset,
                    message.key,
                    message.value,
                    message.headers,
                    message.timestamp,
                )


def create_topic(topic, partitions):
    with_admin(lambda admin: admin.create_topics([NewTopic(topic, partitions, 1)]))


def partitions_of(topic):
    return len(with_admin(lambda admin: admin.describe_topics([topic]))[0]["partitions"])


def places_of(topic):
    return [TopicPartition(topic, p) for p in range(partitions_of(topic))]


def produce(topic, acks, codec, idempotent, header, records):
    producer = KafkaProducer(
        bootstrap_servers=BOOTSTRAP,
        acks="all" if acks == -1 else acks,
        compression_type=None if codec == "none" else codec,
        enable_idempotence=idempotent,
    )
    sent = [
        producer.send(
            topic,
            record["value"].encode(),
            record["key"].encode(),
            [("case", header.encode())],
            record["partition"],
            record["timestampMs"],
        )
        for record in records
    ]
    producer.flush(TIMEOUT_S)
    for future in sent:
        future.get(TIMEOUT_S)
    producer.close(TIMEOUT_S)


def join(member, group, topic):
    members[member] = Member(group, topic)


def state(member):
    found = members[member]
    found.poll()
    assigned = [place.partition for place in found.consumer.assignment()]
    return {"assigned": assigned, "taken": found.inbox.hand_out()}


def commit(member):
    found = members[member]
    offsets = found.inbox.to_commit()
    found.consumer.commit(
        {TopicPartition(found.topic, p): OffsetAndMetadata(o, "", -1) for p, o in offsets.items()}
    )


def leave(member):
    members.pop(member).consumer.close()


def committed(group, topic):
    places = places_of(topic)
    found = with_admin(lambda admin: admin.list_group_offsets({group: places}))[group]
    return {place.partition: found[place].offset for place in places}


def reset_by_time(group, topic, timestampMs):
    places = places_of(topic)
    wanted = {place: OffsetTimestamp(timestampMs) for place in places}
    done = with_admin(lambda admin: admin.reset_group_offsets(group, wanted))
    return {place.partition: done[place]["offset"] for place in places}


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
