// What all connections of one Kafka door have in common, and its handlers may use.
import type { Broker } from '../../broker/api.ts'
import type { Chance } from '../../io/chance.ts'
import type { Clock } from '../../io/clock.ts'
import type { Address } from '../../io/network.ts'
import type { FetchSessions } from './fetch-sessions.ts'
import type { FetchWaits } from './fetch-waits.ts'
import type { Limits } from './limits.ts'
import type { Api } from './schema/api.ts'

export interface DoorContext {
  readonly broker: Broker
  readonly clock: Clock
  readonly chance: Chance
  readonly limits: Limits
  readonly fetchSessions: FetchSessions
  readonly fetchWaits: FetchWaits
  /** Where clients reach this node, as told to them. */
  readonly advertised: Address
  /** Every API that this door answers, in the order of their keys. */
  readonly apis: readonly Api[]
}
