// What a node does by the clock, as the broker's upkeep has it: retention, sweeping and looks at
// the disk, and beside them cleaning and merging. Retention is held against the model; what the
// others leave is held against it by every reader.
import { DiskError } from '../../../src/io/disk.ts'
import type { PartitionLog } from '../../../src/log/partition-log.ts'
import { retentionStart } from '../../../src/log/retention.ts'
import { expect } from './failure.ts'
import type { Node } from './node.ts'
import { bytesOf, type PartitionModel } from './partition-model.ts'
import type { World } from './world.ts'

/** From two keys at a time to more than there are. */
const keyMapBytes = [50, 200, 1 << 16]

export function takeCare(node: Node, world: World): Promise<void> {
  const { chance, plan } = world
  const isNeeded = (): boolean => plan.fault === 'full' && node.working > 1
  return again(node, world, isNeeded, () => {
    const { reclaimer, cleaner, all } = node.store
    if (chance.oneIn(4)) return reclaimer.sweep(all, (log) => cleaner.isCleaning(log))
    return chance.oneIn(2) ? retain(node, world) : lookAtSpace(node, world)
  })
}

export function keepCompact(node: Node, world: World): Promise<void> {
  const { cleaner } = node.store
  return again(
    node,
    world,
    () => false,
    () => (world.chance.oneIn(2) ? clean(node, world) : cleaner.merge([...node.store.all])),
  )
}

/** So often, and as long as it is needed. */
async function again(
  node: Node,
  world: World,
  isNeeded: () => boolean,
  act: () => Promise<void>,
): Promise<void> {
  const { chance, plan } = world
  for (let i = 0; i < plan.operations / 4 || isNeeded(); i++) {
    await node.sleep(chance.int(200) / 10)
    try {
      await act()
    } catch (cause) {
      if (!(cause instanceof DiskError && world.mayFail)) throw cause
      node.ended = true
      return
    }
  }
}

/** Who refused records for want of space takes them again when there is some. */
async function lookAtSpace(node: Node, world: World): Promise<void> {
  const { chance, plan } = world
  const isFreed = plan.fault === 'full' && chance.oneIn(6)
  if (isFreed) world.makeRoom()
  await node.store.lookAtSpace(plan.freeBytesMin)
  expect(!(isFreed && node.store.space.isLow), () => 'there is room, and it is not seen')
}

function clean(node: Node, world: World): Promise<void> {
  const bytes = keyMapBytes[world.chance.int(keyMapBytes.length)] as number
  return node.store.cleaner.clean([...node.store.all], world.clock.now(), bytes)
}

async function retain(node: Node, world: World): Promise<void> {
  const nowMs = world.clock.now()
  for (const model of world.live) {
    if (model.deleted) continue
    const log = node.logOf(model)
    const start = retentionStart(log, nowMs)
    checkRetention(model, log, start, nowMs)
    if (start <= log.logStartOffset) continue
    world.saw('retained less')
    await node.raiseLogStart(model, log, start)
  }
}

/** Retention takes whole segments, of a partition in memory batches. */
interface Unit {
  readonly baseOffset: number
  readonly nextOffset: number
}

function checkRetention(
  model: PartitionModel,
  log: PartitionLog,
  start: number,
  nowMs: number,
): void {
  const { retentionMs, retentionBytes, cleanup } = model.settings
  const { name } = model
  if (!cleanup.delete) {
    expect(start === log.logStartOffset, () => `${name}: retention where nothing is deleted`)
    return
  }
  const stored = model.from(log.logStartOffset)
  const units: readonly Unit[] = model.isMemory ? stored : log.segments
  for (const { baseOffset, nextOffset } of units) {
    // What was deleted of a segment counts until all of it goes.
    const inside = model.batches.filter(
      (b) => b.baseOffset >= baseOffset && b.nextOffset <= nextOffset,
    )
    const isOld = inside.every((b) => b.timestampMs < nowMs - retentionMs)
    const left = bytesOf(stored.filter((b) => b.baseOffset >= nextOffset))
    // Of a compacted partition the model knows neither what it still holds nor its bytes.
    if (model.compacts || nextOffset <= log.logStartOffset) continue
    const goes = isOld || left >= retentionBytes
    const gone = nextOffset <= start
    expect(gone === goes, () => `${name}: retention ${gone ? 'took' : 'left'} ${baseOffset}`)
    if (!gone) return
  }
  const flushed = model.isMemory ? start : log.flushedOffset
  for (const { baseOffset, nextOffset, timestampMs } of stored) {
    const isOld = timestampMs < nowMs - retentionMs
    const left = bytesOf(stored.filter((b) => b.baseOffset >= nextOffset))
    expect(
      baseOffset < flushed || nextOffset > start || isOld || left >= retentionBytes,
      () => `${name}: retention took ${baseOffset}, not flushed yet, young and needed`,
    )
  }
}
