// /api/bindings, and the bindings of an exchange or a queue. In paths a binding is known by its
// properties key: the routing key, escaped, with a hash of the arguments behind `~` if there are
// any; `~` alone for neither.
import { createHash } from 'node:crypto'
import type { VhostCore } from '../../../broker/messaging/vhost-core.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { noFields } from '../../../model/message/field.ts'
import { tableText } from '../../../model/message/field-equality.ts'
import { plainTable } from '../../../model/message/readable-headers.ts'
import type { Binding, TargetKind } from '../../../routing/binding.ts'
import { badRequest, createdAt, json, must, noContent, notFound } from '../answer.ts'
import { type Call, tableIn, textIn } from '../call.ts'
import { inTurns, listedWhole } from '../listing.ts'
import { exchangeOf } from './exchanges.ts'
import { queueOf } from './queues.ts'

interface Item {
  readonly core: VhostCore
  readonly binding: Binding
}

const escaped = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*~]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

const hashBytes = 6

export function propertiesKey({ routingKey, arguments: table }: Binding): string {
  if (table.size === 0) return routingKey === '' ? '~' : escaped(routingKey)
  const hash = createHash('sha256').update(tableText(table)).digest().subarray(0, hashBytes)
  return `${escaped(routingKey)}~${hash.toString('base64url')}`
}

const describe = ({ core, binding }: Item): Record<string, unknown> => ({
  source: binding.source,
  vhost: core.name,
  destination: binding.target,
  destination_type: binding.kind,
  routing_key: binding.routingKey,
  arguments: plainTable(binding.arguments),
  properties_key: propertiesKey(binding),
})

/** From the default exchange to each queue. */
const byName = (queue: string): Binding => ({
  source: '',
  kind: 'queue',
  target: queue,
  routingKey: queue,
  arguments: noFields,
})

export const bindingsFrom = (core: VhostCore, source: string): Binding[] =>
  source === ''
    ? [...core.queues.keys(), ...core.streams.keys()].map(byName)
    : core.routing.bindingsFrom(source)

export function bindingsTo(core: VhostCore, kind: TargetKind, target: string): Binding[] {
  const bound = core.routing.bindingsTo(kind, target)
  return kind === 'queue' ? [byName(target), ...bound] : bound
}

const order = ['vhost', 'source', 'destination', 'routing_key', 'properties_key']

const list = async (call: Call, items: readonly Item[]): Promise<HttpAnswer> =>
  listedWhole(call, await inTurns(call, items, describe), order)

const itemsOf = (core: VhostCore, bindings: readonly Binding[]): Item[] =>
  bindings.map((binding) => ({ core, binding }))

export function listBindings(call: Call): Promise<HttpAnswer> {
  const items = call
    .vhosts()
    .flatMap((core) =>
      [...core.exchanges.keys()].flatMap((name) => itemsOf(core, bindingsFrom(core, name))),
    )
  return list(call, items)
}

export function listSource(call: Call): Promise<HttpAnswer> {
  const { core, exchange } = exchangeOf(call)
  return list(call, itemsOf(core, bindingsFrom(core, exchange.name)))
}

export function listDestination(call: Call): Promise<HttpAnswer> {
  const { core, exchange } = exchangeOf(call)
  return list(call, itemsOf(core, bindingsTo(core, 'exchange', exchange.name)))
}

export function listOfQueue(call: Call): Promise<HttpAnswer> {
  const { core, hosted } = queueOf(call)
  return list(call, itemsOf(core, bindingsTo(core, 'queue', hosted.name)))
}

// ---- Between two --------------------------------------------------------------------------------

interface Ends {
  readonly core: VhostCore
  readonly source: string
  readonly kind: TargetKind
  readonly target: string
}

function endsOf(call: Call): Ends {
  const kinds: Readonly<Record<string, TargetKind>> = { q: 'queue', e: 'exchange' }
  const letter = call.part('kind')
  const kind = Object.hasOwn(kinds, letter) ? kinds[letter] : undefined
  if (kind === undefined) throw notFound()
  const target = kind === 'queue' ? call.part('target') : call.exchange('target')
  return { core: call.vhost(), source: call.exchange('source'), kind, target }
}

function between({ core, source, kind, target }: Ends): Binding[] {
  const found = bindingsFrom(core, source)
  return found.filter((binding) => binding.kind === kind && binding.target === target)
}

export function listBetween(call: Call): Promise<HttpAnswer> {
  const ends = endsOf(call)
  const { core, source, target } = ends
  if (!core.exchanges.has(source)) throw notFound()
  // Every queue that is there has one to the default exchange, and no other.
  const isThere = source !== '' || core.queues.has(target) || core.streams.has(target)
  return list(call, isThere ? itemsOf(core, between(ends)) : [])
}

/** The key may come escaped once or twice: clients differ. */
function bindingOf(call: Call): Item {
  const ends = endsOf(call)
  const asked = call.part('props')
  const bindings = between(ends)
  // Of one binding the key may be what of another is the routing key: keys come first.
  const isPlain = ({ arguments: table, routingKey }: Binding): boolean =>
    table.size === 0 && asked !== '~' && routingKey === asked
  const named = bindings.filter((binding) => propertiesKey(binding) === asked)
  const found = named.find((each) => each.arguments.size > 0) ?? named[0] ?? bindings.find(isPlain)
  if (found === undefined) throw notFound()
  return { core: ends.core, binding: found }
}

export const showBinding = (call: Call): HttpAnswer => json(describe(bindingOf(call)))

export async function makeBinding(call: Call): Promise<HttpAnswer> {
  const { source, kind, target } = endsOf(call)
  const body = call.body()
  const routingKey = textIn(body, 'routing_key')
  if (Buffer.byteLength(routingKey) > 255) throw badRequest('routing_key has more than 255 bytes')
  const table = tableIn(body, 'arguments')
  const wish = { source, destination: target, routingKey, arguments: table }
  const session = call.session()
  must(await (kind === 'queue' ? session.bindQueue(wish) : session.bindExchange(wish)))
  const key = propertiesKey({ source, kind, target, routingKey, arguments: table })
  return createdAt(`${encodeURIComponent(target)}/${encodeURIComponent(key)}`)
}

export async function deleteBinding(call: Call): Promise<HttpAnswer> {
  const { binding } = bindingOf(call)
  const { source, kind, target, routingKey, arguments: table } = binding
  const wish = { source, destination: target, routingKey, arguments: table }
  const session = call.session()
  must(await (kind === 'queue' ? session.unbindQueue(wish) : session.unbindExchange(wish)))
  return noContent
}
