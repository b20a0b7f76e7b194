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

test('what a message displaces is a dead letter before the next one comes', async () => {
  const rig = await Rig.of()
  const queue = await rig.open({ maxLength: 2 })
  rig.host.target = await rig.open({}, 1)
  for (const text of ['1', '2', '3', '4']) queue.publish(messageOf(text))
  assert.deepEqual(
    rig.host.letters.map(([reason, text]) => `${reason} ${text}`),
    ['maxlen 1', 'maxlen 2'],
  )
  assert.equal(queue.ready, 2)
})

test('the same holds for queues that get dead letters', async () => {
  const leftIn = async (together: number): Promise<string[]> => {
    const rig = await Rig.of(5)
    const queue = await rig.open({ priorities: 4, maxLengthBytes: 20 })
    const limits = { priorities: 4, maxLengthBytes: 60, deadLetters: false }
    const target = await rig.open(limits, 1)
    rig.host.target = target
    for (const [i, size] of sizes.entries()) {
      queue.publish(messageOf(`${i}`.padEnd(size, '.'), { priority: (i * 7) % 5 }))
      if (i % together === together - 1) await rig.turn()
    }
    await rig.turn()
    const left: string[] = []
    for (;;) {
      const got = await rig.clock.runUntil(target.get(true))
      if (got === null) return left
      left.push(got.message.body.toString())
    }
  }
  assert.deepEqual(await leftIn(sizes.length), await leftIn(1))
})
