// Does a client know who leads? Compares the leader epoch that it believes in with the partition's (KIP-320).
import type { ErrorName } from '../model/errors.ts'

/** `claimed` -1 asks for no check. */
export function checkEpoch(actual: number, claimed: number): ErrorName | null {
  if (claimed < 0 || claimed === actual) return null
  return claimed < actual ? 'fencedLeaderEpoch' : 'unknownLeaderEpoch'
}
