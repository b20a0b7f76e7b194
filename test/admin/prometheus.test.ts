// Prometheus' text: escapes, values, and the pieces of a large page.
import assert from 'node:assert/strict'
import test from 'node:test'
import { metricsPage } from '../../src/admin/metrics-page.ts'
import { type Family, lines, single } from '../../src/admin/prometheus.ts'
import type { Clock } from '../../src/io/clock.ts'
import { SimClock } from '../../src/io/sim/sim-clock.ts'

test('a family as text', () => {
  const family: Family = {
    name: 'a_b',
    type: 'gauge',
    help: 'Words.',
    samples: () => [
      { value: 1.5 },
      { value: -1, labels: { topic: 'x"\\\n', partition: 0 } },
      { value: Number.POSITIVE_INFINITY, suffix: '_sum' },
    ],
  }
  const text =
    '# HELP a_b Words.\n# TYPE a_b gauge\na_b 1.5\n' +
    'a_b{topic="x\\"\\\\\\n",partition="0"} -1\na_b_sum +Inf\n'
  assert.equal([...lines([family])].join(''), text)
})

test('a large page comes in pieces, and says the same', async () => {
  const many: Family = {
    name: 'many',
    type: 'counter',
    help: 'Many.',
    *samples() {
      for (let i = 0; i < 5000; i++) yield { value: i, labels: { i } }
    },
  }
  const families = [many, single('counter', 'one', 'One.', () => 1)]
  const pieces: string[] = []
  for await (const piece of metricsPage(new SimClock(), families)) pieces.push(piece)
  assert.ok(pieces.length > 3)
  for (const piece of pieces) assert.ok(piece.length < 20_000)
  assert.equal(pieces.join(''), [...lines(families)].join(''))
})

test('a family that is still being added up lets others have a turn', async () => {
  let ms = 0
  let turns = 0
  const clock: Clock = {
    now: () => ms,
    monotonic: () => ms,
    after: () => ({ cancel: () => undefined }),
    soon: (action) => {
      turns++
      queueMicrotask(action)
    },
  }
  const slow: Family = {
    name: 'slow',
    type: 'gauge',
    help: 'Slow.',
    *samples() {
      for (let i = 0; i < 3; i++) {
        ms += 10
        yield null
      }
      yield { value: turns }
    },
  }
  const pieces: string[] = []
  for await (const piece of metricsPage(clock, [slow])) pieces.push(piece)
  assert.deepEqual(pieces, ['# HELP slow Slow.\n# TYPE slow gauge\n', 'slow 3\n'])
})
