// How much of what was not made durable a crash leaves: the manners in which one is seen to happen.
// Used by sim-inode.ts for sectors and by sim-names.ts for names.
import type { SimChance } from './sim-chance.ts'

/** Whether the change with this number survives. Asked once for each, in any order. */
export type Survival = (sequence: number) => boolean

/**
 * Nothing, everything, what was done up to some moment, or any subset: drawn anew for each crash.
 */
export function drawSurvival(chance: SimChance, lastSequence: number): Survival {
  switch (chance.int(4)) {
    case 0:
      return () => false
    case 1:
      return () => true
    case 2: {
      const upTo = chance.int(lastSequence + 1)
      return (sequence) => sequence <= upTo
    }
    default:
      return () => chance.int(2) === 0
  }
}
