// Which partition of the internal topic holds a group. Clients' tools compute the same number to
// find a group's records, so it must be the one that Apache Kafka computes. Called by broker/.

/** Java's `String.hashCode`: 31-polynomial over UTF-16 units, modulo 2^32, as signed 32 bits. */
export function javaHashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/** 0 <= result < `partitions`. The sign bit is masked off, not negated. */
export const groupPartition = (groupId: string, partitions: number): number =>
  (javaHashCode(groupId) & 0x7fffffff) % partitions
