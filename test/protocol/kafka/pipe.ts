// A network inside the process for tests of the door: what one side writes the other receives in
// the same run. And a clock whose time only moves when a test says so.
import type { Clock, Timer } from '../../../src/io/clock.ts'
import type {
  Address,
  Connection,
  ConnectionHandler,
  Listener,
  Network,
} from '../../../src/io/network.ts'

export class TestClock implements Clock {
  private ms = 0
  private timers: { at: number; action: () => void }[] = []

  now = () => 1_700_000_000_000 + this.ms
  monotonic = () => this.ms

  after(ms: number, action: () => void): Timer {
    const timer = { at: this.ms + ms, action }
    this.timers.push(timer)
    const cancel = () => {
      this.timers = this.timers.filter((each) => each !== timer)
    }
    return { cancel }
  }

  soon(action: () => void): void {
    queueMicrotask(action)
  }

  /** Lets `ms` pass, with everything that falls due. */
  async advance(ms: number): Promise<void> {
    const until = this.ms + ms
    for (;;) {
      await settled()
      const due = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.timers = this.timers.filter((timer) => timer !== due)
      this.ms = Math.max(this.ms, due.at)
      due.action()
    }
    this.ms = until
  }
}

/** When all that follows from what has happened has happened too. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The client's end of a connection to a door. */
export class Pipe {
  readonly link: Connection
  handler: ConnectionHandler | null = null
  isClosed = false
  /** While true, what the door writes is not taken, and its `done` waits. */
  isStuck = false
  untakenBytes = 0
  private isPaused = false
  private readonly unread: Buffer[] = []
  private readonly unsent: (() => void)[] = []
  private readonly sink: (bytes: Buffer) => void

  constructor(remote: Address, local: Address, sink: (bytes: Buffer) => void) {
    this.sink = sink
    const pipe = this
    this.link = {
      remote,
      local,
      get unsentBytes() {
        return pipe.untakenBytes
      },
      write: (chunks, done) => this.take(chunks, done),
      pause: () => {
        this.isPaused = true
      },
      resume: () => {
        this.isPaused = false
        queueMicrotask(() => this.deliver())
      },
      end: () => this.close(),
      destroy: () => this.close(),
    }
  }

  get waitsToBeRead(): boolean {
    return this.unread.length > 0
  }

  send(bytes: Uint8Array): void {
    this.unread.push(Buffer.from(bytes))
    this.deliver()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const done of this.unsent.splice(0)) done()
    this.handler?.closed('closed')
  }

  unstick(): void {
    this.isStuck = false
    this.untakenBytes = 0
    for (const done of this.unsent.splice(0)) done()
  }

  private take(chunks: readonly Uint8Array[], done?: () => void): void {
    if (this.isClosed) {
      done?.()
      return
    }
    this.sink(Buffer.concat(chunks))
    if (this.isStuck) {
      this.unsent.push(done ?? (() => undefined))
      for (const { length } of chunks) this.untakenBytes += length
    } else done?.()
  }

  private deliver(): void {
    while (!this.isPaused && !this.isClosed && this.handler !== null) {
      const next = this.unread[0]
      if (next === undefined) return
      const room = this.handler.readInto()
      const bytes = Math.min(room.length, next.length)
      room.set(next.subarray(0, bytes))
      if (bytes === next.length) this.unread.shift()
      else this.unread[0] = next.subarray(bytes)
      this.handler.received(bytes)
    }
  }
}

export class PipeNetwork implements Network {
  private accept: ((connection: Connection) => ConnectionHandler | null) | null = null
  private address: Address = { host: '127.0.0.1', port: 9092 }
  private ports = 40_000

  listen(
    at: Address,
    accept: (connection: Connection) => ConnectionHandler | null,
  ): Promise<Listener> {
    this.address = at
    this.accept = accept
    const close = () => {
      this.accept = null
      return Promise.resolve()
    }
    return Promise.resolve({ address: at, close })
  }

  /** Null when the door does not want the connection. */
  connect(sink: (bytes: Buffer) => void, host = '127.0.0.1'): Pipe | null {
    const pipe = new Pipe({ host, port: this.ports++ }, this.address, sink)
    pipe.handler = this.accept?.(pipe.link) ?? null
    return pipe.handler === null ? null : pipe
  }
}
