// Power cuts with real files: `npm run rig:power -- --cuts N --seed S`, as root. The broker writes
// to an ext4 image that lies on an XFS image; `cp --reflink` of the ext4 image while it runs is
// what a power cut leaves at that moment. Each copy is mounted, its file system recovers, a broker
// starts on it, and everything is read and compared with what had been acknowledged before the cut.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { launch, run } from '../../scripts/peers/child.ts'
import { startPolymq } from '../../scripts/peers/polymq.ts'
import { SimChance } from '../../src/io/sim/sim-chance.ts'
import { readLedger } from './real/ledger.ts'
import { createTopics, verify } from './real/verify.ts'

const loader = fileURLToPath(new URL('./real/load.js', import.meta.url))
const settings = { 'group.initial.rebalance.delay.ms': '0' }
/** After so many cuts the disk is made anew, so that reading all stays quick. */
const cutsPerDisk = 10

interface Disks {
  readonly outer: string
  readonly image: string
  readonly inner: string
  readonly snapshot: string
  readonly mounted: string
}

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const cuts = Number(values.cuts)
const chance = new SimChance(Number(values.seed))
console.log(`seed ${chance.seed}`)
const base = mkdtempSync(join(tmpdir(), 'polymq-power-'))
const startedMs = performance.now()
let acked = 0
let failed = 0
try {
  for (let from = 0; from < cuts; from += cutsPerDisk) {
    const disks = await makeDisks(join(base, String(from)))
    if (disks === null) break
    try {
      await cutDisk(disks, Math.min(cutsPerDisk, cuts - from))
    } finally {
      await removeDisks(disks)
    }
  }
} finally {
  rmSync(base, { recursive: true, force: true })
}
const seconds = (performance.now() - startedMs) / 1000
if (acked > 0)
  console.log(
    `${cuts} power cuts, ${failed} failed; ${acked} acknowledged records looked for, ` +
      `${seconds.toFixed(0)} s; seed ${chance.seed}`,
  )
process.exitCode = failed === 0 ? 0 : 1

/** Null, with the reason told, where loop devices or the file systems are missing. */
async function makeDisks(folder: string): Promise<Disks | null> {
  const outer = join(folder, 'outer')
  const inner = join(folder, 'inner')
  const mounted = join(folder, 'snapshot')
  for (const each of [outer, inner, mounted]) mkdirSync(each, { recursive: true })
  const image = join(outer, 'disk.img')
  try {
    await run('truncate', ['-s', '3G', `${folder}/outer.img`])
    await run('mkfs.xfs', ['-q', '-m', 'reflink=1', `${folder}/outer.img`])
    await run('mount', ['-o', 'loop', `${folder}/outer.img`, outer])
  } catch (cause) {
    console.log(`skipped: needs root, loop devices and mkfs.xfs: ${(cause as Error).message}`)
    return null
  }
  await run('truncate', ['-s', '1G', image])
  await run('mkfs.ext4', ['-q', '-F', image])
  await run('mount', ['-o', 'loop', image, inner])
  return { outer, image, inner, snapshot: join(outer, 'snapshot.img'), mounted }
}

async function removeDisks({ outer, inner }: Disks): Promise<void> {
  await run('umount', [inner])
  await run('umount', [outer])
}

/** One broker under load, cut a few times; the load rests while a copy is looked at. */
async function cutDisk(disks: Disks, times: number): Promise<void> {
  const ledger = join(disks.outer, 'ledger')
  const broker = await startPolymq(disks.inner, { settings })
  await createTopics(broker.bootstrap)
  const load = await launch(process.execPath, [
    loader,
    broker.bootstrap,
    ledger,
    'load',
    String(chance.int(1 << 30)),
  ])
  try {
    for (let i = 0; i < times; i++) {
      process.kill(load.pid, 'SIGCONT')
      await sleep(800 + chance.int(1200))
      const before = readLedger(ledger)
      await run('cp', ['--reflink=always', disks.image, disks.snapshot])
      process.kill(load.pid, 'SIGSTOP')
      await lookAt(disks, before, readLedger(ledger))
      acked += before.acked.size
    }
  } finally {
    await load.end('SIGKILL')
    await broker.kill()
  }
}

async function lookAt(
  disks: Disks,
  required: ReturnType<typeof readLedger>,
  allowed: ReturnType<typeof readLedger>,
): Promise<void> {
  await run('mount', ['-o', 'loop', disks.snapshot, disks.mounted])
  try {
    const broker = await startPolymq(disks.mounted, { settings })
    try {
      const wrong = await verify(broker.bootstrap, required, allowed)
      if (wrong.length > 0) failed++
      for (const line of wrong.slice(0, 5)) console.log(line)
    } finally {
      await broker.kill()
    }
  } finally {
    await run('umount', [disks.mounted])
    rmSync(disks.snapshot)
  }
}
