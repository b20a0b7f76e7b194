// What became of a published message, as flags: what `Queue.publish` returns, and an exchange sums
// up over its queues.

export const Published = {
  /** At least one queue was found. Without it, a mandatory message is to be returned. */
  routed: 1,
  /** At least one queue keeps it durably: its confirm waits for a flush. */
  stored: 2,
  /** A queue refused it (its length, its size): its confirm is a refusal. */
  rejected: 4,
} as const

/** One queue has it, or has had it: on the disk, or nowhere else. */
export const keptAs = (isDurably: boolean): number =>
  isDurably ? Published.routed | Published.stored : Published.routed
