// Partitions whose high watermark has moved and whose watchers have not been told yet: told
// together, at the end of the turn. So the answers to those who appended, who wait for the disk
// alone, are on their way before anything is read for others.
import type { Clock } from '../io/clock.ts'
import type { DiskSpace } from './disk-space.ts'
import type { LogOptions } from './log-options.ts'
import { MemoryBudget } from './memory-batches.ts'
import type { PartitionHooks, PartitionLog } from './partition-log.ts'
import { ProducerBudget } from './producer-state.ts'

export class AdvancedLogs implements PartitionHooks {
  readonly memoryBudget: MemoryBudget
  readonly producerBudget: ProducerBudget
  readonly space: DiskSpace
  readonly #clock: Clock
  readonly #logs = new Set<PartitionLog>()
  #scheduled = false

  constructor(
    clock: Clock,
    space: DiskSpace,
    options: Pick<LogOptions, 'memoryTopicBytes' | 'producersMax'>,
  ) {
    this.#clock = clock
    this.space = space
    this.memoryBudget = new MemoryBudget(options.memoryTopicBytes)
    this.producerBudget = new ProducerBudget(options.producersMax)
  }

  advanced(log: PartitionLog): void {
    this.#logs.add(log)
    if (log.memory !== null) this.tellSoon()
  }

  /** To be called when a commit is whole and whoever waited for it has been told. */
  tellSoon(): void {
    if (this.#scheduled || this.#logs.size === 0) return
    this.#scheduled = true
    this.#clock.soon(this.#tell)
  }

  readonly #tell = (): void => {
    this.#scheduled = false
    const logs = [...this.#logs]
    this.#logs.clear()
    for (const log of logs) for (const watcher of [...log.watchers]) watcher()
  }
}
