// Names of topics, and how names of queues are spelled as such.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  collapsedName,
  queueNameOf,
  topicNameFault,
  topicNameOf,
} from '../../src/model/topic-name.ts'

const free = () => false
const taken = () => true

test('the escapes of names that Kafka cannot spell', () => {
  for (const [queue, topic] of [
    ['orders', 'orders'],
    ['orders.eu_1-a', 'orders.eu_1-a'],
    ['my queue', '--my-20queue'],
    ['a/b:c', '--a-2fb-3ac'],
    ['ü', '---c3-bc'],
    ['__own', '---5f-5fown'],
    ['--a', '---2d-2da'],
    ['.', '---2e'],
  ] as const) {
    assert.equal(topicNameOf(queue, free), topic)
    assert.equal(queueNameOf(topic), queue)
  }
  assert.equal(topicNameOf('a.b', taken), '--a-2eb')
  assert.equal(topicNameOf('a'.repeat(249), free), 'a'.repeat(249))
  assert.equal(topicNameOf('ü'.repeat(42), free), null)
  // Not of our making.
  for (const topic of ['--a.b', '--a-2', '--A-2G', '-a']) assert.equal(queueNameOf(topic), topic)
})

test('no two queues have one topic, and a topic tells its queue', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 30 })
  const short = fc.stringMatching(/^[-._a ü]{1,4}$/)
  fc.assert(
    fc.property(fc.oneof(name, short), fc.oneof(name, short), fc.boolean(), (a, b, isTaken) => {
      const [one, two] = [topicNameOf(a, () => isTaken), topicNameOf(b, () => isTaken)]
      if (one === null || two === null) return
      if (a !== '') assert.equal(topicNameFault(one), null)
      assert.equal(queueNameOf(one), Buffer.from(a).toString())
      if (Buffer.from(a).equals(Buffer.from(b))) return
      assert.notEqual(one, two)
      if (one.startsWith('--') && two.startsWith('--'))
        assert.notEqual(collapsedName(one), collapsedName(two))
    }),
    { numRuns: 2000, seed: 7 },
  )
})
