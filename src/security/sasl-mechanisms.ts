// Which SASL mechanisms there are, and how an exchange of one is begun. Called by doors.
import type { Chance } from '../io/chance.ts'
import { type Credentials, type ScramMechanism, scramMechanisms } from './credentials.ts'
import { PlainServer } from './plain-server.ts'
import type { SaslServer } from './sasl-server.ts'
import { ScramServer } from './scram-server.ts'

/** Names of the mechanisms in the order in which they are offered. */
export const saslMechanisms: readonly string[] = [...scramMechanisms, 'PLAIN']

/** Longest token that any mechanism takes. */
export const saslTokenBytesMax = 16 * 1024

/** A new exchange, or null when there is no such mechanism. */
export function beginSasl(
  mechanism: string,
  credentials: Credentials,
  chance: Chance,
): SaslServer | null {
  if (mechanism === 'PLAIN') return new PlainServer(credentials)
  const scram = scramMechanisms.find((name): name is ScramMechanism => name === mechanism)
  return scram === undefined ? null : new ScramServer(scram, credentials, chance)
}
