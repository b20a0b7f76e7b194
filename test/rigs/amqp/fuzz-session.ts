// One session of the fuzzer: a greeting and some steps, right or wrong, against the door in this
// process. It agrees to the closes that it is told of, mostly, opens the channels again, and ends
// as clients do or as those do that vanish.
import { channel, connection } from '../../../src/protocol/amqp/methods/connection-methods.ts'
import type { Pipe } from '../../protocol/kafka/pipe.ts'
import { FrameStream } from './frame-stream.ts'
import type { FuzzNode } from './fuzz-node.ts'
import { mutatedGreeting, mutatedStep } from './mutations.ts'
import { furniture, greeting, methodFrame, someStep } from './steps.ts'
import { below, type Random } from './tables.ts'

const stepsMax = 80
/** Sessions in which everything means what it says, and steps of the others that do. */
const validSessions = 0.25
const validSteps = 0.75

export class FuzzSession {
  sent = 0
  private readonly host: FuzzNode
  private readonly random: Random
  private readonly stream = new FrameStream()
  private readonly pipe: Pipe
  private readonly frames: Buffer[] = []
  private readonly where: string

  constructor(host: FuzzNode, random: Random, where: string) {
    this.host = host
    this.random = random
    this.where = where
    this.pipe = host.connect((bytes) => this.stream.receive(bytes))
  }

  get answered(): number {
    return this.stream.frames
  }

  get closeCode(): number {
    return this.stream.closeCode
  }

  /** Everything that was sent. */
  get story(): string {
    return `${this.where}:\n${this.frames.map((frame) => frame.toString('hex')).join('\n')}`
  }

  async play(): Promise<void> {
    try {
      await this.steps()
    } catch (cause) {
      throw new Error(this.story, { cause })
    }
  }

  private async steps(): Promise<void> {
    const { random, pipe, stream } = this
    const isGuest = random() < 0.98
    const isValid = isGuest && random() < validSessions
    const hello = greeting(random, isGuest ? 'guest' : 'wrong')
    this.send(!isValid && random() < 0.05 ? mutatedGreeting(hello, random) : hello)
    if (random() < 0.5) this.send(furniture(random))
    const count = 1 + below(random, stepsMax)
    for (let i = 0; i < count && !pipe.isClosed && stream.closeCode === 0; i++) {
      const isStepValid = isValid || random() < validSteps
      this.send(isStepValid ? someStep(random) : mutatedStep(random))
      if (random() < 0.4) await this.host.settle(below(random, 30))
      this.stick()
      if (random() < 0.9) this.agree()
    }
    pipe.unstick()
    await this.quiet()
    this.agree()
    await this.end(isValid)
  }

  /** Until nothing more comes. */
  private async quiet(): Promise<void> {
    const { stream, host } = this
    for (let i = 0, before = -1; i < 20 && stream.frames !== before; i++) {
      before = stream.frames
      await host.settle(5)
    }
  }

  /** For some steps it does not take what the broker sends. */
  private stick(): void {
    const { random, pipe } = this
    if (random() < 0.05) pipe.isStuck = true
    else if (random() < 0.2) pipe.unstick()
  }

  /** Agrees to channels that were closed, and opens them again. */
  private agree(): void {
    for (const id of this.stream.closing.splice(0)) {
      if (id === 0) continue
      this.send([
        methodFrame(id, channel.closeOk, {}, this.random),
        methodFrame(id, channel.open, { reserved1: '' }, this.random),
      ])
    }
  }

  /** Polite sessions are told that they are closed; the others just go. */
  private async end(isPolite: boolean): Promise<void> {
    const { random, pipe, stream, host } = this
    if (stream.closeCode !== 0) {
      this.send([methodFrame(0, connection.closeOk, {}, random)])
      await host.settle()
      // Half a frame may lie before the agreement: then it has five seconds.
      if (!pipe.isClosed && !isPolite) await host.settle(6_000)
      if (!pipe.isClosed) throw new Error('a close that was agreed to does not end it')
    } else if (isPolite && !pipe.isClosed) {
      const said = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }
      this.send([methodFrame(0, connection.close, said, random)])
      for (let i = 0; i < 100 && !pipe.isClosed && !stream.isEnded; i++) await host.settle()
      if (!stream.isEnded && stream.closeCode === 0) throw new Error('a polite close has no answer')
      // The client ends it then; who does not is parted with.
      if (random() < 0.3) await host.settle(12_000)
      else return pipe.close()
      if (!pipe.isClosed) throw new Error('a polite close does not end it')
    }
    pipe.close()
  }

  private send(frames: readonly Buffer[]): void {
    if (this.pipe.isClosed) return
    this.frames.push(...frames)
    this.sent += frames.length
    // In one piece, or cut anywhere.
    const bytes = Buffer.concat(frames)
    if (this.random() < 0.9) this.pipe.send(bytes)
    else {
      const at = below(this.random, bytes.length)
      this.pipe.send(bytes.subarray(0, at))
      if (!this.pipe.isClosed) this.pipe.send(bytes.subarray(at))
    }
  }
}
