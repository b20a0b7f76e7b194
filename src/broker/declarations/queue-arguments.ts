// The arguments of queues: which are known, what each may be, on which type of queue, and the
// settings that follow. Pure. A known argument of the wrong type, out of its bounds or not of this
// type of queue is refused; one that nobody knows is kept and does nothing.
import { ok, type Refusal, type Result } from '../../model/errors.ts'
import type { FieldTable, FieldValue } from '../../model/message/field.ts'
import { integerOf, textField, textOf } from '../../model/message/field.ts'
import type { QueueSettings } from '../../queue/queue-settings.ts'
import { topicConfigOf } from '../../stream/declaration.ts'
import { cacheSizeMax } from './deduplication.ts'
import { plainText, sameArguments, typeName } from './equivalence.ts'
import { invalidArgument } from './refusals.ts'

export type QueueType = 'classic' | 'quorum' | 'stream'

/** Milliseconds: ten years, RabbitMQ's bound. */
const timerMsMax = 315_360_000_000
const prioritiesMax = 255
const deliveryLimitDefault = 20
const retryMsDefault = { min: 1000, max: 86_400_000 }

interface Rule {
  /** What is wrong with a value; null: nothing. */
  fault(value: FieldValue): string | null
  /** On which types of queue; absent: all but streams. */
  readonly only?: readonly QueueType[]
}

const integer = (min: number, max = Number.POSITIVE_INFINITY): Rule => ({
  fault(value) {
    const n = integerOf(value)
    if (n === null) return `expected an integer, got ${typeName(value)} '${plainText(value)}'`
    if (n < min) return `${n} is less than ${min}`
    return n > max ? `${n} is more than ${max}` : null
  },
})

const text: Rule = {
  fault: (value) => (textOf(value) === null ? `expected a string, got ${typeName(value)}` : null),
}

const oneOf = (...texts: readonly string[]): Rule => ({
  fault(value) {
    const given = textOf(value)
    if (given === null) return `expected a string, got ${typeName(value)}`
    return texts.includes(given) ? null : `'${given}' is none of ${texts.join(', ')}`
  },
})

const flag: Rule = {
  fault: (value) => (value.type === 't' ? null : `expected a boolean, got ${typeName(value)}`),
}

const leaderLocators = ['client-local', 'balanced', 'random', 'least-leaders']

const queues: readonly QueueType[] = ['classic', 'quorum']
const streams: readonly QueueType[] = ['stream']
const every: readonly QueueType[] = [...queues, ...streams]

const timeoutArgument = 'x-consumer-timeout'
const timeoutRule = integer(0, timerMsMax)

const deduplicationRules: readonly (readonly [string, Rule])[] = [
  ['x-message-deduplication', flag],
  ['x-cache-size', integer(1, cacheSizeMax)],
  ['x-cache-ttl', integer(1, timerMsMax)],
  ['x-deduplication-header', text],
]
export const deduplicationArguments = deduplicationRules.map(([name]) => name)

/** Of an exchange. Refused with `preconditionFailed`. */
export function checkDeduplication(table: FieldTable, label: string): Result<null> {
  for (const [name, rule] of deduplicationRules) {
    const value = table.get(name)
    const fault = value === undefined ? null : rule.fault(value)
    if (fault !== null) return invalidArgument(name, label, fault)
  }
  return ok(null)
}

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['x-queue-type', { ...oneOf('classic', 'quorum', 'stream'), only: every }],
  ['x-expires', integer(1, timerMsMax)],
  ['x-message-ttl', integer(0, timerMsMax)],
  ['x-dead-letter-exchange', text],
  ['x-dead-letter-routing-key', text],
  ['x-dead-letter-strategy', oneOf('at-most-once', 'at-least-once')],
  ['x-max-length', integer(0)],
  ['x-max-length-bytes', { ...integer(0), only: every }],
  ['x-overflow', oneOf('drop-head', 'reject-publish', 'reject-publish-dlx')],
  ['x-max-priority', { ...integer(0, prioritiesMax), only: ['classic'] }],
  ['x-single-active-consumer', flag],
  ['x-queue-mode', { ...oneOf('default', 'lazy'), only: ['classic'] }],
  ['x-queue-version', { ...integer(1, 2), only: ['classic'] }],
  ['x-delivery-limit', integer(Number.NEGATIVE_INFINITY)],
  [timeoutArgument, timeoutRule],
  ['x-replay-ms', integer(0)],
  ...deduplicationRules,
  ['x-delayed-retry-type', oneOf('disabled', 'all', 'returned', 'failed')],
  ['x-delayed-retry-min', integer(1, timerMsMax)],
  ['x-delayed-retry-max', integer(1, timerMsMax)],
  ['x-delayed-retry-growth', oneOf('linear', 'exponential')],
  ['x-queue-leader-locator', { ...oneOf(...leaderLocators), only: every }],
  ['x-queue-master-locator', text],
  ['x-initial-cluster-size', { ...integer(1), only: every }],
  ['x-quorum-initial-group-size', { ...integer(1), only: ['quorum'] }],
  ['x-quorum-target-group-size', { ...integer(1), only: ['quorum'] }],
  ['x-max-in-memory-length', { ...integer(0), only: ['quorum'] }],
  ['x-max-in-memory-bytes', { ...integer(0), only: ['quorum'] }],
  ['x-topic', text],
  ['x-stream-offset', { fault: () => null }],
  ['x-max-age', { ...text, only: streams }],
  ['x-stream-max-segment-size-bytes', { ...integer(0), only: streams }],
  ['x-stream-filter-size-bytes', { ...integer(16, 255), only: streams }],
])

/** The topic whose records are the queue's messages; null: it has its own. */
export const topicOfQueue = (table: FieldTable): string | null => textOf(table.get('x-topic'))

/** What a queue cannot ask of messages that are a topic's. */
const notOfTopics: readonly string[] = [
  'x-max-priority',
  'x-max-length',
  'x-max-length-bytes',
  'x-overflow',
  'x-replay-ms',
]

export function queueType(table: FieldTable): QueueType {
  const type = textOf(table.get('x-queue-type'))
  return type === 'quorum' || type === 'stream' ? type : 'classic'
}

/** Whether one consumer at a time is served, and the others wait. */
export function isSingleActive(table: FieldTable): boolean {
  const single = table.get('x-single-active-consumer')
  return single?.type === 't' && single.value
}

export interface QueueProperties {
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
}

/** Refused with `preconditionFailed`; `label` names the queue. */
export function checkQueueArguments(
  table: FieldTable,
  properties: QueueProperties,
  label: string,
): Result<null> {
  const type = queueType(table)
  for (const [name, rule] of rules) {
    const value = table.get(name)
    if (value === undefined) continue
    if (!(rule.only ?? queues).includes(type))
      return invalidArgument(name, label, `queues of type ${type} do not support it`)
    const fault = rule.fault(value)
    if (fault !== null) return invalidArgument(name, label, fault)
  }
  const refused = contradiction(table, properties, type, label)
  if (refused !== null) return refused
  const config = type === 'stream' ? topicConfigOf(table) : ok(null)
  return config.ok ? ok(null) : config
}

type Refused = { readonly ok: false } & Refusal

function contradiction(
  table: FieldTable,
  properties: QueueProperties,
  type: QueueType,
  label: string,
): Refused | null {
  if (table.has('x-dead-letter-routing-key') && !table.has('x-dead-letter-exchange'))
    return invalidArgument(
      'x-dead-letter-routing-key',
      label,
      'routing_key_but_no_dlx_defined: set x-dead-letter-exchange too',
    )
  const [min, max] = [table.get('x-delayed-retry-min'), table.get('x-delayed-retry-max')].map((v) =>
    integerOf(v),
  )
  if (max !== null && max !== undefined && max < (min ?? retryMsDefault.min))
    return invalidArgument('x-delayed-retry-max', label, 'it is less than x-delayed-retry-min')
  if (table.has('x-topic'))
    for (const name of notOfTopics)
      if (table.has(name))
        return invalidArgument(name, label, 'a queue with x-topic has the messages of the topic')
  if (type === 'classic') return null
  if (type === 'quorum' && textOf(table.get('x-overflow')) === 'reject-publish-dlx')
    return invalidArgument('x-overflow', label, 'quorum queues do not support reject-publish-dlx')
  const property = !properties.durable
    ? 'non-durable'
    : properties.exclusive
      ? 'exclusive-owner'
      : properties.autoDelete
        ? 'auto-delete'
        : null
  if (property === null) return null
  const refused = invalidArgument(property, label, '')
  return { ...refused, message: `invalid property '${property}' for ${label}` }
}

/** What the arguments, which were checked, ask of the queue. */
export function queueSettings(table: FieldTable, durable: boolean): QueueSettings {
  const isOfTopic = table.has('x-topic')
  // A policy that holds for many queues asks one over a topic for what it cannot do.
  const number = (name: string, otherwise: number): number =>
    (isOfTopic && notOfTopics.includes(name) ? null : integerOf(table.get(name))) ?? otherwise
  const none = Number.POSITIVE_INFINITY
  const limit = number(
    'x-delivery-limit',
    queueType(table) === 'quorum' ? deliveryLimitDefault : -1,
  )
  const overflow = (isOfTopic ? null : textOf(table.get('x-overflow'))) ?? 'drop-head'
  return {
    durable,
    priorities: number('x-max-priority', 0),
    messageTtlMs: number('x-message-ttl', none),
    expiresMs: number('x-expires', none),
    maxLength: number('x-max-length', none),
    maxLengthBytes: number('x-max-length-bytes', none),
    overflow: overflow as QueueSettings['overflow'],
    deliveryLimit: limit < 0 ? none : limit,
    singleActiveConsumer: isSingleActive(table),
    deadLetters: table.has('x-dead-letter-exchange'),
    keepsDeadLetters: textOf(table.get('x-dead-letter-strategy')) === 'at-least-once',
    consumerTimeoutMs: timeoutOf(table),
    replayMs: number('x-replay-ms', 0),
    retry: retryOf(table),
  }
}

/** Of a queue or a consumer; null: it says none. 0 stands for no limit. */
export function timeoutOf(table: FieldTable): number | null {
  const ms = integerOf(table.get(timeoutArgument))
  return ms === 0 ? Number.POSITIVE_INFINITY : ms
}

/** Of a consumer. Refused with `preconditionFailed`. */
export function checkTimeout(table: FieldTable, label: string): Result<null> {
  const value = table.get(timeoutArgument)
  const fault = value === undefined ? null : timeoutRule.fault(value)
  return fault === null ? ok(null) : invalidArgument(timeoutArgument, label, fault)
}

function retryOf(table: FieldTable): QueueSettings['retry'] {
  const on = textOf(table.get('x-delayed-retry-type')) ?? 'disabled'
  if (on === 'disabled') return null
  const growth = textOf(table.get('x-delayed-retry-growth'))
  const minMs = integerOf(table.get('x-delayed-retry-min')) ?? retryMsDefault.min
  const maxMs = integerOf(table.get('x-delayed-retry-max')) ?? retryMsDefault.max
  return {
    growth: growth === 'exponential' ? 'exponential' : 'linear',
    on: on as 'all' | 'returned' | 'failed',
    minMs,
    maxMs: Math.max(minMs, maxMs),
  }
}

/** Whether a declaration asks for the queue that is there. */
export function sameQueueArguments(
  received: FieldTable,
  current: FieldTable,
  label: string,
): Result<null> {
  return sameArguments(rules.keys(), label, withType(received), withType(current))
}

/** Classic is what a queue is without the argument. */
function withType(table: FieldTable): FieldTable {
  if (table.has('x-queue-type')) return table
  const type: FieldValue = { type: 'S', value: Buffer.from('classic') }
  return new Map([...table, ['x-queue-type', type]])
}

/** The wish with the vhost's type, where it names none and can be of that type. */
export function withDefaultType<W extends QueueProperties & { readonly arguments: FieldTable }>(
  wish: W,
  type: 'classic' | 'quorum' | 'stream',
): W {
  const { durable, exclusive, autoDelete, arguments: table } = wish
  if (type === 'classic' || table.has('x-queue-type')) return wish
  if (!durable || exclusive || autoDelete) return wish
  return { ...wish, arguments: new Map([...table, ['x-queue-type', textField(type)]]) }
}
