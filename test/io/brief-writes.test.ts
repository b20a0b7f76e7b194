import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BriefWrites } from '../../src/io/real/brief-writes.ts'

/** Writes that took so long, one each millisecond. */
function after(...took: number[]): { brief: BriefWrites; nowMs: number } {
  const brief = new BriefWrites()
  let nowMs = 1000
  for (const ms of took) {
    brief.ended(nowMs, nowMs + ms, false)
    nowMs += ms + 1
  }
  return { brief, nowMs }
}

test('small and few writes to a quick device are made at once', () => {
  const { brief, nowMs } = after(0.1, 0.1)
  assert.equal(brief.mayBlock(4096, nowMs), true)
  assert.equal(brief.mayBlock(65536, nowMs), false)
})

test('not before it is known to be quick, nor when it is not', () => {
  assert.equal(new BriefWrites().mayBlock(4096, 1000), false)
  const { brief, nowMs } = after(0.9, 0.9)
  assert.equal(brief.mayBlock(4096, nowMs), false)
})

test('not while they follow each other closely: the loop has other things to do', () => {
  const { brief, nowMs } = after(0.1)
  brief.ended(nowMs, nowMs + 0.1, false)
  assert.equal(brief.mayBlock(4096, nowMs + 0.15), false)
  assert.equal(brief.mayBlock(4096, nowMs + 0.21), true)
})

test('one that stalls bars the others for a second', () => {
  const { brief, nowMs } = after(0.1, 0.1, 0.1, 11)
  assert.equal(brief.mayBlock(4096, nowMs), false)
  assert.equal(brief.mayBlock(4096, nowMs + 1001), true)
})

test('what was handed over took longer than it would have here', () => {
  const brief = new BriefWrites()
  brief.ended(1000, 1000.7, true)
  assert.equal(brief.mayBlock(4096, 1002), true)
  brief.ended(1002, 1013, true)
  assert.equal(brief.mayBlock(4096, 1900), false, 'a stall is one all the same')
})
