// People who work on the node while it serves: they create and delete topics, delete records, and
// have the journal flushed when nothing is due.
import type { Node } from './node.ts'
import type { PartitionModel } from './partition-model.ts'
import type { World } from './world.ts'

const partitionsMax = 8

export async function administer(node: Node, world: World): Promise<void> {
  const { chance, plan } = world
  for (let i = 0; i < plan.operations / 2; i++) {
    await node.sleep(chance.int(60) / 10)
    const { live } = world
    const model = live[chance.int(Math.max(1, live.length))]
    const what = chance.int(12)
    if (what < 2) await node.store.flush()
    else if (what === 2) create(node, world)
    else if (model === undefined) continue
    else if (what === 3 && live.length > 1) await remove(node, world, model)
    else if (what < 7 && model.settings.cleanup.delete) await trim(node, world, model)
  }
}

function create(node: Node, world: World): void {
  if (world.live.length > partitionsMax) return
  for (const model of world.createTopic(2)) node.store.create(model)
}

/** The metadata forgets the topic first. */
async function remove(node: Node, world: World, { topic }: PartitionModel): Promise<void> {
  const gone = world.live.filter((p) => p.topic === topic)
  for (const model of gone) model.deleted = true
  world.saw('topics deleted')
  await node.store.delete(
    topic,
    gone.map((p) => p.partition),
  )
}

async function trim(node: Node, world: World, model: PartitionModel): Promise<void> {
  const log = node.logOf(model)
  const span = log.highWatermark - log.logStartOffset
  const to = log.logStartOffset + world.chance.int(span + 1)
  world.saw('records deleted')
  await node.raiseLogStart(model, log, to)
}
