// One client's connection: bytes in, requests begun in order, answers out in order. It reads no
// further while too much waits (requests for earlier ones, answers for the client to take them), so
// a client that sends without reading stops itself. Answers of one turn of the event loop leave in
// one write. Made by the door, which also sweeps the silent ones.
import type { ConnectionHandler, Connection as Link } from '../../io/network.ts'
import type { Encoded } from '../../wire/writer.ts'
import type { Authentication } from './authentication.ts'
import type { Call } from './call.ts'
import { CallLine, gathered } from './call-line.ts'
import type { Client } from './client.ts'
import { type Dispatcher, type DispatchOwner, requestBytesMin } from './dispatcher.ts'
import { foreignProtocol } from './foreign-protocols.ts'
import { type FrameOwner, FrameReader } from './frame-reader.ts'
import type { Limits } from './limits.ts'
import type { RequestMemory } from './request-memory.ts'
import { answerRawToken } from './sasl-handlers.ts'
import { produce } from './schema/produce.ts'

/** Plain numbers that only grow. */
export interface DoorCounters {
  accepted: number
  /** Connections that were closed at once, because there were too many. */
  refused: number
  /** Connections that were closed because of what the client did. */
  faults: number
  receivedBytes: number
  sentBytes: number
}

/** What connections share, and whom they tell. */
export interface ConnectionHome {
  readonly limits: Limits
  readonly memory: RequestMemory
  readonly dispatcher: Dispatcher
  readonly counters: DoorCounters
  /** Milliseconds that only grow. */
  monotonic(): number
  /** `connection.flush` is to be called when this turn of the event loop is over. */
  flushSoon(connection: Connection): void
  /** The client did something wrong, and is closed. */
  report(connection: Connection, problem: string): void
  /** Something that the client asked for was refused. */
  note(connection: Connection, problem: string): void
  /** Whether no Produce of the size may begin now; `connection.goOn` is called when one may. */
  holdsUp(connection: Connection, bytes: number): boolean
  /** The node parts with the client, for no fault of its own. */
  parted(connection: Connection, reason: string): void
  gone(connection: Connection): void
}

const rawToken = -1
/** Kinds of mistakes of one connection that the log tells. */
const notedMax = 16
/** Of those that have made none: shared, and never added to. */
const noNotes = new Set<string>()

export class Connection implements ConnectionHandler, FrameOwner, DispatchOwner {
  readonly authentication: Authentication
  readonly host: string
  readonly acceptedAt: number
  readonly traffic = { receivedBytes: 0, receivedPieces: 0, sentBytes: 0, sentPieces: 0 }
  private readonly home: ConnectionHome
  private readonly link: Link
  private readonly reader: FrameReader
  private readonly line: CallLine
  private readonly waiting: Buffer[] = []
  private waitingBytes = 0
  private answered: Call<unknown>[] = []
  /** Of answers that are ready, sent or not, and not yet taken by the system. */
  private unsentBytes = 0
  private hasSpoken = false
  private noted = noNotes
  private isFlushDue = false
  /** The log takes no more for now. */
  private isHeldUp = false
  private isPaused = false
  private isClosing = false
  private isGone = false
  private lastActive: number
  /** Of answers, when somebody last looked; and when it was last found to have changed. */
  private untaken = 0
  private takenAt: number
  /** Of the request that is arriving; Infinity between requests. */
  private frameBegunAt = Number.POSITIVE_INFINITY
  private frameBytes = 0

  constructor(home: ConnectionHome, link: Link, authentication: Authentication) {
    this.home = home
    this.link = link
    this.authentication = authentication
    this.host = `/${link.remote.host}`
    this.reader = new FrameReader(home.memory, this)
    this.line = new CallLine(home.limits.waitingRequestsMax)
    this.acceptedAt = home.monotonic()
    this.lastActive = this.acceptedAt
    this.takenAt = this.acceptedAt
  }

  // ---- As the network sees it

  readInto(): Uint8Array {
    return this.reader.readInto()
  }

  received(bytes: number): void {
    if (this.isGone || this.isClosing) return
    this.lastActive = this.home.monotonic()
    this.home.counters.receivedBytes += bytes
    this.traffic.receivedBytes += bytes
    this.traffic.receivedPieces++
    this.reader.received(bytes)
  }

  closed(_reason: string): void {
    this.leave()
  }

  // ---- As the door sees it

  get peerHost(): string {
    return this.link.remote.host
  }

  /** The peer as the log shows it. */
  get peer(): string {
    return `${this.link.remote.host}:${this.link.remote.port}`
  }

  /** Why the connection has been silent for too long, or null. */
  silence(now: number): string | null {
    const { limits } = this.home
    if (this.isGone) return null
    const isGreeted = this.hasSpoken && this.authentication.isComplete
    if (!isGreeted && now - this.acceptedAt > limits.greetingMsMax)
      return `no valid request in the first ${limits.greetingMsMax} ms`
    const silentMs = now - this.lastActive
    if (this.reader.isPartial && !this.isPaused && silentMs > limits.partialSilenceMsMax)
      return `a request stopped half-way for ${limits.partialSilenceMsMax} ms`
    const paceMs = (this.frameBytes / limits.partialBytesPerSecondMin) * 1000
    const tookMs = now - this.frameBegunAt
    if (!this.isPaused && tookMs > limits.partialSilenceMsMax + paceMs)
      return `a request of ${this.frameBytes} bytes was not whole after ${Math.round(tookMs)} ms`
    return null
  }

  /**
   * Why the client has not taken its answers for too long, or null. `patienceMs` null: it may take
   * its time, because nobody waits for the memory that they lie in.
   */
  standstill(now: number, patienceMs: number | null): string | null {
    const untaken = this.link.unsentBytes
    if (untaken === 0 || untaken !== this.untaken) this.takenAt = now
    this.untaken = untaken
    const stillMs = Math.round(now - this.takenAt)
    return patienceMs !== null && stillMs > patienceMs
      ? `took nothing of its answers for ${stillMs} ms while others waited for the memory`
      : null
  }

  /** Whether it has been idle, in good order, for longer than `connections.max.idle.ms`. */
  isIdle(now: number): boolean {
    const { idleMsMax } = this.home.limits
    // A client that does not take its answers is not held for ever either.
    return this.line.isEmpty && now - this.lastActive > idleMsMax
  }

  /** As the node sees it, which it has proved to be a user of. */
  asClient(user: string, connectedAtMs: number): Client {
    const { link, authentication, traffic } = this
    return {
      user,
      mechanism: authentication.mechanism,
      remote: link.remote,
      local: link.local,
      connectedAtMs,
      traffic,
      get unsentBytes() {
        return link.unsentBytes
      },
      close: (reason) => {
        if (this.isGone) return
        this.home.parted(this, reason)
        this.close()
      },
    }
  }

  /** Closes without a word. */
  close(): void {
    if (this.isGone) return
    this.link.destroy()
    this.leave()
  }

  /** Takes no further request; what is under way is answered, then it closes. */
  drain(): void {
    this.dropWaiting()
    this.closeAfterAnswers()
    this.line.hurry()
  }

  /** The log takes appends again. */
  goOn(): void {
    this.beginWaiting()
  }

  flush(): void {
    this.isFlushDue = false
    if (this.isGone) return
    const calls = this.answered
    this.answered = []
    if (calls.length > 0) this.send(calls, gathered(calls))
    if (this.isClosing && this.line.isEmpty) {
      this.link.end()
      this.reader.stop()
      return
    }
    this.beginWaiting()
  }

  // ---- As the frame reader sees it

  frameSizeProblem(size: number): string | null {
    const { limits } = this.home
    const { isComplete } = this.authentication
    const most = isComplete ? limits.requestBytesMax : limits.strangersRequestBytesMax
    const least = this.authentication.takesRawTokens ? 0 : requestBytesMin
    this.frameBegunAt = this.lastActive
    this.frameBytes = size
    if (size >= least && size <= most) return null
    const foreign = this.hasSpoken ? null : foreignProtocol(size)
    return foreign ?? `a request of ${size} bytes, where ${least} to ${most} are allowed`
  }

  frame(bytes: Buffer): void {
    this.frameBegunAt = Number.POSITIVE_INFINITY
    if (this.isGone || this.isClosing) return
    if (this.waiting.length === 0 && this.mayBegin(bytes)) {
      this.beginRequest(bytes)
      return
    }
    this.waiting.push(Buffer.from(bytes))
    this.waitingBytes += bytes.length
    this.home.memory.hold(bytes.length)
    this.updateReading()
  }

  malformed(problem: string): void {
    this.abort(problem)
  }

  starvationChanged(): void {
    this.updateReading()
  }

  // ---- As its calls see it

  begin(call: Call<unknown>): void {
    this.line.add(call)
  }

  /** Some call has an answer; those that may leave now are sent when this turn is over. */
  callAnswered(): void {
    const ready = this.line.takeAnswered()
    if (ready.length === 0) return
    for (const call of ready) {
      this.answered.push(call)
      this.unsentBytes += call.answer?.length ?? 0
    }
    if (this.isFlushDue) return
    this.isFlushDue = true
    this.home.flushSoon(this)
  }

  mayNote(kind: string): boolean {
    return !this.isGone && this.noted.size < notedMax && !this.noted.has(kind)
  }

  note(kind: string, problem: string): void {
    if (this.noted === noNotes) this.noted = new Set()
    this.noted.add(kind)
    this.home.note(this, problem)
  }

  abort(problem: string): void {
    if (this.isGone) return
    this.home.report(this, problem)
    this.close()
  }

  closeAfterAnswers(): void {
    if (this.isGone || this.isClosing) return
    this.isClosing = true
    if (this.isFlushDue) return
    this.isFlushDue = true
    this.home.flushSoon(this)
  }

  // ---- Inside

  private mayBegin(bytes: Buffer): boolean {
    if (this.unsentBytes > this.home.limits.unsentBytesMax) return false
    const isRaw = this.authentication.takesRawTokens || bytes.length < requestBytesMin
    const apiKey = isRaw ? rawToken : bytes.readInt16BE(0)
    if (!this.line.mayBegin(apiKey)) return false
    this.isHeldUp = apiKey === produce.key && this.home.holdsUp(this, bytes.length)
    return !this.isHeldUp
  }

  private beginRequest(bytes: Buffer): void {
    if (this.authentication.takesRawTokens) {
      answerRawToken(bytes, this.home.dispatcher.rawCall(this))
      return
    }
    const problem = this.home.dispatcher.dispatch(bytes, this)
    if (problem === null) this.hasSpoken = true
    else this.abort(problem)
  }

  private beginWaiting(): void {
    while (!this.isGone && !this.isClosing) {
      const [next] = this.waiting
      if (next === undefined || !this.mayBegin(next)) break
      this.waiting.shift()
      this.waitingBytes -= next.length
      this.home.memory.release(next.length)
      this.beginRequest(next)
    }
    this.updateReading()
  }

  private send(calls: readonly Call<unknown>[], { chunks, length }: Encoded): void {
    const sent = () => {
      this.unsentBytes -= length
      this.home.counters.sentBytes += length
      this.traffic.sentBytes += length
      this.traffic.sentPieces++
      this.lastActive = this.home.monotonic()
      for (const call of calls) call.sent()
      if (this.waiting.length > 0) this.beginWaiting()
    }
    if (length === 0) sent()
    else this.link.write(chunks, sent)
  }

  private get waitsForMuch(): boolean {
    if (this.waiting.length === 0) return false
    const { waitingRequestsMax, waitingBytesMax } = this.home.limits
    const isFull = this.waiting.length >= waitingRequestsMax || this.waitingBytes >= waitingBytesMax
    return isFull || this.isHeldUp || this.home.memory.isUsedUp
  }

  private dropWaiting(): void {
    const waiting = this.waiting.splice(0)
    this.waitingBytes = 0
    for (const { length } of waiting) this.home.memory.release(length)
  }

  private updateReading(): void {
    if (this.isGone) return
    const pause = this.reader.isStarved || this.waitsForMuch
    if (pause === this.isPaused) return
    this.isPaused = pause
    if (pause) this.link.pause()
    else {
      this.lastActive = this.home.monotonic()
      if (this.reader.isPartial) this.frameBegunAt = this.lastActive
      this.link.resume()
    }
  }

  private leave(): void {
    if (this.isGone) return
    this.isGone = true
    this.reader.stop()
    this.dropWaiting()
    for (const call of [...this.answered, ...this.line.takeAll()]) call.gone()
    this.answered = []
    this.home.gone(this)
  }
}
