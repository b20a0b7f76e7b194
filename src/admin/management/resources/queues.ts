// /api/queues: listing, making and deleting queues. A stream is one, and so is every topic.

import { ofLong } from '../../../base/wide-integers.ts'
import { isSingleActive, queueType } from '../../../broker/declarations/queue-arguments.ts'
import type { HostedQueue } from '../../../broker/messaging/hosted-queue.ts'
import { HostedStream } from '../../../broker/messaging/hosted-stream.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import { mergedDefinition } from '../../../broker/policies/policy-keys.ts'
import type { HoldingPolicies } from '../../../broker/policies/vhost-policies.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { Look } from '../../../queue/stock-parts.ts'
import { must, noContent, notFound, put } from '../answer.ts'
import { type Call, checkedName, flagIn, tableIn } from '../call.ts'
import { compareNames, listed, shownOne } from '../listing.ts'
import { bytesOf, lengthsOf, queueCounts } from '../numbers.ts'
import { idleShown, messageStats, withRates } from '../shown.ts'
import { consumersOf } from './channels.ts'

export interface QueueItem {
  readonly core: VhostCore
  readonly hosted: HostedQueue | HostedStream
}

const nameOf = ({ hosted }: QueueItem): string => hosted.name

export function queueItems(call: Call): QueueItem[] {
  const items = call
    .vhosts()
    .flatMap((core) =>
      [...core.queues.values(), ...core.streams.values()].map((hosted) => ({ core, hosted })),
    )
  return items.sort(
    (a, b) => compareNames(a.core.name, b.core.name) || compareNames(nameOf(a), nameOf(b)),
  )
}

export const listQueues = (call: Call): Promise<HttpAnswer> =>
  listed(call, queueItems(call), nameOf, (item) => describeQueue(call, item))

export function describeQueue(call: Call, { core, hosted }: QueueItem): Record<string, unknown> {
  return hosted instanceof HostedStream
    ? describeStream(call, core, hosted)
    : describeOther(call, core, hosted)
}

function describeStream({ node, rates }: Call, core: VhostCore, stream: HostedStream) {
  const { definition, messages, readers } = stream
  return {
    name: stream.name,
    vhost: core.name,
    type: 'stream',
    durable: true,
    auto_delete: false,
    exclusive: false,
    arguments: plainTable(definition.arguments),
    ...placeOf(node.name),
    ...shownPolicies(stream.policies),
    consumers: readers.size,
    ...withRates({ messages, messages_ready: messages, messages_unacknowledged: 0 }, rates, stream),
  }
}

const placeOf = (node: string) => ({
  node,
  leader: node,
  members: [node],
  online: [node],
  state: 'running',
})

function describeOther(call: Call, core: VhostCore, hosted: HostedQueue): Record<string, unknown> {
  const { definition, figures: queue, owner } = hosted
  const type = queueType(definition.arguments)
  const { rates, node } = call
  return {
    name: hosted.name,
    vhost: core.name,
    type,
    durable: definition.durable,
    auto_delete: definition.autoDelete,
    exclusive: owner !== null,
    ...ownerOf(owner),
    arguments: plainTable(definition.arguments),
    ...placeOf(node.name),
    ...shownPolicies(hosted.policies),
    consumers: queue.consumerCount,
    consumer_capacity: queue.consumerCount > 0 && queue.ready === 0 ? 1 : 0,
    consumer_utilisation: queue.consumerCount > 0 && queue.ready === 0 ? 1 : 0,
    ...withRates(lengthsOf(queue), rates, hosted),
    messages_delayed: queue.delayed,
    ...idleShown(idleSince(call, hosted)),
    ...bytesOf(queue),
    ...messageStats(queueCounts(queue), rates, hosted),
  }
}

/** It counts as idle when as much time has passed as between two looks at rates. */
const idleMsMin = 5000

const idleSince = ({ node }: Call, { activeMs }: HostedQueue): number | null =>
  node.clock.now() - activeMs >= idleMsMin ? activeMs : null

const shownPolicies = ({ policy, operator }: HoldingPolicies) => ({
  policy: policy?.name ?? null,
  operator_policy: operator?.name ?? null,
  effective_policy_definition: mergedDefinition(policy, operator) ?? {},
})

function ownerOf(owner: object | null): Record<string, unknown> {
  if (owner === null || !('view' in owner)) return {}
  const { view } = owner as { view?: { name: string } }
  return view === undefined ? {} : { owner_pid_details: { name: view.name } }
}

export function queueOf(call: Call): QueueItem {
  const core = call.vhost()
  const name = call.part('name')
  const hosted = core.queues.get(name) ?? core.streams.get(name)
  if (hosted === undefined) throw notFound()
  return { core, hosted }
}

export function showQueue(call: Call): HttpAnswer {
  const item = queueOf(call)
  const consumers = consumersOf(call, ({ queue, vhost }) => {
    return queue === item.hosted.name && vhost === item.core.name
  })
  return shownOne(call, {
    ...describeQueue(call, item),
    head_message_timestamp: headTimestamp(item),
    exclusive_consumer_tag: consumers.find((each) => each['exclusive'])?.['consumer_tag'] ?? null,
    single_active_consumer_tag: isSingleActive(item.hosted.definition.arguments)
      ? (consumers.find((each) => each['active'])?.['consumer_tag'] ?? null)
      : null,
    consumer_details: consumers,
    incoming: [],
    deliveries: [],
  })
}

/** The property of the message that is next, if it is in memory; else it is read meanwhile. */
function headTimestamp({ hosted }: QueueItem): number | string | null {
  if (hosted instanceof HostedStream || hosted.used === null) return null
  const { stock } = hosted.used
  if (stock.ready === 0 || stock.look() !== Look.there) return null
  const { timestamp } = stock.message
  return timestamp === null ? null : ofLong(timestamp)
}

export async function putQueue(call: Call): Promise<HttpAnswer> {
  const session = call.session()
  const name = checkedName('queue', call.part('name'))
  const body = call.body()
  const core = call.node.messaging.vhosts.get(session.name)
  const isNew = !core?.queues.has(name) && !core?.streams.has(name)
  const wish = {
    name,
    durable: flagIn(body, 'durable'),
    exclusive: false,
    autoDelete: flagIn(body, 'auto_delete'),
    arguments: tableIn(body, 'arguments'),
  }
  must(await session.declareQueue(wish))
  return put(isNew)
}

export async function deleteQueue(call: Call): Promise<HttpAnswer> {
  queueOf(call)
  const wanted = [call.flag('if-unused'), call.flag('if-empty')] as const
  must(await call.session().deleteQueue(call.part('name'), ...wanted))
  return noContent
}

export async function purgeQueue(call: Call): Promise<HttpAnswer> {
  queueOf(call)
  must(await call.session().purgeQueue(call.part('name')))
  await flushed(call)
  return noContent
}

/** Resolves when all that was published and settled is durable. */
export const flushed = ({ node: { messaging } }: Call): Promise<void> =>
  new Promise((resolve) => messaging.flush(resolve))
