// For requests that name many things, each of which costs a change: they are gone through a part
// at a time, and other connections come between. Called by handlers.
import type { Clock } from '../../io/clock.ts'

const partItems = 250

/** As `Promise.all(items.map(each))`; a part is begun when the one before it is done. */
export async function inParts<Item, Done>(
  items: readonly Item[],
  clock: Pick<Clock, 'soon'>,
  each: (item: Item, index: number) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = []
  for (let from = 0; from < items.length; from += partItems) {
    if (from > 0) await new Promise<void>((resolve) => clock.soon(resolve))
    const part = items.slice(from, from + partItems)
    done.push(...(await Promise.all(part.map((item, i) => each(item, from + i)))))
  }
  return done
}
