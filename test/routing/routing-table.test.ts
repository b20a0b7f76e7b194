// Routes of random tables against the naive matchers, and what has no oracle: hashing, caching,
// time.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { type FieldTable, type FieldValue, noFields } from '../../src/model/message/field.ts'
import { MessageView } from '../../src/model/message/message.ts'
import type { Binding } from '../../src/routing/binding.ts'
import { checkBinding, checkExchangeType } from '../../src/routing/exchange-types.ts'
import { RoutingTable } from '../../src/routing/routing-table.ts'
import { headerBytes } from './header-bytes.ts'
import { type NaiveExchange, naiveRoute, topicMatches } from './naive-routing.ts'

const nothing = new Uint8Array(0)
const message = (routingKey: string, headers: FieldTable = noFields): MessageView =>
  new MessageView().set('', routingKey, headerBytes(headers), nothing)
const text = (value: string): FieldValue => ({ type: 'S', value: Buffer.from(value) })
const toQueue = (source: string, target: string, routingKey: string, args = noFields): Binding => ({
  source,
  kind: 'queue',
  target,
  routingKey,
  arguments: args,
})
const toExchange = (source: string, target: string, routingKey: string): Binding => ({
  ...toQueue(source, target, routingKey),
  kind: 'exchange',
})

const reached = <Q>(table: RoutingTable<Q>, exchange: string, of: MessageView, more?: string[]) =>
  table.route(exchange, of, more).queues

const word = fc.constantFrom('a', 'b', '', '*', '#')
const key = fc.array(word, { maxLength: 6 }).map((words) => words.join('.'))
const value = fc.constantFrom<FieldValue>(
  { type: 'I', value: 1 },
  { type: 'l', value: 1n },
  { type: 'd', value: 1 },
  text('1'),
  { type: 'x', value: Buffer.from('1') },
  { type: 't', value: true },
  { type: 'A', value: [text('1')] },
  { type: 'F', value: new Map([['a', text('1')]]) },
)
const headers = fc
  .dictionary(fc.constantFrom('a', 'b', 'x-c'), value)
  .map((d): FieldTable => new Map(Object.entries(d)))
const pattern = fc
  .tuple(
    headers,
    fc.constantFrom(null, 'all', 'any', 'all-with-x', 'any-with-x'),
    fc.option(fc.constantFrom('a', 'b', 'x-c')),
  )
  .map(([table, match, present]): FieldTable => {
    const whole = new Map(table)
    if (present !== null) whole.set(present, { type: 'V' })
    if (match !== null) whole.set('x-match', text(match))
    return whole
  })
const exchangeNames = ['e0', 'e1', 'e2', 'e3']
const exchanges = fc
  .array(
    fc.record({
      type: fc.constantFrom('direct', 'fanout', 'topic', 'headers'),
      alternate: fc.option(fc.constantFrom(...exchangeNames)),
    }),
    { minLength: 4, maxLength: 4 },
  )
  .map((list) => new Map(list.map((e, i): [string, NaiveExchange] => [`e${i}`, e])))
const binding: fc.Arbitrary<Binding> = fc
  .record({
    source: fc.constantFrom(...exchangeNames),
    target: fc.constantFrom('q0', 'q1', 'q2', ...exchangeNames),
    routingKey: key,
    arguments: pattern,
  })
  .map((b) => ({ ...b, kind: b.target.startsWith('q') ? 'queue' : 'exchange' }))

function tableOf(of: ReadonlyMap<string, NaiveExchange>): RoutingTable<string> {
  const table = new RoutingTable<string>()
  for (const [name, { type, alternate }] of of) table.addExchange(name, type, noFields, alternate)
  for (const queue of ['q0', 'q1', 'q2']) table.addQueue(queue, queue)
  return table
}

test('a route is what the naive matchers find, while bindings come and go', () => {
  const step = fc.record({ binding, isAdded: fc.boolean(), key, more: fc.array(key), headers })
  fc.assert(
    fc.property(exchanges, fc.array(step, { maxLength: 30 }), (of, steps) => {
      const table = tableOf(of)
      let bindings: Binding[] = []
      for (const { binding: each, isAdded, key: routingKey, more, headers: sent } of steps) {
        if (isAdded && table.bind(each)) bindings.push(each)
        else if (!isAdded && bindings.length > 0) {
          const [gone] = bindings
          assert.ok(gone !== undefined && table.unbind(gone))
          bindings = bindings.slice(1)
        }
        assert.equal(table.bindingCount, bindings.length)
        for (const keys of [[routingKey], [routingKey, ...more], [routingKey]]) {
          const found = reached(table, 'e0', message(routingKey, sent), keys.slice(1))
          assert.deepEqual([...found].sort(), naiveRoute(of, bindings, 'e0', keys, sent))
        }
      }
    }),
  )
})

test('topic keys match as RabbitMQ has it', () => {
  const cases: [string, string, boolean][] = [
    ['#', '', true],
    ['*', '', false],
    ['', '', true],
    ['a.#', 'a', true],
    ['#.a.#', 'a', true],
    ['*.*', 'a.', true],
    ['a.*.c', 'a..c', true],
    ['a.#.c', 'a.b.b.c', true],
    ['a.*', 'a.b.c', false],
    ['a', 'A', false],
  ]
  for (const [pattern_, routingKey, expected] of cases) {
    const table = tableOf(new Map([['e0', { type: 'topic', alternate: null }]]))
    table.bind(toQueue('e0', 'q0', pattern_))
    assert.equal(topicMatches(pattern_, routingKey), expected, `${pattern_} ${routingKey}`)
    assert.equal(reached(table, 'e0', message(routingKey)).length, expected ? 1 : 0)
  }
})

test('patterns full of # cost no more than words times nodes', () => {
  const table = tableOf(new Map([['e0', { type: 'topic', alternate: null }]]))
  // 2^60 ways to split the words between the #s, for who tries them all.
  table.bind(toQueue('e0', 'q0', `${'#.a.'.repeat(60)}b`))
  const routingKey = 'a.'.repeat(120)
  for (let i = 0; i < 200; i++)
    assert.deepEqual(reached(table, 'e0', message(`${routingKey}${i}`)), [])
})

test('a queue or an exchange takes its bindings along, and routes forget them', () => {
  const table = tableOf(
    new Map([
      ['e0', { type: 'direct', alternate: null }],
      ['e1', { type: 'fanout', alternate: null }],
    ]),
  )
  table.bind(toQueue('e0', 'q0', 'k'))
  table.bind(toExchange('e0', 'e1', 'k'))
  table.bind(toExchange('e1', 'e1', ''))
  table.bind(toQueue('e1', 'q1', ''))
  assert.deepEqual([...reached(table, 'e0', message('k'))].sort(), ['q0', 'q1'])
  assert.equal([...table.removeQueue('q0')].length, 1)
  assert.deepEqual(reached(table, 'e0', message('k')), ['q1'])
  assert.ok([...table.removeExchange('e1')].length > 0)
  assert.equal(table.bindingCount, 0)
  assert.deepEqual(reached(table, 'e0', message('k')), [])
  assert.deepEqual(reached(table, '', message('q1')), ['q1'])
})

test('a message whose route takes too many steps is looked at no further', () => {
  const table = new RoutingTable<string>()
  table.addExchange('t', 'topic', noFields, null)
  table.addQueue('q', 'q')
  for (let i = 0; i < 3_000; i++) {
    const words = Array.from(
      { length: 12 },
      (_, at) => ['a', '*', '#'][Math.floor(i / 3 ** at) % 3],
    )
    table.bind(toQueue('t', 'q', `${words.join('.')}.#.a`))
  }
  const long = table.route('t', message(Array.from({ length: 120 }, () => 'a').join('.')))
  assert.equal(long.isWhole, false)
  const short = table.route('t', message('a.a.a.a.a.a.a.a.a.a.a.a.a'))
  assert.deepEqual([short.isWhole, short.queues], [true, ['q']])
})

test('lists and tables are compared with their types, and in order', () => {
  const table = new RoutingTable<string>()
  table.addExchange('h', 'headers', noFields, null)
  const one: FieldValue = { type: 'I', value: 1 }
  const list = (...value: FieldValue[]): FieldValue => ({ type: 'A', value })
  const rows = (...entries: [string, FieldValue][]): FieldValue => ({
    type: 'F',
    value: new Map(entries),
  })
  const a = text('a')
  table.addQueue('list', 'list')
  table.addQueue('table', 'table')
  table.bind(toQueue('h', 'list', '', new Map([['v', list(one, a)]])))
  table.bind(toQueue('h', 'table', '', new Map([['v', rows(['x', one], ['y', a])]])))
  const to = (value: FieldValue) => reached(table, 'h', message('', new Map([['v', value]])))
  assert.deepEqual(to(list(one, a)), ['list'])
  assert.deepEqual(to(list({ type: 'l', value: 1n }, a)), [])
  assert.deepEqual(to(list(a, one)), [])
  assert.deepEqual(to(rows(['x', one], ['y', a])), ['table'])
  assert.deepEqual(to(rows(['y', a], ['x', one])), [])
})

test('headers that are compared count as steps, once for all keys', () => {
  const table = new RoutingTable<{ readonly isGone: boolean }>()
  table.addExchange('h', 'headers', noFields, null)
  const names = Array.from({ length: 1000 }, (_, i) => `n${i}`)
  const wanted: FieldTable = new Map(names.map((name) => [name, text('1')]))
  const args = new Map([...wanted, ['x-match', text('any')]])
  for (let i = 0; i < 600; i++) {
    table.addQueue(`q${i}`, { isGone: false })
    table.bind(toQueue('h', `q${i}`, '', args))
  }
  assert.equal(table.route('h', message('k')).isWhole, false)
  for (let i = 0; i < 200; i++) table.unbind(toQueue('h', `q${i}`, '', args))
  assert.equal(table.route('h', message('k'), ['l', 'm']).isWhole, true)
  assert.equal(reached(table, 'h', message('k', new Map([['n0', text('1')]]))).length, 400)
})

test('an exchange that matches nothing hands on to its alternate, also to the default one', () => {
  const table = new RoutingTable<string>()
  table.addQueue('q', 'q')
  table.addExchange('e', 'direct', noFields, '')
  assert.deepEqual(reached(table, 'e', message('q')), ['q'])
  assert.deepEqual(reached(table, 'e', message('other'), ['q']), ['q'])
  table.setAlternate('e', null)
  assert.deepEqual(reached(table, 'e', message('q')), [])
})

test('consistent hash: one queue each, by weight, and only the lost share moves', () => {
  const table = new RoutingTable<string>()
  table.addExchange('e', 'x-consistent-hash', noFields, null)
  const weights = [1, 1, 2]
  const bindings = weights.map((w, i) => toQueue('e', `q${i}`, String(w)))
  for (const b of bindings) {
    table.addQueue(b.target, b.target)
    table.bind(b)
  }
  const routes = () =>
    Array.from({ length: 4000 }, (_, i) => {
      const found = reached(table, 'e', message(`key-${i}`))
      assert.equal(found.length, 1)
      return found[0] as string
    })
  const before = routes()
  const shares = bindings.map(({ target }) => before.filter((q) => q === target).length)
  for (const [i, share] of shares.entries())
    assert.ok(Math.abs(share - (weights[i] as number) * 1000) < 150, `${shares}`)
  assert.equal([...table.removeQueue('q1')].length, 1)
  for (const [i, now] of routes().entries()) if (before[i] !== 'q1') assert.equal(now, before[i])
})

test('consistent hash by a header: the key does not count', () => {
  const table = new RoutingTable<string>()
  table.addExchange('e', 'x-consistent-hash', new Map([['hash-header', text('h')]]), null)
  for (const q of ['q0', 'q1', 'q2', 'q3']) {
    table.addQueue(q, q)
    table.bind(toQueue('e', q, '1'))
  }
  const routeOf = (routingKey: string, h: string) =>
    reached(table, 'e', message(routingKey, new Map([['h', text(h)]])))[0]
  for (let i = 0; i < 50; i++) assert.equal(routeOf(`k${i}`, 'same'), routeOf('k', 'same'))
  const all = new Set(Array.from({ length: 50 }, (_, i) => routeOf('k', `h${i}`)))
  assert.equal(all.size, 4)
})

test('types and bindings are checked', () => {
  const args = (entries: [string, FieldValue][]): FieldTable => new Map(entries)
  const isOk = (type: string, table = noFields) => checkExchangeType(type, table).ok
  assert.ok(isOk('direct') && isOk('x-delayed-message', args([['x-delayed-type', text('topic')]])))
  assert.ok(!isOk('nonsense') && !isOk('x-delayed-message'))
  const delayed = args([['x-delayed-type', text('x-delayed-message')]])
  assert.ok(!isOk('x-delayed-message', delayed))
  assert.ok(!isOk('x-consistent-hash', args([['hash-property', text('app_id')]])))
  assert.ok(!checkBinding('x-consistent-hash', 'k', noFields).ok)
  assert.ok(checkBinding('x-consistent-hash', '3', noFields).ok)
  assert.ok(!checkBinding('headers', '', args([['x-match', text('some')]])).ok)
  assert.ok(checkBinding('direct', '', args([['x-match', text('some')]])).ok)
})

test('what is taken away counts for nothing at once, and its bindings go step by step', () => {
  const table = new RoutingTable<string>()
  for (const type of ['fanout', 'x-consistent-hash'])
    table.addExchange(type, type, noFields, type === 'fanout' ? 'x-consistent-hash' : null)
  for (const q of ['gone', 'left']) table.addQueue(q, q)
  for (let i = 1; i <= 20; i++) {
    table.bind(toQueue('fanout', 'gone', `${i}`))
    table.bind(toQueue('x-consistent-hash', 'gone', `${i}`))
  }
  table.bind(toQueue('x-consistent-hash', 'left', '1'))
  const { version } = table
  const steps = table.removeQueue('gone')[Symbol.iterator]()
  assert.notEqual(table.version, version)
  for (let left = 41; left > 1; left--) {
    assert.equal(table.bindingCount, left)
    // Nothing that matches is there: the alternate has it.
    assert.deepEqual(reached(table, 'fanout', message(`key-${left}`)), ['left'])
    assert.equal(table.hasBindingsFrom('fanout'), false)
    assert.equal(table.bindingsFrom('x-consistent-hash').length, 1)
    assert.equal(steps.next().done, false)
  }
  assert.equal(steps.next().done, true)
  assert.deepEqual([table.bindingCount, table.queue('gone')], [1, undefined])
  table.addQueue('gone', 'again')
  assert.ok(table.bind(toQueue('fanout', 'gone', '1')))
  const bound = [...table.removeExchange('fanout')].map(({ binding }) => binding.target)
  assert.deepEqual([bound, table.bindingsTo('queue', 'gone')], [['gone'], []])
})
