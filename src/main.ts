#!/usr/bin/env node
// The command `polymq`, for now only `start` as the rigs need it.
import { parseArgs } from 'node:util'
import { startBroker } from './start-broker.ts'

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: 'data' },
    listen: { type: 'string', multiple: true, default: ['kafka=127.0.0.1:9092'] },
    set: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
})
const kafka = values.listen.find((l) => l.startsWith('kafka='))?.slice('kafka='.length) ?? ''
const at = kafka.lastIndexOf(':')
const broker = await startBroker({
  dataDir: values.data,
  listen: { kafka: { host: kafka.slice(0, at), port: Number(kafka.slice(at + 1)) } },
  config: Object.fromEntries(values.set.map((s) => s.split('=') as [string, string])),
  report: (line) => console.error(line),
})
console.log(
  JSON.stringify({ event: 'ready', listeners: { kafka: broker.kafka }, pid: process.pid }),
)
process.once('SIGTERM', () => {
  broker.close().then(
    () => process.exit(0),
    (cause: unknown) => {
      console.error(cause)
      process.exit(1)
    },
  )
})
