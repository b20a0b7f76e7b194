// What the node counts about itself, under our own names. The parts count in plain numbers and know
// nothing of metrics; the composition root hands their counters in here.
import type { Histogram } from '../base/histogram.ts'
import type { LoopDelay, ProcessStats } from '../io/process-stats.ts'
import { type Family, type Sample, single } from './prometheus.ts'

/** Plain numbers that only grow, owned by the parts that count. */
export interface NodeCounters {
  readonly logs: {
    readonly appendRequests: number
    readonly appendedRecords: number
    readonly appendedBytes: number
    readonly refusedBatches: number
    readonly heldBack: number
    readonly fetches: number
    readonly fetchedBytes: number
  }
  readonly journal: {
    readonly commits: number
    readonly frames: number
    readonly bytes: number
    readonly paddingBytes: number
    readonly syncs: number
  }
  readonly commitMs: Histogram
  readonly reader: {
    readonly memoryBytes: number
    readonly diskBytes: number
    readonly damaged: number
  }
  readonly flusher: { readonly passes: number; readonly bytes: number; readonly files: number }
  readonly space: { readonly freeBytes: number; readonly isLow: boolean; lowText(): string }
}

export function nodeMetrics(counters: NodeCounters): Family[] {
  const { logs, journal, commitMs, reader, flusher, space } = counters
  const count = (name: string, help: string, read: () => number): Family =>
    single('counter', `polymq_${name}_total`, help, read)
  return [
    count(
      'append_requests',
      'Requests to append records to partitions that exist.',
      () => logs.appendRequests,
    ),
    count('appended_records', 'Records that clients appended.', () => logs.appendedRecords),
    count('appended_bytes', 'Bytes of batches that clients appended.', () => logs.appendedBytes),
    count('refused_batches', 'Batches that a partition refused.', () => logs.refusedBatches),
    count(
      'held_back_appends',
      'Appends that had to wait for room in the journal.',
      () => logs.heldBack,
    ),
    count('fetches', 'Fetches answered.', () => logs.fetches),
    count('fetched_bytes', 'Bytes of batches that were fetched.', () => logs.fetchedBytes),
    count('memory_read_bytes', 'Bytes of batches read from memory.', () => reader.memoryBytes),
    count('disk_read_bytes', 'Bytes of batches read from files.', () => reader.diskBytes),
    count('damaged_reads', 'Reads of batches that are damaged on disk.', () => reader.damaged),
    count('journal_commits', 'Commits of the journal.', () => journal.commits),
    count('journal_batches', 'Batches in the commits.', () => journal.frames),
    count('journal_bytes', 'Bytes of those batches.', () => journal.bytes),
    count('journal_padding_bytes', 'Bytes that fill commits up.', () => journal.paddingBytes),
    count('journal_syncs', 'Times that the disk made writes durable.', () => journal.syncs),
    commitSeconds(commitMs),
    count('flusher_passes', 'Passes from the journal to segments.', () => flusher.passes),
    count('flusher_bytes', 'Bytes that the passes wrote.', () => flusher.bytes),
    count('flusher_files', 'Files that the passes made.', () => flusher.files),
    single('gauge', 'polymq_disk_free_bytes', 'Left on the disk.', () => space.freeBytes),
    single('gauge', 'polymq_disk_low', '1 while records are refused for want of space.', () =>
      Number(space.isLow),
    ),
  ]
}

const commitSeconds = (ms: Histogram): Family => ({
  name: 'polymq_journal_commit_seconds',
  type: 'histogram',
  help: 'Time that the write of a commit took.',
  samples: () => histogramSamples(ms, 1 / 1000),
})

function* histogramSamples(histogram: Histogram, scale: number): Generator<Sample> {
  const { bounds, counts, sum } = histogram
  let count = 0
  for (const [bucket, ofBucket] of counts.entries()) {
    count += ofBucket
    const bound = bounds[bucket]
    const le = bound === undefined ? '+Inf' : bound * scale
    yield { suffix: '_bucket', labels: { le }, value: count }
  }
  yield { suffix: '_sum', value: sum * scale }
  yield { suffix: '_count', value: count }
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
