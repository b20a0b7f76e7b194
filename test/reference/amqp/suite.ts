// The whole suite: every case of every area, asked of one broker, with the answers in the order of
// the tables whatever came first. Cases use names of their own and run a few at a time.
import { Case, type Run } from './case.ts'
import { areas } from './cases/areas.ts'
import { restart } from './cases/restart.ts'

/** Cases at a time: some of them wait for the broker's clock. */
const atOnce = 6

interface Todo {
  readonly id: string
  readonly run: Run
}

const asked =
  (only: string) =>
  ({ id }: Todo): boolean =>
    id.startsWith(only) || only.startsWith(`${id}.`)

const todos = (only: string): Todo[] =>
  Object.entries(areas)
    .flatMap(([area, cases]) =>
      Object.entries(cases).map(([name, run]) => ({ id: `${area}.${name}`, run })),
    )
    .filter(asked(only))

const halves = (half: 'before' | 'after', only: string): Todo[] =>
  Object.entries(restart)
    .map(([name, both]) => ({ id: `restart.${name}`, run: both[half] }))
    .filter(asked(only))

/** A case that breaks has an answer that says so. */
async function answersOf(port: number, { id, run }: Todo): Promise<string[]> {
  const t = new Case(port, id)
  try {
    await run(t)
  } catch (error) {
    t.answer('broken', String(error))
  } finally {
    t.close()
  }
  return t.answers.map((answer) => JSON.stringify(answer))
}

async function allOf(port: number, list: readonly Todo[]): Promise<string[]> {
  const lines: string[][] = list.map(() => [])
  let next = 0
  const worker = async (): Promise<void> => {
    for (;;) {
      const at = next++
      const todo = list[at]
      if (!todo) return
      lines[at] = await answersOf(port, todo)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return lines.flat()
}

/** One line of JSON for each answer. */
export const askAll = (port: number, only = ''): Promise<string[]> => allOf(port, todos(only))

/** The cases that go on after a restart, which `again` does. */
export async function askAcross(
  port: number,
  only: string,
  again: () => Promise<number>,
): Promise<string[]> {
  const [before, after] = [halves('before', only), halves('after', only)]
  if (before.length === 0) return []
  const lines = await allOf(port, before)
  return [...lines, ...(await allOf(await again(), after))]
}
