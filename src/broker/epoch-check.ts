// Does a client know who leads? Compares the leader epoch that it believes in with the partition's
// (KIP-320), or in which its last record was written with what the log knows.
import type { PartitionLog } from '../log/partition-log.ts'
import type { ErrorName } from '../model/errors.ts'

/** `claimed` below 0 asks for no check. */
export function checkEpoch(actual: number, claimed: number): ErrorName | null {
  if (claimed < 0 || claimed === actual) return null
  return claimed < actual ? 'fencedLeaderEpoch' : 'unknownLeaderEpoch'
}

/**
 * The largest epoch not above `epoch`, and where its records end before `endOffset`; (-1, -1) when
 * there is none. The partition's own epoch is known before its first record.
 */
export function endOfEpoch(
  log: PartitionLog,
  leaderEpoch: number,
  epoch: number,
  endOffset: number,
): { epoch: number; endOffset: number } {
  return epoch === leaderEpoch ? { epoch, endOffset } : log.epochs.endOf(epoch, endOffset)
}
