// What a policy may define: its keys, what each may be, on which objects it counts, and how it
// meets the argument of the same meaning and an operator's policy. Pure. RabbitMQ's rules: an
// argument wins over a policy, except where the smaller of both holds; an operator's policy wins
// over a user's, with the same exception, and may define only some of the keys.
import { ok, type Result, refuse } from '../../model/errors.ts'
import {
  type FieldTable,
  type FieldValue,
  integerOf,
  textField,
} from '../../model/message/field.ts'
import { clampedSegmentBytes } from '../../stream/declaration.ts'
import { intervalMs } from '../../stream/interval.ts'
import type { Json, JsonObject, Policy, PolicyScope } from './policy-values.ts'

export type QueueKind = 'classic' | 'quorum' | 'stream'

/**
 * What a policy may hold for. A topic that nobody has declared as a stream follows policies for
 * streams alone: one for all queues does not shorten what clients of Kafka keep.
 */
export type PolicyTarget = QueueKind | 'topic'

interface KeyRule {
  /** What is wrong with a value; null: nothing. */
  fault(value: Json): string | null
  /** The smaller of argument, policy and operator's policy holds. */
  readonly isLeast?: boolean
  /** An operator's policy may define it. */
  readonly isOperators?: boolean
  /** On which kinds of queues it counts; absent: classic and quorum; empty: on none. */
  readonly on?: readonly QueueKind[]
  /** For which kinds a policy may hold that has it, as in RabbitMQ 3.10; absent: those of `on`. */
  readonly suits?: readonly QueueKind[]
}

const timerMsMax = 0xffff_ffff

const integer = (min: number, max = Number.MAX_SAFE_INTEGER) => ({
  fault: (value: Json) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? null
      : `is not a whole number from ${min} to ${max}`,
})

const text = {
  fault: (value: Json) => (typeof value === 'string' ? null : 'is not a string'),
}

const oneOf = (...texts: readonly string[]) => ({
  fault: (value: Json) =>
    typeof value === 'string' && texts.includes(value) ? null : `is none of ${texts.join(', ')}`,
})

const interval = {
  fault: (value: Json) =>
    typeof value === 'string' && intervalMs(value) !== null
      ? null
      : 'is not digits and one of Y, M, D, h, m, s',
}

const anything = { fault: () => null }
const promotions = oneOf('always', 'when-synced')
const least = { isLeast: true, isOperators: true } as const
const queues: readonly QueueKind[] = ['classic', 'quorum', 'stream']
const plainQueues: readonly QueueKind[] = ['classic', 'quorum']
/** Without effect on one node. */
const ofMirrors = { on: [], suits: ['classic'] } as const
/** Without effect on queues. */
const ofOthers = { on: [], suits: queues } as const

export const alternateExchangeKey = 'alternate-exchange'

const mirrorsKey = 'ha-mode'
const mirrorParamsKey = 'ha-params'

const leaderLocators = ['client-local', 'balanced', 'least-leaders', 'random'] as const
const masterLocators = ['min-masters', 'client-local', 'random'] as const

const rules: ReadonlyMap<string, KeyRule> = new Map<string, KeyRule>([
  [alternateExchangeKey, { ...text, ...ofOthers }],
  ['dead-letter-exchange', text],
  ['dead-letter-routing-key', text],
  ['dead-letter-strategy', { ...oneOf('at-most-once', 'at-least-once'), suits: ['quorum'] }],
  ['message-ttl', { ...integer(0, 2 ** 50), ...least }],
  ['expires', { ...integer(1, timerMsMax), ...least }],
  ['max-length', { ...integer(0), ...least }],
  ['max-length-bytes', { ...integer(0), ...least, on: queues }],
  ['max-in-memory-length', { ...integer(0), ...least, on: ['quorum'], suits: plainQueues }],
  ['max-in-memory-bytes', { ...integer(0), ...least, on: ['quorum'], suits: plainQueues }],
  ['delivery-limit', { ...integer(-1), ...least, suits: ['quorum'] }],
  [
    'overflow',
    { ...oneOf('drop-head', 'reject-publish', 'reject-publish-dlx'), isOperators: true },
  ],
  ['consumer-timeout', integer(0, timerMsMax)],
  ['consumer-disconnected-timeout', integer(0, timerMsMax)],
  ['delayed-retry-type', oneOf('disabled', 'all', 'returned', 'failed')],
  ['delayed-retry-min', integer(1, timerMsMax)],
  ['delayed-retry-max', integer(1, timerMsMax)],
  ['delayed-retry-growth', oneOf('linear', 'exponential')],
  ['max-age', { ...interval, on: ['stream'] }],
  ['stream-max-segment-size-bytes', { ...integer(1), on: ['stream'] }],
  ['stream-filter-size-bytes', { ...integer(16, 255), on: ['stream'] }],
  ['queue-leader-locator', { ...oneOf(...leaderLocators), on: ['quorum', 'stream'] }],
  ['queue-master-locator', { ...oneOf(...masterLocators), on: ['classic'] }],
  ['initial-cluster-size', { ...integer(1), on: ['quorum', 'stream'], suits: ['stream'] }],
  ['target-group-size', { ...integer(1), on: ['quorum'], isOperators: true }],
  ['queue-mode', { ...oneOf('default', 'lazy'), on: ['classic'] }],
  ['queue-version', { ...integer(1, 2), on: ['classic'], suits: queues, isOperators: true }],
  // What other nodes are for: taken, so that what was exported can be imported, without effect.
  [mirrorsKey, { ...oneOf('all', 'exactly', 'nodes'), ...ofMirrors }],
  [mirrorParamsKey, { ...anything, ...ofMirrors }],
  ['ha-sync-mode', { ...oneOf('manual', 'automatic'), ...ofMirrors }],
  ['ha-sync-batch-size', { ...integer(1), ...ofMirrors }],
  ['ha-promote-on-shutdown', { ...promotions, ...ofMirrors }],
  ['ha-promote-on-failure', { ...promotions, ...ofMirrors }],
  ['federation-upstream', { ...text, ...ofOthers }],
  ['federation-upstream-set', { ...text, ...ofOthers }],
  ['federation-upstream-pattern', { ...text, ...ofOthers }],
])

/** Refused with `invalidRequest`. */
export function checkPolicyDefinition(definition: JsonObject, isOperator: boolean): Result<null> {
  const entries = Object.entries(definition)
  if (entries.length === 0) return refuse('invalidRequest', 'no policy provided')
  const whose = isOperator ? 'an operator policy' : 'a policy'
  for (const [key, value] of entries) {
    const rule = rules.get(key)
    if (rule === undefined || (isOperator && rule.isOperators !== true))
      return refuse(
        'invalidRequest',
        `'${key.slice(0, 100)}' is not recognised as a key of ${whose}`,
      )
    const fault = rule.fault(value)
    if (fault !== null)
      return refuse('invalidRequest', `the value of '${key}' ${fault}: ${shown(value)}`)
  }
  const mirrors = mirrorsFault(definition)
  return mirrors === null ? ok(null) : refuse('invalidRequest', mirrors)
}

/** What is wrong with the keys for mirrors together; null: nothing, or there are none. */
function mirrorsFault(definition: JsonObject): string | null {
  const { [mirrorsKey]: mode, [mirrorParamsKey]: params } = definition
  if (mode === undefined)
    return Object.keys(definition).some((key) => key.startsWith('ha-'))
      ? 'ha-mode must be specified to specify ha-params, ha-sync-mode or ha-promote-on-shutdown'
      : null
  if (mode === 'all') return params === undefined ? null : 'ha-mode="all" does not take parameters'
  if (mode === 'exactly')
    return Number.isInteger(params) && Number(params) > 0
      ? null
      : 'ha-mode="exactly" takes a positive integer'
  const isNames = Array.isArray(params) && params.every((each) => typeof each === 'string')
  return isNames && params.length > 0 ? null : 'ha-mode="nodes" takes a list of names'
}

const shown = (value: Json): string => JSON.stringify(value).slice(0, 100)

/**
 * Whether a policy holds for queues of that kind: one with a key that they do not support does not,
 * and the next that matches does in its place.
 */
export function suitsQueue(definition: JsonObject, target: PolicyTarget): boolean {
  const kind = target === 'topic' ? 'stream' : target
  return Object.keys(definition).every((key) => {
    const rule = rules.get(key)
    return rule === undefined || (rule.suits ?? rule.on ?? plainQueues).includes(kind)
  })
}

export function appliesToQueue(scope: PolicyScope, target: PolicyTarget): boolean {
  if (scope === 'streams') return target === 'stream' || target === 'topic'
  if (scope === 'all' || scope === 'queues') return target !== 'topic'
  return scope === `${target}_queues`
}

export const appliesToExchange = (scope: PolicyScope): boolean =>
  scope === 'all' || scope === 'exchanges'

/** What both ask for together, as listings show it; null: nothing. */
export function mergedDefinition(
  policy: Policy | null,
  operator: Policy | null,
): JsonObject | null {
  if (policy === null || operator === null) return (policy ?? operator)?.definition ?? null
  const merged: Record<string, Json> = { ...policy.definition }
  for (const [key, value] of Object.entries(operator.definition)) {
    const own = merged[key]
    const isLeast = rules.get(key)?.isLeast === true
    merged[key] = isLeast && typeof own === 'number' ? lesser(own, Number(value)) : value
  }
  return merged
}

/** The arguments that a queue is to follow: its own, and what its policies add to them. */
export function argumentsInForce(
  own: FieldTable,
  kind: QueueKind,
  definition: JsonObject | null,
): FieldTable {
  if (definition === null) return own
  const inForce = new Map(own)
  for (const [key, value] of Object.entries(definition)) {
    const rule = rules.get(key)
    if (rule === undefined || !(rule.on ?? plainQueues).includes(kind)) continue
    if (key === 'overflow' && kind === 'quorum' && value === 'reject-publish-dlx') continue
    const name = `x-${key}`
    const argument = integerOf(own.get(name))
    if (rule.isLeast === true && argument !== null && typeof value === 'number')
      inForce.set(name, fieldOf(lesser(argument, value)))
    else if (!own.has(name) && (typeof value === 'number' || typeof value === 'string'))
      inForce.set(name, fieldOf(value))
  }
  return inForce
}

/**
 * The configuration that the topic of a stream is to follow: what is set for it, which the
 * arguments of its declaration were, and what policies add. Of size and age the lesser holds, of
 * the size of segments what is set.
 */
export function configInForce(
  own: ReadonlyMap<string, string>,
  definition: JsonObject | null,
): ReadonlyMap<string, string> {
  if (definition === null) return own
  const inForce = new Map(own)
  const least = (key: string, value: number): void => {
    inForce.set(key, String(lesser(Number(own.get(key) ?? -1), value)))
  }
  const bytes = definition['max-length-bytes']
  if (typeof bytes === 'number') least('retention.bytes', bytes)
  const age = definition['max-age']
  const ageMs = typeof age === 'string' ? intervalMs(age) : null
  if (ageMs !== null) least('retention.ms', ageMs)
  const segment = definition['stream-max-segment-size-bytes']
  if (typeof segment === 'number' && !own.has('segment.bytes'))
    inForce.set('segment.bytes', String(clampedSegmentBytes(segment)))
  return inForce
}

/** Below 0 stands for no limit. */
function lesser(a: number, b: number): number {
  if (a < 0 || b < 0) return Math.max(a, b)
  return Math.min(a, b)
}

const fieldOf = (value: number | string): FieldValue =>
  typeof value === 'number' ? { type: 'l', value: BigInt(value) } : textField(value)
