// Records whose values look like commits of the journal. Files are used again and again, so what a
// client wrote a lap ago stands behind the end of the journal, where recovery looks for more.
import assert from 'node:assert/strict'
import test from 'node:test'
import { blockBytes } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import {
  commitHeaderBytes,
  journalKeyOf,
  noJournalKey,
  readCommitHeader,
  writeCommitHeader,
} from '../../src/log/journal/journal-format.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { batchOf, topicA } from './log-fixture.ts'
import { append, open } from './open-log.ts'

const header = {
  bytes: blockBytes,
  frames: 1,
  lsn: 10 * blockBytes,
  previousEnd: 9 * blockBytes,
  syncedLsn: 9 * blockBytes,
  generation: 1,
  directoryAt: 200,
  knownRevision: 1,
}

test('the header of a commit is known by the key of its folder alone', () => {
  const bytes = new Uint8Array(commitHeaderBytes)
  const key = journalKeyOf(Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 0)
  writeCommitHeader(bytes, header, key)
  assert.deepEqual(readCommitHeader(bytes, key), header)
  for (let i = 0; i < 7; i++) {
    const other = Uint8Array.of(1, 2, 3, 4, 5, 6, 7)
    other[i] = (other[i] as number) ^ 0x10
    assert.equal(readCommitHeader(bytes, journalKeyOf(other, 0)), null, `byte ${i}`)
  }
  assert.equal(readCommitHeader(bytes, noJournalKey), null)
  const before = { ...key, from: header.lsn + 1 }
  assert.equal(readCommitHeader(bytes, before), null, 'older commits have no key')
  writeCommitHeader(bytes, header, before)
  assert.deepEqual(readCommitHeader(bytes, before), header)
})

test('what an earlier lap left behind the end is never taken for a commit', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const log = store.get(topicA, 0) as PartitionLog
  await append(store, log, batchOf(['a']))
  const end = store.journal.durableEnd as number
  // What clients write they can place, and all but the key can be foreseen.
  const block = new Uint8Array(blockBytes)
  for (const [at, previousEnd] of [
    [end, end],
    [end + blockBytes, end + blockBytes],
  ] as const) {
    const fields = { ...header, lsn: at, previousEnd, syncedLsn: at, generation: 1_000_000 }
    writeCommitHeader(block, fields, noJournalKey)
    const file = await disk.open('journal/000000.wal', { access: 'write' })
    await file.write([block], at)
    await file.close()
  }
  // As after kill -9; nothing may be reported.
  const again = await open(disk)
  assert.equal(again.get(topicA, 0)?.logEndOffset, 1)
  await again.close()
})
