// Bytes recorded from real clients: our codecs read the value that the client was given, and write
// the same bytes again. The files say where they come from.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { kafkaMessages } from '../../scripts/kafka-messages.ts'
import { requestHeader } from '../../src/protocol/kafka/schema/header.ts'
import { codec, type Message } from '../../src/wire/message.ts'
import { Reader } from '../../src/wire/reader.ts'
import { joined, Writer } from '../../src/wire/writer.ts'

const id = '0123456789abcdeffedcba9876543210'

/**
 * By message and version, the fields that the client was told to write; others are not looked at.
 */
const given: Readonly<Record<string, object>> = {
  'RequestHeader 2': {
    requestApiKey: 18,
    requestApiVersion: 3,
    correlationId: 7,
    clientId: 'polymq',
  },
  'ResponseHeader 1': { correlationId: 7 },
  'ApiVersionsRequest 0': {},
  'ApiVersionsRequest 3': {
    clientSoftwareName: 'apache-kafka-java',
    clientSoftwareVersion: '4.2.0',
  },
  'ApiVersionsResponse 0': {
    errorCode: 35,
    apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }],
    finalizedFeaturesEpoch: -1,
  },
  'ApiVersionsResponse 3': {
    errorCode: 0,
    apiKeys: [
      { apiKey: 0, minVersion: 0, maxVersion: 13 },
      { apiKey: 18, minVersion: 0, maxVersion: 4 },
    ],
    supportedFeatures: [{ name: 'group.version', minVersion: 0, maxVersion: 1 }],
    finalizedFeaturesEpoch: 9,
    finalizedFeatures: [],
  },
  'MetadataRequest 1': {
    topics: [
      { topicId: '0'.repeat(32), name: 'orders' },
      { topicId: '0'.repeat(32), name: 'é' },
    ],
    allowAutoTopicCreation: true,
  },
  'MetadataRequest 6': {
    topics: [{ topicId: '0'.repeat(32), name: 'orders' }],
    allowAutoTopicCreation: false,
  },
  'MetadataResponse 1': {
    brokers: [{ nodeId: 1, host: 'localhost', port: 9092, rack: null }],
    clusterId: null,
    controllerId: 1,
  },
  'MetadataResponse 12': {
    brokers: [{ nodeId: 1, host: 'localhost', port: 9092, rack: null }],
    clusterId: 'c',
    controllerId: 1,
    topics: [
      {
        errorCode: 0,
        name: 'orders',
        topicId: id,
        isInternal: false,
        partitions: [
          {
            errorCode: 0,
            partitionIndex: 0,
            leaderId: 1,
            leaderEpoch: 0,
            replicaNodes: [1],
            isrNodes: [1],
            offlineReplicas: [],
          },
        ],
        topicAuthorizedOperations: -(2 ** 31),
      },
    ],
  },
  'ProduceRequest 3': { transactionalId: null, acks: -1, timeoutMs: 30000 },
  'ProduceRequest 9': {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30000,
    topicData: [
      {
        name: 'orders',
        topicId: '0'.repeat(32),
        partitionData: [{ index: 2, records: Buffer.from([1, 2, 3]) }],
      },
    ],
  },
  'ProduceResponse 10': {
    throttleTimeMs: 0,
    nodeEndpoints: [{ nodeId: 3, host: 'h', port: 9092, rack: null }],
  },
  'FetchRequest 11': { maxWaitMs: 500, maxBytes: 1048576, isolationLevel: 1, sessionEpoch: -1 },
  'FetchRequest 17': {
    maxWaitMs: 500,
    topics: [
      {
        topic: '',
        topicId: id,
        partitions: [
          {
            partition: 1,
            currentLeaderEpoch: 3,
            fetchOffset: 5_000_000_000n,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: 65536,
            replicaDirectoryId: '0'.repeat(32),
            highWatermark: 2n ** 63n - 1n,
          },
        ],
      },
    ],
  },
  'JoinGroupRequest 5': {
    groupId: 'g',
    sessionTimeoutMs: 30000,
    rebalanceTimeoutMs: 60000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'RoundRobinAssigner', metadata: Buffer.from([0, 1]) }],
  },
  'OffsetCommitRequest 5': { groupId: 'g', generationIdOrMemberEpoch: 4, retentionTimeMs: -1 },
  'OffsetCommitRequest 10': { groupId: 'g', generationIdOrMemberEpoch: 4, memberId: 'm' },
  'ConsumerProtocolSubscription 0': { topics: ['orders'], userData: Buffer.from('x') },
  'ConsumerProtocolAssignment 0': {
    assignedPartitions: [{ topic: 'orders', partitions: [0, 2] }],
    userData: Buffer.alloc(0),
  },
}

interface Golden {
  readonly title: string
  readonly message: Message
  readonly version: number
  readonly bytes: Buffer
}

function load(file: string): Golden[] {
  const lines = readFileSync(`test/wire/golden/${file}`, 'utf8').trim().split('\n')
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const [name, version, hex] = line.split(' ')
      const message = kafkaMessages.find((m) => m.name === name)
      assert.ok(message && version && hex, line)
      const title = `${name} ${version}`
      return { title, message, version: Number(version), bytes: Buffer.from(hex, 'hex') }
    })
}

function checkGiven(title: string, value: unknown): void {
  const expected = given[title]
  assert.ok(expected, `${title} has no expected value`)
  for (const [name, member] of Object.entries(expected))
    assert.deepEqual((value as Record<string, unknown>)[name], member, `${title}, ${name}`)
}

test('messages of the Java client', () => {
  for (const { title, message, version, bytes } of load('kafka-clients.txt')) {
    const reader = new Reader(bytes)
    const value = codec(message, version).read(reader)
    reader.finish(title)
    checkGiven(title, value)
    const writer = new Writer()
    codec(message, version).write(writer, value)
    assert.equal(joined(writer.finish()).toString('hex'), bytes.toString('hex'), title)
  }
})

test('frames of kafkajs', () => {
  for (const { title, message, version, bytes } of load('kafkajs.txt')) {
    const reader = new Reader(bytes)
    assert.equal(reader.int32('size'), bytes.length - 4, title)
    const header = codec(requestHeader, 1).read(reader)
    assert.deepEqual([header.requestApiVersion, header.clientId], [version, 'polymq'], title)
    const value = codec(message, version).read(reader)
    reader.finish(title)
    checkGiven(title, value)
    const writer = new Writer()
    writer.frame()
    codec(requestHeader, 1).write(writer, header)
    codec(message, version).write(writer, value)
    assert.equal(joined(writer.finish()).toString('hex'), bytes.toString('hex'), title)
  }
})

test('subscriptions and assignments of kafkajs', () => {
  for (const { title, message, version, bytes } of load('kafkajs-assigner.txt')) {
    const reader = new Reader(bytes)
    assert.equal(reader.int16('version'), version, title)
    checkGiven(title, codec(message, version).read(reader))
  }
})
