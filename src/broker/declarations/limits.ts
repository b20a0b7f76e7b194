// How much one vhost holds: what clients declare takes memory as long as they like.
export const vhostLimits = {
  queues: 100_000,
  exchanges: 100_000,
  bindings: 1_000_000,
} as const
