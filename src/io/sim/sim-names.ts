// The folders of a simulated disk, twice: as seen now, and as the device holds them. A create,
// rename or unlink waits until its folder is synced; a crash keeps any of the waiting ones that can
// still be applied, each whole: a rename never loses its file nor doubles it.
import { assert } from '../../base/assert.ts'
import { DiskError, pathNames } from '../disk.ts'
import type { Budget } from '../memory-file.ts'
import type { SimChance } from './sim-chance.ts'
import { SimInode } from './sim-inode.ts'
import { drawSurvival } from './survival.ts'

export type SimEntry = SimFolder | SimInode

export class SimFolder {
  readonly seen = new Map<string, SimEntry>()
  readonly durable = new Map<string, SimEntry>()
}

export interface Place {
  readonly folder: SimFolder
  readonly name: string
}

/** A create has no `from`, an unlink no `to`, a rename both. */
interface Change {
  readonly entry: SimEntry
  readonly from: Place | null
  readonly to: Place | null
}

export class SimNames {
  readonly root = new SimFolder()
  #waiting: Change[] = []

  find(path: string): SimEntry | undefined {
    let found: SimEntry | undefined = this.root
    for (const name of pathNames(path)) {
      if (!(found instanceof SimFolder)) return undefined
      found = found.seen.get(name)
    }
    return found
  }

  place(path: string): Place {
    const names = pathNames(path)
    const name = names.pop()
    assert(name !== undefined, 'the root is no file')
    const folder = this.find(names.join('/'))
    if (!(folder instanceof SimFolder)) throw absent(path)
    return { folder, name }
  }

  create(to: Place, entry: SimEntry): void {
    this.#change({ entry, from: null, to })
  }

  rename(from: Place, to: Place): void {
    const entry = from.folder.seen.get(from.name)
    if (!entry) throw absent(from.name)
    const replaced = to.folder.seen.get(to.name)
    if (replaced === entry) return
    if (replaced instanceof SimFolder) throw new DiskError('ENOTEMPTY', `${to.name} is a folder`)
    replaced?.drop()
    this.#change({ entry, from, to })
  }

  unlink(from: Place): void {
    const entry = from.folder.seen.get(from.name)
    if (!entry) return
    if (entry instanceof SimFolder)
      for (const name of [...entry.seen.keys()]) this.unlink({ folder: entry, name })
    else entry.drop()
    this.#change({ entry, from, to: null })
  }

  /** Makes durable what waits in `folder`, and what else happened to the same entries. */
  sync(folder: SimFolder): void {
    const touches = ({ from, to }: Change) => from?.folder === folder || to?.folder === folder
    const entries = new Set(this.#waiting.filter(touches).map((change) => change.entry))
    const [due, left] = partition(this.#waiting, (c) => touches(c) || entries.has(c.entry))
    for (const change of due) applyDurable(change)
    this.#waiting = left
  }

  /** The names that a crash leaves, with the files that it leaves. */
  crashed(chance: SimChance, budget: Budget): SimNames {
    const survives = drawSurvival(chance, this.#waiting.length)
    this.#waiting.forEach((change, i) => {
      if (survives(i + 1)) applyDurable(change)
    })
    const left = new SimNames()
    copyDurable(this.root, left.root, (inode) => inode.crashed(chance, budget))
    return left
  }

  #change(change: Change): void {
    const { entry, from, to } = change
    from?.folder.seen.delete(from.name)
    to?.folder.seen.set(to.name, entry)
    this.#waiting.push(change)
  }
}

/** On the device; nothing happens when the entry is not where the change takes it from. */
function applyDurable({ entry, from, to }: Change): void {
  if (from && from.folder.durable.get(from.name) !== entry) return
  from?.folder.durable.delete(from.name)
  to?.folder.durable.set(to.name, entry)
}

function copyDurable(from: SimFolder, to: SimFolder, copy: (inode: SimInode) => SimInode): void {
  for (const [name, entry] of from.durable) {
    const copied = entry instanceof SimInode ? copy(entry) : new SimFolder()
    if (entry instanceof SimFolder && copied instanceof SimFolder) copyDurable(entry, copied, copy)
    to.seen.set(name, copied)
    to.durable.set(name, copied)
  }
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

export function absent(path: string): DiskError {
  return new DiskError('ENOENT', `${path} does not exist`)
}
