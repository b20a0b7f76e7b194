// The SCRAM mechanisms (RFC 5802, RFC 7677), without channel binding:
//
//   client-first  -> `n,,n=USER,r=NONCE`          server-first -> `r=NONCE+OURS,s=SALT,i=ROUNDS`
//   client-final  -> `c=biws,r=NONCE+OURS,p=PROOF` server-final -> `v=SIGNATURE`
//
// librdkafka before 2.6.1, which is what Debian 12 has, puts its nonce in front of the common one
// a second time (its pull request 4895). That is taken, as Kafka 3.9 does and 4 does not: our nonce
// is in it all the same, so that nothing can be replayed.
//
// A user that does not exist goes through the same two steps and fails at the end of them.
import { timingSafeEqual } from 'node:crypto'
import type { Chance } from '../io/chance.ts'
import {
  type CredentialSource,
  hash,
  hmac,
  type ScramCredential,
  type ScramMechanism,
  scramDigests,
} from './credentials.ts'
import type { SaslServer, SaslStep } from './sasl-server.ts'

const nonceBytes = 24
const clientFirst = /^([ny]),(?:a=([^,]*))?,(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[^\0]*)?)$/
const clientFinal =
  /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[^\0]*)?),p=([A-Za-z0-9+/=]+)$/
const failed: SaslStep = { state: 'failed' }

interface Begun {
  readonly user: string
  readonly credential: ScramCredential
  readonly gs2Header: string
  readonly clientFirstBare: string
  readonly serverFirst: string
  /** The client's and ours, one behind the other. */
  readonly nonce: string
  readonly clientNonce: string
}

export class ScramServer implements SaslServer {
  private readonly mechanism: ScramMechanism
  private readonly credentials: CredentialSource
  private readonly chance: Chance
  private begun: Begun | null = null

  constructor(mechanism: ScramMechanism, credentials: CredentialSource, chance: Chance) {
    this.mechanism = mechanism
    this.credentials = credentials
    this.chance = chance
  }

  step(token: Uint8Array): Promise<SaslStep> {
    const text = Buffer.from(token).toString('utf8')
    return Promise.resolve(this.begun === null ? this.first(text) : this.final(text, this.begun))
  }

  private first(text: string): SaslStep {
    const [, binding, actingFor, bare, name, clientNonce = ''] = clientFirst.exec(text) ?? []
    if (bare === undefined || name === undefined) return failed
    const user = unescaped(name)
    if (user === null || (actingFor && unescaped(actingFor) !== user)) return failed
    const credential = this.credentials.find(user, this.mechanism)
    const nonce = clientNonce + Buffer.from(this.chance.bytes(nonceBytes)).toString('base64url')
    const salt = Buffer.from(credential.salt).toString('base64')
    const serverFirst = `r=${nonce},s=${salt},i=${credential.iterations}`
    const gs2Header = `${binding},${actingFor === undefined ? '' : `a=${actingFor}`},`
    const sent = { gs2Header, clientFirstBare: bare, serverFirst, nonce, clientNonce }
    this.begun = { user, credential, ...sent }
    return { state: 'continue', token: Buffer.from(serverFirst) }
  }

  private final(text: string, begun: Begun): SaslStep {
    const [, withoutProof, binding, nonce, proof] = clientFinal.exec(text) ?? []
    if (binding === undefined || proof === undefined) return failed
    if (nonce !== begun.nonce && nonce !== begun.clientNonce + begun.nonce) return failed
    if (Buffer.from(binding, 'base64').toString('utf8') !== begun.gs2Header) return failed
    const message = `${begun.clientFirstBare},${begun.serverFirst},${withoutProof}`
    const { storedKey, serverKey } = begun.credential
    const given = Buffer.from(proof, 'base64')
    if (given.length !== scramDigests[this.mechanism].bytes) return failed
    const signature = hmac(this.mechanism, storedKey, message)
    const clientKey = given.map((byte, i) => byte ^ (signature[i] ?? 0))
    if (!timingSafeEqual(hash(this.mechanism, clientKey), storedKey)) return failed
    const verifier = hmac(this.mechanism, serverKey, message).toString('base64')
    return { state: 'done', token: Buffer.from(`v=${verifier}`), user: begun.user }
  }
}

/**
 * A name as it was before `,` and `=` were escaped, or null when it is not escaped as it should be.
 */
function unescaped(name: string): string | null {
  if (/=(?!2C|3D)/.test(name)) return null
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
