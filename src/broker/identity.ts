// Who this node is: the id of its cluster and its own number, both settled in the metadata by the
// first start and the same for ever. Partitions name their node by its number, so that another one
// would find itself leading none of them. Called by broker.ts before anything else is recovered.
import type { Chance } from '../io/chance.ts'
import type { MetadataStore } from '../metadata/store.ts'
import type { NodeId } from '../model/ids.ts'

const clusterKey = '/cluster'
const nodeKey = '/node'
/** The number of every node whose metadata tells none: it could not be set then. */
const olderNode = '1'

export class OtherNodeError extends Error {
  override readonly name = 'OtherNodeError'
}

/**
 * The id of the cluster; null when the metadata has none yet. Rejects with OtherNodeError when it
 * was made by another node than `node`.
 */
export async function readCluster(metadata: MetadataStore, node: NodeId): Promise<string | null> {
  const cluster = await metadata.get(clusterKey)
  if (cluster === null) return null
  const settled = (await metadata.get(nodeKey))?.value ?? olderNode
  if (settled !== String(node))
    throw new OtherNodeError(`it is that of node ${settled}, and node.id is ${node}`)
  return cluster.value
}

/**
 * The id of the cluster, 22 characters as Kafka's. Rejects with OtherNodeError when the metadata
 * was made by another node than `node`.
 */
export async function joinCluster(
  metadata: MetadataStore,
  node: NodeId,
  chance: Chance,
): Promise<string> {
  const made = Buffer.from(chance.uuid(), 'hex').toString('base64url')
  await metadata.txn({
    compare: [{ key: clusterKey, modRevision: 0 }],
    put: [
      { key: clusterKey, value: made },
      { key: nodeKey, value: String(node) },
    ],
  })
  return (await readCluster(metadata, node)) ?? made
}
