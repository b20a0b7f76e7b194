// Messages that come twice, at queues and exchanges that leave out the second.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type FieldValue, textField } from '../../src/model/message/field.ts'
import { KeyBudget, SeenKeys } from '../../src/queue/memory/seen-keys.ts'
import { Published } from '../../src/queue/published.ts'
import {
  bindingWish,
  consume,
  exchangeWish,
  messageTo,
  publish,
  queueWish,
  refusal,
  sessionOf,
  TestConsumer,
  table,
  take,
  value,
  withMessaging,
} from './messaging-fixture.ts'

const { routed, stored, rejected } = Published
const header = 'x-deduplication-header'
const keyed = (key: string | number, name = header) => ({ headers: table({ [name]: key }) })

test('a queue takes a key once, as long as its cache holds it; what it refuses is not seen', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = {
      'x-message-deduplication': true,
      'x-cache-size': 2,
      'x-max-length': 3,
      'x-overflow': 'reject-publish',
    }
    value(await vhost.declareQueue(queueWish('q', { arguments: table(args) })))
    const taken = routed | stored
    assert.equal(publish(vhost, '', 'q', '1', keyed('a')), taken)
    assert.equal(publish(vhost, '', 'q', '1 again', keyed('a')), taken, 'its confirm waits')
    assert.equal(publish(vhost, '', 'q', '2', keyed('b')), taken)
    assert.equal(publish(vhost, '', 'q', '3'), taken)
    assert.equal(publish(vhost, '', 'q', 'refused', keyed('c')), routed | rejected)
    for (const body of ['1', '2', '3']) assert.equal(await take(vhost, 'q'), body)
    assert.equal(publish(vhost, '', 'q', '4', keyed('c')), taken)
    publish(vhost, '', 'q', '4 again', keyed('c'))
    publish(vhost, '', 'q', '1 anew', keyed('a'))
    for (const body of ['4', '1 anew', null]) assert.equal(await take(vhost, 'q'), body)
  }))

test('what comes back by way of a dead letter is no other message', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const letters = (key: string) => ({
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': key,
    })
    const once = { 'x-message-deduplication': true, ...letters('wait') }
    value(await vhost.declareQueue(queueWish('jobs', { arguments: table(once) })))
    value(await vhost.declareQueue(queueWish('wait', { arguments: table(letters('jobs')) })))
    publish(vhost, '', 'jobs', 'a job', keyed('a'))
    const jobs = new TestConsumer()
    const waiting = new TestConsumer()
    const { queue } = await consume(vhost, 'jobs', jobs)
    const { queue: wait } = await consume(vhost, 'wait', waiting)
    for (let round = 0; round < 3; round++) {
      await jobs.has(round + 1)
      publish(vhost, '', 'jobs', 'the same again', keyed('a'))
      queue.reject(jobs.deliveries[round]?.id as number, false, true)
      await waiting.has(round + 1)
      wait.reject(waiting.deliveries[round]?.id as number, false, true)
    }
    assert.deepEqual((await jobs.has(4)).bodies, ['a job', 'a job', 'a job', 'a job'])
  }))

test('an exchange does so for all its queues, by the header that it names', () =>
  withMessaging(async (node) => {
    const { vhost } = sessionOf(node)
    const args = table({ 'x-message-deduplication': true, 'x-deduplication-header': 'id' })
    value(await vhost.declareExchange(exchangeWish('e', 'fanout', { arguments: args })))
    assert.equal(publish(vhost, 'e', '', 'nowhere', keyed(1, 'id')), 0)
    value(await vhost.declareQueue(queueWish('q')))
    value(await vhost.bindQueue(bindingWish('e', 'q')))
    for (const body of ['1', '2']) publish(vhost, 'e', '', body, keyed(1, 'id'))
    for (const body of ['3', '4']) publish(vhost, 'e', '', body, keyed(1))
    publish(vhost, 'e', '', '5', keyed('1', 'id'))
    for (const body of ['1', '3', '4', '5', null]) assert.equal(await take(vhost, 'q'), body)
    for (const [wish, words] of [
      [{ 'x-message-deduplication': 'yes' }, /x-message-deduplication.*expected a boolean/],
      [{ 'x-cache-size': 0 }, /x-cache-size.*0 is less than 1/],
      [{ 'x-cache-size': 2_000_000 }, /x-cache-size.*is more than 1000000/],
    ] as const) {
      const wished = { arguments: table(wish as Record<string, string | number>) }
      assert.match(refusal(await vhost.declareExchange(exchangeWish('f', 'direct', wished))), words)
      assert.match(refusal(await vhost.declareQueue(queueWish('p', wished))), words)
    }
  }))

test('keys go by age, by number and by the budget of all', () => {
  const budget = new KeyBudget(3)
  const options = { header, sizeMax: 2, ttlMs: 100 }
  const [first, second] = [new SeenKeys(options, budget), new SeenKeys(options, budget)]
  const of = (key: FieldValue, ttl = 0) =>
    messageTo('', '', '', { headers: new Map([...table({ 'x-cache-ttl': ttl }), [header, key]]) })
  const [a, b, c] = ['a', 'b', 'c'].map((key) => of(textField(key))) as [
    ReturnType<typeof of>,
    ReturnType<typeof of>,
    ReturnType<typeof of>,
  ]
  first.note(a, 0)
  first.note(b, 0)
  assert.deepEqual([first.has(a, 99), first.has(a, 100)], [true, false])
  first.note(c, 0)
  assert.deepEqual(
    [a, b, c].map((m) => first.has(m, 1)),
    [false, true, true],
  )
  second.note(a, 0)
  second.note(b, 0)
  assert.deepEqual(
    [a, b].map((m) => second.has(m, 1)),
    [false, true],
  )
  first.clear()
  second.note(of(textField('x'.repeat(500)), 7), 0)
  const long = of(textField('x'.repeat(500)))
  assert.deepEqual([second.has(long, 6), second.has(long, 7)], [true, false])
  const array = of({ type: 'A', value: [] })
  second.note(array, 0)
  assert.equal(second.has(array, 0), false)
})
