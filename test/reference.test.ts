// The comparison itself: what passes, what fails, and what the list of differences excuses.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Answer, compare, parseAnswers } from './reference/kafka/answers.ts'

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

test('lines are parsed, empty ones skipped', () => {
  assert.deepEqual(parseAnswers('{"id":"a","answer":null}\n\n'), [one('a', null)])
})
