// Exchanges, queues, bindings and messages through the management API: statuses and fields as
// RabbitMQ has them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withApi } from './api-fixture.ts'

test('queues are made once, shown, and deleted on conditions', () =>
  withApi(async (api) => {
    const wish = { durable: true, arguments: { 'x-max-length': 100 } }
    assert.equal(await api.status('PUT', '/queues/%2F/orders', wish), '201')
    assert.equal(await api.status('PUT', '/queues/%2F/orders', wish), '204')
    const other = await api.status('PUT', '/queues/%2F/orders', { durable: false })
    assert.match(other, /^400 inequivalent arg 'durable' for queue 'orders' in vhost '\/'/)
    const shown = await api.get('/queues/%2F/orders')
    assert.equal(shown.name, 'orders')
    assert.deepEqual(shown.arguments, { 'x-max-length': 100 })
    assert.equal(shown.type, 'classic')
    assert.equal(shown.messages, 0)
    assert.equal(shown.messages_details.rate, 0)
    assert.equal(shown.message_stats, undefined)
    assert.equal(await api.status('GET', '/queues/%2F/none'), '404 Not Found')
    assert.equal(await api.status('GET', '/queues/none/orders'), '404 Not Found')
    await publish(api, 'orders', 'a')
    const full = await api.status('DELETE', '/queues/%2F/orders?if-empty=true')
    assert.match(full, /^400 .*not empty/)
    assert.equal(await api.status('DELETE', '/queues/%2F/orders/contents'), '204')
    assert.equal(await api.status('DELETE', '/queues/%2F/orders?if-empty=true'), '204')
    assert.equal(await api.status('DELETE', '/queues/%2F/orders'), '404 Not Found')
  }))

const publish = (
  api: Parameters<Parameters<typeof withApi>[0]>[0],
  key: string,
  payload: string,
  more: object = {},
) =>
  api.call('POST', '/exchanges/%2F/amq.default/publish', {
    routing_key: key,
    properties: {},
    payload,
    payload_encoding: 'string',
    ...more,
  })

test('a stream is a queue, and so is any topic', () =>
  withApi(async (api) => {
    const wish = { durable: true, arguments: { 'x-queue-type': 'stream' } }
    assert.equal(await api.status('PUT', '/queues/%2F/log', wish), '201')
    assert.equal(await api.status('PUT', '/queues/%2F/log', wish), '204')
    await publish(api, 'log', 'a')
    const shown = await api.get('/queues/%2F/log')
    assert.deepEqual([shown.type, shown.messages, shown.consumers], ['stream', 1, 0])
    assert.equal((await api.get('/overview')).object_totals.queues, 1)
    assert.equal((await api.get('/queues/%2F/log/bindings')).length, 1)
    const policy = { pattern: '^l', 'apply-to': 'streams', definition: { 'max-age': '1h' } }
    assert.equal(await api.status('PUT', '/policies/%2F/short', policy), '201')
    const cap = { pattern: '^l', definition: { 'max-length-bytes': 5000 } }
    assert.equal(await api.status('PUT', '/operator-policies/%2F/cap', cap), '201')
    const followed = await api.get('/queues/%2F/log')
    assert.deepEqual([followed.policy, followed.operator_policy], ['short', 'cap'])
    const together = { 'max-age': '1h', 'max-length-bytes': 5000 }
    assert.deepEqual(followed.effective_policy_definition, together)
    assert.equal(await api.status('DELETE', '/queues/%2F/log'), '204')
    assert.deepEqual(await api.get('/queues'), [])
  }))

test('what is not as it must be is refused before anything is made', () =>
  withApi(async (api) => {
    assert.equal(await api.status('PUT', '/queues/%2F/q', '{bad'), '400 not_json')
    assert.equal(
      await api.status('PUT', '/queues/%2F/q', { durable: 5 }),
      '400 durable: not_boolean',
    )
    const long = 'x'.repeat(256)
    assert.match(await api.status('PUT', `/queues/%2F/${long}`, {}), /^400 .*at most 255 bytes/)
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)
    assert.match(await api.status('PUT', '/queues/%2F/q', { arguments: deep }), /nested too deeply/)
    assert.deepEqual(await api.get('/queues'), [])
    assert.equal(await api.status('GET', '/queues/%E0%A4%A/q'), '404 Not Found')
    assert.equal(await api.status('GET', '/constructor'), '404 Not Found')
    const refused = await api.call('POST', '/queues')
    assert.equal(refused.status, 405)
    assert.equal(refused.headers['allow'], 'GET, HEAD, OPTIONS')
  }))

test('exchanges are made, shown with their traffic, and deleted', () =>
  withApi(async (api) => {
    assert.equal(await api.status('PUT', '/exchanges/%2F/plain', {}), '201')
    assert.equal((await api.get('/exchanges/%2F/plain')).durable, false, 'unless asked for')
    assert.equal(await api.status('PUT', '/queues/%2F/plain', {}), '201')
    assert.equal((await api.get('/queues/%2F/plain')).durable, false)
    assert.equal((await api.get('/exchanges/%2F/plain')).type, 'direct')
    assert.deepEqual(await api.get('/bindings/%2F/e/plain/q/nosuch'), [])
    assert.equal(await api.status('DELETE', '/exchanges/%2F/plain'), '204')
    const wish = { type: 'topic', arguments: { 'alternate-exchange': 'amq.fanout' } }
    assert.equal(await api.status('PUT', '/exchanges/%2F/in', wish), '201')
    assert.equal(await api.status('PUT', '/exchanges/%2F/in', wish), '204')
    assert.match(await api.status('PUT', '/exchanges/%2F/in', { type: 'direct' }), /^400 inequiv/)
    const all = await api.get('/exchanges/%2F')
    assert.deepEqual(
      all.map(({ name }: { name: string }) => name),
      [
        '',
        'amq.direct',
        'amq.fanout',
        'amq.headers',
        'amq.match',
        'amq.rabbitmq.trace',
        'amq.topic',
        'in',
      ],
    )
    await api.call('PUT', '/queues/%2F/q', {})
    await publish(api, 'q', 'a')
    await publish(api, 'nowhere', 'b')
    const shown = await api.get('/exchanges/%2F/amq.default')
    assert.equal(shown.message_stats.publish_in, 2)
    assert.equal(shown.message_stats.publish_out, 1)
    assert.equal(await api.status('DELETE', '/exchanges/%2F/in'), '204')
    assert.equal(await api.status('DELETE', '/exchanges/%2F/in'), '404 Not Found')
    assert.match(await api.status('DELETE', '/exchanges/%2F/amq.topic'), /^401/)
  }))

test('bindings are known by their key and arguments', () =>
  withApi(async (api) => {
    await api.call('PUT', '/queues/%2F/q%2F1', {})
    const path = '/bindings/%2F/e/amq.topic/q/q%2F1'
    const locations: (string | undefined)[] = []
    for (const body of [
      { routing_key: 'a.#' },
      { routing_key: '' },
      { routing_key: 'k~x y/é', arguments: { a: 1, b: ['text'] } },
      { routing_key: 'orders+new' },
      { routing_key: 'orders new' },
    ]) {
      const made = await api.call('POST', path, body)
      assert.equal(made.status, 201)
      locations.push(made.headers['location'])
    }
    assert.equal(locations[0], 'q%2F1/a.%2523')
    assert.equal(locations[1], 'q%2F1/~')
    const between = await api.get(path)
    const keys = between.map(({ routing_key: key }: { routing_key: string }) => key)
    assert.deepEqual(keys, ['', 'a.#', 'k~x y/é', 'orders new', 'orders+new'])
    // The key of one is the routing key of another.
    assert.equal(between[3].properties_key, 'orders+new')
    assert.equal((await api.get(`${path}/orders%2Bnew`)).routing_key, 'orders new')
    assert.equal(between[1].properties_key, 'a.%23')
    assert.match(between[2].properties_key, /^k%7Ex\+y%2F%C3%A9~/)
    assert.deepEqual(between[2].arguments, { a: 1, b: ['text'] })
    for (const { properties_key: key } of between.reverse()) {
      const one = `${path}/${encodeURIComponent(key)}`
      assert.equal((await api.get(one)).properties_key, key)
      assert.equal(await api.status('DELETE', one), '204')
      assert.equal(await api.status('DELETE', one), '404 Not Found')
    }
    assert.equal((await api.get('/queues/%2F/q%2F1/bindings')).length, 1)
    const e2e = await api.call('POST', '/bindings/%2F/e/amq.topic/e/amq.direct', {})
    assert.equal(e2e.status, 201)
    assert.equal((await api.get('/exchanges/%2F/amq.direct/bindings/destination')).length, 1)
    assert.equal((await api.get('/exchanges/%2F/amq.topic/bindings/source')).length, 1)
    assert.equal((await api.get('/bindings')).length, 2)
    const missing = await api.status('POST', '/bindings/%2F/e/amq.topic/q/none', {})
    assert.equal(missing, "404 no queue 'none' in vhost '/'")
  }))

test('messages are published, looked at, requeued in order, and taken', () =>
  withApi(async (api) => {
    await api.call('PUT', '/queues/%2F/q', {})
    const properties = { delivery_mode: 2, headers: { a: 1 }, content_type: 'text/plain' }
    assert.deepEqual((await publish(api, 'q', 'first', { properties })).json, { routed: true })
    const bytes = { payload: '/w==', payload_encoding: 'base64' }
    assert.deepEqual((await publish(api, 'q', '', bytes)).json, { routed: true })
    assert.deepEqual((await publish(api, 'none', 'x')).json, { routed: false })
    const faults: [object, RegExp][] = [
      [{ payload_encoding: 'base64', payload: '!!not' }, /not_base64/],
      [{ properties: { user_id: 'root' } }, /user_id property set to 'root' but authenticated/],
      [{ properties: { reply_to: 'amq.rabbitmq.reply-to' } }, /fast reply consumer does not exist/],
      [{ properties: { delivery_mode: 3 } }, /delivery_mode is 1 or 2/],
    ]
    for (const [more, words] of faults) {
      const refused = await publish(api, 'q', '', more)
      assert.equal(refused.status, 400)
      assert.match(JSON.stringify(refused.json), words)
    }
    const get = async (ackmode: string, more: object = {}) => {
      const body = { count: 5, ackmode, encoding: 'auto', ...more }
      return (await api.call('POST', '/queues/%2F/q/get', body)).json
    }
    const unknown = await get('ack_requeue_true', { encoding: 'x' })
    assert.match(JSON.stringify(unknown), /Unsupported encoding x/)
    const looked = await get('ack_requeue_true')
    assert.deepEqual(looked[0], {
      payload_bytes: 5,
      redelivered: false,
      exchange: '',
      routing_key: 'q',
      message_count: 1,
      properties: { content_type: 'text/plain', delivery_mode: 2, headers: { a: 1 } },
      payload: 'first',
      payload_encoding: 'string',
    })
    assert.equal(looked[1].payload, '/w==')
    assert.deepEqual(looked[1].properties, [], 'as RabbitMQ writes that there are none')
    const nobodys = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' }
    const missing = await api.call('POST', '/queues/%2F/nobodys/get', nobodys)
    assert.equal(missing.status, 404)
    assert.deepEqual(missing.json, {
      error: 'not_found',
      reason: "NOT_FOUND - no queue 'nobodys' in vhost '/'",
    })
    assert.equal(looked[1].payload_encoding, 'base64')
    const again = await get('reject_requeue_true', { truncate: 3 })
    assert.deepEqual(
      again.map((each: { payload: string; redelivered: boolean }) => [
        each.payload,
        each.redelivered,
      ]),
      [
        ['fir', true],
        ['/w==', true],
      ],
    )
    assert.equal((await get('ack_requeue_false')).length, 2)
    assert.deepEqual(await get('ack_requeue_false'), [])
    assert.match(await api.status('POST', '/queues/%2F/q/get', { count: 1 }), /key_missing,ackmode/)
    assert.match(
      await api.status('POST', '/exchanges/%2F/no/publish', { routing_key: 'q' }),
      /^400/,
    )
    assert.deepEqual(await api.get('/aliveness-test/%2F'), { status: 'ok' })
  }))

test('lists are paged, filtered in linear time, sorted, and cut to columns', () =>
  withApi(async (api) => {
    for (const name of ['a1', 'a2', 'b1', 'b2', 'c'])
      await api.call('PUT', `/queues/%2F/${name}`, {})
    await publish(api, 'b1', 'x')
    const page = await api.get('/queues?page=2&page_size=2&columns=name')
    assert.deepEqual(page, {
      filtered_count: 5,
      item_count: 2,
      items: [{ name: 'b1' }, { name: 'b2' }],
      page: 2,
      page_count: 3,
      page_size: 2,
      total_count: 5,
    })
    const keda = '?page=1&use_regex=true&pagination=false&name=%5Ea%5Cd%24&page_size=100'
    const found = await api.get(`/queues/%2F${keda}`)
    assert.deepEqual(
      found.items.map(({ name }: { name: string }) => name),
      ['a1', 'a2'],
    )
    assert.equal(found.filtered_count, 2)
    assert.equal((await api.get('/queues?page=1&name=B')).filtered_count, 2)
    const none = await api.get('/queues?page=1&name=nothing')
    assert.deepEqual([none.filtered_count, none.page_count, none.items], [0, 0, []])
    const sorted = await api.get('/queues?sort=messages&sort_reverse=true&columns=name,messages')
    assert.deepEqual(sorted[0], { name: 'b1', messages: 1 })
    const bad = async (query: string) => (await api.call('GET', `/queues?${query}`)).json.error
    assert.equal(await bad('page=9&page_size=2'), 'page_out_of_range')
    assert.equal(await bad('page=0'), 'invalid_pagination_parameters')
    assert.equal(await bad('page=1&page_size=501'), 'invalid_pagination_parameters')
    assert.equal(await bad('page=x'), 'bad_request')
    assert.equal(await bad('page=1&use_regex=true&name=('), 'bad_request')
    const columns = 'message_stats.publish,constructor,__proto__.polluted'
    assert.deepEqual(await api.get(`/queues/%2F/b1?columns=${columns}`), {
      message_stats: { publish: 1 },
    })
    for (const twice of [
      'object_totals.queues,object_totals',
      'object_totals,object_totals.queues',
    ])
      assert.ok((await api.get(`/overview?columns=${twice},${twice}`)).object_totals.queues > 0)
  }))

test('a queue tells since when nothing came or went, and of its head and consumers', () =>
  withApi(async (api) => {
    const [unused, used, single] = ['/queues/%2F/unused', '/queues/%2F/used', '/queues/%2F/single']
    await api.call('PUT', unused, {})
    await api.call('PUT', used, {})
    await api.call('PUT', single, { arguments: { 'x-single-active-consumer': true } })
    await publish(api, 'used', 'x', { properties: { timestamp: 1234 } })
    // The broker has the clock of this machine, and the door its own.
    assert.equal((await api.get(used)).idle_since, undefined)
    const before = Date.now()
    api.clock.pass(before + 60_000 - api.clock.now())
    for (const path of [unused, used]) {
      const { idle_since } = await api.get(path)
      assert.match(idle_since, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/)
      assert.ok(Date.parse(idle_since) <= before && Date.parse(idle_since) > before - 60_000)
    }
    assert.equal((await api.get(used)).head_message_timestamp, 1234)
    assert.equal((await api.get(unused)).head_message_timestamp, null)
    const { exclusive_consumer_tag, single_active_consumer_tag } = await api.get(single)
    assert.deepEqual([exclusive_consumer_tag, single_active_consumer_tag], [null, null])
    assert.equal(api.node.messaging.vhosts.get('/')?.queues.get('unused')?.used, null)
  }))

test('rates are what counters grew by in a second, between two looks', () =>
  withApi(async (api) => {
    await api.call('PUT', '/queues/%2F/q', {})
    await publish(api, 'q', 'x')
    await api.get('/overview')
    await settled()
    api.clock.pass(5000)
    await settled()
    for (let i = 0; i < 20; i++) await publish(api, 'q', 'x')
    api.clock.pass(5000)
    await settled()
    const queue = await api.get('/queues/%2F/q')
    assert.equal(queue.message_stats.publish, 21)
    assert.equal(queue.message_stats.publish_details.rate, 4)
    assert.equal(queue.messages_details.rate, 4)
    const exchange = await api.get('/exchanges/%2F/amq.default')
    assert.equal(exchange.message_stats.publish_in_details.rate, 4)
    const overview = await api.get('/overview')
    assert.equal(overview.message_stats.publish_details.rate, 4)
    assert.equal(overview.queue_totals.messages, 21)
    const [vhost] = await api.get('/vhosts')
    assert.equal(vhost.messages_ready_details.rate, 4)
    // Who asks for a history gets what is known of it.
    assert.equal(queue.messages_details.samples, undefined)
    api.clock.pass(1000)
    await publish(api, 'q', 'x')
    const [over] = await api.get('/queues/%2F?lengths_age=60&lengths_incr=5')
    assert.deepEqual(over.messages_details.samples, [
      { sample: 22, timestamp: api.clock.now() },
      { sample: 21, timestamp: api.clock.now() - 1000 },
    ])
    assert.equal(over.messages_details.rate, 4)
    await api.call('PUT', '/queues/%2F/new', {})
    const fresh = await api.get('/queues/%2F/new?lengths_age=60')
    assert.deepEqual(fresh.messages_details.samples, [{ sample: 0, timestamp: api.clock.now() }])
    // Nobody asks any more: the looks end, and nothing is left over.
    for (let i = 0; i < 130; i++) {
      api.clock.pass(5000)
      await settled()
    }
    assert.equal(api.clock.timers, 0)
  }))

/** Lets what waits for nothing but its turn come to its end. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

test('whole numbers of 64 bits keep every digit, in arguments and headers', () =>
  withApi(async (api) => {
    const id = '9007199254740993'
    const raw = async (method: string, path: string, body?: string): Promise<string> =>
      (await api.call(method, path, body)).text
    await raw('PUT', '/queues/%2F/wide', `{"arguments":{"x-id":${id}}}`)
    assert.match(await raw('GET', '/queues/%2F/wide'), new RegExp(`"x-id":${id}[,}]`))
    assert.match(await raw('GET', '/definitions'), new RegExp(`"x-id":${id}[,}]`))
    const message = `{"routing_key":"wide","payload":"x","payload_encoding":"string",
      "properties":{"headers":{"id":-${id}}}}`
    await raw('POST', '/exchanges/%2F/amq.default/publish', message)
    const get = '{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}'
    assert.match(await raw('POST', '/queues/%2F/wide/get', get), new RegExp(`"id":-${id}}`))
  }))
