// Which SASL mechanisms there are, and how an exchange of one is begun. Called by doors.
import type { Chance } from '../io/chance.ts'
import { type CredentialSource, type ScramMechanism, scramMechanisms } from './credentials.ts'
import { PlainServer } from './plain-server.ts'
import type { SaslServer } from './sasl-server.ts'
import { ScramServer } from './scram-server.ts'

/** Names of the mechanisms in the order in which they are offered. */
export const saslMechanisms: readonly string[] = [...scramMechanisms, 'PLAIN']

/** What a listener that asks for authentication accepts. */
export interface SaslOffer {
  /** Some of `saslMechanisms`. */
  readonly mechanisms: readonly string[]
  readonly credentials: CredentialSource
  /** Whether a user who has authenticated may come in from this address; absent: from any. */
  readonly admits?: (user: string, host: string) => boolean
  /** For the log, when somebody does not come in. */
  readonly failureWords: string
}

/** Longest token that any mechanism takes. */
export const saslTokenBytesMax = 16 * 1024

/** A new exchange, or null when the mechanism is not offered. */
export function beginSasl(
  mechanism: string,
  { mechanisms, credentials }: SaslOffer,
  chance: Chance,
): SaslServer | null {
  if (!mechanisms.includes(mechanism)) return null
  if (mechanism === 'PLAIN') return new PlainServer(credentials)
  const scram = scramMechanisms.find((name): name is ScramMechanism => name === mechanism)
  return scram === undefined ? null : new ScramServer(scram, credentials, chance)
}
