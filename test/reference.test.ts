// The comparison itself: what passes, what fails, and what the list of differences excuses.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { kafkaVersion } from '../scripts/peers/kafka.ts'
import { rabbitmqVersion } from '../scripts/peers/rabbitmq.ts'
import { differences as amqpDifferences } from './reference/amqp/differences.ts'
import { renewed as renewedAmqp } from './reference/amqp/page.ts'
import { type Answer, areasOf, compare, parseAnswers } from './reference/answers.ts'
import { renewed } from './reference/kafka/page.ts'

const one = (id: string, answer: unknown): Answer => ({ id, answer })

test('the order of keys does not count, messages do not count', () => {
  const theirs = [{ id: 'a', answer: { x: 1, y: 2 }, message: 'one' }]
  const ours = [{ id: 'a', answer: { y: 2, x: 1 }, message: 'other' }]
  assert.deepEqual(compare(theirs, ours, []).failures, [])
})

test('another answer, a missing one and one too many fail', () => {
  const verdict = compare([one('a', 1), one('b', 1)], [one('a', 2), one('c', 1)], [])
  assert.equal(verdict.failures.length, 3)
  assert.equal(verdict.passed, 0)
})

test('a listed difference passes while it occurs, and fails when it is gone', () => {
  const listed = [{ id: /^a\./, reason: 'on purpose' }]
  assert.deepEqual(compare([one('a.b', 1)], [one('a.b', 2)], listed).failures, [])
  assert.equal(compare([one('a.b', 1)], [one('a.b', 1)], listed).failures.length, 1)
  assert.deepEqual(compare([one('c', 1)], [one('c', 1)], listed).failures, [])
})

test('a difference may be listed for one place of an answer', () => {
  const listed = [{ id: 'a', at: /^\.x\[1\]$/, reason: 'on purpose' }]
  const against = (x: number[], y = 0) =>
    compare([one('a', { x: [1, 2], y: 0 })], [one('a', { x, y })], listed).failures.length
  assert.equal(against([1, 3]), 0)
  assert.equal(against([1, 3], 1), 1, 'another place differs too')
  assert.equal(against([1, 2]), 1, 'it is the same now')
})

test('a difference may say what is expected in place of it', () => {
  const listed = [{ id: 'a', expected: { is: 'x', list: [{ n: 1 }] }, reason: 'on purpose' }]
  const against = (answer: unknown) => compare([one('a', 0)], [one('a', answer)], listed).passed
  assert.equal(against({ is: 'x', list: [{ n: 1, m: 2 }], more: true }), 1)
  assert.equal(against({ is: 'x', list: [{ n: 2 }] }), 0)
  assert.equal(against({ is: 'x', list: [{ n: 1 }, { n: 1 }] }), 0)
  assert.equal(against('x'), 0)
})

test('nothing excuses an answer that is not there', () => {
  const listed = [{ id: 'a', reason: 'on purpose' }]
  assert.equal(compare([one('a', 1)], [], listed).failures.length, 2)
})

test('areas are counted', () => {
  const listed = [{ id: 'a.y', reason: 'on purpose' }]
  const theirs = [one('a.x', 1), one('a.y', 1), one('b.x', 1)]
  const verdict = compare(theirs, [one('a.x', 1), one('a.y', 2), one('b.x', 2)], listed)
  assert.deepEqual(Object.fromEntries(areasOf(verdict)), {
    a: { equal: 1, listed: 1, open: 0 },
    b: { equal: 0, listed: 0, open: 1 },
  })
})

test('docs/protocols/kafka.md shows what is answered and what differs', () => {
  const page = readFileSync('docs/protocols/kafka.md', 'utf8')
  const lines = readFileSync(`test/reference/kafka/kafka-${kafkaVersion}.jsonl`, 'utf8')
  const fresh = renewed(page, parseAnswers(lines))
  if (process.env['UPDATE'] === '1') writeFileSync('docs/protocols/kafka.md', fresh)
  else assert.equal(page, fresh, 'run the tests with UPDATE=1 to renew the tables')
})

const amqpAnswers = (): Answer[] =>
  parseAnswers(readFileSync(`test/reference/amqp/rabbitmq-${rabbitmqVersion}.jsonl`, 'utf8'))

test('docs/protocols/amqp.md shows what is asked and what differs', () => {
  const page = readFileSync('docs/protocols/amqp.md', 'utf8')
  const fresh = renewedAmqp(page, amqpAnswers())
  if (process.env['UPDATE'] === '1') writeFileSync('docs/protocols/amqp.md', fresh)
  else assert.equal(page, fresh, 'run the tests with UPDATE=1 to renew the tables')
})

test('what RabbitMQ answered is whole, and each difference is about some of it', () => {
  const answers = amqpAnswers()
  assert.equal(new Set(answers.map(({ id }) => id)).size, answers.length)
  assert.deepEqual(
    answers.filter(({ id, answer }) => id.endsWith('.broken') || answer === 'silence'),
    [],
  )
  const idle = amqpDifferences.filter(
    ({ id }) => !answers.some((a) => (typeof id === 'string' ? id === a.id : id.test(a.id))),
  )
  assert.deepEqual(idle, [])
})

test('lines are parsed, empty ones skipped', () => {
  assert.deepEqual(parseAnswers('{"id":"a","answer":null}\n\n'), [one('a', null)])
})
