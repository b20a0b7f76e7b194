// Runs bench/java/TopicLoad, compiled on first use into `.tools/`: load over many topics.
import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../scripts/peers/child.ts'
import { fetchKafka, javaTool } from '../../scripts/peers/kafka.ts'
import type { Peer, RunningPeer } from '../../scripts/peers/peer.ts'
import { root, toolsDir } from '../../scripts/peers/root.ts'
import { createTopics } from '../../scripts/peers/topics.ts'

const source = join(root, 'bench', 'java', 'TopicLoad.java')
const classes = join(toolsDir, 'bench-classes')

async function compiled(): Promise<string> {
  const target = join(classes, 'TopicLoad.class')
  if (existsSync(target) && statSync(target).mtimeMs >= statSync(source).mtimeMs) return classes
  await mkdir(classes, { recursive: true })
  await run('javac', ['-cp', join(await fetchKafka(), '*'), '-d', classes, source])
  return classes
}

/** The values of the tool's one result line. */
async function topicLoad(
  args: readonly string[],
  onLine: (line: string) => void = () => undefined,
): Promise<Map<string, number>> {
  const classpath = [await compiled()]
  const output = await javaTool('TopicLoad', args, { heapMb: 1024, classpath, onLine })
  const line = output.split('\n').find((l) => l.startsWith('result '))
  if (line === undefined) throw new Error(`TopicLoad printed no result:\n${output.slice(-2000)}`)
  return new Map(
    line
      .split(' ')
      .slice(1)
      .map((pair) => pair.split('='))
      .map(([name, value]) => [name ?? '', Number(value)]),
  )
}

export const prefix = 'topic'

/** Creates that many topics of one partition. */
export const createMany = (peer: Peer, broker: RunningPeer, topics: number): Promise<void> =>
  createTopics(broker.bootstrap, {
    names: Array.from({ length: topics }, (_, i) => `${prefix}-${i}`),
    partitions: 1,
    config: peer.topicConfig,
  })

export interface Spread {
  readonly topics: number
  /** Records sent before the measured ones; at least one for each topic. */
  readonly warmup: number
  readonly records: number
  /** Records a second; 0 for as many as it can. */
  readonly rate: number
  readonly recordBytes: number
  /** Producers in turn. If their number divides that of the topics, each topic has one producer. */
  readonly producers: number
  /** Producer configuration. */
  readonly config: Readonly<Record<string, string>>
}

export interface SpreadResult {
  readonly recordsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly recordsPerRequest: number
  readonly clientCpuSeconds: number
}

/**
 * Sends the load. Throws if a single record failed. `onMeasuring` is called when warm-up is over.
 */
export async function spread(
  broker: RunningPeer,
  load: Spread,
  onMeasuring: () => void = () => undefined,
): Promise<SpreadResult> {
  const numbers = [load.topics, load.warmup, load.records, load.rate, load.recordBytes]
  const config = Object.entries(load.config).map(([key, value]) => `${key}=${value}`)
  const result = await topicLoad(
    ['produce', broker.bootstrap, prefix, ...numbers.map(String), `${load.producers}`, ...config],
    (line) => {
      if (line === 'measuring') onMeasuring()
    },
  )
  const value = (name: string): number => result.get(name) ?? Number.NaN
  if (value('failed') !== 0) throw new Error(`${value('failed')} records were refused`)
  return {
    recordsPerSecond: value('perSecond'),
    p50Ms: value('p50Ms'),
    p99Ms: value('p99Ms'),
    recordsPerRequest: value('recordsPerRequest'),
    clientCpuSeconds: value('clientCpuSeconds'),
  }
}

/** The sum of the end offsets of the first `topics` topics. */
export async function countRecords(broker: RunningPeer, topics: number): Promise<number> {
  const result = await topicLoad(['count', broker.bootstrap, prefix, `${topics}`])
  return result.get('records') ?? Number.NaN
}
