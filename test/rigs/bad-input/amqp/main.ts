// Bad input on the AMQP port of the real process: `npm run rig:bad:amqp -- [--short] [--seed N]
// [--frames N] [--rows 16,17]`. One broker, one client that behaves, and beside it everything that
// nobody should send. For each case: what was answered, the longest time that the good client
// waited, and the broker's memory. At the end nothing that was confirmed may be missing, before and
// after kill -9, the memory must be where it was, and the log short and clean.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '../../../wire/random-value.ts'
import { BrokerProcess } from '../broker-process.ts'
import { logFaults } from '../log-check.ts'
import { type AmqpCase, type AmqpWorld, pause } from './amqp-case.ts'
import { AmqpClient } from './amqp-client.ts'
import { AmqpHealthy, lostMessage } from './amqp-healthy.ts'
import { amqpCases } from './amqp-table.ts'
import { fuzzSockets } from './frame-fuzz.ts'

/** The good client may wait so long for one confirm; other programs share the machine. */
const gapMsMax = 3_000
/** So much more may be resident at the end than after the warm-up, and so much after that. */
const growthMbMax = 150
const warmMbMax = 700

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string' },
    frames: { type: 'string' },
    rows: { type: 'string' },
  },
})
const seed = Number(values.seed ?? 1 + Math.floor(Math.random() * 1e9))
const frames = Number(values.frames ?? (values.short ? 500 : 10_000))
const rows = values.rows?.split(',').map(Number)
console.log(`seed ${seed}`)
const folder = mkdtempSync(join(tmpdir(), 'polymq-bad-'))
const dataDir = join(folder, 'data')
const random = seeded(seed)
const failures: string[] = []
let passed = 0
let longestGapMs = 0
const listen = ['amqp=127.0.0.1:0', 'metrics=127.0.0.1:0']
let broker = await BrokerProcess.start(dataDir, { listen })

const check = (isRight: boolean, what: string): void => {
  console.log(`${isRight ? 'ok  ' : 'FAIL'} ${what}`)
  if (isRight) passed++
  else failures.push(what)
}

/** A world for one case. */
function worldOf(note: AmqpWorld['note']): { world: AmqpWorld; closeAll: () => void } {
  const clients: AmqpClient[] = []
  const connect: AmqpWorld['connect'] = async (options = {}) => {
    const client = await AmqpClient.connect(broker.port, options)
    clients.push(client)
    return client
  }
  const closeAll = (): void => {
    for (const client of clients) client.close()
  }
  return { world: { broker, isShort: values.short, folder, random, connect, note }, closeAll }
}

async function outcomeOf(each: AmqpCase, world: AmqpWorld): Promise<string> {
  try {
    return await each.run(world)
  } catch (error) {
    return String(error)
  }
}

async function runCase(each: AmqpCase, healthy: AmqpHealthy): Promise<void> {
  const notes: string[] = []
  const { world, closeAll } = worldOf((line) => notes.push(line))
  const outcome = await outcomeOf(each, world)
  closeAll()
  if (!broker.isRunning) throw new Error(`the broker ended:\n${broker.last()}`)
  const { gapMs, problem } = await healthy.report()
  const { residentMb, peakMb } = broker.memory()
  longestGapMs = Math.max(longestGapMs, gapMs)
  const got = outcome === each.answer ? outcome : `${outcome}, not ${each.answer}`
  const figures = `${gapMs.toFixed(0)} ms, ${residentMb.toFixed(0)} (${peakMb.toFixed(0)}) MB`
  check(outcome === each.answer, `row ${each.row}: ${each.sent}: ${got} [${figures}]`)
  for (const note of notes) console.log(`     ${note}`)
  if (problem !== null || gapMs > gapMsMax)
    check(false, `the good client after this: ${problem ?? `waited ${gapMs.toFixed(0)} ms`}`)
}

async function fuzz(healthy: AmqpHealthy): Promise<void> {
  const tally = await fuzzSockets(broker.port, frames, random)
  const { gapMs, problem } = await healthy.report()
  longestGapMs = Math.max(longestGapMs, gapMs)
  const isServed = problem === null && gapMs <= gapMsMax && broker.isRunning
  check(isServed, `fuzzed frames: ${JSON.stringify(tally)} [${gapMs.toFixed(0)} ms]`)
}

/** What a node takes once and keeps: slabs of the journal, compiled code, the heap's room. */
async function warmUp(): Promise<void> {
  const first = amqpCases.find(({ row }) => row === 0)
  await fuzzSockets(broker.port, 300, random)
  for (const each of amqpCases.filter(({ row, isLong }) => row === 0 && !isLong)) {
    if (values.short && each !== first) continue
    const { world, closeAll } = worldOf(() => undefined)
    await outcomeOf(each, { ...world, isShort: true })
    closeAll()
  }
}

async function run(): Promise<void> {
  const fresh = broker.memory().residentMb
  if (rows === undefined) await warmUp()
  const healthy = new AmqpHealthy(broker.port)
  await pause(2_000)
  await healthy.report()
  const before = broker.memory().residentMb
  const isWanted = (each: AmqpCase): boolean =>
    rows === undefined ? !(values.short && each.isLong) : rows.includes(each.row)
  for (const each of amqpCases.filter(isWanted)) await runCase(each, healthy)
  if (rows === undefined) await fuzz(healthy)
  const after = await settled(before + growthMbMax)
  const report = await healthy.stop()
  const [freshMb, warmMb, lastMb] = [fresh, before, after].map((mb) => mb.toFixed(0))
  const story = `${freshMb} MB fresh, ${warmMb} MB warm, ${lastMb} MB after all`
  if (rows === undefined) {
    const isFlat = before <= warmMbMax && after - before <= growthMbMax
    check(isFlat, `memory: ${story} (at most ${warmMbMax}, then ${growthMbMax} more)`)
  }
  check(
    report.problem === null && report.consumed === report.confirmed,
    `the good client: ${report.confirmed} confirmed, ${report.consumed} consumed, longest gap ` +
      `${longestGapMs.toFixed(0)} ms (at most ${gapMsMax})${report.problem ?? ''}`,
  )
  for (const fault of logFaults(broker.log)) check(false, fault)
  check(true, `the log has ${broker.log.length} lines`)
  await nothingIsLost(report.confirmed)
}

/** V8 collects when there is work: the good client's, for a while. */
async function settled(mbMax: number): Promise<number> {
  let mb = Number.POSITIVE_INFINITY
  for (let i = 0; i < 6 && mb > mbMax; i++) {
    await pause(2_000)
    mb = broker.memory().residentMb
  }
  return mb
}

async function nothingIsLost(confirmed: number): Promise<void> {
  await broker.kill()
  broker = await BrokerProcess.start(dataDir, { listen })
  const client = await (await AmqpClient.connect(broker.port)).open()
  const lost = await lostMessage(client, confirmed)
  client.close()
  check(lost === null, `${confirmed} confirmed messages after kill -9: ${lost ?? 'all there'}`)
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
