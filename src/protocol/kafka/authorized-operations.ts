// What a client may do with a thing, as the bits of Kafka's AclOperation codes. There is no
// authorizer, so everybody may do everything that the thing knows.

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

export const topicOperations =
  read | write | create | remove | alter | describe | describeConfigs | alterConfigs

export const groupOperations = read | describe | remove | describeConfigs | alterConfigs

export const clusterOperations =
  create | alter | describe | clusterAction | describeConfigs | alterConfigs | idempotentWrite

/** Stands for a question that the client did not put. */
export const notAsked = -2147483648
