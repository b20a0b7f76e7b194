// Every Kafka message that has a schema here, for what goes through all of them:
// the check against Kafka's definitions, and tests.
import { apis } from '../src/protocol/kafka/schema/api-table.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../src/protocol/kafka/schema/consumer-protocol.ts'
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../src/protocol/kafka/schema/group-records.ts'
import { requestHeader, responseHeader } from '../src/protocol/kafka/schema/header.ts'
import type { Message } from '../src/wire/message.ts'

/** Those that belong to no API. */
export const otherMessages: readonly Message[] = [
  requestHeader,
  responseHeader,
  consumerProtocolSubscription,
  consumerProtocolAssignment,
  offsetCommitKey,
  offsetCommitValue,
  groupMetadataKey,
  groupMetadataValue,
]

export const kafkaMessages: readonly Message[] = [
  ...apis.flatMap((api) => [api.request, api.response]),
  ...otherMessages,
]

export const versionsOf = ({ versions: [oldest, newest] }: Message): number[] =>
  Array.from({ length: newest - oldest + 1 }, (_, i) => oldest + i)
