"""pika, its blocking connection: one channel to publish on with confirms, one a consumer.

Nothing is read while the client is not asked, so `take` gives the connection a moment to read.
"""

import asyncio

import pika
from pika.exceptions import ChannelClosedByBroker, UnroutableError
from serve import URL, Inbox, deaths_of, serve

state = {}
consumers = {}


def connect():
    state["connection"] = pika.BlockingConnection(pika.URLParameters(URL))
    state["publisher"] = state["connection"].channel()
    state["publisher"].confirm_delivery()


def delivery_of(method, properties, body):
    return {
        "body": body.decode(),
        "messageId": properties.message_id,
        "header": str(properties.headers["case"]),
        "persistent": properties.delivery_mode == 2,
        "redelivered": method.redelivered,
        "exchange": method.exchange,
        "routingKey": method.routing_key,
        "deaths": deaths_of(properties.headers),
    }


def declare_exchange(exchange, type):
    state["publisher"].exchange_declare(exchange, type, durable=True)


def declare_queue(queue, arguments):
    state["publisher"].queue_declare(queue, durable=True, arguments=arguments)


def bind(queue, exchange, routingKey, arguments):
    state["publisher"].queue_bind(queue, exchange, routingKey, arguments)


def publish(exchange, routingKey, mandatory, messages):
    returned = 0
    for message in messages:
        expiration = message.get("expirationMs")
        properties = pika.BasicProperties(
            message_id=message["messageId"],
            headers={"case": message["header"]},
            delivery_mode=2 if message["persistent"] else 1,
            expiration=None if expiration is None else str(expiration),
        )
        body = message["body"].encode()
        try:
            state["publisher"].basic_publish(exchange, routingKey, body, properties, mandatory)
        except UnroutableError as error:
            returned += len(error.messages)
    return {"returned": returned}


def inspect(queue):
    channel = state["connection"].channel()
    try:
        found = channel.queue_declare(queue, passive=True).method
    except ChannelClosedByBroker as error:
        if error.reply_code != 404:
            raise
        return None
    channel.close()
    return {"messages": found.message_count, "consumers": found.consumer_count}


def consume(consumer, queue, prefetch):
    channel = state["connection"].channel()
    channel.basic_qos(prefetch_count=prefetch)
    inbox = Inbox()

    def received(_channel, method, properties, body):
        inbox.add(method.delivery_tag, method, delivery_of(method, properties, body))

    tag = channel.basic_consume(queue, received)
    consumers[consumer] = (channel, tag, inbox)


def take(consumer):
    state["connection"].process_data_events(time_limit=0.02)
    return consumers[consumer][2].hand_out()


def settle(consumer, tags, how):
    channel, _, inbox = consumers[consumer]
    for tag in tags:
        inbox.settled(tag)
        if how == "ack":
            channel.basic_ack(tag)
        elif how == "requeue":
            channel.basic_nack(tag, requeue=True)
        else:
            channel.basic_reject(tag, requeue=False)


def cancel(consumer):
    channel, tag, _ = consumers.pop(consumer)
    channel.basic_cancel(tag)
    channel.close()


def get(queue):
    method, properties, body = state["publisher"].basic_get(queue)
    if method is None:
        return None
    state["publisher"].basic_ack(method.delivery_tag)
    return {"tag": 0, **delivery_of(method, properties, body)}


def purge(queue):
    return state["publisher"].queue_purge(queue).method.message_count


def delete_queue(queue):
    state["publisher"].queue_delete(queue)


def reconnect():
    consumers.clear()
    connect()


connect()
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
asyncio.run(serve(handlers, lambda: state["connection"].close()))
