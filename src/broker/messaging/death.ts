// What a message carries of its deaths, in RabbitMQ's headers, and where it would go in a circle.
// Pure. `x-death` is an array of tables, the most recent first, one for each queue and
// reason; `x-first-death-*` are set with the first, `x-last-death-*` are the latest. Headers come
// from clients too: what is not of this form is not looked at.
import type { FieldTable, FieldValue } from '../../model/message/field.ts'
import { integerOf, textField, textOf } from '../../model/message/field.ts'

export interface Death {
  readonly queue: string
  readonly reason: 'rejected' | 'expired' | 'maxlen' | 'delivery_limit'
  /** Where it had been published to. */
  readonly exchange: string
  /** Its own key, and those in CC. */
  readonly routingKeys: readonly string[]
  /** What it had; it loses it. */
  readonly expiration: string | null
  readonly seconds: number
}

/** `headers` with the death noted. */
export function noteDeath(headers: FieldTable, death: Death): Map<string, FieldValue> {
  const noted = new Map(headers)
  const deaths = deathsIn(headers)
  const before = deaths.find((each) => isOf(each, death))
  const rest = withoutDoubles(deaths).filter((each) => !isOf(each, death))
  const entry: FieldValue = { type: 'F', value: entryOf(death, before) }
  const others = rest.map((value): FieldValue => ({ type: 'F', value }))
  noted.set('x-death', { type: 'A', value: [entry, ...others] })
  for (const name of ['queue', 'reason', 'exchange'] as const) {
    const first = `x-first-death-${name}`
    if (!headers.has('x-death')) noted.set(first, textField(death[name]))
    noted.set(`x-last-death-${name}`, textField(death[name]))
  }
  return noted
}

/**
 * The queues in which a message with these headers has died since anybody rejected it, to none of
 * which it may come back.
 */
export function queuesWithoutRejection(headers: FieldTable): Set<string> {
  const names = new Set<string>()
  for (const death of deathsIn(headers)) {
    if (textOf(death.get('reason')) === 'rejected') break
    const name = textOf(death.get('queue'))
    if (name !== null) names.add(name)
  }
  return names
}

/** Whether it has been in the queue before, and has come back by way of others. */
export const hasDiedIn = (headers: FieldTable, queue: string): boolean =>
  deathsIn(headers).some((death) => textOf(death.get('queue')) === queue)

function deathsIn(headers: FieldTable): readonly FieldTable[] {
  const value = headers.get('x-death')
  if (value?.type !== 'A') return []
  return value.value.flatMap((each) => (each.type === 'F' ? [each.value] : []))
}

/** Of each queue and reason the first: brokers of long ago noted every death by itself. */
function withoutDoubles(deaths: readonly FieldTable[]): FieldTable[] {
  const seen = new Set<string>()
  return deaths.filter((death) => {
    const name = JSON.stringify([textOf(death.get('queue')), textOf(death.get('reason'))])
    return !seen.has(name) && seen.add(name)
  })
}

const isOf = (entry: FieldTable, { queue, reason }: Death): boolean =>
  textOf(entry.get('queue')) === queue && textOf(entry.get('reason')) === reason

function entryOf(death: Death, before: FieldTable | undefined): FieldTable {
  const earlier = integerOf(before?.get('count')) ?? 0
  const count = BigInt(Number.isSafeInteger(earlier) && earlier > 0 ? earlier + 1 : 1)
  if (before !== undefined) return new Map([...before, ['count', { type: 'l', value: count }]])
  const entry = new Map<string, FieldValue>([
    ['count', { type: 'l', value: count }],
    ['reason', textField(death.reason)],
    ['queue', textField(death.queue)],
    ['time', { type: 'T', value: BigInt(death.seconds) }],
    ['exchange', textField(death.exchange)],
    ['routing-keys', { type: 'A', value: death.routingKeys.map(textField) }],
  ])
  if (death.expiration !== null) entry.set('original-expiration', textField(death.expiration))
  return entry
}
