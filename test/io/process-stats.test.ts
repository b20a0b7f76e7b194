// What the system grants, as the node reads it.
import assert from 'node:assert/strict'
import test from 'node:test'
import { openFilesOf, processLimits } from '../../src/io/process-stats.ts'

test('the soft limit of open files is read from what Linux says', () => {
  const text =
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            256     4096     files\n'
  assert.equal(openFilesOf(text), 256)
  assert.equal(openFilesOf(text.replace('256', 'unlimited')), Number.POSITIVE_INFINITY)
  assert.ok(openFilesOf('') > 0)
})

test('this process has some of everything', () => {
  const { openFiles, memoryBytes } = processLimits()
  assert.ok(openFiles > 50 && memoryBytes > 50_000_000)
})
