// Every Kafka message that has a schema here, for tests that go through all of them.
import { apis } from '../../src/protocol/kafka/schema/api-table.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/protocol/kafka/schema/consumer-protocol.ts'
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../../src/protocol/kafka/schema/group-records.ts'
import { requestHeader, responseHeader } from '../../src/protocol/kafka/schema/header.ts'
import type { Message } from '../../src/wire/message.ts'

export const kafkaMessages: readonly Message[] = [
  ...apis.flatMap((api) => [api.request, api.response]),
  requestHeader,
  responseHeader,
  consumerProtocolSubscription,
  consumerProtocolAssignment,
  offsetCommitKey,
  offsetCommitValue,
  groupMetadataKey,
  groupMetadataValue,
]

export const versionsOf = ({ versions: [oldest, newest] }: Message): number[] =>
  Array.from({ length: newest - oldest + 1 }, (_, i) => oldest + i)
