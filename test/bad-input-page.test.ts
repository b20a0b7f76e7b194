// The page of bad input shows the cases that the rig plays.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { renewedPage } from './rigs/bad-input/table.ts'

const file = 'docs/protocols/kafka-bad-input.md'

test('docs/protocols/kafka-bad-input.md shows every case of the rig', () => {
  const page = readFileSync(file, 'utf8')
  const fresh = renewedPage(page)
  if (process.env['UPDATE'] === '1') writeFileSync(file, fresh)
  else assert.equal(page, fresh, 'run the tests with UPDATE=1 to renew the table')
})
