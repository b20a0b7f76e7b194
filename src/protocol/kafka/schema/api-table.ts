// Every API that this broker speaks, in the order of their keys. The connection looks requests up
// here, and the answer to ApiVersions is made from it.
import { createAcls, deleteAcls, describeAcls } from './acls.ts'
import type { Api } from './api.ts'
import { apiVersions } from './api-versions.ts'
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from './configs.ts'
import { createPartitions, createTopics } from './create-topics.ts'
import { deleteGroups, offsetDelete } from './delete-groups.ts'
import { deleteRecords, deleteTopics } from './delete-topics.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeGroups, listGroups } from './describe-groups.ts'
import { fetch } from './fetch.ts'
import { findCoordinator } from './find-coordinator.ts'
import { heartbeat, leaveGroup } from './heartbeat.ts'
import { initProducerId } from './init-producer-id.ts'
import { joinGroup, syncGroup } from './join-group.ts'
import { listOffsets, offsetForLeaderEpoch } from './list-offsets.ts'
import { metadata } from './metadata.ts'
import { offsetCommit } from './offset-commit.ts'
import { offsetFetch } from './offset-fetch.ts'
import {
  alterPartitionReassignments,
  listPartitionReassignments,
} from './partition-reassignments.ts'
import { produce } from './produce.ts'
import { saslAuthenticate, saslHandshake } from './sasl.ts'

export const apis: readonly Api[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  saslHandshake,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  describeAcls,
  createAcls,
  deleteAcls,
  describeConfigs,
  alterConfigs,
  saslAuthenticate,
  createPartitions,
  deleteGroups,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  offsetDelete,
  describeCluster,
]

/** APIs by their key. */
export const apiByKey: ReadonlyMap<number, Api> = new Map(apis.map((api) => [api.key, api]))
