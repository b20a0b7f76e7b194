import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { diskCases } from '../contract/disk.ts'

describe('memory disk', () => {
  for (const { name, run } of diskCases) test(name, () => run(memoryDisk()))

  test('ENOSPC at the limit; what is removed and closed gives its memory back', async () => {
    const disk = memoryDisk(1 << 20)
    const file = await disk.open('f', { access: 'write' })
    await file.write([new Uint8Array(1 << 20)], 0)
    assert.equal(await disk.freeBytes(), 0)
    await assert.rejects(file.write([new Uint8Array(1)], 1 << 20), { code: 'ENOSPC' })
    await file.write([new Uint8Array(100)], 500)
    await disk.remove('f')
    assert.equal(await disk.freeBytes(), 0)
    await file.close()
    assert.equal(await disk.freeBytes(), 1 << 20)
  })

  test('a small file costs little', async () => {
    const disk = memoryDisk(1 << 20)
    const file = await disk.open('f', { access: 'write' })
    await file.write([new Uint8Array(100)], 0)
    assert.equal(await disk.freeBytes(), (1 << 20) - 256)
    await file.close()
  })
})
