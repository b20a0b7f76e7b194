// Chance from the operating system's generator, fit for secrets. Made by start-broker.ts.
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Chance } from '../chance.ts'

export const realChance: Chance = {
  int: (below: number) => randomInt(below),
  uuid: () => randomUUID().replaceAll('-', ''),
  bytes: (count: number) => randomBytes(count),
}
