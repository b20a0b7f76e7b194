// Feeds sessions, whole and mutated, to an AMQP door over a whole node in this process, and sees
// that it survives: nothing is thrown, what comes back is made of whole frames with codes of the
// protocol, a session that means what it says is closed when it asks, another connection publishes,
// consumes and acknowledges all the while, and memory stays flat.
// `npm run fuzz:amqp -- --count 1000000 --seed 7`; the unit tests run a short one.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { getHeapCodeStatistics } from 'node:v8'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { FuzzNode } from './amqp/fuzz-node.ts'
import { FuzzSession } from './amqp/fuzz-session.ts'
import { Watcher } from './amqp/watcher.ts'

export interface FuzzReport {
  readonly sent: number
  readonly connections: number
  /** Sessions that were told to close, by the code. */
  readonly closes: Readonly<Record<number, number>>
  readonly answered: number
  readonly watched: number
  /** What the door counted of it: how deep the sessions went. */
  readonly published: number
  readonly delivered: number
  readonly settled: number
  /** The live heap without compiled code, eight times during the run. */
  readonly heapMiB: readonly number[]
  readonly codeMiB: readonly number[]
  /** Resident, at the same times. */
  readonly rssMiB: readonly number[]
}

const looks = 8
const mib = 1024 * 1024
/** Frames between two times at which all that was declared is taken away. */
const tidyEvery = 4_000
const watchEvery = 250
/** The heap may be so much larger at the end than in the first half of the run. */
const growthMiBMax = 6
const rssGrowthMiBMax = 60

/** Sends `count` frames; throws with the seed and the session that did harm. */
export async function fuzzAmqp(count: number, seed: number): Promise<FuzzReport> {
  const chance = new SimChance(seed)
  const random = () => chance.int(0x7fffffff) / 0x7fffffff
  const host = await FuzzNode.open()
  const watcher = await Watcher.open(host)
  const closes: Record<number, number> = {}
  const tally = { sent: 0, connections: 0, answered: 0 }
  const series = { heapMiB: [] as number[], codeMiB: [] as number[], rssMiB: [] as number[] }
  let [toTidy, toWatch] = [tidyEvery, watchEvery]
  while (tally.sent < count) {
    const session = new FuzzSession(host, random, `seed ${seed}, frame ${tally.sent}`)
    await session.play()
    tally.connections++
    tally.answered += session.answered
    tally.sent += session.sent
    const { closeCode } = session
    closes[closeCode] = (closes[closeCode] ?? 0) + 1
    toTidy -= session.sent
    toWatch -= session.sent
    if (toWatch < 0) {
      toWatch = watchEvery
      await watcher.look(session.story)
    }
    if (toTidy < 0) {
      toTidy = tidyEvery
      await host.tidyUp()
    }
    if (tally.sent >= (count / looks) * (series.heapMiB.length + 1)) note(series)
  }
  await host.tidyUp()
  await watcher.look('the end')
  const { published, delivered, settled } = host.door.counters
  await host.close()
  return { ...tally, closes, watched: watcher.seen, published, delivered, settled, ...series }
}

/**
 * The code of each function that gets hot is kept, with what V8 needs to leave it again; under
 * random input that goes on for long. It is no state of ours.
 */
function note({ heapMiB, codeMiB, rssMiB }: Record<'heapMiB' | 'codeMiB' | 'rssMiB', number[]>) {
  globalThis.gc?.()
  const code = getHeapCodeStatistics().code_and_metadata_size
  const { heapUsed, rss } = process.memoryUsage()
  heapMiB.push(tenths((heapUsed - code) / mib))
  codeMiB.push(tenths(code / mib))
  rssMiB.push(tenths(rss / mib))
}

const tenths = (value: number): number => Math.round(value * 10) / 10

/** Whether it stayed where it was once everything had been done some times. */
const isFlat = (series: readonly number[], growth: number): boolean =>
  (series.at(-1) ?? 0) <= Math.max(...series.slice(0, looks / 2)) + growth

async function main(): Promise<void> {
  const option = (name: string, otherwise: number) => {
    const at = process.argv.indexOf(name)
    return at < 0 ? otherwise : Number(process.argv[at + 1])
  }
  const seed = option('--seed', (Date.now() / 1000) | 0)
  const count = option('--count', 100_000)
  console.log(`seed ${seed}, ${count} frames`)
  const began = process.hrtime.bigint()
  const report = await fuzzAmqp(count, seed)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  console.log(JSON.stringify({ ...report, seconds: Math.round(seconds) }))
  const flat = isFlat(report.heapMiB, growthMiBMax) && isFlat(report.rssMiB, rssGrowthMiBMax)
  if (!flat) console.log(`the heap grew by more than ${growthMiBMax} MiB, or what is resident`)
  assert.ok(report.watched > 0)
  process.exitCode = flat ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
