// What every Disk must do, run on the real, the memory and the simulated one. What survives a crash
// is tested where crashes exist, in the simulator.
import assert from 'node:assert/strict'
import { blockBytes, type Disk, DiskError, type DiskFile } from '../../src/io/disk.ts'

export interface DiskCase {
  readonly name: string
  run(disk: Disk): Promise<void>
}

const text = (s: string): Uint8Array => new TextEncoder().encode(s)

async function content(file: DiskFile): Promise<string> {
  const bytes = new Uint8Array(await file.size())
  assert.equal(await file.read(bytes, 0), bytes.length)
  return new TextDecoder('latin1').decode(bytes)
}

async function put(disk: Disk, path: string, body: string): Promise<void> {
  const file = await disk.open(path, { access: 'write', truncate: true })
  await file.write([text(body)], 0)
  await file.close()
}

async function get(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, { access: 'read' })
  const body = await content(file)
  await file.close()
  return body
}

const fails = (code: string) => (error: unknown) =>
  error instanceof DiskError && error.code === code

const files: DiskCase[] = [
  {
    name: 'chunks go one behind the other from the position, and come back',
    async run(disk) {
      const file = await disk.open('f', { access: 'write' })
      await file.write([text('ab'), text(''), text('cd')], 0)
      await file.write([text('XY')], 1)
      await file.write([], 0)
      assert.equal(await content(file), 'aXYd')
      await file.sync()
      await file.close()
      assert.equal(await get(disk, 'f'), 'aXYd')
    },
  },
  {
    name: 'a gap reads as zeros, and a read stops at the end',
    async run(disk) {
      const file = await disk.open('f', { access: 'write' })
      await file.write([text('end')], 70000)
      assert.equal(await file.size(), 70003)
      const bytes = new Uint8Array(10).fill(1)
      assert.equal(await file.read(bytes, 69998), 5)
      assert.deepEqual([...bytes], [0, 0, 101, 110, 100, 1, 1, 1, 1, 1])
      assert.equal(await file.read(bytes, 70003), 0)
      assert.equal(await file.read(bytes, 90000), 0)
      await file.close()
    },
  },
  {
    name: 'thousands of chunks in one write',
    async run(disk) {
      const file = await disk.open('f', { access: 'write' })
      const chunks = Array.from({ length: 2500 }, (_, i) => new Uint8Array(100).fill(i))
      await file.write(chunks, 7)
      const bytes = new Uint8Array(250000)
      assert.equal(await file.read(bytes, 7), bytes.length)
      assert.ok(bytes.every((b, i) => b === (Math.floor(i / 100) & 255)))
      await file.close()
    },
  },
  {
    name: 'whoever writes to a file makes it another version, and who reads does not',
    async run(disk) {
      await put(disk, 'f', 'abc')
      const file = await disk.open('f', { access: 'read' })
      const first = await file.version()
      assert.ok(first >= 0)
      await get(disk, 'f')
      assert.equal(await file.version(), first)
      let later = first
      // Clocks of files may be coarse.
      while (later === first) {
        const other = await disk.open('f', { access: 'write' })
        await other.write([text('x')], 1)
        await other.close()
        later = await file.version()
      }
      assert.ok(later > first)
      await file.close()
    },
  },
  {
    name: 'truncate cuts, and extends with zeros',
    async run(disk) {
      const file = await disk.open('f', { access: 'write' })
      await file.write([text('abcdef')], 0)
      await file.truncate(2)
      await file.truncate(4)
      assert.equal(await content(file), 'ab\0\0')
      await file.truncate(0)
      assert.equal(await file.size(), 0)
      await file.close()
    },
  },
  {
    name: 'open: absent to read is ENOENT, write keeps content, truncate empties',
    async run(disk) {
      await assert.rejects(disk.open('f', { access: 'read' }), fails('ENOENT'))
      await assert.rejects(disk.open('no/f', { access: 'write' }), fails('ENOENT'))
      await put(disk, 'f', 'old')
      const file = await disk.open('f', { access: 'write' })
      assert.equal(await content(file), 'old')
      await file.close()
      await (await disk.open('f', { access: 'write', truncate: true })).close()
      assert.equal(await get(disk, 'f'), '')
    },
  },
  {
    name: 'a durable file takes writes of any shape',
    async run(disk) {
      const file = await disk.open('f', { access: 'write', durable: true })
      await file.write([text('abc')], 0)
      await file.write([text('def')], 3)
      await file.close()
      assert.equal(await get(disk, 'f'), 'abcdef')
    },
  },
  {
    name: 'a file opened direct takes aligned writes from allocated memory',
    async run(disk) {
      const memory = disk.allocate(4 * blockBytes)
      assert.ok(memory.every((b) => b === 0))
      memory.fill(1, 0, blockBytes).fill(2, blockBytes)
      const options = { access: 'write', direct: true, durable: true } as const
      const file = await disk.open('f', options)
      const second = memory.subarray(blockBytes, 2 * blockBytes)
      await file.write([memory.subarray(0, blockBytes), second], blockBytes)
      await file.write([second], 0)
      const back = disk.allocate(4 * blockBytes)
      assert.equal(await file.read(back, 0), 3 * blockBytes)
      assert.deepEqual([back[0], back[blockBytes], back[2 * blockBytes]], [2, 1, 2])
      if (file.direct) {
        const crooked = (chunk: Uint8Array, at: number) =>
          assert.rejects(file.write([chunk], at), /aligned/)
        await crooked(memory.subarray(0, blockBytes), 512)
        await crooked(memory.subarray(0, 512), 0)
        await crooked(memory.subarray(512, 512 + blockBytes), 0)
      }
      await file.close()
    },
  },
]

const names: DiskCase[] = [
  {
    name: 'makeDir makes parents and may be repeated; list is sorted, [] when absent',
    async run(disk) {
      await disk.makeDir('a/b/c')
      await disk.makeDir('a/b/c')
      await put(disk, 'a/b/z', '')
      assert.deepEqual(await disk.list('a/b'), ['c', 'z'])
      assert.deepEqual(await disk.list(''), ['a'])
      assert.deepEqual(await disk.list('nowhere/at/all'), [])
      await disk.syncDir('a/b')
      await disk.syncDir('')
      await assert.rejects(disk.syncDir('nowhere'), fails('ENOENT'))
    },
  },
  {
    name: 'the size of a file that is not open; what is absent or no file is refused',
    async run(disk) {
      await disk.makeDir('d')
      await put(disk, 'd/f', 'twelve bytes')
      assert.equal(await disk.sizeOf('d/f'), 12)
      await assert.rejects(disk.sizeOf('d/absent'), fails('ENOENT'))
      await assert.rejects(disk.sizeOf('absent/f'), fails('ENOENT'))
      await assert.rejects(disk.sizeOf('d'), fails('EISDIR'))
    },
  },
  {
    name: 'rename replaces a file, and moves a folder with what is below',
    async run(disk) {
      await disk.makeDir('d/e')
      await put(disk, 'd/e/new', 'new')
      await put(disk, 'd/old', 'old')
      await disk.rename('d/e/new', 'd/old')
      assert.equal(await get(disk, 'd/old'), 'new')
      assert.deepEqual(await disk.list('d/e'), [])
      await disk.rename('d', 'moved')
      assert.equal(await get(disk, 'moved/old'), 'new')
      assert.deepEqual(await disk.list('d'), [])
      await assert.rejects(disk.rename('absent', 'x'), fails('ENOENT'))
    },
  },
  {
    name: 'remove and removeTree, of the absent too',
    async run(disk) {
      await disk.makeDir('d/e')
      await put(disk, 'd/e/f', 'x')
      await put(disk, 'd/g', 'x')
      await disk.remove('d/g')
      await disk.remove('d/g')
      assert.deepEqual(await disk.list('d'), ['e'])
      await disk.removeTree('d')
      await disk.removeTree('d')
      assert.deepEqual(await disk.list(''), [])
    },
  },
  {
    name: 'an open file outlives its name',
    async run(disk) {
      await put(disk, 'f', 'body')
      const file = await disk.open('f', { access: 'read' })
      await put(disk, 'g', 'other')
      await disk.rename('g', 'f')
      assert.equal(await content(file), 'body')
      await disk.remove('f')
      assert.equal(await content(file), 'body')
      await file.close()
    },
  },
  {
    name: 'a lock is taken once until it is released',
    async run(disk) {
      await disk.makeDir('d')
      const lock = await disk.lock('d')
      await assert.rejects(disk.lock('d'), fails('EBUSY'))
      await lock.release()
      await (await disk.lock('d')).release()
    },
  },
  {
    name: 'there is room, and a path cannot leave the root',
    async run(disk) {
      assert.ok((await disk.freeBytes()) > 0)
      for (const path of ['../f', 'a/../../f', '/f', 'a\\b'])
        await assert.rejects(async () => disk.open(path, { access: 'write' }), /path/)
    },
  },
]

export const diskCases: readonly DiskCase[] = [...files, ...names]
