// Power cuts with real files, as root. The broker writes to an ext4 image that lies on an XFS
// image; `cp --reflink` of the ext4 image while it runs is what a power cut leaves at that moment.
// Each copy is mounted, its file system recovers, a broker starts on it, and everything is read and
// compared with what had been acknowledged before the cut. Called by power.ts and power-queues.ts.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launch, run as runCommand } from '../../../scripts/peers/child.ts'
import { SimChance } from '../../../src/io/sim/sim-chance.ts'
import type { Workload } from './workload.ts'

/** After so many cuts the disk is made anew, so that reading all stays quick. */
const cutsPerDisk = 10

interface Disks {
  readonly outer: string
  readonly image: string
  readonly inner: string
  readonly snapshot: string
  readonly mounted: string
}

interface Run<Ledger> {
  readonly workload: Workload<Ledger>
  readonly chance: SimChance
  acknowledged: number
  failed: number
}

/** Ends with 1 when something was wrong. */
export async function powerCuts<Ledger>(workload: Workload<Ledger>): Promise<void> {
  const { values } = parseArgs({
    options: {
      cuts: { type: 'string', default: '50' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const cuts = Number(values.cuts)
  const chance = new SimChance(Number(values.seed))
  const run: Run<Ledger> = { workload, chance, acknowledged: 0, failed: 0 }
  console.log(`seed ${chance.seed}`)
  const base = mkdtempSync(join(tmpdir(), 'polymq-power-'))
  const startedMs = performance.now()
  try {
    for (let from = 0; from < cuts; from += cutsPerDisk) {
      const disks = await makeDisks(join(base, String(from)))
      if (disks === null) break
      try {
        await cutDisk(run, disks, Math.min(cutsPerDisk, cuts - from))
      } finally {
        await removeDisks(disks)
      }
    }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
  const seconds = (performance.now() - startedMs) / 1000
  if (run.acknowledged > 0)
    console.log(
      `${cuts} power cuts, ${run.failed} failed; ${run.acknowledged} acknowledged looked for, ` +
        `${seconds.toFixed(0)} s; seed ${chance.seed}`,
    )
  process.exitCode = run.failed === 0 ? 0 : 1
}

/** Null, with the reason told, where loop devices or the file systems are missing. */
async function makeDisks(folder: string): Promise<Disks | null> {
  const outer = join(folder, 'outer')
  const inner = join(folder, 'inner')
  const mounted = join(folder, 'snapshot')
  for (const each of [outer, inner, mounted]) mkdirSync(each, { recursive: true })
  const image = join(outer, 'disk.img')
  try {
    await runCommand('truncate', ['-s', '3G', `${folder}/outer.img`])
    await runCommand('mkfs.xfs', ['-q', '-m', 'reflink=1', `${folder}/outer.img`])
    await runCommand('mount', ['-o', 'loop', `${folder}/outer.img`, outer])
  } catch (cause) {
    console.log(`skipped: needs root, loop devices and mkfs.xfs: ${(cause as Error).message}`)
    return null
  }
  await runCommand('truncate', ['-s', '1G', image])
  await runCommand('mkfs.ext4', ['-q', '-F', image])
  await runCommand('mount', ['-o', 'loop', image, inner])
  return { outer, image, inner, snapshot: join(outer, 'snapshot.img'), mounted }
}

async function removeDisks({ outer, inner }: Disks): Promise<void> {
  await runCommand('umount', [inner])
  await runCommand('umount', [outer])
}

/** One broker under load, cut a few times; the load rests while a copy is looked at. */
async function cutDisk<Ledger>(run: Run<Ledger>, disks: Disks, times: number): Promise<void> {
  const { workload, chance } = run
  const path = join(disks.outer, 'ledger')
  const broker = await workload.start(disks.inner)
  await workload.prepare(broker)
  const drawn = ['load', String(chance.int(1 << 30))]
  const args = [workload.loader, workload.address(broker), path, ...drawn]
  const load = await launch(process.execPath, args)
  try {
    for (let i = 0; i < times; i++) {
      process.kill(load.pid, 'SIGCONT')
      await sleep(800 + chance.int(1200))
      const before = workload.readLedger(path)
      await runCommand('cp', ['--reflink=always', disks.image, disks.snapshot])
      process.kill(load.pid, 'SIGSTOP')
      await lookAt(run, disks, before, workload.readLedger(path))
      run.acknowledged += workload.acknowledged(before)
    }
  } finally {
    await load.end('SIGKILL')
    await broker.kill()
  }
}

async function lookAt<Ledger>(
  run: Run<Ledger>,
  disks: Disks,
  required: Ledger,
  allowed: Ledger,
): Promise<void> {
  await runCommand('mount', ['-o', 'loop', disks.snapshot, disks.mounted])
  try {
    const broker = await run.workload.start(disks.mounted)
    try {
      const wrong = await run.workload.verify(broker, required, allowed)
      if (wrong.length > 0) run.failed++
      for (const line of wrong.slice(0, 5)) console.log(line)
    } finally {
      await broker.kill()
    }
  } finally {
    await runCommand('umount', [disks.mounted])
    rmSync(disks.snapshot)
  }
}
