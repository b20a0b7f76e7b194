import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from './queue-fixture.ts'
import { Rig } from './rig.ts'

const sizes = [42, 10, 2, 30, 5, 17, 8, 1, 25, 12, 3, 40]

/** What is left of messages of these sizes, published in turns of `together`. */
async function leftOf(together: number): Promise<string[]> {
  const rig = await Rig.of(5)
  const queue = await rig.open({ priorities: 4, maxLengthBytes: 60, deadLetters: false })
  for (const [i, size] of sizes.entries()) {
    queue.publish(messageOf(`${i}`.padEnd(size, '.'), { priority: (i * 7) % 5 }))
    if (i % together === together - 1) await rig.turn()
  }
  await rig.turn()
  const left: string[] = []
  for (;;) {
    const got = await rig.clock.runUntil(queue.get(true))
    if (got === null) return left
    left.push(got.message.body.toString().replace(/\.+$/, ''))
  }
}

test('what a length limit leaves does not depend on how many messages come in a turn', async () => {
  const alone = await leftOf(1)
  assert.ok(alone.length > 1)
  for (const together of [2, 5, sizes.length]) assert.deepEqual(await leftOf(together), alone)
})
