// kill -9 under load. A broker with real files is killed at a drawn moment while another process
// loads it, is started again, and everything is read and compared. The seed draws load and moments;
// what the machine makes of them differs each time. Called by kill.ts and kill-queues.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launch } from '../../../scripts/peers/child.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { Workload } from './workload.ts'

/** After so many cycles on one data directory a new one begins, so that reading all stays quick. */
const cyclesPerFolder = 20

interface Run<Ledger> {
  readonly workload: Workload<Ledger>
  readonly chance: SimChance
  acknowledged: number
  failed: number
}

/** Ends with 1 when something was wrong. */
export async function killCycles<Ledger>(workload: Workload<Ledger>): Promise<void> {
  const { values } = parseArgs({
    options: {
      cycles: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const cycles = Number(values.cycles)
  const chance = new SimChance(Number(values.seed))
  const run: Run<Ledger> = { workload, chance, acknowledged: 0, failed: 0 }
  console.log(`seed ${chance.seed}`)
  const startedMs = performance.now()
  for (let from = 0; from < cycles; from += cyclesPerFolder)
    await runFolder(run, from, Math.min(cycles, from + cyclesPerFolder))
  const seconds = (performance.now() - startedMs) / 1000
  console.log(
    `${cycles} kills, ${run.failed} failed; ${run.acknowledged} acknowledged, ` +
      `${seconds.toFixed(0)} s; seed ${chance.seed}`,
  )
  process.exitCode = run.failed === 0 ? 0 : 1
}

async function runFolder<Ledger>(run: Run<Ledger>, from: number, to: number): Promise<void> {
  const { workload, chance } = run
  const folder = mkdtempSync(join(tmpdir(), 'polymq-kill-'))
  const path = join(folder, 'ledger')
  try {
    for (let cycle = from; cycle <= to; cycle++) {
      const broker = await workload.start(folder)
      if (cycle === from) await workload.prepare(broker)
      else {
        const all = workload.readLedger(path)
        const wrong = await workload.verify(broker, all, all)
        if (wrong.length > 0) run.failed++
        for (const line of wrong.slice(0, 5)) console.log(`cycle ${cycle}: ${line}`)
        if (cycle === to) run.acknowledged += workload.acknowledged(all)
      }
      if (cycle === to) {
        await broker.stop()
        break
      }
      const drawn = [`c${cycle}`, String(chance.int(1 << 30))]
      const args = [workload.loader, workload.address(broker), path, ...drawn]
      const load = await launch(process.execPath, args)
      await sleep(500 + chance.int(1500))
      await broker.kill()
      await load.end('SIGKILL')
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
