// kill -9 under load: `npm run rig:kill -- --cycles N --seed S`. A broker with real files is killed
// at a drawn moment while another process produces, is started again, and everything is read and
// compared. The seed draws load and moments; what the machine makes of them differs each time.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { launch } from '../../scripts/peers/child.ts'
import { startPolymq } from '../../scripts/peers/polymq.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { readLedger } from './real/ledger.ts'
import { createTopics, verify } from './real/verify.ts'

const loader = fileURLToPath(new URL('./real/load.js', import.meta.url))
/** Quick groups, and a journal that turns over under this load. */
const settings = { 'group.initial.rebalance.delay.ms': '0' }
/** After so many cycles on one data directory a new one begins, so that reading all stays quick. */
const cyclesPerFolder = 20

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const cycles = Number(values.cycles)
const chance = new SimChance(Number(values.seed))
console.log(`seed ${chance.seed}`)
const startedMs = performance.now()
let acked = 0
let failed = 0
for (let from = 0; from < cycles; from += cyclesPerFolder)
  await runFolder(from, Math.min(cycles, from + cyclesPerFolder))
const seconds = (performance.now() - startedMs) / 1000
console.log(
  `${cycles} kills, ${failed} failed; ${acked} records acknowledged, ${seconds.toFixed(0)} s; ` +
    `seed ${chance.seed}`,
)
process.exitCode = failed === 0 ? 0 : 1

async function runFolder(from: number, to: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polymq-kill-'))
  const ledger = join(folder, 'ledger')
  try {
    for (let cycle = from; cycle <= to; cycle++) {
      const broker = await startPolymq(folder, { settings })
      if (cycle === from) await createTopics(broker.bootstrap)
      else {
        const all = readLedger(ledger)
        const wrong = await verify(broker.bootstrap, all, all)
        if (wrong.length > 0) failed++
        for (const line of wrong.slice(0, 5)) console.log(`cycle ${cycle}: ${line}`)
        if (cycle === to) acked += all.acked.size
      }
      if (cycle === to) {
        await broker.stop()
        break
      }
      const drawn = [`c${cycle}`, String(chance.int(1 << 30))]
      const load = await launch(process.execPath, [loader, broker.bootstrap, ledger, ...drawn])
      await sleep(500 + chance.int(1500))
      await broker.kill()
      await load.end('SIGKILL')
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
