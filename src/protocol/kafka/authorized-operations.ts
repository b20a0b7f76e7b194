// What a client may do with a thing, as the bits of Kafka's AclOperation codes: from its rights on
// the name. Without users everybody has all of them.
import type { ClientRights, ThingRights } from '../../broker/api.ts'

const read = 1 << 3
const write = 1 << 4
const create = 1 << 5
const remove = 1 << 6
const alter = 1 << 7
const describe = 1 << 8
const clusterAction = 1 << 9
const describeConfigs = 1 << 10
const alterConfigs = 1 << 11
const idempotentWrite = 1 << 12

const bits = (has: boolean, operations: number): number => (has ? operations : 0)

export const topicOperations = (rights: ThingRights): number =>
  bits(rights.read, read) |
  bits(rights.write, write) |
  bits(rights.configure, create | remove | alter | alterConfigs) |
  bits(rights.read || rights.write || rights.configure, describe | describeConfigs)

export const groupOperations = (rights: ThingRights): number =>
  bits(rights.read, read) |
  bits(rights.configure, remove | alterConfigs) |
  bits(rights.read || rights.configure, describe | describeConfigs)

export const clusterOperations = ({ isAdministrator }: ClientRights): number =>
  idempotentWrite |
  bits(isAdministrator, create | alter | describe | clusterAction | describeConfigs | alterConfigs)

/** Stands for a question that the client did not put. */
export const notAsked = -2147483648
