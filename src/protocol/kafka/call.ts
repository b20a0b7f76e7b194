// One request that is being answered: what a handler may know of it, and its ways to end it. A call
// ends once: by an answer, by none (acks=0), or because its connection is gone, which `waitsFor`
// tells. Made by the dispatcher, put in order by the line of its connection.
import { assert } from '../../base/assert.ts'
import { type ErrorName, errors, isMistake } from '../../model/errors.ts'
import { WireError } from '../../wire/wire-error.ts'
import type { Encoded } from '../../wire/writer.ts'
import type { Authentication } from './authentication.ts'
import type { DoorContext } from './door-context.ts'
import { shortened } from './errors.ts'

/** Turns a response into its frame. */
export type Encode = (response: unknown) => Encoded

/** Whom a call tells that it has ended. */
export interface CallOwner {
  readonly authentication: Authentication
  /** The peer's address as Kafka shows it: `/127.0.0.1`. */
  readonly host: string
  callAnswered(): void
  /** Whether `note` has still something to say of mistakes of this kind. */
  mayNote(kind: string): boolean
  /** Tells the log, once for each connection and kind, what was refused. */
  note(kind: string, problem: string): void
  /** Closes the connection at once; `problem` is logged. */
  abort(problem: string): void
  /** Sends the answers up to here and closes then. */
  closeAfterAnswers(): void
}

/** What a call waits for. */
export interface Wait {
  /** Ends it with an answer: the door closes. */
  answerNow(): void
  /** Ends it without: the connection is gone. */
  cancel(): void
}

const nothing: Encoded = { chunks: [], length: 0 }

export class Call<Response> {
  readonly door: DoorContext
  readonly apiKey: number
  readonly version: number
  readonly clientId: string | null
  private readonly owner: CallOwner
  private readonly encode: Encode
  private encoded: Encoded | null = null
  private whenSent: (() => void) | null = null
  private wait: Wait | null = null
  private isGone = false
  /** No further request of the connection is begun before this one is answered. */
  private isHolding = false

  constructor(
    door: DoorContext,
    owner: CallOwner,
    apiKey: number,
    version: number,
    clientId: string | null,
    encode: Encode,
  ) {
    this.door = door
    this.owner = owner
    this.apiKey = apiKey
    this.version = version
    this.clientId = clientId
    this.encode = encode
  }

  get host(): string {
    return this.owner.host
  }

  get authentication(): Authentication {
    return this.owner.authentication
  }

  /** The frame of the answer; null while there is none. */
  get answer(): Encoded | null {
    return this.encoded
  }

  /** `sent` is called once: when the answer's bytes are no longer needed, sent or not. */
  reply(response: Response, sent: (() => void) | null = null): void {
    if (this.isGone) {
      sent?.()
      return
    }
    assert(this.encoded === null, 'a call is answered once')
    this.whenSent = sent
    this.wait = null
    const encoded = this.encodeOrAbort(response)
    if (encoded === null) return
    this.encoded = encoded
    this.owner.callAnswered()
  }

  /** An answer beyond the door's bound cannot be given, and the protocol has no way to say so. */
  private encodeOrAbort(response: Response): Encoded | null {
    try {
      return this.encode(response)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.owner.abort(`the answer would be ${error.message}: ask for less at a time`)
      return null
    }
  }

  /** Ends the call without an answer, as the protocol asks for acks=0. */
  replyNothing(): void {
    if (this.isGone) return
    assert(this.encoded === null, 'a call is answered once')
    this.encoded = nothing
    this.owner.callAnswered()
  }

  /**
   * The answer carries `error`: the log is told, if it is a mistake of the client's and the first
   * of its kind on the connection. `words` say what is wrong with what, where the protocol's answer
   * has no place for it.
   */
  refused(error: ErrorName | null, thing: string, words: string | null = null): void {
    if (error === null || !isMistake(error)) return
    const kind = `${this.apiKey} ${error}`
    if (!this.owner.mayNote(kind)) return
    const name = this.door.apis.find((api) => api.key === this.apiKey)?.name ?? 'request'
    const text = words ?? errors[error].text
    this.owner.note(kind, shortened(`${name}: ${thing === '' ? text : `${thing}: ${text}`}`))
  }

  /** Closes the connection instead of answering. */
  abort(problem: string): void {
    if (!this.isGone) this.owner.abort(problem)
  }

  /** Closes the connection once this call's answer is sent. */
  closeAfterAnswer(): void {
    if (!this.isGone) this.owner.closeAfterAnswers()
  }

  /** One of `wait` runs if the door closes, or the connection goes, before there is an answer. */
  waitsFor(wait: Wait): void {
    if (this.isGone) wait.cancel()
    else this.wait = wait
  }

  /** What is to be done is not begun yet: what comes behind it must not overtake it. */
  holdLine(): void {
    this.isHolding = true
  }

  /** Asked by the line. */
  get holdsLine(): boolean {
    return this.isHolding && this.encoded === null
  }

  /** Called by the line: whoever waits has waited long enough. */
  hurry(): void {
    if (!this.isGone && this.encoded === null) this.wait?.answerNow()
  }

  /** Called by the line: the bytes of the answer are no longer needed. */
  sent(): void {
    const { whenSent } = this
    this.whenSent = null
    whenSent?.()
  }

  /** Called by the line: there is nobody to answer any more. */
  gone(): void {
    if (this.isGone) return
    this.isGone = true
    if (this.encoded === null) this.wait?.cancel()
    this.sent()
  }
}
