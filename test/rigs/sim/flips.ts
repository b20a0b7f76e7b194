// Bits of what is durable turn while the node is down. The next start may refuse with words, or
// take partitions out of service; it may not serve what was never written, nor leave out what was,
// in silence. The last commit of the journal and the last frame of the manifest are spared:
// damaged, they look like a write that the power cut tore, and nothing can tell. So is the base
// offset of a batch between two gaps that compaction left: it may read as another one in the gap.
import { CorruptFileError } from '../../../src/io/corrupt-file.ts'
import { scanRecords } from '../../../src/io/record-scan.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import { findSlots } from '../../../src/log/journal/journal-slots.ts'
import { DamagedLogError } from '../../../src/log/log-parts.ts'
import { LogStore } from '../../../src/log/log-store.ts'
import type { Segment } from '../../../src/log/segment/segment.ts'
import { segmentPath } from '../../../src/log/segment/segment-files.ts'
import { BatchHeader, headerBytes } from '../../../src/model/record-batch.ts'
import { expect, RigFailure } from './failure.ts'
import { Node } from './node.ts'
import type { PartitionModel } from './partition-model.ts'
import { readAll } from './reading.ts'
import type { World } from './world.ts'

export interface Flip {
  readonly path: string
  readonly position: number
  readonly bit: number
}

interface Place {
  readonly disk: SimDisk
  readonly clock: SimClock
  readonly world: World
}

/** What a node left behind when it died. */
export interface Remains {
  readonly disk: SimDisk
  /** As it was when it died; it does nothing any more. */
  readonly node: Node
  readonly world: World
  /** Two later commits say that what lies below in the journal was durable. */
  readonly settledLsn: number
}

/** A place to damage, or null when there is none of the kind. */
type Chooser = (remains: Remains) => Promise<Omit<Flip, 'bit'> | null>

/** The first bytes of a batch are not under its checksum. */
const bareBytes = 17
const baseOffsetBytes = 8

/** Chooses bits that matter; one or several. */
export async function chooseFlips(remains: Remains): Promise<Flip[]> {
  const { world } = remains
  const { chance } = world
  const choosers: readonly Chooser[] = [inJournal, inSegment, inManifest, inSegmentHead, inTailHead]
  const flips: Flip[] = []
  for (let left = chance.oneIn(2) ? 1 : 2 + chance.int(3); left > 0; left--) {
    const choose = choosers[chance.int(choosers.length)] as Chooser
    const found = await choose(remains)
    if (found === null) continue
    flips.push({ ...found, bit: chance.int(8) })
    world.saw(`flips ${choose.name}`)
  }
  return flips
}

/** Brings something into the journal, and two commits behind it; resolves to where those begin. */
export async function settle(node: Node, { live }: World): Promise<number> {
  const { journal } = node.store
  const models = live.filter((m) => !m.isMemory)
  for (const model of models) await node.append(model)
  const end = journal.appendedLsn
  for (let i = 0; i < 2; i++) {
    await Promise.all(models.slice(0, 1).map((model) => node.append(model)))
    await journal.drain()
  }
  return models.length > 0 ? end : 0
}

const inSegment: Chooser = async ({ disk, node, world: { chance } }) => {
  const segment = anySegment(node, chance.int(1 << 16))
  if (segment === null) return null
  const at = chance.int(segment.bytes)
  const starts = segment.sparse ? await batchStarts(disk, segment) : []
  if (starts.some((start) => at >= start && at < start + baseOffsetBytes)) return null
  return { path: segmentPath(segment.file), position: segment.position + at }
}

const inManifest: Chooser = async ({ disk, world: { chance } }) => {
  const file = await disk.open('manifest', { access: 'read' })
  const { lastFrame } = await scanRecords(file, 'manifest', 1 << 20)
  await file.close()
  return lastFrame === 0 ? null : { path: 'manifest', position: chance.int(lastFrame) }
}

const inJournal: Chooser = (remains) => {
  const { settledLsn: to, world } = remains
  const from = Math.max(0, to - 2 * world.plan.options.journalFileBytes)
  return to === from ? Promise.resolve(null) : slotOf(remains, from + world.chance.int(to - from))
}

/** In the bare bytes of a batch that is in the journal only. */
const inTailHead: Chooser = async (remains) => {
  const { node, world, settledLsn } = remains
  const places = [...node.store.all].flatMap(({ tail, memory }) =>
    memory === null ? Array.from({ length: tail.count }, (_, i) => tail.lsn(i)) : [],
  )
  const settled = places.filter((lsn) => lsn + bareBytes <= settledLsn)
  const lsn = settled[world.chance.int(Math.max(1, settled.length))]
  if (lsn === undefined) return null
  return slotOf(remains, lsn + world.chance.int(bareBytes))
}

const inSegmentHead: Chooser = async ({ disk, node, world: { chance } }) => {
  const segment = anySegment(node, chance.int(1 << 16))
  if (segment === null) return null
  const starts = await batchStarts(disk, segment)
  const from = segment.sparse ? baseOffsetBytes : 0
  const start = starts[chance.int(starts.length)] ?? 0
  const at = start + from + chance.int(bareBytes - from)
  return { path: segmentPath(segment.file), position: segment.position + at }
}

/** Where its batches begin, from its start. */
async function batchStarts(disk: SimDisk, segment: Segment): Promise<number[]> {
  const file = await disk.open(segmentPath(segment.file), { access: 'read' })
  const bytes = new Uint8Array(segment.bytes)
  await file.read(bytes, segment.position)
  await file.close()
  const starts: number[] = []
  const header = new BatchHeader()
  for (let at = 0; at + headerBytes <= bytes.length; at += header.bytes) {
    header.moveTo(bytes, at)
    starts.push(at)
  }
  return starts
}

function anySegment(node: Node, drawn: number): Segment | null {
  const segments = [...node.store.all].flatMap((log) => log.segments)
  return segments[drawn % Math.max(1, segments.length)] ?? null
}

async function slotOf(
  { disk, world, node }: Remains,
  lsn: number,
): Promise<Omit<Flip, 'bit'> | null> {
  const { journalFileBytes } = world.plan.options
  const slots = await findSlots(disk, journalFileBytes, node.store.start.key, {
    generation: Number.POSITIVE_INFINITY,
    starts: [],
  })
  for (const slot of slots) await slot.file.close()
  const slot = slots.find((s) => s.seq === Math.floor(lsn / journalFileBytes))
  return slot === undefined ? null : { path: slot.name, position: lsn % journalFileBytes }
}

/**
 * Starts on the damaged disk, and holds what it serves against the model. False when it refuses to
 * start.
 */
export async function checkFlips(flips: readonly Flip[], place: Place): Promise<boolean> {
  const { world, clock } = place
  const reported: string[] = []
  const store = await openDamaged(place, reported)
  if (store === null) return false
  const node = new Node(world, store, clock)
  for (const model of world.live) {
    if (model.isMemory) continue
    const log = store.get(model.topic, model.partition)
    expect(log !== undefined, () => `${model.name} is gone`)
    model.cut(Math.max(model.floor, log.logEndOffset))
    if (!(await readAll(store, log, model, clock.now()))) {
      world.saw('partitions found damaged')
      continue
    }
    checkComplete(model, log.logStartOffset, log.highWatermark, flips)
    model.cut(log.logEndOffset)
    model.startCeiling = log.logStartOffset
    await node.append(model)
  }
  await store.journal.drain()
  for (const model of world.live) model.promise(store)
  return true
}

function checkComplete(
  model: PartitionModel,
  start: number,
  end: number,
  flips: readonly Flip[],
): void {
  const where = flips.map((f) => `${f.path} at ${f.position}`).join(', ')
  if (end < model.floor)
    throw new RigFailure(`${model.name}: ends at ${end} of ${model.floor}, in silence: ${where}`)
  if (start < model.startFloor)
    throw new RigFailure(`${model.name}: starts at ${start}, not ${model.startFloor}: ${where}`)
}

/** Null when the log refuses to open, with the words that are meant for it. */
async function openDamaged(place: Place, reported: string[]): Promise<LogStore | null> {
  try {
    return await LogStore.open(
      {
        disk: place.disk,
        clock: place.clock,
        chance: place.world.chance,
        options: place.world.plan.options,
        hooks: {
          failed: (cause) => {
            throw cause
          },
          report: (line) => reported.push(line),
        },
      },
      place.world.known(),
    )
  } catch (cause) {
    if (cause instanceof DamagedLogError || cause instanceof CorruptFileError) return null
    throw cause
  }
}
