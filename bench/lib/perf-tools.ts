// Kafka's own performance tools, run as they are, and what they print turned into numbers.
import { javaTool } from '../../scripts/peers/kafka.ts'

const tool = (name: string, args: readonly string[]): Promise<string> =>
  javaTool(`org.apache.kafka.tools.${name}`, args, { heapMb: 512 })

const must = (match: RegExpExecArray | null | undefined, output: string): RegExpExecArray => {
  if (match) return match
  throw new Error(`the tool printed something else:\n${output.slice(-2000)}`)
}

export interface ProduceLoad {
  readonly topic: string
  readonly records: number
  readonly recordBytes: number
  /** Records a second; -1 for as many as it can. */
  readonly throughput: number
  readonly batchBytes: number
  readonly lingerMs: number
  /** That come first, and of whose times nothing is told; left out: none. */
  readonly warmup?: number
}

export interface Produced {
  readonly recordsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Records in a produce request, on average. */
  readonly recordsPerRequest: number
}

const summary = /([\d.]+) records\/sec .*?(\d+) ms 50th, \d+ ms 95th, (\d+) ms 99th/g
const perRequest = /producer-metrics:records-per-request-avg:\S* *: *([\d.]+)/

/** ProducerPerformance with acks=all. What it says last is of the records behind the warmup. */
export async function produce(bootstrap: string, load: ProduceLoad): Promise<Produced> {
  const output = await tool('ProducerPerformance', [
    ...['--bootstrap-server', bootstrap, '--topic', load.topic, '--print-metrics'],
    ...['--num-records', `${load.records}`, '--record-size', `${load.recordBytes}`],
    ...['--throughput', `${load.throughput}`, '--command-property', 'acks=all'],
    ...[`batch.size=${load.batchBytes}`, `linger.ms=${load.lingerMs}`],
    ...(load.warmup === undefined ? [] : ['--warmup-records', `${load.warmup}`]),
  ])
  const [, rate, p50, p99] = must([...output.matchAll(summary)].at(-1), output)
  const [, recordsPerRequest] = must(perRequest.exec(output), output)
  return {
    recordsPerSecond: Number(rate),
    p50Ms: Number(p50),
    p99Ms: Number(p99),
    recordsPerRequest: Number(recordsPerRequest),
  }
}

export interface Consumed {
  readonly records: number
  readonly bytes: number
  /** Time spent fetching: joining the group is not in it. */
  readonly seconds: number
}

/** ConsumerPerformance, one consumer in a group of its own, from the earliest record. */
export async function consume(
  bootstrap: string,
  topic: string,
  records: number,
): Promise<Consumed> {
  const output = await tool('ConsumerPerformance', [
    ...['--bootstrap-server', bootstrap, '--topic', topic],
    ...['--num-records', `${records}`, '--timeout', '60000'],
  ])
  const lines = output.trim().split('\n')
  const at = lines.findIndex((line) => line.startsWith('start.time'))
  const names = (lines[at] ?? '').split(',').map((name) => name.trim())
  const values = (lines[at + 1] ?? '').split(',')
  const value = (name: string): number => Number(values[names.indexOf(name)])
  const consumed = {
    records: value('data.consumed.in.nMsg'),
    bytes: value('data.consumed.in.MB') * 2 ** 20,
    seconds: value('fetch.time.ms') / 1000,
  }
  if (consumed.records >= records && consumed.seconds > 0) return consumed
  throw new Error(`not all ${records} records were consumed:\n${output.slice(-2000)}`)
}

export interface EndToEnd {
  readonly averageMs: number
  readonly p99Ms: number
  readonly p999Ms: number
}

const average = /Avg latency: ([\d.,]+) ms/
const percentiles = /99th = (\d+), 99\.9th = (\d+)/

/** EndToEndLatency with acks=all: a record is sent when the one before has been consumed. */
export async function endToEnd(
  bootstrap: string,
  topic: string,
  records: number,
  recordBytes: number,
): Promise<EndToEnd> {
  const args = [bootstrap, topic, `${records}`, 'all', `${recordBytes}`]
  const output = await tool('EndToEndLatency', args)
  const [, averageMs] = must(average.exec(output), output)
  const [, p99, p999] = must(percentiles.exec(output), output)
  return { averageMs: Number(averageMs), p99Ms: Number(p99), p999Ms: Number(p999) }
}
