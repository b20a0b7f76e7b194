// What the node counts about itself, under our own names. The parts count in plain numbers and know
// nothing of metrics; the composition root hands their counters in here.
import type { LoopDelay, ProcessStats } from '../io/process-stats.ts'
import { type Family, single } from './prometheus.ts'

/** Plain numbers that only grow, owned by the parts that count. */
export interface NodeCounters {
  readonly logs: {
    readonly appendRequests: number
    readonly appendedBytes: number
    readonly refusedBatches: number
    readonly heldBack: number
  }
  readonly journal: {
    readonly commits: number
    readonly frames: number
    readonly bytes: number
    readonly paddingBytes: number
    readonly syncs: number
  }
  readonly flusher: { readonly passes: number; readonly bytes: number; readonly files: number }
}

export function nodeMetrics({ logs, journal, flusher }: NodeCounters): Family[] {
  const count = (name: string, help: string, read: () => number): Family =>
    single('counter', `polymq_${name}_total`, help, read)
  return [
    count('append_requests', 'Requests to append records.', () => logs.appendRequests),
    count('appended_bytes', 'Bytes of batches that clients appended.', () => logs.appendedBytes),
    count('refused_batches', 'Batches that were refused.', () => logs.refusedBatches),
    count(
      'held_back_appends',
      'Appends that had to wait for room in the journal.',
      () => logs.heldBack,
    ),
    count('journal_commits', 'Commits of the journal.', () => journal.commits),
    count('journal_batches', 'Batches in the commits.', () => journal.frames),
    count('journal_bytes', 'Bytes of those batches.', () => journal.bytes),
    count('journal_padding_bytes', 'Bytes that fill commits up.', () => journal.paddingBytes),
    count('journal_syncs', 'Times that the disk made writes durable.', () => journal.syncs),
    count('flusher_passes', 'Passes from the journal to segments.', () => flusher.passes),
    count('flusher_bytes', 'Bytes that the passes wrote.', () => flusher.bytes),
    count('flusher_files', 'Files that the passes made.', () => flusher.files),
  ]
}

export function processMetrics(
  version: string,
  stats: () => ProcessStats,
  loopDelay: () => LoopDelay,
): Family[] {
  const now = stats()
  return [
    {
      name: 'polymq_build_info',
      type: 'gauge',
      help: 'Always 1; the labels tell the version.',
      samples: () => [{ value: 1, labels: { version } }],
    },
    single('gauge', 'process_start_time_seconds', 'Start, since 1970.', () => now.startSeconds),
    single('counter', 'process_cpu_seconds_total', 'CPU time.', () => now.cpuSeconds),
    single('gauge', 'process_resident_memory_bytes', 'Resident memory.', () => now.residentBytes),
    single('gauge', 'polymq_heap_bytes', 'JavaScript heap in use.', () => now.heapBytes),
    single('gauge', 'polymq_external_bytes', 'Memory outside the heap.', () => now.externalBytes),
    {
      name: 'polymq_event_loop_delay_seconds',
      type: 'summary',
      help: 'How late timers were since the last scrape.',
      samples: () => {
        const { p50, p99, max } = loopDelay()
        return [
          { labels: { quantile: '0.5' }, value: p50 },
          { labels: { quantile: '0.99' }, value: p99 },
          { labels: { quantile: '1' }, value: max },
        ]
      },
    },
  ]
}
