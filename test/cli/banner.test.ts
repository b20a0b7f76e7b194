// What a person reads and copies when the broker is ready.
import assert from 'node:assert/strict'
import test from 'node:test'
import { banner, type Opened, readyLine } from '../../src/cli/banner.ts'
import { english } from '../../src/cli/texts-en.ts'

const opened: Opened = {
  addresses: { kafka: { host: '127.0.0.1', port: 9092 } },
  saslMechanisms: [],
  dataDir: null,
  readyMs: 1,
}

const kcats = (of: Opened): string[] =>
  banner(of, english)
    .split('\n')
    .filter((line) => line.includes('kcat -b'))

test('the two commands name an address that can be connected to', () => {
  assert.match(kcats(opened)[0] ?? '', /kcat -b 127\.0\.0\.1:9092 -P -t greetings$/)
  assert.match(kcats(opened)[1] ?? '', /kcat -b 127\.0\.0\.1:9092 -C -t greetings/)
  for (const [host, reached] of [
    ['0.0.0.0', '127.0.0.1:1'],
    ['::', '[::1]:1'],
  ] as const)
    for (const line of kcats({ ...opened, addresses: { kafka: { host, port: 1 } } }))
      assert.ok(line.includes(`-b ${reached} `), line)
})

test('where clients must authenticate, the commands say how', () => {
  for (const line of kcats({ ...opened, saslMechanisms: ['SCRAM-SHA-512', 'PLAIN'] }))
    assert.match(line, /sasl_plaintext -X sasl\.mechanism=SCRAM-SHA-512 -X sasl\.username=NAME/)
})

test('without the Kafka listener there is nothing to copy', () => {
  assert.deepEqual(kcats({ ...opened, addresses: { metrics: { host: '::1', port: 1 } } }), [])
})

test('for machines: one JSON line', () => {
  const line = readyLine(opened, 7)
  assert.equal(line, '{"event":"ready","listeners":{"kafka":"127.0.0.1:9092"},"pid":7}\n')
})
