// One client's connection: frames in, methods to their channels in order, everything that is owed
// out in one write for each turn. While a method waits for the core no further frame is begun, nor
// while the client leaves too much untaken: one who sends without reading stops itself. The door
// makes it, ends its turns and sweeps the silent ones.
import { assert } from '../../base/assert.ts'
import type { Session } from '../../broker/messaging/api.ts'
import type { ConnectionHandler, Connection as Link } from '../../io/network.ts'
import type { Result } from '../../model/errors.ts'
import type { Resumable } from './channel/channel-home.ts'
import type { ContentWatch } from './channel/content-watch.ts'
import { Told } from './channel/told.ts'
import type { ConnectionHome, Served } from './connection-home.ts'
import { ConnectionView } from './connection-view.ts'
import { Dispatcher, type DispatchOwner } from './dispatcher.ts'
import { FrameReader } from './frames/frame-reader.ts'
import { writeHeartbeat, writeMethod } from './frames/frame-writer.ts'
import type { OutBuffer } from './frames/out-buffer.ts'
import { Greeting, type GreetingHost } from './greeting.ts'
import type { Login } from './login.ts'
import { connection as methods } from './methods/connection-methods.ts'
import { type Reply, replies } from './methods/reply-codes.ts'
import { classOf, type Fields, type Method, methodOf, type Values } from './methods/schema.ts'
import { Output } from './output.ts'
import { ownHeader, ProtocolHeader } from './protocol-header.ts'
import { Vigil } from './vigil.ts'

/** refused: a login that is not answered; ending: the last bytes are on their way. */
type State = 'header' | 'greeting' | 'running' | 'closing' | 'parted' | 'refused' | 'ending'

export class Connection implements ConnectionHandler, Served, GreetingHost, DispatchOwner {
  readonly out: OutBuffer
  readonly told = new Told()
  readonly peer: string
  readonly vigil: Vigil
  readonly greeting: Greeting
  isSendDue = false
  readonly view: ConnectionView
  readonly contents: ContentWatch
  readonly pace = { isHeld: false, turn: 0, sliceEnd: 0 }
  readonly door: ConnectionHome
  private readonly link: Link
  private readonly output: Output
  private readonly dispatcher: Dispatcher
  private readonly reader: FrameReader
  private readonly header = new ProtocolHeader()
  private state: State = 'header'
  private opened: Session | null = null
  private login: Login | null = null
  /** Methods that wait for the core, and the last of them. */
  private waits = 0
  private pending: Promise<unknown> | null = null
  private takenAway: Promise<void> | null = null
  private heldBytes = 0
  private isPublisher = false
  isBlocked = false
  private isGone = false
  private readonly retry = () => this.goOn()

  constructor(door: ConnectionHome, link: Link) {
    this.door = door
    this.link = link
    this.peer = `${link.remote.host}:${link.remote.port}`
    this.output = new Output(door, link, () => this.taken())
    this.out = this.output.buffer
    this.dispatcher = new Dispatcher(this)
    this.contents = this.dispatcher.contents
    this.reader = new FrameReader(this.dispatcher)
    this.greeting = new Greeting(this, door, link)
    this.vigil = new Vigil(door.limits, door.monotonic())
    this.view = new ConnectionView(this, link, this.output, this.dispatcher)
  }

  // ---- As the network sees it

  readInto(): Uint8Array {
    return this.door.readBuffer
  }

  received(bytes: number): void {
    if (this.isGone || this.isDeaf) return
    this.vigil.isHeard = true
    this.door.counters.receivedBytes += bytes
    this.view.received(bytes)
    const buffer = this.door.readBuffer
    const from = this.state === 'header' ? this.readHeader(buffer, bytes) : 0
    if (from < 0) return
    this.door.pacing.begin(this)
    this.reader.received(buffer, from, bytes)
    this.door.pacing.end()
    this.updateReading()
  }

  closed(_reason: string): void {
    this.leave()
  }

  // ---- As the door sees it

  get peerHost(): string {
    return this.link.remote.host
  }

  /** Ends it when it has been silent for too long; owes heartbeats. */
  look(now: number): void {
    if (this.isGone) return
    const problem =
      this.vigil.look(now) ??
      this.reader.standstill(now, this.vigil.isExcused, this.door.limits) ??
      this.dispatcher.standstill(now, this.vigil.reading(this.output.isOverfull))
    if (problem !== null) {
      if (this.state !== 'parted') this.door.report(this, problem)
      this.destroy()
    } else if (this.vigil.owesHeartbeat(now)) {
      writeHeartbeat(this.out)
      this.sendSoon()
    }
  }

  /** Sends what was written since the last call. */
  flush(): void {
    this.isSendDue = false
    if (this.isGone) {
      this.output.drop()
      return
    }
    if (this.output.flush()) this.vigil.isSent = true
    if (this.state === 'ending') this.link.end()
  }

  /** What stopped it may be over: reads on. */
  goOn(): void {
    if (this.isGone) return
    this.door.pacing.begin(this)
    this.reader.goOn()
    this.door.pacing.end()
    this.updateReading()
  }

  /** The alarm has changed. */
  alarmChanged(): void {
    if (this.door.alarm !== null || !this.isBlocked) return
    this.isBlocked = false
    if (this.greeting.can('connection.blocked')) this.send(methods.unblocked, {})
    this.goOn()
  }

  /** The door closes: the client is told so. */
  shutDown(): void {
    if (this.isRunning) this.failHard(replies.connectionForced, 'the broker is shutting down', 0)
    else if (this.state === 'parted') this.end()
    else if (!this.isClosing) this.destroy()
    // Its answer is to be read, whatever else it has waited for.
    this.goOn()
  }

  giveUp(why: string): void {
    this.failHard(replies.resourceError, why, 0)
    this.goOn()
  }

  /** Closes without a word. */
  destroy(): void {
    if (this.isGone) return
    this.link.destroy()
    this.leave()
  }

  // ---- As its dispatcher sees it

  get isRunning(): boolean {
    return this.state === 'running'
  }

  get isClosing(): boolean {
    return this.state === 'closing' || this.isDeaf
  }

  private get isDeaf(): boolean {
    return this.state === 'parted' || this.state === 'ending' || this.state === 'refused'
  }

  get isBusy(): boolean {
    if (this.waits > 0 || this.pace.isHeld || this.output.isOverfull) return true
    return this.door.pacing.isSliceOver(this)
  }

  /** Whether nothing of the size may be published now; then `goOn` is called when it may. */
  holdsUp(bytes: number): boolean {
    const { door } = this
    this.isPublisher = true
    if (door.alarm !== null) {
      if (!this.isBlocked && this.greeting.can('connection.blocked'))
        this.send(methods.blocked, { reason: door.alarm })
      this.isBlocked = true
      return true
    }
    return door.holdsUp(this, bytes)
  }

  waitForMemory(): void {
    this.contents.waitsSince ??= this.door.monotonic()
    this.door.memory.whenGiven(this.retry, this)
  }

  malformed(problem: string): void {
    this.failHard(replies.frameError, problem, 0)
    this.end()
  }

  closeAgreed(): void {
    this.end()
  }

  /**
   * Agrees to a close. As in RabbitMQ the client ends the connection then: some find it lost when
   * it ends before they have read that, and wait for ever. The vigil ends it after a while.
   */
  closedByBoth(): void {
    writeMethod(this.out, 0, methods.closeOk, {})
    this.state = 'parted'
    this.reader.stop()
    this.sendSoon()
    this.updateReading()
  }

  /** The client closes: what it had is given back before it is told so. */
  closeAsAsked(): void {
    this.beginClosing()
    this.wait(this.takeAway(), () => this.closedByBoth())
  }

  // ---- As its greeting sees it

  send<F extends Fields>(method: Method<F>, values: Values<F>): void {
    if (this.isGone || this.isClosing) return
    writeMethod(this.out, 0, method, values)
    this.sendSoon()
  }

  refuseSilently(report: string): void {
    this.door.report(this, report)
    this.state = 'refused'
    this.reader.stop()
    this.door.endLater(this)
  }

  openSession(vhost: string, user: string, name: string): Result<Session> {
    return this.door.messaging.open({ vhost, user, name, view: this.view })
  }

  begin(session: Session, login: Login): void {
    this.opened = session
    this.login = login
    this.state = 'running'
    this.vigil.isGreeting = false
    this.vigil.heartbeatSeconds = this.greeting.agreed.heartbeatSeconds
  }

  // ---- As its channels see it

  get session(): Session {
    assert(this.opened !== null, 'channels are opened within a session')
    return this.opened
  }

  get frameMax(): number {
    return this.greeting.agreed.frameMax
  }

  get isImpersonator(): boolean {
    return this.login?.tags.includes('impersonator') ?? false
  }

  get takesCancels(): boolean {
    return this.greeting.can('consumer_cancel_notify')
  }

  get isFull(): boolean {
    return this.output.isFull
  }

  get isCrowded(): boolean {
    return this.output.isCrowded
  }

  sendSoon(): void {
    if (this.isSendDue) return
    this.isSendDue = true
    this.door.sendSoon(this)
  }

  resumeWhenSent(consumer: Resumable): void {
    this.output.resumeWhenTaken(consumer)
  }

  wait<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.waits++
    this.pending = promise
    void promise.then((value) => {
      this.waits--
      then(value)
      if (this.waits === 0) this.goOn()
    })
  }

  failHard(reply: Reply, text: string, methodId: number, report = text): void {
    if (this.isGone || this.isClosing) return
    if (reply.code !== replies.connectionForced.code) this.door.report(this, report)
    this.send(methods.close, {
      replyCode: reply.code,
      replyText: `${reply.name} - ${text}`,
      classId: classOf(methodId),
      methodId: methodOf(methodId),
    })
    this.beginClosing()
    void this.takeAway()
  }

  channelGone(id: number): void {
    this.dispatcher.channelGone(id)
  }

  // ---- Within

  /** Where in `buffer` the frames begin, or -1: nowhere. */
  private readHeader(buffer: Buffer, bytes: number): number {
    const end = this.header.read(buffer, bytes)
    if (end === -1) return -1
    if (end === -2) {
      this.door.report(this, `speaks ${this.header.spoken}`)
      this.out.append(ownHeader)
      this.end()
      return -1
    }
    this.state = 'greeting'
    this.greeting.begin()
    return end
  }

  private beginClosing(): void {
    this.state = 'closing'
    this.vigil.isClosing = true
  }

  private end(): void {
    this.state = 'ending'
    this.reader.stop()
    this.sendSoon()
  }

  /** Gives back what its channels had, then ends the session. */
  private takeAway(): Promise<void> {
    this.takenAway ??= this.takeAwayNow()
    return this.takenAway
  }

  private async takeAwayNow(): Promise<void> {
    const released = this.dispatcher.release()
    // What the core is doing for it comes to its end first: it may be making something.
    await this.pending
    await released
    await this.opened?.close()
  }

  private taken(): void {
    if (!this.isGone && this.reader.isHolding) this.goOn()
  }

  private updateReading(): void {
    if (this.isGone) return
    const { memory } = this.door
    const held = this.reader.heldBytes
    if (held !== this.heldBytes) memory.holdChanged(held - this.heldBytes)
    this.heldBytes = held
    const waitsForMemory = this.isPublisher && memory.isUsedUp && !this.reader.isHolding
    if (waitsForMemory) memory.whenGiven(this.retry)
    const pause = this.reader.isHolding || waitsForMemory
    if (pause === this.vigil.isExcused) return
    this.vigil.isExcused = pause
    if (pause) this.link.pause()
    else this.link.resume()
  }

  private leave(): void {
    if (this.isGone) return
    this.isGone = true
    this.reader.stop()
    this.door.memory.holdChanged(-this.heldBytes)
    this.heldBytes = 0
    this.door.memory.forget(this.retry)
    this.output.drop()
    void this.endSession()
  }

  private async endSession(): Promise<void> {
    await this.takeAway()
    this.door.gone(this)
  }
}
