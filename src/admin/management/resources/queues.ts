// /api/queues: listing, making and deleting queues.
import type { HostedQueue } from '../../../broker/messaging/hosted-queue.ts'
import { queueType } from '../../../broker/messaging/queue-arguments.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import { mergedDefinition } from '../../../broker/policies/policy-keys.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { must, noContent, notFound, put } from '../answer.ts'
import { type Call, checkedName, flagIn } from '../call.ts'
import { tableOf } from '../json-fields.ts'
import { listed, shownOne } from '../listing.ts'
import { bytesOf, lengthsOf, queueCounts } from '../numbers.ts'
import { messageStats, withRates } from '../shown.ts'
import { consumersOf } from './channels.ts'

export interface QueueItem {
  readonly core: VhostCore
  readonly hosted: HostedQueue
}

const nameOf = ({ hosted }: QueueItem): string => hosted.name

export function queueItems(call: Call): QueueItem[] {
  const items = call
    .vhosts()
    .flatMap((core) => [...core.queues.values()].map((hosted) => ({ core, hosted })))
  return items.sort(
    (a, b) => compareNames(a.core.name, b.core.name) || compareNames(nameOf(a), nameOf(b)),
  )
}

export const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const listQueues = (call: Call): Promise<HttpAnswer> =>
  listed(call, queueItems(call), nameOf, (item) => describeQueue(call, item))

export function describeQueue(call: Call, { core, hosted }: QueueItem): Record<string, unknown> {
  const { definition, queue, owner } = hosted
  const { policy, operator } = core.policiesOf(hosted)
  const { rates, node } = call
  return {
    name: hosted.name,
    vhost: core.name,
    type: queueType(definition.arguments),
    durable: definition.durable,
    auto_delete: definition.autoDelete,
    exclusive: owner !== null,
    ...ownerOf(owner),
    arguments: plainTable(definition.arguments),
    node: node.name,
    leader: node.name,
    members: [node.name],
    online: [node.name],
    state: 'running',
    policy: policy?.name ?? null,
    operator_policy: operator?.name ?? null,
    effective_policy_definition: mergedDefinition(policy, operator) ?? {},
    consumers: queue.consumerCount,
    consumer_capacity: queue.consumerCount > 0 && queue.ready === 0 ? 1 : 0,
    consumer_utilisation: queue.consumerCount > 0 && queue.ready === 0 ? 1 : 0,
    ...withRates(lengthsOf(queue), rates, hosted),
    messages_delayed: queue.delayed,
    ...bytesOf(queue),
    ...messageStats(queueCounts(queue), rates, hosted),
  }
}

function ownerOf(owner: object | null): Record<string, unknown> {
  if (owner === null || !('view' in owner)) return {}
  const { view } = owner as { view?: { name: string } }
  return view === undefined ? {} : { owner_pid_details: { name: view.name } }
}

export function queueOf(call: Call): QueueItem {
  const core = call.vhost()
  const hosted = core.queues.get(call.part('name'))
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
    consumer_details: consumers,
    incoming: [],
    deliveries: [],
  })
}

export async function putQueue(call: Call): Promise<HttpAnswer> {
  const session = call.session()
  const name = checkedName('queue', call.part('name'))
  const body = call.body()
  const isNew = !call.node.messaging.vhosts.get(session.name)?.queues.has(name)
  const wish = {
    name,
    durable: flagIn(body, 'durable', true),
    exclusive: false,
    autoDelete: flagIn(body, 'auto_delete'),
    arguments: tableOf(body['arguments'], 'arguments'),
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
