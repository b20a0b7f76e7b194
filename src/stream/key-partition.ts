// Which partition a key belongs to: the one that Kafka's producers choose by default, so that
// records of one key stand in one partition whoever publishes them.

const seed = 0x9747b28c | 0
const factor = 0x5bd1e995

/** MurmurHash2, 32 bits, signed, with the seed that Kafka's clients use. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const whole = length - (length % 4)
  let hash = seed ^ length
  for (let at = 0; at < whole; at += 4) {
    let word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    word = Math.imul(word, factor)
    word ^= word >>> 24
    hash = Math.imul(hash, factor) ^ Math.imul(word, factor)
  }
  if (whole < length) {
    for (let at = length - 1; at >= whole; at--) hash ^= (bytes[at] as number) << (8 * (at - whole))
    hash = Math.imul(hash, factor)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, factor)
  return hash ^ (hash >>> 15)
}

/** 0 <= result < `partitions`. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions
