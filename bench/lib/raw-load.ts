// A load of Produce requests that were encoded beforehand, one record of one topic in each, so that
// the client costs next to nothing however many topics there are. A process of its own: started by
// raw-spread.ts, prints one line of JSON. Arguments: one JSON object, see `RawLoad`.
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { buildBatch } from '../../src/model/record-batch.ts'
import { writeRecords } from '../../src/model/records.ts'
import { produce } from '../../src/protocol/kafka/schema/produce.ts'
import { codec } from '../../src/wire/message.ts'
import { Reader } from '../../src/wire/reader.ts'
import { requestFrame } from '../../test/protocol/kafka/request-frame.ts'

export interface RawLoad {
  readonly host: string
  readonly port: number
  /** Names of topics: `prefix` and a number. */
  readonly prefix: string
  readonly topics: number
  readonly recordBytes: number
  readonly connections: number
  /** Requests of one connection that wait for their answers. */
  readonly window: number
  /** Sent before the measured ones. */
  readonly warmup: number
  readonly records: number
  /** Records a second; 0 for as many as it can. */
  readonly rate: number
}

export interface RawResult {
  readonly recordsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly clientCpuSeconds: number
}

const version = 9
const correlationAt = 8
const answer = codec(produce.response, version)

function requestFor(load: RawLoad, topic: number): Buffer {
  const value = Buffer.alloc(load.recordBytes - 10, topic)
  const nowMs = Date.now()
  const fields = { baseOffset: 0, leaderEpoch: -1, attributes: 0, lastOffsetDelta: 0 }
  const numbers = { producerId: -1, producerEpoch: -1, baseSequence: -1, recordCount: 1 }
  const times = { baseTimestamp: nowMs, maxTimestamp: nowMs }
  const records = buildBatch(
    { ...fields, ...times, ...numbers },
    writeRecords([{ key: null, value }]),
  )
  const topicData = [{ name: `${load.prefix}-${topic}`, partitionData: [{ index: 0, records }] }]
  return requestFrame(produce, version, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData,
  })
}

/** What all connections share of one phase. */
class Phase {
  readonly latencies: Float64Array
  readonly beganAt = performance.now()
  sent = 0
  answered = 0
  whenDone: () => void = () => undefined
  private readonly load: RawLoad
  private readonly count: number

  constructor(load: RawLoad, count: number) {
    this.load = load
    this.count = count
    this.latencies = new Float64Array(count)
  }

  /** When the next record was due, or null: none is due now. */
  takeDue(): number | null {
    const { rate } = this.load
    if (this.sent >= this.count) return null
    const now = performance.now()
    const due = rate === 0 ? now : this.beganAt + (this.sent / rate) * 1000
    if (due > now) return null
    this.sent++
    return due
  }

  tookMs(ms: number): void {
    this.latencies[this.answered++] = ms
    if (this.answered === this.count) this.whenDone()
  }
}

class Client {
  private readonly socket: Socket
  private readonly requests: readonly Buffer[]
  private readonly window: number
  private readonly dueAt: number[] = []
  private next = 0
  private rest: Buffer = Buffer.alloc(0)
  phase: Phase | null = null

  constructor(socket: Socket, requests: readonly Buffer[], window: number) {
    this.socket = socket
    this.requests = requests
    this.window = window
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.received(bytes))
  }

  send(): void {
    const { phase } = this
    if (phase === null) return
    this.socket.cork()
    while (this.dueAt.length < this.window) {
      const due = phase.takeDue()
      if (due === null) break
      const request = this.requests[this.next++ % this.requests.length] as Buffer
      this.dueAt.push(due)
      // A request may be under way more than once: each has its number, the bytes are copied.
      const copy = Buffer.from(request)
      copy.writeInt32BE(this.next & 0x7fffffff, correlationAt)
      this.socket.write(copy)
    }
    this.socket.uncork()
  }

  private received(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes])
    let at = 0
    while (this.rest.length >= at + 4) {
      const size = this.rest.readInt32BE(at)
      if (this.rest.length < at + 4 + size) break
      this.answered(this.rest.subarray(at + 4, at + 4 + size))
      at += 4 + size
    }
    this.rest = this.rest.subarray(at)
    this.send()
  }

  private answered(frame: Buffer): void {
    // Correlation id and an empty set of tagged fields stand in front.
    const { responses } = answer.read(new Reader(frame.subarray(5)))
    const error = responses[0]?.partitionResponses[0]?.errorCode
    if (error !== 0) throw new Error(`the broker refused a record with error ${error}`)
    this.phase?.tookMs(performance.now() - (this.dueAt.shift() ?? 0))
  }

  end(): void {
    this.socket.destroy()
  }
}

const opened = (load: RawLoad): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(load.port, load.host, () => resolve(socket))
    socket.once('error', reject)
  })

async function runPhase(clients: readonly Client[], load: RawLoad, count: number): Promise<Phase> {
  const phase = new Phase(load, count)
  const done = new Promise<void>((resolve) => {
    phase.whenDone = resolve
  })
  for (const client of clients) client.phase = phase
  const send = (): void => {
    for (const client of clients) client.send()
  }
  send()
  const pace = load.rate === 0 ? null : setInterval(send, 1)
  await done
  if (pace !== null) clearInterval(pace)
  return phase
}

async function main(load: RawLoad): Promise<RawResult> {
  const requests = Array.from({ length: load.topics }, (_, i) => requestFor(load, i))
  const clients: Client[] = []
  for (let c = 0; c < load.connections; c++) {
    const own = requests.filter(
      (_, i) => load.topics < load.connections || i % load.connections === c,
    )
    clients.push(new Client(await opened(load), own, load.window))
  }
  if (load.warmup > 0) await runPhase(clients, { ...load, rate: 0 }, load.warmup)
  process.stdout.write('measuring\n')
  const cpuBefore = process.cpuUsage()
  const phase = await runPhase(clients, load, load.records)
  const seconds = (performance.now() - phase.beganAt) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  for (const client of clients) client.end()
  const sorted = phase.latencies.sort()
  const share = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0
  return {
    recordsPerSecond: load.records / seconds,
    p50Ms: share(0.5),
    p99Ms: share(0.99),
    clientCpuSeconds: (cpu.user + cpu.system) / 1e6,
  }
}

const [argument] = process.argv.slice(2)
if (argument !== undefined && process.argv[1]?.endsWith('raw-load.js'))
  process.stdout.write(`${JSON.stringify(await main(JSON.parse(argument) as RawLoad))}\n`)
