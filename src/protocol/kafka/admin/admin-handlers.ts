// Every API of this room, for the composition root to open a door with.
import type { Handler } from '../handler.ts'
import { createAclsHandler, deleteAclsHandler, describeAclsHandler } from './acls.ts'
import {
  alterConfigsHandler,
  describeConfigsHandler,
  incrementalAlterConfigsHandler,
} from './configs.ts'
import { createPartitionsHandler, createTopicsHandler } from './create-topics.ts'
import { deleteTopicsHandler } from './delete-topics.ts'
import { describeClusterHandler } from './describe-cluster.ts'
import { metadataHandler } from './metadata.ts'
import {
  alterPartitionReassignmentsHandler,
  listPartitionReassignmentsHandler,
} from './partition-reassignments.ts'

export const adminHandlers: readonly Handler[] = [
  metadataHandler,
  createTopicsHandler,
  createPartitionsHandler,
  deleteTopicsHandler,
  describeConfigsHandler,
  alterConfigsHandler,
  incrementalAlterConfigsHandler,
  describeClusterHandler,
  describeAclsHandler,
  createAclsHandler,
  deleteAclsHandler,
  alterPartitionReassignmentsHandler,
  listPartitionReassignmentsHandler,
]
