// Feeds requests, whole and mutated, to a door in this process, and sees that it survives: nothing
// is thrown, a request that is valid is never a reason to close, another connection is answered all
// the while, and memory stays flat. `npm run fuzz -- --count 1000000 --seed 7`; the unit tests run
// a short one.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { getHeapCodeStatistics } from 'node:v8'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { apiVersions } from '../../src/protocol/kafka/schema/api-versions.ts'
import { produce } from '../../src/protocol/kafka/schema/produce.ts'
import { settled } from '../protocol/kafka/pipe.ts'
import { type TestClient, TestDoor } from '../protocol/kafka/test-door.ts'
import { mutated, type Random, validRequest } from './kafka-mutations.ts'

export interface FuzzReport {
  readonly sent: number
  readonly valid: number
  readonly closed: number
  readonly answered: number
  /** What the broker came to keep, because it was asked to. */
  readonly topics: number
  readonly groups: number
  /** The live heap without compiled code, eight times during the run. */
  readonly heapMiB: readonly number[]
  /** Compiled code, at the same times: V8 adds to it for long. */
  readonly codeMiB: readonly number[]
}

const requestsPerConnection = 8
const validShare = 0.25
const watchEvery = 500
const looks = 8
const mib = 1024 * 1024
/** The heap may be so much larger at the end than in the first half of the run. */
const growthMiBMax = 4

/**
 * Sends `count` requests; throws with the seed, the number and the bytes of the one that did harm.
 */
export async function fuzzKafka(count: number, seed: number): Promise<FuzzReport> {
  const chance = new SimChance(seed)
  const random: Random = () => chance.int(0x7fffffff) / 0x7fffffff
  const host = await TestDoor.open({ limits: { partialBytesMax: 4 * mib } })
  host.broker.topics.createNow({
    name: 'topic-1',
    partitions: 2,
    replicationFactor: 1,
    assignments: null,
    configs: [],
  })
  const watcher = host.connect()
  const tally = { sent: 0, valid: 0, closed: 0, answered: 0 }
  const [heapMiB, codeMiB]: [number[], number[]] = [[], []]
  let client: TestClient | null = null
  while (tally.sent < count) {
    if (client === null || client.isClosed || tally.sent % requestsPerConnection === 0) {
      await settled()
      if (client?.isClosed) tally.closed++
      tally.answered += client?.frames.length ?? 0
      client?.pipe.close()
      client = host.connect()
    }
    const isValid: boolean = sendOne(client, random, tally.sent, seed)
    tally.sent++
    if (isValid) tally.valid++
    if (tally.sent % watchEvery !== 0) continue
    await host.clock.advance(1_000)
    host.lines.length = 0
    const answer = await watcher.call(apiVersions, 0, {})
    assert.equal(answer.errorCode, 0, 'another connection is answered')
    if (tally.sent < (count / looks) * (heapMiB.length + 1)) continue
    const seen = heap()
    heapMiB.push(seen.dataMiB)
    codeMiB.push(seen.codeMiB)
  }
  await settled()
  // Sessions of groups last up to half an hour, connections ten minutes.
  await host.clock.advance(2_000_000)
  host.lines.length = 0
  assert.equal(host.broker.logs.unreleased, 0, 'every fetch answer is released')
  const groups = host.broker.groups.list({ states: [], types: [] }).groups.length
  return { ...tally, topics: host.broker.topics.byName.size, groups, heapMiB, codeMiB }
}

function sendOne(client: TestClient, random: Random, number: number, seed: number): boolean {
  const request = validRequest(random, number)
  const isValid = random() < validShare
  const frame = isValid ? request.frame : mutated(request.frame, random)
  try {
    const wasWaiting = client.pipe.waitsToBeRead
    client.pipe.send(frame)
    // A Produce without acknowledgement says by closing that it failed.
    const mayClose = !isValid || wasWaiting || request.api.key === produce.key || number === 0
    if (!mayClose && isFresh(number)) assert.ok(!client.isClosed, 'a valid request is answered')
  } catch (cause) {
    const what = `${request.api.name} version ${request.version}${isValid ? '' : ', mutated'}`
    const where = `seed ${seed}, request ${number}: ${what}: ${frame.toString('hex')}`
    throw new Error(where, { cause })
  }
  return isValid
}

/** The first request of its connection: no half frame of an earlier one can lie before it. */
const isFresh = (number: number) => number % requestsPerConnection === 0

/**
 * The code of each function that gets hot is kept, with what V8 needs to leave it again; under
 * random input that goes on for hundreds of thousands of requests. It is no state of ours.
 */
function heap(): { readonly dataMiB: number; readonly codeMiB: number } {
  globalThis.gc?.()
  const code = getHeapCodeStatistics().code_and_metadata_size
  const data = process.memoryUsage().heapUsed - code
  return { dataMiB: tenths(data / mib), codeMiB: tenths(code / mib) }
}

const tenths = (value: number): number => Math.round(value * 10) / 10

/** Whether the heap stayed where it was once everything had been done some times. */
const isFlat = ({ heapMiB }: FuzzReport): boolean =>
  (heapMiB.at(-1) ?? 0) <= Math.max(...heapMiB.slice(0, looks / 2)) + growthMiBMax

async function main(): Promise<void> {
  const option = (name: string, otherwise: number) => {
    const at = process.argv.indexOf(name)
    return at < 0 ? otherwise : Number(process.argv[at + 1])
  }
  const seed = option('--seed', (Date.now() / 1000) | 0)
  const count = option('--count', 100_000)
  console.log(`seed ${seed}, ${count} requests`)
  const began = process.hrtime.bigint()
  const report = await fuzzKafka(count, seed)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  console.log(JSON.stringify({ ...report, seconds: Math.round(seconds) }))
  if (!isFlat(report)) console.log(`the heap grew by more than ${growthMiBMax} MiB`)
  process.exitCode = isFlat(report) ? 0 : 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
