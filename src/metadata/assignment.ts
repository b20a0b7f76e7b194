// How many partitions a new topic gets and on which nodes: what a client asked for, checked as
// Kafka checks it, on the one node there is. Pure; called when topics are created or grow.
import { ok, type Result, refuse } from '../model/errors.ts'
import { leaderEpoch, type NodeId, nodeId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { PartitionState } from '../model/topic.ts'

export interface Layout {
  /** -1: the broker's default. Not used with `assignments`. */
  readonly partitions: number
  /** -1: the broker's default. Not used with `assignments`. */
  readonly replicationFactor: number
  /** Nodes by partition index; null: let the broker choose. */
  readonly assignments: ReadonlyMap<number, readonly number[]> | null
}

export interface LayoutRules {
  readonly node: NodeId
  readonly partitionsDefault: number
  readonly clampReplicationFactor: boolean
}

/** The partitions of a new topic. */
export function layOut(layout: Layout, rules: LayoutRules): Result<PartitionState[]> {
  if (layout.assignments) return layOutAssigned(layout.assignments, rules)
  const { partitions, replicationFactor } = layout
  const count = partitions === -1 ? rules.partitionsDefault : partitions
  if (count < 1)
    return refuse(
      'invalidPartitions',
      `a topic cannot have ${count} partitions; ask for 1 or more, or -1 for the default`,
    )
  const replicas = checkReplicationFactor(replicationFactor, rules)
  if (!replicas.ok) return replicas
  return addable(count) ?? ok(fresh(count, rules.node))
}

/** `count` more partitions, where `assignments` gives the nodes of each or is null. */
export function grow(
  count: number,
  assignments: readonly (readonly number[])[] | null,
  rules: LayoutRules,
): Result<PartitionState[]> {
  if (assignments && assignments.length !== count)
    return refuse(
      'invalidReplicaAssignment',
      `${count} partitions are to be added, but nodes are given for ${assignments.length}`,
    )
  for (const nodes of assignments ?? []) {
    const fault = checkNodes(nodes, rules.node)
    if (!fault.ok) return fault
  }
  return addable(count) ?? ok(fresh(count, rules.node))
}

function layOutAssigned(
  assignments: ReadonlyMap<number, readonly number[]>,
  rules: LayoutRules,
): Result<PartitionState[]> {
  for (let index = 0; index < assignments.size; index++) {
    const nodes = assignments.get(index)
    if (!nodes)
      return refuse(
        'invalidReplicaAssignment',
        `nodes are given for ${assignments.size} partitions, but partition ${index} is missing`,
      )
    const fault = checkNodes(nodes, rules.node)
    if (!fault.ok) return fault
  }
  if (assignments.size === 0)
    return refuse('invalidReplicaAssignment', 'the assignment has no partitions')
  return addable(assignments.size) ?? ok(fresh(assignments.size, rules.node))
}

function checkReplicationFactor(factor: number, rules: LayoutRules): Result<null> {
  if (factor === -1 || factor === 1) return ok(null)
  if (factor < 1)
    return refuse(
      'invalidReplicationFactor',
      `the replication factor cannot be ${factor}; ask for 1 or more, or -1 for the default`,
    )
  if (rules.clampReplicationFactor) return ok(null)
  return refuse(
    'invalidReplicationFactor',
    `a replication factor of ${factor} needs ${factor} nodes, and there is 1; ask for 1, or set ` +
      'polymq.clamp.replication.factor=true to have it lowered',
  )
}

/** Whether a partition may lie on `nodes`. */
export function checkNodes(nodes: readonly number[], self: NodeId): Result<null> {
  const wrong = (message: string) => refuse('invalidReplicaAssignment', message)
  if (nodes.length === 0) return wrong('a partition of the assignment has no nodes')
  const unknown = nodes.find((node) => node !== self)
  if (unknown !== undefined)
    return wrong(`the assignment names node ${unknown}, but only node ${self} is there`)
  if (nodes.length > 1) return wrong(`the assignment names node ${self} twice for one partition`)
  return ok(null)
}

function addable(count: number): ReturnType<typeof refuse> | null {
  if (count <= limits.partitionsPerRequest) return null
  return refuse(
    'policyViolation',
    `${count} partitions in one request; ${limits.partitionsPerRequest} are allowed`,
  )
}

function fresh(count: number, node: NodeId): PartitionState[] {
  const state = { leader: nodeId(node), leaderEpoch: leaderEpoch(0), replicas: [node], isr: [node] }
  return Array.from({ length: count }, () => state)
}
