"""aiokafka. Each member fetches in a task of its own."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from serve import BOOTSTRAP, Inbox, serve

members = {}


class Member:
    def __init__(self, topic, consumer):
        self.topic = topic
        self.inbox = Inbox()
        self.consumer = consumer
        self.task = asyncio.create_task(self.read())

    async def read(self):
        async for message in self.consumer:
            self.inbox.add(
                message.partition,
                message.offset,
                message.key,
                message.value,
                message.headers,
                message.timestamp,
            )

    async def leave(self):
        self.task.cancel()
        await self.consumer.stop()


def consumer_of(group, *topics):
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=BOOTSTRAP,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=10_000,
        heartbeat_interval_ms=300,
        metadata_max_age_ms=2_000,
        fetch_max_wait_ms=200,
    )


async def with_admin(ask):
    admin = AIOKafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    await admin.start()
    try:
        return await ask(admin)
    finally:
        await admin.close()


async def create_topic(topic, partitions):
    await with_admin(lambda admin: admin.create_topics([NewTopic(topic, partitions, 1)]))


async def partitions_of(topic):
    found = await with_admin(lambda admin: admin.describe_topics([topic]))
    return len(found[0]["partitions"])


async def places_of(topic):
    return [TopicPartition(topic, p) for p in range(await partitions_of(topic))]


async def produce(topic, acks, codec, idempotent, header, records):
    producer = AIOKafkaProducer(
        bootstrap_servers=BOOTSTRAP,
        acks="all" if acks == -1 else acks,
        compression_type=None if codec == "none" else codec,
        enable_idempotence=idempotent,
    )
    await producer.start()
    try:
        sent = [
            await producer.send(
                topic,
                record["value"].encode(),
                record["key"].encode(),
                record["partition"],
                record["timestampMs"],
                [("case", header.encode())],
            )
            for record in records
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def join(member, group, topic):
    consumer = consumer_of(group, topic)
    await consumer.start()
    members[member] = Member(topic, consumer)


def state(member):
    found = members[member]
    if found.task.done():
        found.task.result()
    assigned = [place.partition for place in found.consumer.assignment()]
    return {"assigned": assigned, "taken": found.inbox.hand_out()}


async def commit(member):
    found = members[member]
    offsets = found.inbox.to_commit()
    await found.consumer.commit({TopicPartition(found.topic, p): o for p, o in offsets.items()})


async def leave(member):
    await members.pop(member).leave()


async def committed(group, topic):
    places = await places_of(topic)
    found = await with_admin(lambda admin: admin.list_consumer_group_offsets(group))
    return {p.partition: found[p].offset if p in found else -1 for p in places}


async def reset_by_time(group, topic, timestampMs):
    places = await places_of(topic)
    consumer = consumer_of(group)
    await consumer.start()
    try:
        consumer.assign(places)
        found = await consumer.offsets_for_times({place: timestampMs for place in places})
        ends = await consumer.end_offsets(places)
        offsets = {p: found[p].offset if found[p] else ends[p] for p in places}
        await consumer.commit(offsets)
    finally:
        await consumer.stop()
    return {place.partition: offset for place, offset in offsets.items()}


async def close():
    for member in members.values():
        await member.leave()


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
