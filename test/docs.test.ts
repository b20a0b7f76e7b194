// The READMEs are true: what they show to copy runs, and both languages show the same.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { startBroker } from '../src/start-broker.ts'

interface Block {
  readonly language: string
  readonly code: string
}

const blocksOf = (file: string): Block[] =>
  [...readFileSync(file, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    code: match[2] ?? '',
  }))

const readmes = ['README.md', 'README.zh-CN.md']

test('the first block is the way in', () => {
  for (const readme of readmes)
    assert.deepEqual(blocksOf(readme)[0], {
      language: 'sh',
      code: 'npm ci && npm start\nnpm ci && npm test\n',
    })
})

test('both languages show the same code', () => {
  const [english, chinese] = readmes.map(blocksOf)
  assert.deepEqual(english, chinese)
})

/** Where a bare import leads from inside this package. */
const resolved = (name: string): string =>
  name === 'polymq' ? pathToFileURL('build/src/start-broker.js').href : import.meta.resolve(name)

/** Runs a block as a module of its own; resolves to what it printed, line by line. */
async function run(code: string): Promise<string[]> {
  const printed: string[] = []
  const bound = code.replace(/ from '([^']+)'/g, (_, name: string) => ` from '${resolved(name)}'`)
  const key = `docs-${code.length}`
  const globals = globalThis as unknown as Record<string, unknown>
  globals[key] = { log: (...words: unknown[]) => printed.push(words.join(' ')) }
  try {
    const module = `const console = globalThis['${key}']\n${bound}`
    await import(`data:text/javascript;base64,${Buffer.from(module).toString('base64')}`)
  } finally {
    delete globals[key]
  }
  return printed
}

const blockWith = (words: string): string => {
  const block = blocksOf('README.md').find(({ code }) => code.includes(words))
  assert.ok(block, `README.md has a block with ${words}`)
  return block.code
}

test('the example for a client', async () => {
  const broker = await startBroker({
    dataDir: null,
    listen: { kafka: { host: '127.0.0.1', port: 0 } },
    config: { 'group.initial.rebalance.delay.ms': '0' },
  })
  try {
    const code = blockWith('kafka.producer()').replace('127.0.0.1:9092', broker.kafka)
    assert.deepEqual(await run(code), ['0 0 hello'])
  } finally {
    await broker.close()
  }
})

test('the example for a client of queues', async () => {
  const amqp = { host: '127.0.0.1', port: 0 }
  const broker = await startBroker({ dataDir: null, listen: { amqp } })
  try {
    const code = blockWith('amqplib.connect').replace('5672', String(broker.addresses.amqp?.port))
    assert.deepEqual(await run(code), ['one coffee'])
  } finally {
    await broker.close()
  }
})

test('the example for the library', async () => {
  const [address, ...rest] = await run(blockWith('startBroker'))
  assert.match(address ?? '', /^127\.0\.0\.1:\d+$/)
  assert.deepEqual(rest, [])
})
