// Patterns of names in permissions: what they match, as RabbitMQ's, that the usual ones and those
// that an engine matches mean the same, and that none takes long.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  alternativeOf,
  alternativesOf,
  type NameSet,
  PatternCompiler,
  patternLengthMax,
  simpleNames,
} from '../../src/security/access/name-pattern.ts'

async function matcher(pattern: string): Promise<(name: string) => boolean> {
  const compiler = new PatternCompiler()
  const checked = await compiler.check(pattern)
  assert.ok(checked.ok)
  assert.equal(compiler.compile(pattern).steps, checked.value.steps)
  return checked.value.matches
}

for (const [pattern, yes, no] of [
  ['', [''], ['a', 'orders']],
  ['^$', [''], ['a']],
  ['.*', ['', 'a', 'amq.gen-1'], []],
  ['^.*$', ['', 'a'], []],
  ['orders', ['orders', 'my-orders-2'], ['order', '']],
  ['^orders$', ['orders'], ['orders-2', 'my-orders']],
  ['^orders', ['orders', 'orders-2'], ['my-orders']],
  ['^orders\\..*', ['orders.', 'orders.eu'], ['orders', 'ordersXeu']],
  ['^orders.eu$', ['orders.eu', 'orders-eu'], ['orders']],
  ['^(amq\\.gen.*|amq\\.default)$', ['amq.gen-x', 'amq.default'], ['amq.direct', 'q']],
  ['^a$|^b|c$', ['a', 'bb', 'xc'], ['ax', 'cb']],
  ['^(?!amq\\.).*', ['orders', 'amqp'], ['amq.default', 'amq.']],
  ['^(?!amq\\.|_)(?=.*-eu)[a-z]', ['orders-eu'], ['amq.x-eu', '_x-eu', 'orders', '-eu']],
  ['^x$|^(?!a).+', ['x', 'b'], ['a', 'ab', '']],
  ['^[|)(]$', ['|', '(', ')'], ['a', '']],
  ['[[:digit:]]$', ['q1'], ['q']],
] as const)
  test(`'${pattern}'`, async () => {
    const matches = await matcher(pattern)
    for (const name of yes) assert.ok(matches(name), name)
    for (const name of no) assert.ok(!matches(name), name)
  })

const refused = ['(a)\\1', 'a(?!b)', '(', '[a', 'x++', 'a'.repeat(patternLengthMax + 1)]
const repeating = [
  '([ab]{0,30}){0,30}[cde]',
  '(a?){400}[^ab]',
  '^(?!(a?){400})b',
  '(a?){99}|'.repeat(50),
]
for (const pattern of [...refused, ...repeating])
  test(`refused: '${pattern.slice(0, 20)}'`, async () => {
    const checked = await new PatternCompiler().check(pattern)
    assert.ok(!checked.ok)
    assert.equal(checked.error, 'invalidRequest')
  })

test('a pattern that is slow elsewhere is matched all the same', async () => {
  const matches = await matcher('^(a+)+$|^([a-z]*)*!$')
  assert.ok(!matches(`${'a'.repeat(254)}?`))
})

test('a pattern that was never let in matches nothing', async () => {
  const compiler = new PatternCompiler()
  await compiler.prepare('(a)\\1')
  assert.equal(compiler.compile('(a)\\1').matches('aa'), false)
})

test('names that are text are compared as an expression would', () => {
  const text = fc.string({ maxLength: 6 }).filter((each) => !/[\n\r\u2028\u2029]/.test(each))
  const name: fc.Arbitrary<NameSet> = fc.oneof(
    fc.constant({ kind: 'any' as const }),
    fc
      .tuple(fc.boolean(), text)
      .filter(([, each]) => each !== '')
      .map(([isWhole, each]): NameSet => ({ kind: isWhole ? 'literal' : 'prefix', text: each })),
  )
  const compiler = new PatternCompiler()
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), text, (names, asked) => {
      const pattern = names.map(alternativeOf).join('|')
      assert.equal(alternativesOf(pattern).length, names.length)
      assert.deepEqual(simpleNames(pattern), names)
      assert.equal(compiler.compile(pattern).matches(asked), new RegExp(pattern, 's').test(asked))
    }),
  )
})
