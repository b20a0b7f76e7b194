// ApiVersions: what a client learns before it knows anything (KIP-511).
import assert from 'node:assert/strict'
import test from 'node:test'
import { apiVersions } from '../../../src/protocol/kafka/schema/api-versions.ts'
import { framed, TestDoor } from './test-door.ts'

const expected: Record<number, [number, number]> = {
  0: [0, 13],
  1: [4, 18],
  2: [1, 11],
  3: [0, 13],
  8: [2, 10],
  9: [1, 10],
  10: [0, 6],
  11: [0, 9],
  12: [0, 4],
  13: [0, 5],
  14: [0, 5],
  15: [0, 6],
  16: [0, 5],
  17: [0, 1],
  18: [0, 4],
  19: [2, 7],
  20: [1, 6],
  21: [0, 2],
  22: [0, 5],
  23: [2, 4],
  29: [1, 3],
  30: [1, 3],
  31: [1, 3],
  32: [1, 4],
  33: [0, 2],
  36: [0, 2],
  37: [0, 3],
  42: [0, 2],
  44: [0, 1],
  45: [0, 1],
  46: [0, 0],
  47: [0, 0],
  60: [0, 2],
}

test('shows exactly the APIs of Kafka 4.2 that are answered, Produce from 0', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  for (const version of [0, 1, 2, 3, 4]) {
    const names = { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.2.0' }
    const answer = await client.call(apiVersions, version, names)
    assert.equal(answer.errorCode, 0)
    const shown = answer.apiKeys.map((api) => [api.apiKey, [api.minVersion, api.maxVersion]])
    assert.deepEqual(Object.fromEntries(shown), expected)
    assert.deepEqual(answer.finalizedFeatures, [], 'no transaction.version')
  }
})

test('the answer has header version 0 in all versions', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  const names = { clientSoftwareName: 'a', clientSoftwareVersion: '1' }
  client.send(apiVersions, 4, names)
  await client.answer(apiVersions, 4)
  client.send(apiVersions, 4, names)
  for (let i = 0; i < 5 && client.frames.length === 0; i++) await new Promise(setImmediate)
  // Correlation id, then at once the error code and a compact array: no tag byte between.
  assert.equal(client.frames[0]?.readInt32BE(0), 2)
  assert.equal(client.frames[0]?.readInt16BE(4), 0)
  assert.equal(client.frames[0]?.[6], Object.keys(expected).length + 1)
})

test('a version from the future is answered in version 0 with UNSUPPORTED_VERSION', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  client.pipe.send(framed(Buffer.from('0012006300000007ffff0000', 'hex')))
  const answer = await client.answer(apiVersions, 0)
  assert.equal(answer.errorCode, 35)
  assert.deepEqual(answer.apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }])
  assert.equal((await client.call(apiVersions, 0, {})).errorCode, 0, 'and it goes on')
})

test('the names of client software are checked', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  for (const name of ['', '-a', 'a b', 'a\n'])
    assert.equal(
      (
        await client.call(apiVersions, 3, {
          clientSoftwareName: name,
          clientSoftwareVersion: '1',
        })
      ).errorCode,
      42,
    )
})

test('unknown tagged fields are skipped', async () => {
  const host = await TestDoor.open()
  const client = host.connect()
  // Header v2 with a tag 5 of two bytes, body v3 with a tag 9 of one.
  const header = '0012000300000001000161' + '010502aabb'
  const body = '0261' + '0231' + '010901cc'
  client.pipe.send(framed(Buffer.from(header + body, 'hex')))
  assert.equal((await client.answer(apiVersions, 3)).errorCode, 0)
})
