// The rules of one queue, as its declaration and the policies on it give them. Infinity stands for
// "no limit". All but `durable` and `priorities` may change during its life.

/** How long a message that came back waits before it is ready again. */
export interface Retry {
  /** linear: min × attempts; exponential: min × 2 to the power of (attempts − 1). */
  readonly growth: 'linear' | 'exponential'
  /** Which of those that come back have to wait: all, those that did not fail, those that did. */
  readonly on: 'all' | 'returned' | 'failed'
  readonly minMs: number
  readonly maxMs: number
}

export interface QueueSettings {
  readonly durable: boolean
  /** The highest priority of a message; 0: all are alike. */
  readonly priorities: number
  /** 0: a message that cannot be delivered at once expires. */
  readonly messageTtlMs: number
  /** The queue itself goes when nobody has used it for so long. */
  readonly expiresMs: number
  /** Of ready messages. */
  readonly maxLength: number
  /** Of their bodies. */
  readonly maxLengthBytes: number
  readonly overflow: 'drop-head' | 'reject-publish' | 'reject-publish-dlx'
  /** A message that failed more often is dead-lettered. */
  readonly deliveryLimit: number
  readonly singleActiveConsumer: boolean
  /** What is rejected, expired or dropped is given to the host. */
  readonly deadLetters: boolean
  /** and stays until it takes it. Those that are too many go at once. */
  readonly keepsDeadLetters: boolean
  /** How long a consumer may keep a delivery; null: as the node says. */
  readonly consumerTimeoutMs: number | null
  /** Messages stay in the log for so long, to be read again; 0: until they are settled. */
  readonly replayMs: number
  readonly retry: Retry | null
}

export const plainQueue: QueueSettings = {
  durable: true,
  priorities: 0,
  messageTtlMs: Number.POSITIVE_INFINITY,
  expiresMs: Number.POSITIVE_INFINITY,
  maxLength: Number.POSITIVE_INFINITY,
  maxLengthBytes: Number.POSITIVE_INFINITY,
  overflow: 'drop-head',
  deliveryLimit: Number.POSITIVE_INFINITY,
  singleActiveConsumer: false,
  deadLetters: false,
  keepsDeadLetters: false,
  consumerTimeoutMs: null,
  replayMs: 0,
  retry: null,
}

/** How long a message waits that comes back for the `attempts`-th time; 0: not at all. */
export function retryDelayMs(retry: Retry | null, attempts: number, failed: boolean): number {
  if (retry === null || (retry.on !== 'all' && (retry.on === 'failed') !== failed)) return 0
  const factor = retry.growth === 'linear' ? attempts : 2 ** Math.min(attempts - 1, 60)
  return Math.min(retry.minMs * factor, retry.maxMs)
}
