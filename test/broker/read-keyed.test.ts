// What a coordinator reads back of its partition, whole and damaged.
import assert from 'node:assert/strict'
import test from 'node:test'
import { readKeyed } from '../../src/broker/read-keyed.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { segmentPath } from '../../src/log/segment/segment-files.ts'
import { keyedBatch, topicA } from '../log/log-fixture.ts'
import { append, openReported } from '../log/open-log.ts'

test('a batch that cannot be read costs itself, or what is left of its segment', async () => {
  const disk = memoryDisk()
  const { store, reported } = await openReported(disk)
  const log = store.get(topicA, 0) as PartitionLog
  const appendTen = async (from: number): Promise<void> => {
    for (let i = from; i < from + 10; i++) await append(store, log, keyedBatch(`k${i}`, 'value'))
    await store.flush()
  }
  await appendTen(10)
  await appendTen(20)
  const keys = async (): Promise<string> => {
    const { records, isWhole } = await readKeyed(store.reader, log)
    const names = [...records].map(({ key }) => Buffer.from(key).toString().slice(1))
    return `${isWhole ? 'whole' : 'damaged'} ${names.join(' ')}`
  }
  const all = Array.from({ length: 20 }, (_, i) => String(10 + i))
  assert.equal(await keys(), `whole ${all.join(' ')}`)
  const [segment] = log.segments
  assert.ok(segment)
  const third = segment.position + (segment.bytes / 10) * 3
  const file = await disk.open(segmentPath(segment.file), { access: 'write' })
  await file.write([Uint8Array.of(0xff)], third + 70)
  assert.equal(await keys(), `damaged ${all.filter((key) => key !== '13').join(' ')}`)
  await file.write([Uint8Array.of(0xff)], third + 8)
  assert.equal(await keys(), `damaged 10 11 12 ${all.slice(10).join(' ')}`)
  assert.equal(reported.length, 1)
  await file.close()
  await store.close()
})

test('of each key the latest is told, and nothing of one that was deleted', async () => {
  const { store } = await openReported(memoryDisk())
  const log = store.get(topicA, 0) as PartitionLog
  const puts = [
    ['a', '1'],
    ['b', '1'],
    ['c', '1'],
    ['a', '2'],
    ['c', null],
    ['b', null],
    ['b', '2'],
  ] as const
  for (const [key, value] of puts) await append(store, log, keyedBatch(key, value))
  const { records, isWhole } = await readKeyed(store.reader, log)
  const told = [...records].map(({ key, value }) => `${Buffer.from(key)}=${Buffer.from(value)}`)
  assert.deepEqual([told, isWhole], [['a=2', 'b=2'], true])
  await store.close()
})
