// /api/exchanges: listing, making and deleting exchanges.
import type { ExchangeDefinition } from '../../../broker/declarations/definitions.ts'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import { must, noContent, notAuthorised, notFound, put } from '../answer.ts'
import { type Call, checkedName, flagIn, tableIn, textIn } from '../call.ts'
import { compareNames, listed, shownOne } from '../listing.ts'
import { messageStats } from '../shown.ts'

interface Item {
  readonly core: VhostCore
  readonly exchange: ExchangeDefinition
}

const nameOf = ({ exchange }: Item): string => exchange.name

export function listExchanges(call: Call): Promise<HttpAnswer> {
  const items = call
    .vhosts()
    .flatMap((core) => [...core.exchanges.values()].map((exchange) => ({ core, exchange })))
  items.sort((a, b) => compareNames(a.core.name, b.core.name) || compareNames(nameOf(a), nameOf(b)))
  return listed(call, items, nameOf, (item) => describe(call, item))
}

/** Its counters are named in and out where they are kept. */
const rateNames: Readonly<Record<string, string>> = { publish_in: 'in', publish_out: 'out' }

function describe({ rates, node }: Call, { core, exchange }: Item): Record<string, unknown> {
  const { name, type, durable, autoDelete, internal } = exchange
  const counters = core.exchangeCounters.get(name)
  const policy = name === '' ? null : node.policies.ofExchange(core.name, name)
  const counts = { publish_in: counters?.in ?? 0, publish_out: counters?.out ?? 0 }
  return {
    name,
    vhost: core.name,
    type,
    durable,
    auto_delete: autoDelete,
    internal,
    arguments: plainTable(exchange.arguments),
    ...(policy && { policy: policy.name }),
    ...messageStats(counts, rates, counters ?? core, (each) => rateNames[each] ?? each),
  }
}

export function exchangeOf(call: Call): Item {
  const core = call.vhost()
  const exchange = core.exchanges.get(call.exchange())
  if (exchange === undefined) throw notFound()
  return { core, exchange }
}

export const showExchange = (call: Call): HttpAnswer =>
  shownOne(call, { ...describe(call, exchangeOf(call)), incoming: [], outgoing: [] })

export async function putExchange(call: Call): Promise<HttpAnswer> {
  const session = call.session()
  const name = call.exchange()
  if (name !== '') checkedName('exchange', name)
  const body = call.body()
  const isNew = !call.node.messaging.vhosts.get(session.name)?.exchanges.has(name)
  const wish = {
    name,
    type: body['type'] === undefined ? 'direct' : textIn(body, 'type'),
    durable: flagIn(body, 'durable'),
    autoDelete: flagIn(body, 'auto_delete'),
    internal: flagIn(body, 'internal'),
    arguments: tableIn(body, 'arguments'),
  }
  must(await session.declareExchange(wish))
  return put(isNew)
}

export async function deleteExchange(call: Call): Promise<HttpAnswer> {
  const { exchange } = exchangeOf(call)
  const gone = await call.session().deleteExchange(exchange.name, call.flag('if-unused'))
  if (!gone.ok && gone.error === 'accessRefused') throw notAuthorised(gone.message)
  must(gone)
  return noContent
}
