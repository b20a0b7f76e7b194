// The format of a data folder: written once, kept, and a later one refused with nothing changed.
import assert from 'node:assert/strict'
import test from 'node:test'
import { checkDataFormat } from '../../src/broker/data-format.ts'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'

async function put(disk: Disk, text: string): Promise<void> {
  const file = await disk.open('format', { access: 'write', truncate: true })
  await file.write([Buffer.from(text)], 0)
  await file.close()
}

/** Checks the folder, and lets it have today's format. */
async function settle(disk: Disk): Promise<void> {
  const { settle: write } = await checkDataFormat(disk)
  await write()
}

async function textOf(disk: Disk): Promise<string> {
  const file = await disk.open('format', { access: 'read' })
  const bytes = new Uint8Array(100)
  const n = await file.read(bytes, 0)
  await file.close()
  return Buffer.from(bytes.subarray(0, n)).toString()
}

test('a new folder gets the format of today, and keeps it', async () => {
  const disk = memoryDisk()
  await settle(disk)
  assert.equal(await textOf(disk), 'polymq data format 3\n')
  await settle(disk)
  assert.deepEqual(await disk.list(''), ['format'])
})

test('an older format becomes that of today', async () => {
  const disk = memoryDisk()
  await put(disk, 'polymq data format 1\n')
  await settle(disk)
  assert.equal(await textOf(disk), 'polymq data format 3\n')
})

test('nothing is written before all is checked', async () => {
  const disk = memoryDisk()
  await checkDataFormat(disk)
  assert.deepEqual(await disk.list(''), [])
  await put(disk, 'polymq data format 1\n')
  await checkDataFormat(disk)
  assert.equal(await textOf(disk), 'polymq data format 1\n')
})

test('what a crash left empty is written again', async () => {
  const disk = memoryDisk()
  await put(disk, '')
  await settle(disk)
  assert.equal(await textOf(disk), 'polymq data format 3\n')
})

test('a later format, or one that nobody can read, is refused and kept', async () => {
  for (const [text, name] of [
    ['polymq data format 4\n', 'DataFormatError'],
    ['polymq data format 1', 'CorruptFileError'],
    ['something else', 'CorruptFileError'],
  ] as const) {
    const disk = memoryDisk()
    await put(disk, text)
    await assert.rejects(checkDataFormat(disk), { name })
    assert.equal(await textOf(disk), text)
  }
})
