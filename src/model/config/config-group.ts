// Keys of the broker that share what is done with them and why, so that the reason stands once.
// Used by the tables of keys that Kafka lets change while it runs and that mean nothing here.
import type { BrokerKey, Effect } from './config-key.ts'

type Shape<K> = K extends BrokerKey ? Omit<K, 'dynamic' | 'effect' | 'reason'> : never

/** `keys`, each of which may change while the broker runs and has this effect for this reason. */
export function groupOf(
  effect: Exclude<Effect, 'works'>,
  reason: string,
  keys: readonly Shape<BrokerKey>[],
): BrokerKey[] {
  return keys.map((key) => ({ ...key, dynamic: true, effect, reason }))
}
