// How far a connection has come in proving who it is.
//
//   open  (a listener that asks for nothing stays here)
//   required --SaslHandshake v1--> exchanging --SaslAuthenticate ...--> done
//            --SaslHandshake v0--> raw tokens --bare frames ...-------> done
//
// Before `done` only the APIs of this way are answered; anything else closes the connection, as
// Kafka does.
import type { Chance } from '../../io/chance.ts'
import { beginSasl, type SaslOffer } from '../../security/sasl-mechanisms.ts'
import type { SaslServer, SaslStep } from '../../security/sasl-server.ts'
import { apiVersions } from './schema/api-versions.ts'
import { saslAuthenticate, saslHandshake } from './schema/sasl.ts'

type Stage = 'open' | 'required' | 'exchanging' | 'rawTokens' | 'done'

export class Authentication {
  private readonly offer: SaslOffer | null
  private readonly chance: Chance
  private readonly host: string
  private stage: Stage
  private server: SaslServer | null = null
  private name: string | null = null
  private chosen = ''
  private readonly admit: (user: string) => string | null
  private notAdmitted: string | null = null

  /**
   * `offer` null: the listener asks for nothing. `host`: the address of the client. `admit`: why a
   * user who is known may not come in for now, or null.
   */
  constructor(
    offer: SaslOffer | null,
    chance: Chance,
    host: string,
    admit: (user: string) => string | null = () => null,
  ) {
    this.offer = offer
    this.admit = admit
    this.host = host
    this.chance = chance
    this.stage = offer === null ? 'open' : 'required'
  }

  /** Mechanisms that this listener offers. */
  get mechanisms(): readonly string[] {
    return this.offer?.mechanisms ?? []
  }

  /** Why it may have failed, for the log. */
  get failureWords(): string {
    return this.offer?.failureWords ?? 'nobody can log in here'
  }

  /** Why somebody who has proved who it is may not come in, in words for the client; or null. */
  get refusal(): string | null {
    return this.notAdmitted
  }

  /** Whether the connection may use every API. */
  get isComplete(): boolean {
    return this.stage === 'open' || this.stage === 'done'
  }

  /** Whether frames are bare SASL tokens now, without a header. */
  get takesRawTokens(): boolean {
    return this.stage === 'rawTokens'
  }

  /** The mechanism of the handshake; '' before it. */
  get mechanism(): string {
    return this.chosen
  }

  get takesTokens(): boolean {
    return this.stage === 'exchanging'
  }

  get user(): string | null {
    return this.name
  }

  permits(apiKey: number): boolean {
    if (this.isComplete || apiKey === apiVersions.key) return true
    return apiKey === (this.stage === 'exchanging' ? saslAuthenticate.key : saslHandshake.key)
  }

  /** Whether a handshake is what comes next. */
  get takesHandshake(): boolean {
    return this.stage === 'required'
  }

  /** False when the mechanism is not offered. */
  begin(mechanism: string, tokensHaveHeaders: boolean): boolean {
    if (this.offer === null) return false
    this.server = beginSasl(mechanism, this.offer, this.chance)
    if (this.server === null) return false
    this.chosen = mechanism
    this.stage = tokensHaveHeaders ? 'exchanging' : 'rawTokens'
    return true
  }

  async step(token: Uint8Array): Promise<SaslStep> {
    const taken: SaslStep =
      this.server === null ? { state: 'failed' } : await this.server.step(token)
    const step: SaslStep = this.isAdmitted(taken) ? taken : { state: 'failed' }
    if (step.state === 'done') {
      this.stage = 'done'
      this.name = step.user
    }
    if (step.state !== 'continue') this.server = null
    return step
  }

  private isAdmitted(step: SaslStep): boolean {
    if (step.state !== 'done') return true
    if (this.offer?.admits?.(step.user, this.host) === false) return false
    this.notAdmitted = this.admit(step.user)
    return this.notAdmitted === null
  }
}
