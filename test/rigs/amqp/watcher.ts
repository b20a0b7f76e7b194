// The connection that behaves, beside the fuzzer's: each time it is asked it publishes with a
// confirm to a queue of its own, is given what it published, once and in order, and settles it.
import assert from 'node:assert/strict'
import { basic, confirm } from '../../../src/protocol/amqp/methods/basic-methods.ts'
import type { Method } from '../../../src/protocol/amqp/methods/schema.ts'
import { queue } from '../../../src/protocol/amqp/methods/topology-methods.ts'
import type { Pipe } from '../../protocol/kafka/pipe.ts'
import { FrameStream } from './frame-stream.ts'
import type { FuzzNode } from './fuzz-node.ts'
import { frameOf, greeting, headerFrame, methodFrame } from './steps.ts'
import { emptyTable } from './tables.ts'

const messages = 5
const none = () => 0.5

export class Watcher {
  seen = 0
  private sent = 0
  private confirmed = 0
  private tag = 0n
  private readonly host: FuzzNode
  private readonly pipe: Pipe
  private readonly answers: number[] = []

  private constructor(host: FuzzNode) {
    this.host = host
    const stream = new FrameStream(({ type, methodId, payload }) => {
      if (methodId === basic.ack.id) this.confirmed = Number(payload.readBigUInt64BE(4))
      else if (methodId === basic.deliver.id) {
        const name = payload[4] as number
        this.tag = payload.readBigUInt64BE(5 + name)
      } else if (type === 3) this.receive(payload.toString())
      else if (type === 1) this.answers.push(methodId)
    })
    this.pipe = host.connect((bytes) => stream.receive(bytes))
  }

  static async open(host: FuzzNode): Promise<Watcher> {
    const watcher = new Watcher(host)
    for (const frame of greeting(none)) watcher.pipe.send(frame)
    const declared = { queue: 'watched', exclusive: true, arguments: emptyTable }
    watcher.method(queue.declare, declared)
    watcher.method(confirm.select, {})
    watcher.method(basic.consume, { queue: 'watched', consumerTag: 'w', arguments: emptyTable })
    await host.settle(100)
    assert.ok(watcher.answers.includes(basic.consumeOk.id), 'the watcher consumes')
    return watcher
  }

  /** Throws when it is not served; `story` says what went before. */
  async look(story: string): Promise<void> {
    const { host } = this
    for (let i = 0; i < messages; i++) this.publish()
    for (let i = 0; i < 50 && (this.confirmed < this.sent || this.seen < this.sent); i++)
      await host.settle()
    const found = `${this.sent} sent, ${this.confirmed} confirmed, ${this.seen} came`
    const isServed = !this.pipe.isClosed && this.confirmed === this.sent && this.seen === this.sent
    if (!isServed) throw new Error(`${found}, after ${story}`)
    this.method(basic.ack, { deliveryTag: this.tag, multiple: true })
  }

  private receive(body: string): void {
    assert.equal(body, `message ${this.seen}`)
    this.seen++
  }

  private publish(): void {
    const body = Buffer.from(`message ${this.sent++}`)
    const said = { exchange: '', routingKey: 'watched', mandatory: false, immediate: false }
    this.method(basic.publish, said)
    this.pipe.send(headerFrame(1, BigInt(body.length), Buffer.from([0x10, 0, 2])))
    this.pipe.send(frameOf(3, 1, body))
  }

  private method(method: Method, said: Readonly<Record<string, unknown>>): void {
    this.pipe.send(methodFrame(1, method, said, none))
  }
}
