// One bit of what is durable turns while the node is down. The next start may refuse with words, or
// take partitions out of service; it may not serve what was never written, nor leave out what was,
// in silence. The last commit of the journal and the last frame of the manifest are spared:
// damaged, they look like a write that the power cut tore, and nothing can tell.
import { CorruptFileError } from '../../../src/io/corrupt-file.ts'
import type { SimClock } from '../../../src/io/sim/sim-clock.ts'
import type { SimDisk } from '../../../src/io/sim/sim-disk.ts'
import { findSlots } from '../../../src/log/journal/journal-slots.ts'
import { DamagedLogError, LogStore } from '../../../src/log/log-store.ts'
import { segmentPath } from '../../../src/log/segment/segment-files.ts'
import { expect, RigFailure } from './failure.ts'
import type { Node } from './node.ts'
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

/** Chooses a bit that matters; null when there is nothing to turn. */
export async function chooseFlip(disk: SimDisk, node: Node, world: World): Promise<Flip | null> {
  const { chance } = world
  const bit = chance.int(8)
  const kind = chance.int(3)
  if (kind === 0) return journalFlip(disk, node, world, bit)
  if (kind === 1) {
    const segments = [...node.store.all].flatMap((log) => log.segments)
    const segment = segments[chance.int(Math.max(1, segments.length))]
    if (segment === undefined) return null
    const path = segmentPath(segment.file)
    return { path, position: segment.position + chance.int(segment.bytes), bit }
  }
  await node.store.flush()
  const file = await disk.open('manifest', { access: 'read' })
  const bytes = await file.size()
  await file.close()
  await node.store.flush()
  return { path: 'manifest', position: chance.int(bytes), bit }
}

async function journalFlip(
  disk: SimDisk,
  node: Node,
  world: World,
  bit: number,
): Promise<Flip | null> {
  const { journal } = node.store
  const { journalFileBytes } = world.plan.options
  const model = world.live[0]
  if (model === undefined) return null
  const end = journal.appendedLsn
  // Two commits behind it say that it was durable.
  for (let i = 0; i < 2; i++) {
    await node.append(model)
    await journal.drain()
  }
  const from = Math.max(0, end - 2 * journalFileBytes)
  if (end === from) return null
  const lsn = from + world.chance.int(end - from)
  const slots = await findSlots(disk, journalFileBytes)
  for (const slot of slots) await slot.file.close()
  const slot = slots.find((s) => s.seq === Math.floor(lsn / journalFileBytes))
  return slot === undefined ? null : { path: slot.name, position: lsn % journalFileBytes, bit }
}

/** Starts on the damaged disk, and holds what it serves against the model. */
export async function checkFlip(flip: Flip, place: Place): Promise<void> {
  const reported: string[] = []
  const store = await openDamaged(place, reported)
  if (store === null) return
  const broken: PartitionModel[] = []
  for (const model of place.world.live) {
    const log = store.get(model.topic, model.partition)
    expect(log !== undefined, () => `${model.name} is gone`)
    if (!(await readAll(store, log, model))) broken.push(model)
    else checkComplete(model, log.logStartOffset, log.highWatermark, flip)
  }
  const inService = place.world.live.filter((m) => !broken.includes(m))
  for (const model of inService) {
    const log = store.get(model.topic, model.partition)
    const batch = place.world.batch(['after'], null, null)
    while (!store.journal.hasRoom(batch.length))
      await new Promise<void>((resolve) => store.journal.whenRoom(resolve))
    const outcome = log?.append(store.journal, batch, model.leaderEpoch, 1000)
    expect(
      outcome?.error === null,
      () => `${model.name}: ${outcome?.message} after a flip elsewhere`,
    )
  }
  await store.journal.drain()
}

function checkComplete(model: PartitionModel, start: number, end: number, flip: Flip): void {
  const where = `${flip.path} at ${flip.position}`
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
