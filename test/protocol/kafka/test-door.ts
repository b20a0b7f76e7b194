// A door over a broker in memory, and clients for it that speak any version of any API.
import assert from 'node:assert/strict'
import type { Broker } from '../../../src/broker/api.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import { buildBatch } from '../../../src/model/record-batch.ts'
import { writeRecords } from '../../../src/model/records.ts'
import { adminHandlers } from '../../../src/protocol/kafka/admin/admin-handlers.ts'
import { dataHandlers } from '../../../src/protocol/kafka/data/data-handlers.ts'
import { type KafkaDoor, openKafkaDoor } from '../../../src/protocol/kafka/door.ts'
import { groupHandlers } from '../../../src/protocol/kafka/group/group-handlers.ts'
import type { Limits } from '../../../src/protocol/kafka/limits.ts'
import { type Api, responseHeaderVersion } from '../../../src/protocol/kafka/schema/api.ts'
import { responseHeader } from '../../../src/protocol/kafka/schema/header.ts'
import type { SaslOffer } from '../../../src/security/sasl-mechanisms.ts'
import { codec } from '../../../src/wire/message.ts'
import { Reader } from '../../../src/wire/reader.ts'
import type { Draft, Of, Struct } from '../../../src/wire/schema.ts'
import { type MemoryBroker, memoryBroker } from './memory-broker.ts'
import { type Pipe, PipeNetwork, settled, TestClock } from './pipe.ts'
import { requestFrame } from './request-frame.ts'

export interface TestDoorOptions {
  readonly limits?: Partial<Limits>
  readonly sasl?: SaslOffer
  readonly brokerOf?: (broker: Broker, user: string) => Broker
}

export class TestDoor {
  readonly clock: TestClock
  readonly network: PipeNetwork
  readonly broker: MemoryBroker
  readonly lines: string[]
  readonly door: KafkaDoor

  private constructor(parts: Pick<TestDoor, 'clock' | 'network' | 'broker' | 'lines' | 'door'>) {
    this.clock = parts.clock
    this.network = parts.network
    this.broker = parts.broker
    this.lines = parts.lines
    this.door = parts.door
  }

  static async open({ brokerOf, ...rest }: TestDoorOptions = {}): Promise<TestDoor> {
    const clock = new TestClock()
    const chance = new SimChance(1)
    const network = new PipeNetwork()
    const broker = memoryBroker(clock, chance)
    const lines: string[] = []
    const door = await openKafkaDoor({
      broker,
      network,
      clock,
      chance,
      address: { host: '127.0.0.1', port: 9092 },
      advertised: { host: 'broker.test', port: 19092 },
      handlers: [...dataHandlers, ...groupHandlers, ...adminHandlers],
      report: (line) => lines.push(line),
      ...rest,
      ...(brokerOf && { brokerOf: (user: string) => brokerOf(broker, user) }),
    })
    return new TestDoor({ clock, network, broker, lines, door })
  }

  connect(host?: string): TestClient {
    const client = this.tryConnect(host)
    assert.ok(client, 'the door takes the connection')
    return client
  }

  tryConnect(host?: string): TestClient | null {
    const frames: Buffer[] = []
    let rest: Buffer = Buffer.alloc(0)
    const pipe = this.network.connect((bytes) => {
      rest = Buffer.concat([rest, bytes])
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        frames.push(rest.subarray(4, 4 + rest.readInt32BE(0)))
        rest = rest.subarray(4 + rest.readInt32BE(0))
      }
    }, host)
    return pipe && new TestClient(pipe, frames)
  }
}

/** Four bytes of size, then the bytes. */
export function framed(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return Buffer.concat([size, bytes])
}

export class TestClient {
  readonly pipe: Pipe
  /** Answers that nobody has looked at yet. */
  readonly frames: Buffer[]
  private correlationId = 0

  constructor(pipe: Pipe, frames: Buffer[]) {
    this.pipe = pipe
    this.frames = frames
  }

  get isClosed(): boolean {
    return this.pipe.isClosed
  }

  send<Q extends Struct, R extends Struct>(api: Api<Q, R>, version: number, body: Draft<Q>): void {
    this.pipe.send(requestFrame(api, version, body, ++this.correlationId))
  }

  /** The next answer, which must be there when everything has settled. */
  async answer<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
  ): Promise<Of<R>> {
    for (let i = 0; i < 50 && this.frames.length === 0; i++) await settled()
    const frame = this.frames.shift()
    assert.ok(frame, `${api.name} version ${version} is answered`)
    const reader = new Reader(frame)
    const headerVersion = responseHeaderVersion(api as unknown as Api, version)
    codec(responseHeader, headerVersion).read(reader)
    const response = codec(api.response, version).read(reader)
    reader.finish(api.name)
    return response
  }

  call<Q extends Struct, R extends Struct>(
    api: Api<Q, R>,
    version: number,
    body: Draft<Q>,
  ): Promise<Of<R>> {
    this.send(api, version, body)
    return this.answer(api, version)
  }
}

/** A record batch with these values. */
export function batchOf(...values: string[]): Uint8Array {
  const records = writeRecords(values.map((value) => ({ key: null, value: Buffer.from(value) })))
  return buildBatch(
    {
      baseOffset: 0,
      leaderEpoch: -1,
      attributes: 0,
      lastOffsetDelta: values.length - 1,
      baseTimestamp: 1000,
      maxTimestamp: 1000,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      recordCount: values.length,
    },
    records,
  )
}
