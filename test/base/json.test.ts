import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brief, jsonText, parseObject } from '../../src/base/json.ts'

const nested = (open: string, close: string, depth: number): string =>
  `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`

test('objects only, and none that nests too deeply', () => {
  assert.deepEqual(parseObject('{"a":[{"b":null}]}'), { a: [{ b: null }] })
  for (const text of ['', '{', '[]', '1', 'null', '"a"']) assert.equal(parseObject(text), null)
  assert.notEqual(parseObject(nested('[', ']', 63)), null)
  assert.equal(parseObject(nested('[', ']', 64)), null)
  assert.equal(parseObject(nested('{"a":', '}', 64)), null)
  assert.equal(parseObject(nested('[', ']', 1_000_000)), null)
})

test('no more values than a node has memory for; what stands in texts does not count', () => {
  const most = 4_000_000
  const list = (values: number): string => `{"a":[${'0,'.repeat(values)}0]}`
  assert.notEqual(parseObject(list(most - 2)), null)
  assert.equal(parseObject(list(most - 1)), null)
  assert.equal(parseObject(`{"a":[${'[],'.repeat(most)}0]}`), null)
  assert.notEqual(parseObject(`{"a":"${'[\\",{'.repeat(most)}"}`), null)
})

test('no half of a pair that a text cannot be written with', () => {
  assert.deepEqual(parseObject('{"a":"\\ud83d\\ude00"}'), { a: '\u{1f600}' })
  for (const half of ['\\ud800', '\\udc00', 'a\\udfffb', '\\ude00\\ud83d'])
    for (const text of [`{"a":"${half}"}`, `{"${half}":1}`, `{"a":[{"b":["${half}"]}]}`])
      assert.equal(parseObject(text), null)
})

test('any value can be shown', () => {
  assert.equal(brief('a text', 3), 'a t')
  assert.equal(brief({ toString: 1, valueOf: null }), '{"toString":1,"valueOf":null}')
  assert.equal(brief([1, ['']]), '[1,[""]]')
  assert.equal(brief(undefined), 'nothing')
  assert.equal(brief(null), 'null')
})

test('whole numbers of 64 bits keep their digits, whatever stands around them', () => {
  const kept = [
    '{"a":9007199254740993}',
    '{"a":[-9223372036854775808,9223372036854775807,{"b":1234567890123456789}]}',
    '{"9007199254740993":"9007199254740993","b":"\\"9007199254740993,"}',
    '{"a":"x\\"\\u0000#9007199254740993#"}',
    '{"a":9007199254740991,"b":1e+30,"c":0.1}',
  ]
  for (const text of kept) assert.equal(jsonText(parseObject(text)), text)
  // No long: a double, as any number is.
  assert.deepEqual(parseObject('{"a":9223372036854775808}'), { a: 2 ** 63 })
  assert.deepEqual(parseObject('{"a":1.0000000000000000,"b":1000000000000000000e1}'), {
    a: 1,
    b: 1e19,
  })
  for (const text of ['{"a":09007199254740993}', '{"a":+9007199254740993}', '{9007199254740993}'])
    assert.equal(parseObject(text), null)
  assert.equal(brief(parseObject('{"a":9007199254740993}')?.['a']), '9007199254740993')
  assert.equal(parseObject(`{"a":"${'9'.repeat(1_000_000)}`), null)
})
