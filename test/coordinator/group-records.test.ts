// The bytes are what Apache Kafka 4.2.0's own classes write for the same values.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { CommittedOffset } from '../../src/coordinator/committed-offsets.ts'
import {
  type GroupDraft,
  groupRecord,
  offsetRecord,
  readRecord,
} from '../../src/coordinator/group-records.ts'
import { WireError } from '../../src/wire/wire-error.ts'
import { SeededChance } from './world.ts'

const unhex = (hex: string): Buffer => Buffer.from(hex, 'hex')
const hex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('hex')

const offsetKey = '00010002673100066f726465727300000003'
const groupKey = '000200026731'

const committed: CommittedOffset = {
  offset: 42,
  leaderEpoch: 7,
  metadata: 'm',
  committedAtMs: 1700000000000,
  expiresAtMs: null,
}
const expiring: CommittedOffset = {
  ...committed,
  leaderEpoch: -1,
  expiresAtMs: 1700000001000,
}
const offsetValues: Readonly<Record<number, string>> = {
  1: '0001000000000000002a00016d0000018bcfe568000000018bcfe56be8',
  3: '0003000000000000002a0000000700016d0000018bcfe56800',
  4: '0004000000000000002a00000007026d0000018bcfe5680000',
}

const member = {
  memberId: 'm1',
  instanceId: 'i1',
  clientId: 'c',
  clientHost: '/h',
  rebalanceTimeoutMs: 60_000,
  sessionTimeoutMs: 10_000,
  subscription: unhex('0102'),
  assignment: unhex('03'),
}
const group = {
  protocolType: 'consumer',
  generation: 5,
  protocol: 'range',
  leader: 'm1',
  stateSinceMs: 1700000000000,
  members: [member],
} satisfies GroupDraft

const groupHead = '0008636f6e73756d657200000005000572616e676500026d31'
const groupValues: readonly string[] = [
  `0000${groupHead}0000000100026d3100016300022f68000027100000000201020000000103`,
  `0001${groupHead}0000000100026d3100016300022f680000ea60000027100000000201020000000103`,
  `0002${groupHead}0000018bcfe568000000000100026d3100016300022f680000ea6000002710` +
    '0000000201020000000103',
  `0003${groupHead}0000018bcfe568000000000100026d310002693100016300022f680000ea6000002710` +
    '0000000201020000000103',
  '000409636f6e73756d6572000000050672616e6765036d310000018bcfe5680002036d31036931' +
    '0263032f680000ea600000271003010202030000',
]

test('group records: written as Kafka writes them', () => {
  const record = offsetRecord('g1', 'orders', 3, committed)
  assert.equal(hex(record.key), offsetKey)
  assert.equal(hex(record.value), offsetValues[3])
  assert.equal(hex(offsetRecord('g1', 'orders', 3, expiring).value), offsetValues[1])
  assert.equal(offsetRecord('g1', 'orders', 3, null).value, null)
  assert.equal(hex(groupRecord('g1', group).key), groupKey)
  assert.equal(hex(groupRecord('g1', group).value), groupValues[3])
  assert.equal(groupRecord('g1', null).value, null)
})

test('group records: every version that Kafka has written is read', () => {
  const read = (value: string) => readRecord(unhex(offsetKey), unhex(value))
  const place = { kind: 'offset', group: 'g1', topic: 'orders', partition: 3 }
  assert.deepEqual(read(offsetValues[1]!), { ...place, value: expiring })
  assert.deepEqual(read(offsetValues[3]!), { ...place, value: committed })
  assert.deepEqual(read(offsetValues[4]!), { ...place, value: committed })
  assert.deepEqual(readRecord(unhex(`0000${offsetKey.slice(4)}`), null), { ...place, value: null })
  for (const [version, bytes] of groupValues.entries()) {
    const expected = {
      ...group,
      stateSinceMs: version < 2 ? -1 : group.stateSinceMs,
      members: [
        {
          ...member,
          instanceId: version < 3 ? null : 'i1',
          rebalanceTimeoutMs: version < 1 ? -1 : 60_000,
        },
      ],
    }
    const record = readRecord(unhex(groupKey), unhex(bytes))
    assert.deepEqual(record, { kind: 'group', group: 'g1', value: expected }, `version ${version}`)
  }
  assert.deepEqual(readRecord(unhex('00030000'), null), { kind: 'foreign' })
})

test('group records: whatever the bytes, nothing but a WireError is thrown', () => {
  const chance = new SeededChance(3)
  const samples = [...Object.values(offsetValues), ...groupValues].map(unhex)
  for (let i = 0; i < 5_000; i++) {
    const key = unhex(chance.int(2) === 0 ? offsetKey : groupKey)
    const value = Uint8Array.from(samples[chance.int(samples.length)]!)
    for (const bytes of [key, value])
      if (chance.int(2) === 0) bytes[chance.int(bytes.length)] = chance.int(256)
    const end = chance.int(3) === 0 ? chance.int(value.length) : value.length
    try {
      readRecord(key, value.subarray(0, end))
    } catch (e) {
      if (!(e instanceof WireError)) throw e
    }
  }
})
