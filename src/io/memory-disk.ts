// A disk in memory, for `--memory` and for tests: nothing survives the process, everything else is
// as on the real one, running full included. Made by start-broker.ts.
import { assert } from '../base/assert.ts'
import { type Disk, DiskError, type DiskFile, type OpenOptions, pathNames } from './disk.ts'
import { Budget, MemoryFile } from './memory-file.ts'

/** A disk that takes at most `limitBytes` of memory for the content of its files. */
export function memoryDisk(limitBytes: number = Number.POSITIVE_INFINITY): Disk {
  return new MemoryDisk(new Budget(limitBytes))
}

class Folder {
  readonly entries = new Map<string, Folder | MemoryFile>()
}

class MemoryDisk implements Disk {
  readonly #budget: Budget
  readonly #root = new Folder()
  readonly #locks = new Set<string>()

  constructor(budget: Budget) {
    this.#budget = budget
  }

  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const { folder, name } = this.#parent(path)
    let file = folder.entries.get(name)
    if (file instanceof Folder) throw new DiskError('EISDIR', `${path} is a folder`)
    if (!file) {
      if (options.access === 'read') throw absent(path)
      file = new MemoryFile(this.#budget)
      file.hold()
      folder.entries.set(name, file)
    }
    if (options.truncate) file.truncate(0)
    return new Handle(file, path)
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#parent(from)
    const target = this.#parent(to)
    const moved = source.folder.entries.get(source.name)
    if (!moved) throw absent(from)
    const replaced = target.folder.entries.get(target.name)
    if (replaced === moved) return
    if (replaced instanceof Folder) throw new DiskError('ENOTEMPTY', `${to} is a folder`)
    replaced?.drop()
    source.folder.entries.delete(source.name)
    target.folder.entries.set(target.name, moved)
  }

  async remove(path: string): Promise<void> {
    const found = this.#find(path)
    if (found instanceof Folder) throw new DiskError('EISDIR', `${path} is a folder`)
    if (found) this.#unlink(path, found)
  }

  async removeTree(path: string): Promise<void> {
    const found = this.#find(path)
    if (found) this.#unlink(path, found)
  }

  #unlink(path: string, entry: Folder | MemoryFile): void {
    const { folder, name } = this.#parent(path)
    folder.entries.delete(name)
    for (const file of filesOf(entry)) file.drop()
  }

  async makeDir(path: string): Promise<void> {
    let folder = this.#root
    for (const name of pathNames(path)) {
      const next = folder.entries.get(name) ?? new Folder()
      if (!(next instanceof Folder)) throw new DiskError('ENOTDIR', `${path}: ${name} is a file`)
      folder.entries.set(name, next)
      folder = next
    }
  }

  async sizeOf(path: string): Promise<number> {
    const found = this.#find(path)
    if (found === undefined) throw absent(path)
    if (found instanceof Folder) throw new DiskError('EISDIR', `${path} is a folder`)
    return found.size
  }

  async list(path: string): Promise<string[]> {
    const found = this.#find(path)
    if (found instanceof MemoryFile) throw new DiskError('ENOTDIR', `${path} is a file`)
    return [...(found?.entries.keys() ?? [])].sort()
  }

  async syncDir(path: string): Promise<void> {
    if (!this.#find(path)) throw absent(path)
  }

  async freeBytes(): Promise<number> {
    return this.#budget.limitBytes - this.#budget.usedBytes
  }

  async lock(path: string): Promise<{ release(): Promise<void> }> {
    const key = pathNames(path).join('/')
    if (this.#locks.has(key)) throw new DiskError('EBUSY', `${path} is in use by this process`)
    this.#locks.add(key)
    return { release: async () => void this.#locks.delete(key) }
  }

  allocate(bytes: number): Uint8Array {
    return new Uint8Array(bytes)
  }

  #find(path: string): Folder | MemoryFile | undefined {
    let found: Folder | MemoryFile | undefined = this.#root
    for (const name of pathNames(path)) {
      if (!(found instanceof Folder)) return undefined
      found = found.entries.get(name)
    }
    return found
  }

  #parent(path: string): { folder: Folder; name: string } {
    const names = pathNames(path)
    const name = names.pop()
    assert(name !== undefined, 'the root is no file')
    const folder = this.#find(names.join('/'))
    if (!(folder instanceof Folder)) throw absent(path)
    return { folder, name }
  }
}

function absent(path: string): DiskError {
  return new DiskError('ENOENT', `${path} does not exist`)
}

function filesOf(entry: Folder | MemoryFile): MemoryFile[] {
  if (entry instanceof MemoryFile) return [entry]
  return [...entry.entries.values()].flatMap(filesOf)
}

class Handle implements DiskFile {
  readonly direct = false
  readonly #file: MemoryFile
  readonly #path: string
  #open = true

  constructor(file: MemoryFile, path: string) {
    this.#file = file
    this.#path = path
    file.hold()
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.#check(position)
    return this.#file.read(into, position)
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.#check(position)
    let at = position
    for (const chunk of chunks) {
      this.#file.write(chunk, at)
      at += chunk.length
    }
  }

  async sync(): Promise<void> {
    this.#check(0)
  }

  async truncate(bytes: number): Promise<void> {
    this.#check(bytes)
    this.#file.truncate(bytes)
  }

  async size(): Promise<number> {
    this.#check(0)
    return this.#file.size
  }

  async version(): Promise<number> {
    this.#check(0)
    return this.#file.version
  }

  async close(): Promise<void> {
    this.#check(0)
    this.#open = false
    this.#file.drop()
  }

  #check(position: number): void {
    assert(this.#open, `${this.#path} is closed`)
    assert(Number.isSafeInteger(position) && position >= 0, `${this.#path}: position ${position}`)
  }
}
