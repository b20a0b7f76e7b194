// How a client says who it is: the mechanisms PLAIN, AMQPLAIN and EXTERNAL, read here, judged by
// whoever the door was given. Called by the greeting of a connection.
import type { Address } from '../../io/network.ts'
import { type Result, refuse } from '../../model/errors.ts'
import type { FieldTable } from '../../model/message/field.ts'
import { decodeTable } from '../../model/message/field-codec.ts'
import { WireError } from '../../wire/wire-error.ts'

export interface Login {
  readonly user: string
  readonly tags: readonly string[]
}

/**
 * Judges a login. `mechanism` is PLAIN, where `response` is `authzid NUL user NUL password`; or
 * EXTERNAL, where it is the name of the certificate that the client has shown. AMQPLAIN comes as
 * PLAIN. The words of a refusal are for the log, never for the client.
 */
export type LoginCheck = (
  mechanism: string,
  response: Uint8Array,
  remote: Address,
) => Result<Login> | Promise<Result<Login>>

export interface Offer {
  readonly mechanisms: readonly string[]
  readonly check: LoginCheck
}

export interface Attempt {
  readonly mechanism: string
  readonly response: Uint8Array
  readonly remote: Address
  readonly certificateName: string | null
}

export function logIn(offer: Offer, attempt: Attempt): Result<Login> | Promise<Result<Login>> {
  const { mechanism, response, remote, certificateName } = attempt
  if (!offer.mechanisms.includes(mechanism))
    return refuse('unsupportedSaslMechanism', `the mechanism '${mechanism}' is not offered`)
  if (mechanism === 'EXTERNAL') {
    if (certificateName === null)
      return refuse('authenticationFailed', 'EXTERNAL needs a certificate of the client')
    return offer.check('EXTERNAL', Buffer.from(certificateName), remote)
  }
  if (mechanism !== 'AMQPLAIN') return offer.check(mechanism, response, remote)
  const plain = plainOf(response)
  if (plain === null) return refuse('authenticationFailed', 'the AMQPLAIN response is malformed')
  return offer.check('PLAIN', plain, remote)
}

/** LOGIN and PASSWORD stand in a table without its length. */
function plainOf(response: Uint8Array): Uint8Array | null {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(response.length)
  let table: FieldTable
  try {
    table = decodeTable(Buffer.concat([length, response]))
  } catch (error) {
    if (error instanceof WireError) return null
    throw error
  }
  const user = table.get('LOGIN')
  const password = table.get('PASSWORD')
  if (user?.type !== 'S' || password?.type !== 'S' || user.value.includes(0)) return null
  const nul = Uint8Array.of(0)
  return Buffer.concat([nul, user.value, nul, password.value])
}
