import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DiskError } from '../../src/io/disk.ts'
import { realDisk, type System, thisSystem } from '../../src/io/real/disk.ts'
import { diskCases } from '../contract/disk.ts'

const inTemporary = async (run: (root: string) => Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'disk-'))
  try {
    await run(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('real disk', () => {
  for (const { name, run } of diskCases)
    test(name, () => inTemporary((root) => run(realDisk(root))))

  test('the root is created with its parents', () =>
    inTemporary(async (root) => {
      await realDisk(join(root, 'a/b')).makeDir('')
      assert.deepEqual(readdirSync(join(root, 'a')), ['b'])
    }))

  test('the error keeps the code and the cause', () =>
    inTemporary(async (root) => {
      const error: unknown = await realDisk(root)
        .open('f', { access: 'read' })
        .catch((e) => e)
      assert.ok(error instanceof DiskError)
      assert.equal(error.code, 'ENOENT')
      assert.equal((error.cause as NodeJS.ErrnoException).syscall, 'open')
    }))

  test('a lock names its holder, and leaves nothing behind', () =>
    inTemporary(async (root) => {
      const disk = realDisk(root)
      const lock = await disk.lock('')
      assert.match(readFileSync(join(root, 'LOCK'), 'latin1'), new RegExp(`^${process.pid} `))
      await assert.rejects(disk.lock(''), new RegExp(`in use by process ${process.pid}`))
      await lock.release()
      assert.deepEqual(readdirSync(root), [])
    }))

  test('a lock is told by its sign of life, not by a process id of another container', () =>
    inTemporary(async (root) => {
      const lock = await realDisk(root).lock('')
      const [, born, sign] = readFileSync(join(root, 'LOCK'), 'latin1').trim().split(' ')
      if (sign === undefined) return
      const dead = spawnSync(process.execPath, ['-e', '']).pid
      writeFileSync(join(root, 'LOCK'), `${dead} ${born} ${sign}\n`)
      await assert.rejects(realDisk(root).lock(''), { code: 'EBUSY' })
      await lock.release()

      const killed =
        "require('net').createServer()" +
        ".listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"
      spawnSync(process.execPath, ['-e', killed, join(root, 'LOCK.0.sock')])
      assert.deepEqual(readdirSync(root), ['LOCK.0.sock'])
      writeFileSync(join(root, 'LOCK'), `${process.pid} ${born} LOCK.0.sock\n`)
      await (await realDisk(root).lock('')).release()
      assert.deepEqual(readdirSync(root), [])
    }))

  test('a folder whose name is longer than that of a socket may be is locked too', () =>
    inTemporary(async (root) => {
      const deep = join(root, 'd'.repeat(120))
      await realDisk(deep).makeDir('')
      const lock = await realDisk(deep).lock('')
      await assert.rejects(realDisk(deep).lock(''), { code: 'EBUSY' })
      await lock.release()
      assert.deepEqual(readdirSync(deep), [])
    }))

  test('the lock of a dead process, of a reused pid and of nobody are taken over', () =>
    inTemporary(async (root) => {
      const dead = spawnSync(process.execPath, ['-e', '']).pid
      const stale = [`${dead} \n`, '', 'rubbish']
      if (process.platform === 'linux') stale.push(`${process.pid} another-boot:1\n`)
      for (const holder of stale) {
        writeFileSync(join(root, 'LOCK'), holder)
        await (await realDisk(root).lock('')).release()
        assert.deepEqual(readdirSync(root), [])
      }
    }))
})

const refusing = (code: string) =>
  ((...args: unknown[]) => {
    const done = args[args.length - 1] as (error: Error) => void
    setImmediate(() => done(Object.assign(new Error(`simulated ${code}`), { code })))
  }) as never

const calls = (change: Partial<System['calls']>): System => ({
  ...thisSystem,
  calls: { ...thisSystem.calls, ...change },
})

/** What a system may lack. All of it together is about Windows on a FAT disk. */
const lacking: Readonly<Record<string, System>> = {
  'direct writes': { ...thisSystem, directFlag: undefined },
  'durable writes': { ...thisSystem, durableFlag: undefined },
  'memory at page boundaries': { ...thisSystem, pageMemory: () => null },
  'folders that can be synced': { ...thisSystem, canSyncFolders: false },
  'an fsync of folders': calls({ fsync: refusing('EINVAL') }),
  'a statfs': calls({ statfs: refusing('ENOSYS') }),
  'hard links': calls({ link: refusing('EPERM') }),
  everything: {
    ...calls({ statfs: refusing('ENOSYS'), link: refusing('ENOTSUP') }),
    directFlag: undefined,
    durableFlag: undefined,
    canSyncFolders: false,
    pageMemory: () => null,
  },
}

for (const [what, system] of Object.entries(lacking))
  describe(`real disk without ${what}`, () => {
    for (const { name, run } of diskCases)
      test(name, () => inTemporary((root) => run(realDisk(root, system))))

    test('what was wished for is there in some way', () =>
      inTemporary(async (root) => {
        const disk = realDisk(root, system)
        const memory = disk.allocate(8192).fill(7)
        const file = await disk.open('f', { access: 'write', direct: true, durable: true })
        await file.write([memory], 4096)
        assert.equal(await file.size(), 12_288)
        await file.close()
        const lock = await disk.lock('')
        await assert.rejects(realDisk(root, system).lock(''), { code: 'EBUSY' })
        await lock.release()
        assert.deepEqual(readdirSync(root), ['f'])
      }))
  })

test('a call that fails for another reason is an error', () =>
  inTemporary(async (root) => {
    await assert.rejects(realDisk(root, calls({ fsync: refusing('EIO') })).syncDir(''), /EIO/)
    await assert.rejects(realDisk(root, calls({ statfs: refusing('EIO') })).freeBytes(), /EIO/)
    await assert.rejects(realDisk(root, calls({ link: refusing('EIO') })).lock(''), /EIO/)
    const closed = realDisk(root, calls({ access: refusing('EACCES') }))
    await assert.rejects(closed.makeDir('folder'), { code: 'EACCES' })
    await (await realDisk(root).open('file', { access: 'write' })).close()
    await assert.rejects(closed.sizeOf('file'), { code: 'EACCES' })
  }))
