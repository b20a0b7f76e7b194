// The listener `metrics` of a running broker: health, the names that dashboards know, and what a
// client may ask in vain.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'node:test'
import { openMetricsDoor } from '../../src/admin/metrics-door.ts'
import { realClock } from '../../src/io/real/clock.ts'
import { realHttp } from '../../src/io/real/http.ts'
import { startBroker } from '../../src/start-broker.ts'

const anyPort = { host: '127.0.0.1', port: 0 }

/** Opens a door whose node has these problems, for one test. */
async function withDoor(
  problems: { unhealthy?: string; unready?: string; limited?: string },
  use: (url: string, port: number) => Promise<void>,
): Promise<void> {
  const door = await openMetricsDoor({
    http: realHttp,
    clock: realClock,
    address: anyPort,
    health: {
      unhealthy: () => problems.unhealthy ?? null,
      unready: () => problems.unready ?? null,
      limited: () => problems.limited ?? null,
    },
    families: () => [],
  })
  const { host, port } = door.address
  try {
    await use(`http://${host}:${port}`, port)
  } finally {
    await door.close()
  }
}

const answerOf = async (url: string, method = 'GET'): Promise<readonly [number, string]> => {
  const answer = await fetch(url, { method })
  return [answer.status, await answer.text()]
}

test('health and readiness', async () => {
  await withDoor({}, async (url) => {
    assert.deepEqual(await answerOf(`${url}/healthz`), [200, 'ok\n'])
    assert.deepEqual(await answerOf(`${url}/readyz?verbose`), [200, 'ok\n'])
  })
  await withDoor({ unready: 'recovering' }, async (url) => {
    assert.deepEqual(await answerOf(`${url}/healthz`), [200, 'ok\n'])
    assert.deepEqual(await answerOf(`${url}/readyz`), [503, 'recovering\n'])
  })
  await withDoor({ limited: 'the disk is low' }, async (url) => {
    assert.deepEqual(await answerOf(`${url}/healthz`), [200, 'ok\n'])
    assert.deepEqual(await answerOf(`${url}/readyz`), [200, 'ok, but the disk is low\n'])
  })
  await withDoor({ unhealthy: 'EIO' }, async (url) => {
    assert.deepEqual(await answerOf(`${url}/healthz`), [503, 'EIO\n'])
    assert.deepEqual(await answerOf(`${url}/readyz`), [503, 'EIO\n'])
  })
})

test('many that send half a request keep nobody out', () =>
  withDoor({}, async (url, port) => {
    const halves = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'))
    for (const each of halves) each.on('error', () => undefined)
    await Promise.all(halves.map((each) => once(each, 'connect')))
    for (const each of halves) each.write('GET /healthz HTTP/1.1\r\nHost: x\r\n')
    assert.deepEqual(await answerOf(`${url}/healthz`), [200, 'ok\n'])
    for (const each of halves) each.destroy()
  }))

test('other paths and methods', () =>
  withDoor({}, async (url) => {
    assert.deepEqual(await answerOf(`${url}/healthz`, 'HEAD'), [200, ''])
    for (const path of ['/x', '/__proto__', '/constructor', '/metrics/', '//metrics', '/%00'])
      assert.equal((await answerOf(url + path))[0], 404, path)
    const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x'.repeat(100_000) })
    assert.equal(posted.status, 405)
    assert.equal(posted.headers.get('allow'), 'GET, HEAD')
    await posted.text()
  }))

test('what is not HTTP, or too long, is refused and the next is served', () =>
  withDoor({}, async (url, port) => {
    const wrong = [
      '\0\0\0\x0a\0\x12',
      'GET\r\n\r\n',
      'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
    ]
    for (const bytes of wrong) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.end(bytes)
      assert.match(await text(socket), /^HTTP\/1\.1 4\d\d /)
    }
    assert.deepEqual(await answerOf(`${url}/healthz`), [200, 'ok\n'])
  }))

const names = [
  'kafka_brokers',
  'kafka_broker_info',
  'kafka_topic_partitions',
  'kafka_topic_partition_current_offset',
  'kafka_topic_partition_oldest_offset',
  'kafka_topic_partition_in_sync_replica',
  'kafka_topic_partition_leader',
  'kafka_topic_partition_leader_is_preferred',
  'kafka_topic_partition_replicas',
  'kafka_topic_partition_under_replicated_partition',
  'kafka_consumergroup_current_offset',
  'kafka_consumergroup_current_offset_sum',
  'kafka_consumergroup_lag',
  'kafka_consumergroup_lag_sum',
  'kafka_consumergroup_members',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'polymq_appended_records_total',
  'polymq_journal_commit_seconds',
  'polymq_kafka_requests_total',
]

test('a broker shows the names of kafka_exporter and its own', async () => {
  const broker = await startBroker({
    dataDir: null,
    listen: { kafka: anyPort, metrics: anyPort },
  })
  try {
    const { metrics } = broker.addresses
    const url = `http://127.0.0.1:${metrics?.port}`
    const [status, page] = await answerOf(`${url}/metrics`)
    assert.equal(status, 200)
    for (const name of names) assert.match(page, new RegExp(`^# TYPE ${name} \\w+$`, 'm'))
    assert.ok(page.includes(`kafka_broker_info{id="1",address="${broker.kafka}"} 1\n`))
    for (const line of page.trimEnd().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^{}]*\})? (\S+))$/)
  } finally {
    await broker.close()
  }
})
