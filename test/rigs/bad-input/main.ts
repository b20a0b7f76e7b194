// Bad input against the real process: `npm run rig:bad -- [--short] [--seed N] [--requests N]
// [--rows 1,9]`. One broker, one client that behaves, and beside it everything that nobody should
// send. For each case: what was answered, the longest time that the good client waited, and the
// broker's memory. At the end nothing that was acknowledged may be missing, before and after
// kill -9, the memory must be where it was, and the log short and clean.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '../../wire/random-value.ts'
import { prepare, produceTo } from './ask.ts'
import { batchOf } from './batches.ts'
import { BrokerProcess } from './broker-process.ts'
import { type Case, outcomeOf, type World } from './case.ts'
import { Healthy, lostRecord } from './healthy.ts'
import { healthyTopic } from './healthy-records.ts'
import { logFaults } from './log-check.ts'
import { type ConnectOptions, RawClient } from './raw-client.ts'
import { fuzzSockets } from './socket-fuzz.ts'
import { cases } from './table.ts'

/** The good client may wait so long for one acknowledgement; other programs share the machine. */
const gapMsMax = 3_000
/** So much more may be resident at the end than after the warm-up, and so much after that. */
const growthMbMax = 150
const warmMbMax = 600
/** Rows whose cases run once before anything is measured: they make what is then kept. */
const warmingRows: readonly number[] = [10, 15]

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    requests: { type: 'string' },
    rows: { type: 'string' },
  },
})
/** The longest session of a group that the cases begin, and the time to notice its end. */
const settleMs = values.short ? 2_000 : 22_000
const seed = Number(values.seed ?? 1 + Math.floor(Math.random() * 1e9))
const requests = Number(values.requests ?? (values.short ? 600 : 10_000))
const rows = values.rows?.split(',').map(Number)
console.log(`seed ${seed}`)
const folder = mkdtempSync(join(tmpdir(), 'polymq-bad-'))
const dataDir = join(folder, 'data')
const random = seeded(seed)
const failures: string[] = []
let passed = 0
let longestGapMs = 0
let broker = await BrokerProcess.start(dataDir)

const check = (isRight: boolean, what: string): void => {
  console.log(`${isRight ? 'ok  ' : 'FAIL'} ${what}`)
  if (isRight) passed++
  else failures.push(what)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * What a node takes once and keeps: slabs of the journal, the memory of codecs, buffers for large
 * requests, compiled code, the heap's room.
 */
async function warmUp(): Promise<void> {
  const client = await (await RawClient.connect(broker.port)).greet()
  await prepare(client, { name: healthyTopic })
  await prepare(client, { name: 'topic-1', partitions: 2 })
  // Once around the journal, so that its slabs are resident.
  await prepare(client, { name: 'warm' })
  const megabyte = batchOf('w'.repeat(1_000_000))
  for (let i = 0; i < 120; i++) await produceTo(client, 'warm', megabyte)
  client.close()
  await fuzzSockets(broker.port, 100, random)
  for (const row of warmingRows) await playSilently(row)
}

async function playSilently(row: number): Promise<void> {
  for (const each of cases.filter((one) => one.row === row)) {
    const { world, closeAll } = worldOf(() => undefined)
    await outcomeOf(each, world)
    closeAll()
  }
}

/** A world for one case. */
function worldOf(note: World['note']): { world: World; closeAll: () => void } {
  const clients: RawClient[] = []
  const connect = async (options: ConnectOptions = {}): Promise<RawClient> => {
    const client = await RawClient.connect(broker.port, options)
    clients.push(client)
    return client
  }
  const closeAll = (): void => {
    for (const client of clients) client.close()
  }
  return { world: { broker, isShort: values.short, folder, random, connect, note }, closeAll }
}

async function runCase(each: Case, healthy: Healthy): Promise<void> {
  const notes: string[] = []
  const { world, closeAll } = worldOf((line) => notes.push(line))
  const outcome = await outcomeOf(each, world)
  closeAll()
  const { gapMs, problem } = await healthy.report()
  const { residentMb, peakMb } = broker.memory()
  longestGapMs = Math.max(longestGapMs, gapMs)
  const got = outcome === each.answer ? outcome : `${outcome}, not ${each.answer}`
  const figures = `${gapMs.toFixed(0)} ms, ${residentMb.toFixed(0)} (${peakMb.toFixed(0)}) MB`
  check(outcome === each.answer, `row ${each.row}: ${each.sent}: ${got} [${figures}]`)
  for (const note of notes) console.log(`     ${note}`)
  if (problem !== null || gapMs > gapMsMax)
    check(false, `the good client after this: ${problem ?? `waited ${gapMs.toFixed(0)} ms`}`)
  if (!broker.isRunning) throw new Error(`the broker ended:\n${broker.last()}`)
}

async function fuzz(healthy: Healthy): Promise<void> {
  const tally = await fuzzSockets(broker.port, requests, random)
  const { gapMs, problem } = await healthy.report()
  longestGapMs = Math.max(longestGapMs, gapMs)
  const isServed = problem === null && gapMs <= gapMsMax && broker.isRunning
  check(isServed, `fuzzed requests: ${JSON.stringify(tally)} [${gapMs.toFixed(0)} ms]`)
}

async function run(): Promise<void> {
  const fresh = broker.memory().residentMb
  await warmUp()
  const healthy = new Healthy(broker.port)
  await pause(2_000)
  await healthy.report()
  const before = broker.memory().residentMb
  const isWanted = (each: Case): boolean =>
    rows === undefined ? !(values.short && each.isLong) : rows.includes(each.row)
  for (const each of cases.filter(isWanted)) await runCase(each, healthy)
  if (rows === undefined) await fuzz(healthy)
  await pause(settleMs)
  const after = await settled(before + growthMbMax)
  const report = await healthy.stop()
  const [freshMb, warmMb, lastMb] = [fresh, before, after].map((mb) => mb.toFixed(0))
  const story = `${freshMb} MB fresh, ${warmMb} MB warm, ${lastMb} MB after all`
  const isFlat = before <= warmMbMax && after - before <= growthMbMax
  check(isFlat, `memory: ${story} (at most ${warmMbMax}, then ${growthMbMax} more)`)
  check(
    report.problem === null && report.consumed === report.acked,
    `the good client: ${report.acked} acknowledged, ${report.consumed} consumed, longest gap ` +
      `${longestGapMs.toFixed(0)} ms (at most ${gapMsMax})`,
  )
  for (const fault of logFaults(broker.log)) check(false, fault)
  check(true, `the log has ${broker.log.length} lines`)
  await nothingIsLost(report.acked)
}

/**
 * V8 collects when there is work: the same that came last before the first look, a few times. What
 * is not given back then is kept.
 */
async function settled(mbMax: number): Promise<number> {
  let mb = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5 && mb > mbMax; i++) {
    await playSilently(warmingRows.at(-1) ?? 0)
    await pause(2_000)
    mb = broker.memory().residentMb
  }
  return mb
}

async function nothingIsLost(acked: number): Promise<void> {
  await broker.kill()
  broker = await BrokerProcess.start(dataDir)
  const client = await (await RawClient.connect(broker.port)).greet()
  const lost = await lostRecord(client, acked)
  client.close()
  check(lost === null, `${acked} acknowledged records after kill -9: ${lost ?? 'all there'}`)
}

const startedAt = performance.now()
try {
  await run()
} finally {
  if (broker.isRunning) await broker.stop()
  rmSync(folder, { recursive: true, force: true })
}
for (const failure of failures) console.log(`failed: ${failure}`)
const seconds = (performance.now() - startedAt) / 1000
console.log(`${passed} passed, ${failures.length} failed (seed ${seed}, ${seconds.toFixed(0)} s)`)
process.exitCode = failures.length === 0 ? 0 : 1
