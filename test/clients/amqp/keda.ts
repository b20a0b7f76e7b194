// The requests that KEDA's RabbitMQ scaler makes of the management API (kedacore/keda,
// pkg/scalers/rabbitmq_scaler.go), and what it reads of the answers: one queue, or by an expression
// all that match it, whose numbers it adds up. It refuses an answer of several pages.
import assert from 'node:assert/strict'
import { eventually } from '../lib/expect.ts'
import type { Check } from '../lib/report.ts'
import type { AmqpBroker } from './broker.ts'

interface QueueInfo {
  readonly name: string
  readonly messages: number
  readonly messages_ready: number
  readonly messages_unacknowledged: number
  readonly message_stats?: {
    readonly publish_details?: { readonly rate: number }
    readonly deliver_get_details?: { readonly rate: number }
  }
}

interface Page {
  readonly items: readonly QueueInfo[]
  readonly page_count: number
}

const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`

class Api {
  readonly #url: string

  constructor({ managementPort }: AmqpBroker) {
    this.#url = `http://127.0.0.1:${managementPort}/api`
  }

  async #call(method: string, path: string, body?: object): Promise<Response> {
    return fetch(this.#url + path, {
      method,
      headers: { authorization },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  async must(method: string, path: string, body?: object): Promise<string> {
    const answer = await this.#call(method, path, body)
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
    return text
  }

  /** The scaler reads an answer of status 200, and no other. */
  async scaled<T>(path: string): Promise<T> {
    const answer = await this.#call('GET', path)
    assert.equal(answer.status, 200, path)
    return (await answer.json()) as T
  }

  one(vhost: string, queue: string): Promise<QueueInfo> {
    return this.scaled(`/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`)
  }

  async matching(vhost: string, pattern: string, pageSize = 100): Promise<Page> {
    const name = encodeURIComponent(pattern)
    const query = `page=1&use_regex=true&pagination=false&name=${name}&page_size=${pageSize}`
    return this.scaled(`/queues/${encodeURIComponent(vhost)}?${query}`)
  }

  async publish(queue: string, count: number): Promise<void> {
    const message = { routing_key: queue, properties: {}, payload: 'x', payload_encoding: 'string' }
    const path = '/exchanges/keda%2Fjobs/amq.default/publish'
    for (let i = 0; i < count; i++) await this.must('POST', path, message)
  }
}

const vhost = 'keda/jobs'

export async function runKeda(broker: AmqpBroker, check: Check): Promise<void> {
  const api = new Api(broker)
  await check('a vhost with queues', async () => {
    await api.must('PUT', `/vhosts/${encodeURIComponent(vhost)}`, {})
    for (const queue of ['mail/in', 'job.a', 'job.b', 'other'])
      await api.must('PUT', `/queues/keda%2Fjobs/${encodeURIComponent(queue)}`, { durable: true })
    await api.publish('mail/in', 3)
    await api.publish('job.a', 2)
    await api.publish('job.b', 5)
  })
  await check('the length of one queue', () =>
    eventually(async () => {
      const { messages, messages_ready } = await api.one(vhost, 'mail/in')
      return messages === 3 && messages_ready === 3 ? null : `it shows ${messages} messages`
    }),
  )
  await check('the lengths of all queues that an expression matches', () =>
    eventually(async () => {
      const { items, page_count } = await api.matching(vhost, '^job\\..$')
      assert.equal(page_count, 1)
      assert.deepEqual(
        items.map(({ name }) => name),
        ['job.a', 'job.b'],
      )
      const messages = items.reduce((sum, item) => sum + item.messages, 0)
      return messages === 7 ? null : `they show ${messages} messages`
    }),
  )
  await check('several pages are told', async () => {
    const { items, page_count } = await api.matching(vhost, '^job', 1)
    assert.deepEqual([items.length, page_count], [1, 2])
  })
  await check('nothing that matches is an empty page', async () => {
    assert.deepEqual((await api.matching(vhost, '^none$')).items, [])
  })
  await check('rates of publishing and delivering', async () => {
    await eventually(async () => {
      await api.publish('mail/in', 1)
      const { message_stats } = await api.one(vhost, 'mail/in')
      return (message_stats?.publish_details?.rate ?? 0) > 0 ? null : 'no rate of publishing'
    })
    await eventually(async () => {
      const wish = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' }
      await api.must('POST', '/queues/keda%2Fjobs/mail%2Fin/get', wish)
      const { message_stats } = await api.one(vhost, 'mail/in')
      return (message_stats?.deliver_get_details?.rate ?? 0) > 0 ? null : 'no rate of delivering'
    })
    await api.must('DELETE', `/vhosts/${encodeURIComponent(vhost)}`)
  })
}
