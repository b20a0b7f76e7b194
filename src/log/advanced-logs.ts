// Partitions whose high watermark has moved and whose watchers have not been told yet: told
// together, after the commit that moved them is whole, or at the end of the turn where no commit is
// needed.
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
    if (log.memory === null || this.#scheduled) return
    this.#scheduled = true
    this.#clock.soon(() => {
      this.#scheduled = false
      this.tellWatchers()
    })
  }

  tellWatchers(): void {
    const logs = [...this.#logs]
    this.#logs.clear()
    for (const log of logs) for (const watcher of [...log.watchers]) watcher()
  }
}
