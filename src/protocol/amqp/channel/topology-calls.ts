// The methods of the classes access, exchange and queue: each asks the vhost and answers.
import { refuse } from '../../../model/errors.ts'
import { replies } from '../methods/reply-codes.ts'
import type { Method, Of } from '../methods/schema.ts'
import { access, exchange, queue } from '../methods/topology-methods.ts'
import { type Call, on, settle } from './calls.ts'
import type { Channel } from './channel.ts'
import { isReplyAddress, replyQueue } from './reply-addresses.ts'

const lineBreaks = /[\r\n]/g
/** Names that are declared or deleted lose their line breaks. */
const stripped = (name: string): string => name.replace(lineBreaks, '')

const vhostOf = (channel: Channel) => channel.home.session.vhost

/** The queue that is meant, '' being the last one declared; null: it is refused, there is none. */
export function queueMeant(channel: Channel, name: string, method: Method): string | null {
  if (name !== '') return name
  if (channel.lastQueue !== null) return channel.lastQueue
  channel.fail(replies.notFound, 'no previously declared queue', method.id)
  return null
}

/** Refuses what nobody may do to the default exchange. */
function isDefault(channel: Channel, name: string, method: Method): boolean {
  if (name !== '') return false
  const text = 'operation not permitted on the default exchange'
  channel.fail(replies.accessRefused, text, method.id)
  return true
}

function declareExchange(channel: Channel, values: Of<typeof exchange.declare>): void {
  const { declare, declareOk } = exchange
  const name = stripped(values.exchange)
  if (isDefault(channel, name, declare)) return
  const answer = () => {
    if (!values.nowait) channel.send(declareOk, {})
  }
  if (values.passive) {
    const found = vhostOf(channel).checkExchange(name)
    if (found.ok) answer()
    else channel.refuse(found, declare)
    return
  }
  const { type, durable, autoDelete, internal } = values
  const wish = { name, type, durable, autoDelete, internal, arguments: values.arguments }
  settle(channel, declare, vhostOf(channel).declareExchange(wish), answer)
}

function deleteExchange(channel: Channel, values: Of<typeof exchange.delete>): void {
  const name = stripped(values.exchange)
  if (isDefault(channel, name, exchange.delete)) return
  const deleted = vhostOf(channel).deleteExchange(name, values.ifUnused)
  settle(channel, exchange.delete, deleted, () => {
    if (!values.nowait) channel.send(exchange.deleteOk, {})
  })
}

function bindExchange(channel: Channel, values: Of<typeof exchange.bind>): void {
  const { bind, bindOk } = exchange
  if (isDefault(channel, values.source && values.destination, bind)) return
  settle(channel, bind, vhostOf(channel).bindExchange(values), () => {
    if (!values.nowait) channel.send(bindOk, {})
  })
}

function unbindExchange(channel: Channel, values: Of<typeof exchange.unbind>): void {
  const { unbind, unbindOk } = exchange
  if (isDefault(channel, values.source && values.destination, unbind)) return
  settle(channel, unbind, vhostOf(channel).unbindExchange(values), () => {
    if (!values.nowait) channel.send(unbindOk, {})
  })
}

function declareQueue(channel: Channel, values: Of<typeof queue.declare>): void {
  const { declare, declareOk } = queue
  const name = stripped(values.queue)
  const answer = (state: { name: string; messages: number; consumers: number }) => {
    channel.lastQueue = state.name
    const { messages: messageCount, consumers: consumerCount } = state
    if (!values.nowait) channel.send(declareOk, { queue: state.name, messageCount, consumerCount })
  }
  if (isReplyAddress(name) || name === replyQueue) {
    const { door, session } = channel.home
    const isThere = name === replyQueue || door.replyAddresses.find(name) !== null
    if (isThere) answer({ name, messages: 0, consumers: 1 })
    else {
      const text = `no queue '${name}' in vhost '${session.vhost.name}'`
      channel.refuse(refuse('queueNotFound', text), declare)
    }
    return
  }
  if (values.passive) {
    const found = vhostOf(channel).checkQueue(name)
    if (found.ok) answer(found.value)
    else channel.refuse(found, declare)
    return
  }
  const { durable, exclusive, autoDelete } = values
  const wish = { name, durable, exclusive, autoDelete, arguments: values.arguments }
  settle(channel, declare, vhostOf(channel).declareQueue(wish), answer)
}

/** With a queue and no routing key, both empty, the key is the queue's name. */
const bindingOf = (values: Of<typeof queue.unbind>, destination: string) => ({
  source: values.exchange,
  destination,
  routingKey: values.queue === '' && values.routingKey === '' ? destination : values.routingKey,
  arguments: values.arguments,
})

function bindQueue(channel: Channel, values: Of<typeof queue.bind>): void {
  const { bind, bindOk } = queue
  const destination = queueMeant(channel, values.queue, bind)
  if (destination === null || isDefault(channel, values.exchange, bind)) return
  settle(channel, bind, vhostOf(channel).bindQueue(bindingOf(values, destination)), () => {
    if (!values.nowait) channel.send(bindOk, {})
  })
}

function unbindQueue(channel: Channel, values: Of<typeof queue.unbind>): void {
  const { unbind, unbindOk } = queue
  const destination = queueMeant(channel, values.queue, unbind)
  if (destination === null || isDefault(channel, values.exchange, unbind)) return
  settle(channel, unbind, vhostOf(channel).unbindQueue(bindingOf(values, destination)), () => {
    channel.send(unbindOk, {})
  })
}

function purgeQueue(channel: Channel, values: Of<typeof queue.purge>): void {
  const name = queueMeant(channel, values.queue, queue.purge)
  if (name === null) return
  settle(channel, queue.purge, vhostOf(channel).purgeQueue(name), (messageCount) => {
    if (!values.nowait) channel.send(queue.purgeOk, { messageCount })
  })
}

function deleteQueue(channel: Channel, values: Of<typeof queue.delete>): void {
  const name = queueMeant(channel, stripped(values.queue), queue.delete)
  if (name === null) return
  const { home } = channel
  // The answer comes before what its own consumers are told.
  home.holdTold()
  const deleted = vhostOf(channel).deleteQueue(name, values.ifUnused, values.ifEmpty)
  home.wait(deleted, (result) => {
    if (!result.ok) channel.refuse(result, queue.delete)
    else if (!values.nowait) channel.send(queue.deleteOk, { messageCount: result.value })
    home.tellNow()
  })
}

export const topologyCalls: readonly Call[] = [
  on(access.request, (channel) => channel.send(access.requestOk, { ticket: 1 })),
  on(exchange.declare, declareExchange),
  on(exchange.delete, deleteExchange),
  on(exchange.bind, bindExchange),
  on(exchange.unbind, unbindExchange),
  on(queue.declare, declareQueue),
  on(queue.bind, bindQueue),
  on(queue.unbind, unbindQueue),
  on(queue.purge, purgeQueue),
  on(queue.delete, deleteQueue),
]
