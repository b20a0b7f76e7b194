// The benchmark: `npm run bench -- --only produce,single --peers kafka,polymq --rounds 3`. Runs
// every measure on every peer of its protocol, alternating the peers (A B A B), prints a table for
// each and writes it to bench/results/. See bench/README.md.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fetchKafka, kafka, kafkaFsync } from '../scripts/peers/kafka.ts'
import type { Peer } from '../scripts/peers/peer.ts'
import { polymq, polymqAmqp } from '../scripts/peers/polymq.ts'
import { installRabbitmq, rabbitmq } from '../scripts/peers/rabbitmq.ts'
import { root, toolsDir } from '../scripts/peers/root.ts'
import { describeMachine } from './lib/machine.ts'
import type { Bench, Door, Measure, Row } from './lib/measure.ts'
import { table } from './lib/table.ts'
import { amqpBacklog, amqpCrash, amqpDeep } from './macro/amqp-backlog.ts'
import { amqpConfirm, amqpTransient, amqpTwo } from './macro/amqp-flow.ts'
import { amqpIdle } from './macro/amqp-idle.ts'
import { amqpOne } from './macro/amqp-one.ts'
import { backlog, backlogCold, consume } from './macro/consume.ts'
import { crash } from './macro/crash.ts'
import { endToEnd } from './macro/end-to-end.ts'
import { manyTopics } from './macro/many-topics.ts'
import { produce } from './macro/produce.ts'
import { single } from './macro/single.ts'
import { start } from './macro/start.ts'

interface Entry {
  readonly run: Measure
  readonly title: string
}

const kafkaMeasures: readonly [string, Entry][] = [
  ['start', { run: start, title: 'start on an empty directory' }],
  [
    'produce',
    { run: produce, title: 'produce, 6 partitions, acks=all, batch.size 65536, linger 5 ms' },
  ],
  ['consume', { run: consume, title: 'consume a backlog of 1 GB, 1 KB records, 6 partitions' }],
  ['single', { run: single, title: '5,000 requests a second of one 1 KB record, linger 0' }],
  ['end-to-end', { run: endToEnd, title: 'EndToEndLatency, 1 KB, acks=all, one in flight' }],
  ['backlog', { run: backlog, title: 'consume a backlog of 5 GB, 1 KB records, 6 partitions' }],
  [
    'backlog-cold',
    { run: backlogCold, title: 'consume 5 GB, 1 KB records, 6 partitions, page cache empty' },
  ],
  ['many-topics', { run: manyTopics, title: '10,000 topics against 1, one 1 KB record a request' }],
  ['crash', { run: crash, title: 'kill -9 with 5 GB in 10,000 partitions, and start again' }],
]

const amqpMeasures: readonly [string, Entry][] = [
  [
    'amqp-transient',
    { run: amqpTransient, title: 'AMQP, one queue, transient messages, no acknowledgements' },
  ],
  [
    'amqp-confirm',
    {
      run: amqpConfirm,
      title: 'AMQP, one queue, persistent messages, 1,000 unconfirmed, each acknowledged',
    },
  ],
  ['amqp-one', { run: amqpOne, title: 'AMQP, 1 KB messages, one in flight' }],
  [
    'amqp-two',
    { run: amqpTwo, title: 'AMQP, two publishers and two consumers on one queue, 1 KB' },
  ],
  ['amqp-backlog', { run: amqpBacklog, title: 'AMQP, a million persistent 1 KB messages waiting' }],
  ['amqp-deep', { run: amqpDeep, title: 'AMQP, ten million persistent 1 KB messages waiting' }],
  ['amqp-crash', { run: amqpCrash, title: 'AMQP, kill -9 with a million messages waiting' }],
  ['amqp-idle', { run: amqpIdle, title: 'AMQP, memory of what is idle' }],
]

const doorOf = (name: string): Door => (name.startsWith('amqp-') ? 'amqp' : 'kafka')

const measures = new Map([...kafkaMeasures, ...amqpMeasures])

const byName = (peers: readonly Peer[]): ReadonlyMap<string, Peer> =>
  new Map(peers.map((peer) => [peer.name, peer]))

const peers: Readonly<Record<Door, ReadonlyMap<string, Peer>>> = {
  kafka: byName([kafka, kafkaFsync, polymq]),
  amqp: byName([rabbitmq, polymqAmqp]),
}

/** Of the peers named, those that a measure can be run on. */
const contendersOf = (door: Door, names: readonly string[]): Peer[] =>
  names.map((name) => peers[door].get(name)).filter((peer) => peer !== undefined)

/** Numbers of records under `--quick`: enough to see that a measure works, too few to believe. */
const quickScale = 0.02

const chosen = <T>(all: ReadonlyMap<string, T>, names: string | undefined): [string, T][] => {
  if (names === undefined) return [...all]
  return names.split(',').map((name) => {
    const found = all.get(name)
    if (found === undefined)
      throw new Error(`there is no '${name}'; choose from ${[...all.keys()].join(', ')}`)
    return [name, found]
  })
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/**
 * One peer in one round. A peer that fails has no figures; the failure is reported with the table.
 */
async function attempt(entry: Entry, peer: Peer, bench: Bench): Promise<Row[] | Error> {
  try {
    return await entry.run(peer, bench)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function runMeasure(
  name: string,
  entry: Entry,
  contenders: readonly Peer[],
  rounds: number,
  bench: Bench,
): Promise<string> {
  const figures = new Map<string, Row[][]>(contenders.map((peer) => [peer.name, []]))
  const failures: string[] = []
  for (let round = 1; round <= rounds; round += 1)
    for (const peer of contenders) {
      say(`${name}: round ${round} of ${rounds}, ${peer.name}`)
      const outcome = await attempt(entry, peer, bench)
      const failed = outcome instanceof Error
      figures.get(peer.name)?.push(failed ? [] : outcome)
      if (failed) failures.push(`FAILED in round ${round}: ${peer.name}: ${outcome.message}`)
      if (failed) process.exitCode = 1
    }
  return [entry.title, '', table(figures, polymq.name), ...failures].join('\n')
}

/** Dates and machines are told by every result, so that it can stand alone. */
async function preface(
  door: Door,
  contenders: readonly Peer[],
  rounds: number,
  bench: Bench,
): Promise<string> {
  return [
    `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${rounds} rounds`,
    await describeMachine(door),
    'Client and broker share the machine. An acknowledgement means:',
    ...contenders.map((peer) => `  ${peer.name}: ${peer.acknowledgement}`),
    ...(bench.scale < 1 ? [`SCALED TO ${bench.scale} OF THE LOAD: a look, not a result`] : []),
  ].join('\n')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      peers: { type: 'string', default: 'kafka,rabbitmq,polymq' },
      rounds: { type: 'string', default: '3' },
      quick: { type: 'boolean', default: false },
      scale: { type: 'string' },
      dir: { type: 'string', default: join(toolsDir, 'bench-data') },
    },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be 1 or more')
  const scale = Number(values.scale ?? (values.quick ? quickScale : 1))
  if (!(scale > 0 && scale <= 1)) throw new Error('--scale must be above 0 and at most 1')
  const bench = { dir: values.dir, scale }
  const named = values.peers.split(',')
  const strange = named.filter(
    (name) =>
      contendersOf('kafka', [name]).length === 0 && contendersOf('amqp', [name]).length === 0,
  )
  if (strange.length > 0) throw new Error(`there is no peer '${strange.join(', ')}'`)
  const entries = chosen(measures, values.only)
  const doors = new Set(entries.map(([name]) => doorOf(name)))
  if (doors.has('kafka')) await fetchKafka()
  if (doors.has('amqp') && named.includes('rabbitmq')) await installRabbitmq()
  await mkdir(bench.dir, { recursive: true })
  const results = join(root, 'bench', 'results')
  await mkdir(results, { recursive: true })
  const day = new Date().toISOString().slice(0, 10)
  for (const [name, entry] of entries) {
    const door = doorOf(name)
    const contenders = contendersOf(door, named)
    if (contenders.length === 0) throw new Error(`none of the peers can be asked for ${name}`)
    const head = await preface(door, contenders, rounds, bench)
    const text = `${head}\n\n${await runMeasure(name, entry, contenders, rounds, bench)}\n`
    say(`\n${text}`)
    if (scale === 1) await writeFile(join(results, `${day}-${name}.txt`), text)
  }
}

// Ending through exit is what takes the children along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

await main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
})
