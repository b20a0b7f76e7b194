// One scrape: the lines of all families in pieces, giving way to other work between them, so that
// ten thousand partitions do not hold the event loop. Called by metrics-door.ts.
import { TimedTurns } from '../base/timed-turns.ts'
import type { Clock } from '../io/clock.ts'
import { type Family, lines } from './prometheus.ts'

const pieceChars = 16_384

export async function* metricsPage(
  clock: Clock,
  families: readonly Family[],
): AsyncGenerator<string> {
  let piece = ''
  const turns = new TimedTurns(clock)
  for (const line of lines(families)) {
    piece += line
    const pause = turns.next()
    if (pause === null && piece.length < pieceChars) continue
    if (piece !== '') yield piece
    piece = ''
    await pause
  }
  yield piece
}
