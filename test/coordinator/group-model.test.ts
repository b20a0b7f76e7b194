// Random members join, sync, commit, leave and die; time passes, the log holds back or refuses, and
// the coordinator crashes and is rebuilt from its records. Whatever happens: a generation has one
// leader and one protocol, generations grow, every answer comes, an acknowledged offset is not
// lost, and when the faults stop the group becomes stable.
import test from 'node:test'
import { ModelWorld } from './model-world.ts'

const seeds = 40
const steps = 400

test('model: groups keep their promises under faults', () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new ModelWorld(seed)
    try {
      for (let step = 0; step < steps; step++) world.step()
      world.calmDown()
    } catch (cause) {
      throw new Error(`seed ${seed}, after:\n${world.history()}`, { cause })
    }
  }
})
