// Random clients of two queues, and crashes: no confirmed message is lost, nothing settled durably
// comes back, nothing is there twice or in both, and the order is kept.
import { test } from 'node:test'
import { ModelWorld } from './model-world.ts'

const seeds = 40
const lives = 4
const steps = 120

test('model: queues keep their promises across crashes', async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new ModelWorld(seed)
    try {
      await world.start()
      for (let life = 0; life < lives; life++) {
        for (let step = 0; step < steps; step++) await world.step()
        if (life % 3 === 2) await world.restart()
        else await world.crash()
      }
    } catch (cause) {
      throw new Error(`seed ${seed}, in life ${world.crashes}`, { cause })
    }
  }
})
