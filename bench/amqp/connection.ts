// A connection with one channel that costs next to nothing: what it sends was encoded before, what
// it receives is only counted. Deliveries and confirms go to two callbacks; everything else is the
// answer to a question. Frames are never copied: the next read lands behind what is incomplete.
import { connect, type Socket } from 'node:net'
import {
  capabilities,
  emptyTable,
  long,
  longString,
  method,
  methodFrame,
  methods,
  octet,
  short,
  shortString,
} from './frames.ts'

const memoryBytes = 1 << 20
const frameMax = 131_072
const frameOverhead = 8
const protocolHeader = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
const durableFlag = 2
const noAckFlag = 2

interface Question {
  readonly answer: number
  readonly resolve: (payload: Buffer) => void
  readonly reject: (error: Error) => void
}

export class Connection {
  readonly socket: Socket
  /** So many deliveries came in this read; the last has this tag. */
  onDelivered: (count: number, lastTag: number) => void = () => undefined
  /** A message, or all up to it, is confirmed. */
  onConfirmed: (tag: number, multiple: boolean) => void = () => undefined
  /** A read is through, or the socket or the broker takes more again. */
  onTurn: () => void = () => undefined
  /** The broker said that it takes no messages now. */
  blocked = false
  readonly #memory: Buffer
  readonly #questions: Question[] = []
  #have = 0
  #failure: Error | null = null

  private constructor(port: number, bytes: number) {
    this.#memory = Buffer.allocUnsafe(bytes)
    this.socket = connect({
      ...{ host: '127.0.0.1', port, noDelay: true },
      onread: {
        buffer: () => this.#memory.subarray(this.#have),
        callback: (count) => {
          this.#scan(count)
          return true
        },
      },
    })
    this.socket.once('error', (error) => this.#fail(error))
    this.socket.once('close', () => this.#fail(new Error('the broker closed the connection')))
    this.socket.on('drain', () => this.onTurn())
  }

  /** Connects as guest to `/` and opens a channel. `bytes` bounds what one read may bring. */
  static async open(port: number, bytes: number = memoryBytes): Promise<Connection> {
    const self = new Connection(port, bytes)
    await self.#ask(protocolHeader, methods.connectionStart)
    const client = capabilities(['publisher_confirms', 'basic.nack', 'connection.blocked'])
    const login = [client, shortString('PLAIN'), longString('\0guest\0guest'), shortString('en_US')]
    await self.#ask(method(0, methods.connectionStartOk, ...login), methods.connectionTune)
    const tuned = method(0, methods.connectionTuneOk, short(1), long(frameMax), short(0))
    const opened = method(0, methods.connectionOpen, shortString('/'), shortString(''), octet(0))
    await self.#ask(Buffer.concat([tuned, opened]), methods.connectionOpenOk)
    await self.ask(methods.channelOpen, methods.channelOpenOk, shortString(''))
    return self
  }

  /** Sends a method on the channel and waits for its answer: class, method, fields. */
  ask(id: number, answer: number, ...fields: readonly Buffer[]): Promise<Buffer> {
    return this.#ask(method(1, id, ...fields), answer)
  }

  /** Declares a queue, durable or not; answers how many messages it holds. */
  async declare(queue: string, durable: boolean): Promise<number> {
    const flags = octet(durable ? durableFlag : 0)
    const fields = [short(0), shortString(queue), flags, emptyTable]
    const payload = await this.ask(methods.queueDeclare, methods.queueDeclareOk, ...fields)
    return payload.readUInt32BE(5 + payload.readUInt8(4))
  }

  async purge(queue: string): Promise<void> {
    const fields = [short(0), shortString(queue), octet(0)]
    await this.ask(methods.queuePurge, methods.queuePurgeOk, ...fields)
  }

  async confirms(): Promise<void> {
    await this.ask(methods.confirmSelect, methods.confirmSelectOk, octet(0))
  }

  /** Starts a consumer; `prefetch` 0 means that the broker takes sending for acknowledgement. */
  async consume(queue: string, prefetch: number): Promise<void> {
    const window = [long(0), short(prefetch), octet(0)]
    if (prefetch > 0) await this.ask(methods.basicQos, methods.basicQosOk, ...window)
    const flags = octet(prefetch === 0 ? noAckFlag : 0)
    const fields = [short(0), shortString(queue), shortString('load'), flags, emptyTable]
    await this.ask(methods.basicConsume, methods.basicConsumeOk, ...fields)
  }

  end(): void {
    this.#failure ??= new Error('ended')
    this.socket.destroy()
  }

  /** Rejects when the connection fails, unless it was ended here. */
  failed(): Promise<never> {
    return new Promise((_, reject) => {
      this.#questions.push({ answer: -1, resolve: () => undefined, reject })
    })
  }

  #ask(bytes: Buffer, answer: number): Promise<Buffer> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#questions.push({ answer, resolve, reject })
      this.socket.write(bytes)
    })
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    for (const question of this.#questions.splice(0)) question.reject(error)
  }

  /** Counts the whole frames; what is left of the last moves to the front. */
  #scan(count: number): void {
    const memory = this.#memory
    const end = this.#have + count
    let at = 0
    let delivered = 0
    let lastTagAt = 0
    while (end - at >= frameOverhead) {
      const next = at + frameOverhead + memory.readUInt32BE(at + 3)
      if (next > end) break
      if (memory[at] === methodFrame) {
        const id = memory.readUInt32BE(at + 7)
        if (id === methods.basicDeliver) {
          delivered++
          lastTagAt = at + 12 + (memory[at + 11] as number)
        } else this.#method(id, at + 7, next - 1)
      }
      at = next
    }
    const lastTag = delivered === 0 ? 0 : this.#tag(lastTagAt)
    memory.copyWithin(0, at, end)
    this.#have = end - at
    if (delivered > 0) this.onDelivered(delivered, lastTag)
    this.onTurn()
  }

  /** No run of a load comes near 2^53 deliveries. */
  #tag(at: number): number {
    return this.#memory.readUInt32BE(at) * 2 ** 32 + this.#memory.readUInt32BE(at + 4)
  }

  #method(id: number, from: number, to: number): void {
    const memory = this.#memory
    if (id === methods.basicAck) {
      this.onConfirmed(this.#tag(from + 4), memory[from + 12] === 1)
      return
    }
    if (id === methods.connectionBlocked || id === methods.connectionUnblocked) {
      this.blocked = id === methods.connectionBlocked
      return
    }
    const closed = id === methods.connectionClose || id === methods.channelClose
    if (closed || id === methods.basicNack) {
      const why = closed
        ? memory.toString('utf8', from + 7, from + 7 + (memory[from + 6] ?? 0))
        : ''
      this.#fail(new Error(`the broker refused: ${why || 'a message'}`))
      this.socket.destroy()
      return
    }
    const index = this.#questions.findIndex(({ answer }) => answer === id)
    if (index < 0) throw new Error(`an answer without a question: ${id >> 16}.${id & 0xffff}`)
    const [question] = this.#questions.splice(index, 1)
    question?.resolve(Buffer.from(memory.subarray(from, to)))
  }
}
