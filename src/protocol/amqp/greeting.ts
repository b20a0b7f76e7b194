// The first part of a connection: who the client is, what both agree on, which vhost it opens (AMQP
// 0-9-1, section 2.2.4, with RabbitMQ's rules). A state of its own for each connection; ends with a
// session, or with a refusal.
import type { Session } from '../../broker/messaging/api.ts'
import type { Address } from '../../io/network.ts'
import type { Result } from '../../model/errors.ts'
import { type FieldTable, noFields } from '../../model/message/field.ts'
import type { Limits } from './frames/limits.ts'
import { type Login, logIn, type Offer } from './login.ts'
import { connection as methods } from './methods/connection-methods.ts'
import { type Reply, replies } from './methods/reply-codes.ts'
import type { Fields, Method, Of, Values } from './methods/schema.ts'
import { canDo, connectionName, serverProperties } from './server-properties.ts'

export interface Agreed {
  channelMax: number
  frameMax: number
  /** 0: none. */
  heartbeatSeconds: number
}

/** What all connections of a door are told and held to. */
export interface GreetingTerms {
  readonly limits: Limits
  readonly offer: Offer
  readonly clusterName: string
}

/** Who the client is, as far as the network knows. */
export interface Peer {
  readonly remote: Address
  readonly certificateName?: string | null
}

export interface GreetingHost {
  readonly peer: string
  send<F extends Fields>(method: Method<F>, values: Values<F>): void
  failHard(reply: Reply, text: string, methodId: number, report?: string): void
  wait<T>(promise: Promise<T>, then: (value: T) => void): void
  /** Ends it without an answer, after a while. */
  refuseSilently(report: string): void
  openSession(vhost: string, user: string, name: string): Result<Session>
  /** Everything is agreed. */
  begin(session: Session, login: Login): void
}

type State = 'start' | 'login' | 'tune' | 'open' | 'done'

export class Greeting {
  readonly agreed: Agreed
  clientProperties: FieldTable = noFields
  /** How the client has logged in. */
  mechanism = ''
  private state: State = 'start'
  private login: Login | null = null
  private readonly host: GreetingHost
  private readonly terms: GreetingTerms
  private readonly link: Peer

  constructor(host: GreetingHost, terms: GreetingTerms, link: Peer) {
    this.host = host
    this.terms = terms
    this.link = link
    const { frameMaxAtFirst: frameMax } = terms.limits
    this.agreed = { channelMax: 0, frameMax, heartbeatSeconds: 0 }
  }

  /** The client has said its first word. */
  begin(): void {
    const { host, terms } = this
    host.send(methods.start, {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(terms.clusterName),
      mechanisms: Buffer.from(terms.offer.mechanisms.join(' ')),
      locales: Buffer.from('en_US'),
    })
  }

  /** The method that is due now; null: none. */
  get expected(): Method | null {
    if (this.state === 'start') return methods.startOk
    if (this.state === 'tune') return methods.tuneOk
    return this.state === 'open' ? methods.open : null
  }

  /** `values` are those of `expected`. */
  take(values: unknown): void {
    if (this.state === 'start') this.startOk(values as Of<typeof methods.startOk>)
    else if (this.state === 'tune') this.tuneOk(values as Of<typeof methods.tuneOk>)
    else this.open(values as Of<typeof methods.open>)
  }

  can(capability: string): boolean {
    return canDo(this.clientProperties, capability)
  }

  private startOk({ clientProperties, mechanism, response }: Of<typeof methods.startOk>): void {
    const { host } = this
    this.clientProperties = clientProperties
    this.state = 'login'
    this.mechanism = mechanism
    const { remote, certificateName = null } = this.link
    const judged = logIn(this.terms.offer, { mechanism, response, remote, certificateName })
    const then = (result: Result<Login>) => this.loggedIn(mechanism, result)
    if (judged instanceof Promise) host.wait(judged, then)
    else then(judged)
  }

  /** With an answer when the client can take one; the words go to the log only. */
  private refuse(mechanism: string, report: string): void {
    const { host } = this
    const text =
      `Login was refused using authentication mechanism ${mechanism}. ` +
      'For details see the broker logfile.'
    if (!this.can('authentication_failure_close')) host.refuseSilently(report)
    else host.failHard(replies.accessRefused, text, 0, report)
  }

  private loggedIn(mechanism: string, result: Result<Login>): void {
    const { host } = this
    if (!result.ok) {
      this.refuse(mechanism, `refused a login: ${result.message}`)
      return
    }
    this.login = result.value
    const { channelMax, frameMax, heartbeatSeconds: heartbeat } = this.terms.limits
    this.state = 'tune'
    host.send(methods.tune, { channelMax, frameMax, heartbeat })
  }

  private tuneOk({ channelMax, frameMax, heartbeat }: Of<typeof methods.tuneOk>): void {
    const { limits } = this.terms
    const problem =
      tuneProblem('channel_max', 1, limits.channelMax, channelMax) ??
      tuneProblem('frame_max', limits.frameMin, limits.frameMax, frameMax)
    if (problem !== null) {
      this.host.failHard(replies.notAllowed, problem, methods.tuneOk.id)
      return
    }
    this.agreed.channelMax = channelMax
    this.agreed.frameMax = frameMax
    this.agreed.heartbeatSeconds = heartbeat
    this.state = 'open'
  }

  private open({ virtualHost }: Of<typeof methods.open>): void {
    const { host, login } = this
    if (login === null) return
    const name = connectionName(this.clientProperties) ?? host.peer
    const opened = host.openSession(virtualHost, login.user, name)
    if (!opened.ok) {
      // Whatever the reason, a vhost that cannot be opened ends the connection so.
      host.failHard(replies.notAllowed, opened.message, methods.open.id)
      return
    }
    this.state = 'done'
    host.begin(opened.value, login)
    host.send(methods.openOk, { reserved1: '' })
  }
}

/** 0 stands for no limit. */
function tuneProblem(name: string, least: number, most: number, asked: number): string | null {
  if (asked !== 0 && asked < least)
    return `negotiated ${name} = ${asked} is lower than the minimum allowed value (${least})`
  if (most !== 0 && (asked === 0 || asked > most))
    return `negotiated ${name} = ${asked} is higher than the maximum allowed value (${most})`
  return null
}
