// What has left memory is read again in large pieces, each once, and never more than was allowed.
import assert from 'node:assert/strict'
import test from 'node:test'
import { JournalPieces } from '../../src/log/journal/journal-pieces.ts'

const pieceBytes = 1024

/** A journal of 8 pieces, of which the last is gone; each byte says in which piece it is. */
class Journal {
  readonly reads: number[] = []

  async read(into: Uint8Array, lsn: number): Promise<boolean> {
    const piece = Math.floor(lsn / pieceBytes)
    this.reads.push(piece)
    into.fill(piece)
    return piece < 7
  }
}

test('each piece is read once, however its batches are asked for', async () => {
  const journal = new Journal()
  const pieces = new JournalPieces(journal, pieceBytes, 8 * pieceBytes)
  pieces.open()
  assert.equal(pieces.view(2050, 100), null, 'it is not here yet')
  for (const lsn of [2050, 4200, 2500, 2048, 4096, 3071]) {
    const bytes = await pieces.read(lsn, 1)
    assert.deepEqual([...(bytes ?? [])], [Math.floor(lsn / pieceBytes)])
  }
  assert.deepEqual(journal.reads, [2, 4])
  assert.deepEqual(pieces.view(3000, 72), new Uint8Array(72).fill(2))
  pieces.close()
  assert.equal(pieces.view(2050, 1), null)
})

test('what lies in two pieces, or is gone, is left to who wants it', async () => {
  const journal = new Journal()
  const pieces = new JournalPieces(journal, pieceBytes, 8 * pieceBytes)
  pieces.open()
  assert.equal(await pieces.read(1000, 100), null)
  assert.deepEqual(journal.reads, [])
  for (let i = 0; i < 3; i++) assert.equal(await pieces.read(7168 + i, 10), null)
  assert.deepEqual(journal.reads, [7], 'it is not tried again in this pass')
})

test('no more is held than is allowed, and what is held stays', async () => {
  const journal = new Journal()
  const pieces = new JournalPieces(journal, pieceBytes, 2 * pieceBytes + 1)
  pieces.open()
  assert.ok(await pieces.read(0, 1))
  assert.ok(await pieces.read(1024, 1))
  assert.equal(await pieces.read(2048, 1), null)
  assert.ok(pieces.view(0, 1))
  assert.deepEqual(journal.reads, [0, 1])
})
