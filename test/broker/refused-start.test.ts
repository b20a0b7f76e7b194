// A node that does not start leaves its folder as it was, the metadata too.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NodeBroker } from '../../src/broker/broker.ts'
import type { Disk } from '../../src/io/disk.ts'
import { memoryDisk } from '../../src/io/memory-disk.ts'
import { withNodeOn } from './node-fixture.ts'

const nothing = (): Promise<void> => Promise.resolve()

async function bytesOf(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, { access: 'read' })
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

async function put(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, { access: 'write', truncate: true })
  await file.write([bytes], 0)
  await file.close()
}

/** Refused with one line, and no other. */
async function isRefused(disk: Disk, words: RegExp): Promise<void> {
  const names = await disk.list('')
  const manifest = await bytesOf(disk, 'manifest')
  for (let i = 0; i < 2; i++)
    await assert.rejects(withNodeOn(disk, {}, nothing, assert.fail), words)
  assert.deepEqual(await disk.list(''), names)
  assert.deepEqual(await bytesOf(disk, 'manifest'), manifest)
}

const create = async (node: NodeBroker): Promise<void> => {
  const made = await node.topics.createOnDemand('a', false)
  assert.equal(made.ok, true)
}

test('metadata that is missing, empty, or has lost its last frame', async () => {
  const disk = memoryDisk()
  await withNodeOn(disk, {}, nothing)
  await withNodeOn(disk, {}, create)
  const metadata = await bytesOf(disk, 'metadata')
  await disk.remove('metadata')
  await isRefused(disk, /'metadata' is missing, empty or cut short/)
  for (const bytes of [new Uint8Array(0), metadata.subarray(0, 40)]) {
    await put(disk, 'metadata', bytes)
    await isRefused(disk, /'metadata' is missing, empty or cut short/)
    assert.deepEqual(await bytesOf(disk, 'metadata'), Buffer.from(bytes))
  }
  await put(disk, 'metadata', metadata.subarray(0, metadata.length - 40))
  await isRefused(disk, /metadata ends at revision 1, and the log was written at/)
  assert.equal(await disk.sizeOf('metadata'), metadata.length - 40)
  await put(disk, 'metadata', metadata)
  await withNodeOn(disk, {}, nothing, assert.fail)
})

test('the metadata of another folder, however much newer it is', async () => {
  const disk = memoryDisk()
  await withNodeOn(disk, {}, nothing)
  const own = await bytesOf(disk, 'metadata')
  const text = own.toString('latin1')
  const other = memoryDisk()
  await withNodeOn(other, { 'node.id': '1' }, create, undefined, 2)
  const theirs = await bytesOf(other, 'metadata')
  assert.notEqual(theirs.toString('latin1').slice(0, text.length), text)
  await put(disk, 'metadata', theirs)
  await isRefused(disk, /is that of cluster \S+, and the log is of cluster \S+/)
  assert.deepEqual(await bytesOf(disk, 'metadata'), theirs)
  await put(disk, 'metadata', own)
  await withNodeOn(disk, {}, nothing, assert.fail)
})
