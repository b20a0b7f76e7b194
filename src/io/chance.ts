// Chance as the rest of the house sees it: the operating system's (real-chance.ts) or a seed's
// (sim/sim-chance.ts).

export interface Chance {
  /** A uniform integer, 0 <= n < `below`, with `below` <= 2^31. */
  int(below: number): number
  /** A random version 4 UUID as 32 lowercase hexadecimal digits, never all zero. */
  uuid(): string
  /** `count` random bytes, fit for secrets on the real implementation. */
  bytes(count: number): Uint8Array
}
