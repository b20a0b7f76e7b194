// One scrape: the lines of all families in pieces, giving way to other work between them, so that
// ten thousand partitions do not hold the event loop. Called by metrics-door.ts.
import type { Clock } from '../io/clock.ts'
import { type Family, lines } from './prometheus.ts'

const pieceChars = 16_384
/** Long enough to make progress, short enough that nobody who waits for the loop notices. */
const sliceMs = 2

export async function* metricsPage(
  clock: Clock,
  families: readonly Family[],
): AsyncGenerator<string> {
  let piece = ''
  let sliceEnd = clock.monotonic() + sliceMs
  for (const line of lines(families)) {
    piece += line
    const isSliceOver = clock.monotonic() >= sliceEnd
    if (!isSliceOver && piece.length < pieceChars) continue
    if (piece !== '') yield piece
    piece = ''
    if (!isSliceOver) continue
    await new Promise<void>((resume) => clock.soon(resume))
    sliceEnd = clock.monotonic() + sliceMs
  }
  yield piece
}
