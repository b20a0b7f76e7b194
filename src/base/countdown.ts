// Joins several that end on their own into one end. Flushes of queues and streams call it.

/** A callback to hand to several that end on their own: only the `times`th call counts. */
export function countdown(times: number, done: () => void): () => void {
  let left = times
  return () => {
    if (--left === 0) done()
  }
}
