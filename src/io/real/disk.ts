// The operating system's disk below one root folder. Invariant: what Disk promises to survive a
// crash has been given to fdatasync, O_DSYNC or the fsync of its folder before a call resolves.
// Made by start-broker.ts.
import fs from 'node:fs'
import path from 'node:path'
import {
  blockBytes,
  type Disk,
  DiskError,
  type DiskFile,
  type OpenOptions,
  pathNames,
} from '../disk.ts'
import { ignoreOnly, systemCall } from '../system-call.ts'
import { RealFile } from './file.ts'
import { pageMemory } from './page-memory.ts'
import { lockFolder } from './process-lock.ts'

/** What not every system or file system has; tests take it away. */
export interface System {
  /** Flags of open(2); undefined where there is none. */
  readonly directFlag: number | undefined
  readonly durableFlag: number | undefined
  readonly canSyncFolders: boolean
  readonly calls: Pick<typeof fs, 'fsync' | 'statfs' | 'link' | 'access'>
  pageMemory(bytes: number): Uint8Array | null
}

/** Absent on Windows, in part on macOS, whatever the types say. */
const { O_DIRECT, O_DSYNC } = fs.constants as { O_DIRECT?: number; O_DSYNC?: number }

export const thisSystem: System = {
  directFlag: O_DIRECT,
  // On macOS the flag does not reach the medium; fdatasync does, which is F_FULLFSYNC there.
  durableFlag: process.platform === 'darwin' ? undefined : O_DSYNC,
  canSyncFolders: process.platform !== 'win32',
  calls: fs,
  pageMemory,
}

/** The disk below `root`, which `makeDir('')` creates when it is absent. */
export function realDisk(root: string, system: System = thisSystem): Disk {
  return new RealDisk(path.resolve(root), system)
}

const probeName = '.direct-probe'

class RealDisk implements Disk {
  readonly #root: string
  readonly #system: System
  /** Whether the root's file system takes direct writes; found out once, at the first wish. */
  #takesDirect: Promise<boolean> | undefined

  constructor(root: string, system: System) {
    this.#root = root
    this.#system = system
  }

  async open(name: string, options: OpenOptions): Promise<DiskFile> {
    const direct = options.direct === true && (await this.#directWorks())
    return this.#open(name, { ...options, direct })
  }

  async #open(name: string, options: OpenOptions): Promise<DiskFile> {
    const { O_RDONLY, O_RDWR, O_CREAT, O_TRUNC, O_NONBLOCK = 0 } = fs.constants
    let flags = options.access === 'read' ? O_RDONLY : O_RDWR | O_CREAT
    // A pipe would let us wait for ever; of a file it means nothing.
    flags |= O_NONBLOCK
    if (options.truncate) flags |= O_TRUNC
    const { directFlag, durableFlag } = this.#system
    if (options.direct) flags |= directFlag ?? 0
    if (options.durable) flags |= durableFlag ?? 0
    const file = this.#resolve(name)
    const fd = await systemCall<number>(`open ${file}`, (d) => fs.open(file, flags, 0o600, d))
    const stats = await systemCall<fs.Stats>(`stat ${file}`, (done) => fs.fstat(fd, done))
    if (!stats.isFile()) {
      await systemCall<void>(`close ${file}`, (done) => fs.close(fd, (e) => done(e)))
      throw new DiskError('EISDIR', `open ${file}: it is no plain file`)
    }
    const syncAfterWrite = options.durable === true && durableFlag === undefined
    return new RealFile(fd, file, {
      direct: options.direct === true,
      durable: options.durable === true && !syncAfterWrite,
      syncAfterWrite,
    })
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [this.#resolve(from), this.#resolve(to)]
    await systemCall<void>(`rename ${source}`, (d) => fs.rename(source, target, (e) => d(e)))
  }

  async remove(name: string): Promise<void> {
    const file = this.#resolve(name)
    try {
      await systemCall<void>(`unlink ${file}`, (done) => fs.unlink(file, (e) => done(e)))
    } catch (error) {
      ignoreOnly(error, 'ENOENT')
    }
  }

  async removeTree(name: string): Promise<void> {
    const folder = this.#resolve(name)
    const options = { recursive: true, force: true }
    await systemCall<void>(`rm ${folder}`, (done) => fs.rm(folder, options, (e) => done(e)))
  }

  async makeDir(name: string): Promise<void> {
    await this.#makeRoot(this.#root)
    let folder = this.#root
    for (const part of pathNames(name)) {
      const parent = folder
      folder = path.join(folder, part)
      await makeFolder(folder)
      // Also when it existed: who made it may have died before its name was durable.
      await this.#syncFolder(parent)
    }
    await this.#mayUse(folder, fs.constants.R_OK | fs.constants.W_OK)
  }

  /** Before somebody relies on it: the system says no only when it is used. */
  #mayUse(name: string, mode: number): Promise<void> {
    return systemCall<void>(`access ${name}`, (d) => this.#system.calls.access(name, mode, d))
  }

  async sizeOf(name: string): Promise<number> {
    const file = this.#resolve(name)
    await this.#mayUse(file, fs.constants.R_OK)
    const stats = await systemCall<fs.Stats>(`stat ${file}`, (done) => fs.stat(file, done))
    if (!stats.isFile()) throw new DiskError('EISDIR', `stat ${file}: it is no plain file`)
    return stats.size
  }

  async list(name: string): Promise<string[]> {
    const folder = this.#resolve(name)
    try {
      const names = await systemCall<string[]>(`list ${folder}`, (d) => fs.readdir(folder, d))
      return names.sort()
    } catch (error) {
      ignoreOnly(error, 'ENOENT')
      return []
    }
  }

  async syncDir(name: string): Promise<void> {
    await this.#syncFolder(this.#resolve(name))
  }

  async freeBytes(): Promise<number> {
    const call = `statfs ${this.#root}`
    const { statfs } = this.#system.calls
    try {
      const stats = await systemCall<fs.StatsFs>(call, (done) => statfs(this.#root, done))
      return stats.bavail * stats.bsize
    } catch (error) {
      ignoreOnly(error, 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL')
      return Number.POSITIVE_INFINITY
    }
  }

  lock(name: string): Promise<{ release(): Promise<void> }> {
    return lockFolder(this.#resolve(name), this.#system.calls.link)
  }

  allocate(bytes: number): Uint8Array {
    const memory = this.#system.pageMemory(bytes)
    if (memory) return memory
    // Address space is short: from now on files are opened without `direct`.
    this.#takesDirect = Promise.resolve(false)
    return Buffer.allocUnsafeSlow(bytes).fill(0)
  }

  /** Creates the root with all its parents; each new name is made durable. */
  async #makeRoot(root: string): Promise<void> {
    // Not Node's recursive mkdir: it tries for ever where nothing can be made, as below /proc.
    if (await exists(root)) return
    const parent = path.dirname(root)
    await this.#makeRoot(parent)
    await makeFolder(root)
    await this.#syncFolder(parent)
  }

  async #syncFolder(folder: string): Promise<void> {
    const call = `fsync ${folder}`
    if (!this.#system.canSyncFolders) {
      await systemCall<fs.Stats>(call, (done) => fs.stat(folder, done))
      return
    }
    const { fsync } = this.#system.calls
    const fd = await systemCall<number>(call, (done) => fs.open(folder, 'r', done))
    try {
      await systemCall<void>(call, (done) => fsync(fd, (e) => done(e)))
    } catch (error) {
      // Some network file systems keep names durable by themselves and refuse.
      ignoreOnly(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF')
    } finally {
      await systemCall<void>(call, (done) => fs.close(fd, (e) => done(e)))
    }
  }

  #resolve(name: string): string {
    return path.join(this.#root, ...pathNames(name))
  }

  #directWorks(): Promise<boolean> {
    this.#takesDirect ??= this.#probeDirect()
    return this.#takesDirect
  }

  /**
   * File systems differ in whether they refuse at open or at the write, so one block is written.
   */
  async #probeDirect(): Promise<boolean> {
    const { directFlag } = this.#system
    const block = directFlag === undefined ? null : this.#system.pageMemory(blockBytes)
    if (!block) return false
    try {
      const file = await this.#open(probeName, { access: 'write', direct: true })
      try {
        await file.write([block], 0)
      } finally {
        await file.close()
      }
      return true
    } catch (error) {
      ignoreOnly(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP')
      return false
    } finally {
      await this.remove(probeName)
    }
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await systemCall<void>(`mkdir ${folder}`, (done) => fs.mkdir(folder, 0o700, (e) => done(e)))
  } catch (error) {
    ignoreOnly(error, 'EEXIST')
  }
}

async function exists(folder: string): Promise<boolean> {
  try {
    await systemCall<fs.Stats>(`stat ${folder}`, (done) => fs.stat(folder, done))
    return true
  } catch (error) {
    ignoreOnly(error, 'ENOENT')
    return false
  }
}
