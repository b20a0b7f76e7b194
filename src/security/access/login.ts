// How users of this node log in: by name and password, or by SCRAM where they have credentials for
// it. Users that are named in polymq.loopback.users (guest, whose password everybody knows) come in
// from this machine only. A name that nobody has costs as much as a wrong password, and is answered
// alike. Made by the accounts of a node, called by doors.
import type { Chance } from '../../io/chance.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import {
  type CredentialSource,
  InventedCredentials,
  type ScramCredential,
  type ScramMechanism,
} from '../credentials.ts'
import type { SaslOffer } from '../sasl-mechanisms.ts'
import type { AccessImage } from './access-image.ts'
import { hashPassword, passwordFits } from './password-hash.ts'

export interface Identity {
  readonly user: string
  readonly tags: readonly string[]
}

const failed = 'no user has this name and password'

export class Login implements CredentialSource {
  readonly #image: AccessImage
  readonly #loopbackUsers: () => readonly string[]
  readonly #invented: InventedCredentials
  /** What the password of a name that nobody has is compared with. */
  readonly #nobody

  constructor(image: AccessImage, chance: Chance, loopbackUsers: () => readonly string[]) {
    this.#image = image
    this.#loopbackUsers = loopbackUsers
    this.#invented = new InventedCredentials(chance.bytes(32))
    this.#nobody = hashPassword(Buffer.from(chance.bytes(32)).toString('base64'), chance)
  }

  /** `host`: the address that the client comes from. Refused with `authenticationFailed`. */
  checkPassword(name: string, password: string, host: string): Result<Identity> {
    const user = this.#image.user(name)
    const fits = passwordFits(user?.hash ?? this.#nobody, password)
    if (user === null || !fits) return refuse('authenticationFailed', failed)
    if (!this.admits(name, host))
      return refuse(
        'authenticationFailed',
        `user '${name}' may log in from this machine only (polymq.loopback.users)`,
      )
    return ok({ user: name, tags: user.tags })
  }

  /** Whether the user, who has authenticated, may come in from this address. */
  admits(user: string, host: string): boolean {
    return isLoopback(host) || !this.#loopbackUsers().includes(user)
  }

  /** For a listener whose clients are the users of this node. */
  offer(mechanisms: readonly string[]): SaslOffer {
    return {
      mechanisms,
      credentials: this,
      admits: (user, host) => this.admits(user, host),
      failureWords:
        'no user of this node has this name and password; one that was imported with a hash of ' +
        'its password has no SCRAM credentials until the password is set again, and one of ' +
        'polymq.loopback.users comes in from this machine only',
    }
  }

  find(user: string, mechanism: ScramMechanism): ScramCredential {
    const credentials = this.#image.user(user)?.scram ?? null
    return credentials?.[mechanism] ?? this.#invented.find(user, mechanism)
  }

  hasPassword(name: string, password: string): Promise<boolean> {
    const user = this.#image.user(name)
    const fits = passwordFits(user?.hash ?? this.#nobody, password)
    return Promise.resolve(user !== null && fits)
  }
}

const isLoopback = (host: string): boolean =>
  host === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(host)
