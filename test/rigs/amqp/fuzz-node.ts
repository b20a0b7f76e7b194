// A whole node in memory with an AMQP door, on a clock that the fuzzer moves: what the fuzzer
// connects to, and what takes away again all that its sessions have declared.
import assert from 'node:assert/strict'
import { NodeBroker } from '../../../src/broker/broker.ts'
import { memoryDisk } from '../../../src/io/memory-disk.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { type AmqpDoor, openAmqpDoor } from '../../../src/protocol/amqp/door.ts'
import { tinyOptions } from '../../log/log-fixture.ts'
import { guestOnly } from '../../protocol/amqp/test-door.ts'
import { type Pipe, PipeNetwork, settled, TestClock } from '../../protocol/kafka/pipe.ts'

const mib = 1024 * 1024
const limits = { partialBytesMax: 4 * mib, unsentBytesMax: 200_000, unackedMax: 2_000 }
/** The default vhost. */
const vhost = '/'

export class FuzzNode {
  readonly clock = new TestClock()
  readonly network = new PipeNetwork()
  readonly lines: string[] = []
  node!: NodeBroker
  door!: AmqpDoor

  static async open(): Promise<FuzzNode> {
    const host = new FuzzNode()
    const { clock, network } = host
    host.node = await NodeBroker.open({
      disk: memoryDisk(),
      clock,
      chance: new SimChance(1),
      logOptions: tinyOptions,
      settings: new Map(),
      heapBytes: Number.POSITIVE_INFINITY,
      report: (line) => host.lines.push(line),
      failed: (cause) => {
        throw cause
      },
    })
    await host.node.accounts.makeDefaultUser()
    host.door = await openAmqpDoor({
      messaging: host.node.messaging,
      network,
      clock,
      chance: new SimChance(2),
      address: { host: '127.0.0.1', port: 5672 },
      login: guestOnly,
      limits,
      report: (line) => host.lines.push(line),
    })
    return host
  }

  connect(sink: (bytes: Buffer) => void): Pipe {
    const pipe = this.network.connect(sink)
    assert.ok(pipe, 'the door takes the connection')
    return pipe
  }

  /** Everything that follows from what was sent has happened; a moment passes. */
  async settle(ms = 20): Promise<void> {
    for (let i = 0; i < 3; i++) await settled()
    await this.clock.advance(ms)
  }

  /** Nobody but the watcher is there; all that was made goes, and so must what it took. */
  async tidyUp(): Promise<void> {
    await this.settle(6_000)
    const { messaging } = this.node
    const left = [...messaging.sessions].map(({ name }) => name)
    assert.equal(left.length, 1, `sessions are left: ${left.join(', ')}`)
    assert.equal(this.door.connections, 1, 'connections are left')
    const core = messaging.vhosts.get(vhost)
    assert.ok(core)
    for (const hosted of [...core.queues.values()]) {
      if (hosted.owner !== null) continue
      assert.equal(hosted.queue.consumerCount, 0, `${hosted.name} has consumers left`)
      await this.during(core.lane.run(() => core.deleteQueue(hosted)))
    }
    const own = (name: string) => name === '' || name.startsWith('amq.')
    for (const exchange of [...core.exchanges.values()].filter(({ name }) => !own(name)))
      await this.during(
        core.lane.run(() => core.removeExchange(exchange).then((keys) => core.writes.gone(keys))),
      )
    this.lines.length = 0
  }

  /** The clock goes on until it is done. */
  async during<T>(promise: Promise<T>): Promise<T> {
    const state = { isDone: false }
    const done = promise.finally(() => {
      state.isDone = true
    })
    for (let i = 0; i < 10_000 && !state.isDone; i++) await this.settle(5)
    assert.ok(state.isDone, 'the node does what it was asked to')
    return done
  }

  async close(): Promise<void> {
    await this.during(this.door.close())
    await this.during(this.node.close())
  }
}
