// Every case of the rig on the AMQP port, in the order of the rows, and what the rows are called.
import type { AmqpCase } from './amqp-case.ts'
import { frames } from './rows/frames.ts'
import { greedy } from './rows/greedy.ts'
import { methodRows } from './rows/methods.ts'
import { routing } from './rows/routing.ts'

export const amqpCases: readonly AmqpCase[] = [
  ...frames,
  ...methodRows,
  ...routing,
  ...greedy,
].sort((a, b) => a.row - b.row)

export const amqpTitles: Readonly<Record<number, string>> = {
  0: 'greedy clients',
  1: 'other protocols',
  2: 'slow connections',
  16: 'frames and contents',
  17: 'tables and strings',
  18: 'methods',
  19: 'permissions',
  20: 'routing',
  35: 'logins',
  37: 'certificates',
  39: 'guest',
  42: 'the log',
  43: 'secrets',
  44: 'scarcity',
}
