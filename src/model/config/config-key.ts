// What is known of one configuration key, as data: its type, the values it takes, its default, and
// what this broker does with it. The tables (topic-keys.ts, broker-*.ts) are the only place where
// keys are named; parsing, describing and resolving all read them. Names, types and defaults are
// Kafka's, so that tools find what they look for; `npm run check:configs` compares them with the
// real thing.

export type ConfigType =
  | 'boolean'
  | 'short'
  | 'int'
  | 'long'
  | 'double'
  | 'string'
  | 'list'
  | 'class'
  | 'password'

/**
 * `works`: the broker does what the documentation says. `accepted`: any valid value is taken and
 * shown, and ignoring it does no harm, for the reason given. `refused`: only the default is taken,
 * for the reason given.
 */
export type Effect = 'works' | 'accepted' | 'refused'

interface KeyOfType {
  readonly name: string
  /** As text, in the form in which clients write it; null: not set unless someone sets it. */
  readonly default: string | null
  readonly documentation: string
  readonly effect: Effect
  /** Why a key is accepted or refused. */
  readonly reason?: string
}

export interface NumberKey extends KeyOfType {
  readonly type: 'short' | 'int' | 'long' | 'double'
  /** Bounds inside those of the type, both inclusive. */
  readonly min?: number
  readonly max?: number
  /** A value outside the bounds that is valid too. */
  readonly or?: number
}

export interface TextKey extends KeyOfType {
  readonly type: 'string' | 'list' | 'class' | 'password'
  /** The words that it may be, or that its items may be; absent: any. */
  readonly words?: readonly string[]
  /** A form that the value, or each item, must have, and how to say it. */
  readonly form?: { readonly pattern: RegExp; readonly text: string }
}

interface BooleanKey extends KeyOfType {
  readonly type: 'boolean'
}

export type ConfigKey = NumberKey | TextKey | BooleanKey

export type TopicKey = ConfigKey & {
  /** Keys of the broker that give the value when the topic sets none; the first one set wins. */
  readonly synonyms: readonly string[]
}

export type BrokerKey = ConfigKey & {
  /** May be changed while the broker runs. */
  readonly dynamic: boolean
  /** While the broker runs it is set for one node, never for all at once. */
  readonly ofOneNode?: boolean
  /** False: described only where it is set, as with Kafka. */
  readonly isShownUnset?: boolean
  /** Other keys of the broker that give the value when this one is not set. */
  readonly fallbacks?: readonly string[]
}

export function tableOf<K extends ConfigKey>(keys: readonly K[]): ReadonlyMap<string, K> {
  return new Map(keys.map((key) => [key.name, key]))
}
