// The whole suite: every case of every area, asked of one broker, with the answers in the order of
// the tables whatever came first. Cases use names of their own and run a few at a time.
import { Case, type Cases } from './case.ts'
import { areas } from './cases/areas.ts'

/** Cases at a time: some of them wait for the broker's clock. */
const atOnce = 6

interface Todo {
  readonly id: string
  readonly run: Cases[string]
}

const todos = (only: string): Todo[] =>
  Object.entries(areas).flatMap(([area, cases]) =>
    Object.entries(cases)
      .map(([name, run]) => ({ id: `${area}.${name}`, run }))
      .filter(({ id }) => id.startsWith(only) || only.startsWith(`${id}.`)),
  )

/** A case that breaks has an answer that says so. */
async function answersOf(port: number, { id, run }: Todo): Promise<string[]> {
  const t = new Case(port, id)
  try {
    await run?.(t)
  } catch (error) {
    t.answer('broken', String(error))
  } finally {
    t.close()
  }
  return t.answers.map((answer) => JSON.stringify(answer))
}

/** One line of JSON for each answer. */
export async function askAll(port: number, only = ''): Promise<string[]> {
  const list = todos(only)
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
