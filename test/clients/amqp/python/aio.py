"""aio-pika, its robust connection, which comes back by itself after a restart of the broker."""

import asyncio

import aio_pika
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError, QueueEmpty
from serve import URL, Inbox, deaths_of, serve

state = {}
consumers = {}


async def connect():
    state["connection"] = await aio_pika.connect_robust(URL, reconnect_interval=0.5)
    state["publisher"] = await state["connection"].channel(publisher_confirms=True)


def delivery_of(message):
    return {
        "body": message.body.decode(),
        "messageId": message.message_id,
        "header": str(message.headers["case"]),
        "persistent": message.delivery_mode == 2,
        "redelivered": message.redelivered,
        "exchange": message.exchange,
        "routingKey": message.routing_key,
        "deaths": deaths_of(message.headers),
    }


async def exchange_of(name):
    channel = state["publisher"]
    return channel.default_exchange if name == "" else await channel.get_exchange(name)


async def declare_exchange(exchange, type):
    await state["publisher"].declare_exchange(exchange, type, durable=True)


async def declare_queue(queue, arguments):
    await state["publisher"].declare_queue(queue, durable=True, arguments=arguments)


async def bind(queue, exchange, routingKey, arguments):
    found = await state["publisher"].get_queue(queue)
    await found.bind(exchange, routingKey, arguments=arguments)


def message_of(given):
    expiration = given.get("expirationMs")
    return aio_pika.Message(
        given["body"].encode(),
        message_id=given["messageId"],
        headers={"case": given["header"]},
        delivery_mode=2 if given["persistent"] else 1,
        expiration=None if expiration is None else expiration / 1000,
    )


async def publish(exchange, routingKey, mandatory, messages):
    target = await exchange_of(exchange)

    async def send(given):
        result = await target.publish(message_of(given), routingKey, mandatory=mandatory)
        return 1 if hasattr(result, "delivery") and result.delivery is not None and (
            result.delivery.name == "Basic.Return"
        ) else 0

    try:
        return {"returned": sum(await asyncio.gather(*[send(given) for given in messages]))}
    except DeliveryError as error:
        raise RuntimeError(f"not confirmed: {error}") from error


async def inspect(queue):
    channel = await state["connection"].channel()
    try:
        found = (await channel.declare_queue(queue, passive=True)).declaration_result
    except ChannelNotFoundEntity:
        return None
    await channel.close()
    return {"messages": found.message_count, "consumers": found.consumer_count}


async def consume(consumer, queue, prefetch):
    channel = await state["connection"].channel()
    await channel.set_qos(prefetch_count=prefetch)
    inbox = Inbox()
    source = await channel.get_queue(queue)

    async def received(message):
        inbox.add(message.delivery_tag, message, delivery_of(message))

    tag = await source.consume(received)
    consumers[consumer] = (channel, source, tag, inbox)


async def take(consumer):
    return consumers[consumer][3].hand_out()


async def settle(consumer, tags, how):
    inbox = consumers[consumer][3]
    for tag in tags:
        message = inbox.settled(tag)
        if how == "ack":
            await message.ack()
        elif how == "requeue":
            await message.nack(requeue=True)
        else:
            await message.reject(requeue=False)


async def cancel(consumer):
    channel, source, tag, _ = consumers.pop(consumer)
    await source.cancel(tag)
    await channel.close()


async def get(queue):
    source = await state["publisher"].get_queue(queue)
    try:
        message = await source.get()
    except QueueEmpty:
        return None
    await message.ack()
    return {"tag": 0, **delivery_of(message)}


async def purge(queue):
    source = await state["publisher"].get_queue(queue)
    return (await source.purge()).message_count


async def delete_queue(queue):
    await state["publisher"].queue_delete(queue)


async def reconnect():
    """It does so by itself; what waits for it goes on when it has."""
    await state["connection"].connected.wait()
    await state["publisher"].get_queue("amq.nothing", ensure=False)


async def main():
    await connect()
    handlers = {
        "declareExchange": declare_exchange,
        "declareQueue": declare_queue,
        "bind": bind,
        "publish": publish,
        "inspect": inspect,
        "consume": consume,
        "take": take,
        "settle": settle,
        "cancel": cancel,
        "get": get,
        "purge": purge,
        "deleteQueue": delete_queue,
        "reconnect": reconnect,
    }
    await serve(handlers, state["connection"].close)


asyncio.run(main())
