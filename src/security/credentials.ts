// What this node keeps of a user: for each SCRAM mechanism a salt and two keys from which the
// password cannot be had back (RFC 5802, section 3). PLAIN is checked against the same keys, so no
// password is ever kept. A name that nobody has gets a credential too, which no password fits: an
// attacker sees the same answers, at the same cost, for users that exist and for those that do not.
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Chance } from '../io/chance.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export const scramDigests = {
  'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
} as const satisfies Record<ScramMechanism, { name: string; bytes: number }>

export const scramMechanisms = Object.keys(scramDigests) as ScramMechanism[]

export interface ScramCredential {
  readonly salt: Uint8Array
  readonly iterations: number
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/** As people give it; forgotten once its credentials are made. */
export interface UserPassword {
  readonly user: string
  readonly password: string
}

const iterations = 4096
const saltBytes = 16
const slowHash = promisify(pbkdf2)

export const hmac = (
  mechanism: ScramMechanism,
  key: Uint8Array,
  text: string | Uint8Array,
): Buffer => createHmac(scramDigests[mechanism].name, key).update(text).digest()

export const hash = (mechanism: ScramMechanism, bytes: Uint8Array): Buffer =>
  createHash(scramDigests[mechanism].name).update(bytes).digest()

async function keysOf(
  mechanism: ScramMechanism,
  password: string,
  salt: Uint8Array,
  rounds: number,
) {
  const { name, bytes } = scramDigests[mechanism]
  const salted = await slowHash(password.normalize('NFKC'), salt, rounds, bytes, name)
  const clientKey = hmac(mechanism, salted, 'Client Key')
  return {
    storedKey: hash(mechanism, clientKey),
    serverKey: hmac(mechanism, salted, 'Server Key'),
  }
}

/** What SASL mechanisms ask of the users that a listener knows. */
export interface CredentialSource {
  /** The user's credential, or one that nothing fits. */
  find(user: string, mechanism: ScramMechanism): ScramCredential
  hasPassword(user: string, password: string): Promise<boolean>
}

/** Both credentials of a new password. */
export async function scramCredentials(
  password: string,
  chance: Chance,
): Promise<Record<ScramMechanism, ScramCredential>> {
  const make = async (mechanism: ScramMechanism): Promise<ScramCredential> => {
    const salt = chance.bytes(saltBytes)
    return { salt, iterations, ...(await keysOf(mechanism, password, salt, iterations)) }
  }
  return {
    'SCRAM-SHA-256': await make('SCRAM-SHA-256'),
    'SCRAM-SHA-512': await make('SCRAM-SHA-512'),
  }
}

/** Credentials that nothing fits, always the same for a name. */
export class InventedCredentials {
  private readonly secret: Uint8Array

  constructor(secret: Uint8Array) {
    this.secret = secret
  }

  find(user: string, mechanism: ScramMechanism): ScramCredential {
    const { bytes } = scramDigests[mechanism]
    const invented = (use: string) => hmac('SCRAM-SHA-512', this.secret, `${use} ${user}`)
    return {
      salt: invented('salt').subarray(0, saltBytes),
      iterations,
      storedKey: invented('stored').subarray(0, bytes),
      serverKey: invented('server').subarray(0, bytes),
    }
  }
}

export class Credentials implements CredentialSource {
  private readonly byUser: ReadonlyMap<string, Readonly<Record<ScramMechanism, ScramCredential>>>
  private readonly invented: InventedCredentials

  private constructor(byUser: Credentials['byUser'], secret: Uint8Array) {
    this.byUser = byUser
    this.invented = new InventedCredentials(secret)
  }

  static async of(users: readonly UserPassword[], chance: Chance): Promise<Credentials> {
    const byUser = new Map<string, Record<ScramMechanism, ScramCredential>>()
    for (const { user, password } of users)
      byUser.set(user, await scramCredentials(password, chance))
    return new Credentials(byUser, chance.bytes(32))
  }

  /** The user's credential, or one that nothing fits. */
  find(user: string, mechanism: ScramMechanism): ScramCredential {
    return this.byUser.get(user)?.[mechanism] ?? this.invented.find(user, mechanism)
  }

  async hasPassword(user: string, password: string): Promise<boolean> {
    const { salt, iterations, storedKey } = this.find(user, 'SCRAM-SHA-256')
    const given = await keysOf('SCRAM-SHA-256', password, salt, iterations)
    return timingSafeEqual(given.storedKey, storedKey)
  }
}
