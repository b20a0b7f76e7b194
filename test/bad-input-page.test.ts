// The pages of bad input show the cases that the rigs play.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { amqpCases, amqpTitles } from './rigs/bad-input/amqp/amqp-table.ts'
import { renewed } from './rigs/bad-input/page.ts'
import { renewedPage } from './rigs/bad-input/table.ts'

const pages: Readonly<Record<string, (page: string) => string>> = {
  'docs/protocols/kafka-bad-input.md': renewedPage,
  'docs/protocols/amqp-bad-input.md': (page) => renewed(page, amqpCases, amqpTitles),
}

for (const [file, renew] of Object.entries(pages))
  test(`${file} shows every case of the rig`, () => {
    const page = readFileSync(file, 'utf8')
    const fresh = renew(page)
    if (process.env['UPDATE'] === '1') writeFileSync(file, fresh)
    else assert.equal(page, fresh, 'run the tests with UPDATE=1 to renew the table')
  })
