// The commands that start nothing, the languages, and the one line of a refusal.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { chooseTexts, fill } from '../../src/cli/language.ts'
import { run } from '../../src/cli/run.ts'
import { english, type TextKey } from '../../src/cli/texts-en.ts'
import { chinese } from '../../src/cli/texts-zh.ts'
import { version } from '../../src/version.ts'
import { fakeHost } from './fake-host.ts'

const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

test('both languages have the same texts, with the same places in them', () => {
  assert.deepEqual(Object.keys(chinese).sort(), Object.keys(english).sort())
  for (const key of Object.keys(english) as TextKey[])
    assert.deepEqual(places(chinese[key]), places(english[key]), key)
})

test('both helps name every option', () => {
  const options = (text: string): string[] => [...new Set(text.match(/(?<!\w)--[a-z]+/g))].sort()
  assert.deepEqual(options(chinese.startHelp), options(english.startHelp))
})

test('the language: asked for, else the locale, else English', () => {
  assert.equal(chooseTexts('zh', {}), chinese)
  assert.equal(chooseTexts('zh-CN', {}), chinese)
  assert.equal(chooseTexts('en', { LANG: 'zh_CN.UTF-8' }), english)
  assert.equal(chooseTexts(undefined, { LANG: 'zh_CN.UTF-8' }), chinese)
  assert.equal(chooseTexts(undefined, { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }), english)
  assert.equal(chooseTexts(undefined, {}), english)
})

test('wrong arguments are refused in the language that they or the locale ask for', async () => {
  const asked: readonly [string[], Record<string, string>, object][] = [
    [['start', '--nope'], { POLYMQ_LANG: 'zh' }, chinese],
    [['start', '--nope', '--lang', 'zh'], {}, chinese],
    [['start', '--nope', '--lang=en'], { POLYMQ_LANG: 'zh' }, english],
    [['start', '--nope', '--lang=xx'], { POLYMQ_LANG: 'zh' }, chinese],
    [['start', '--nope', '--lang'], { LANG: 'zh_CN.UTF-8' }, chinese],
    [['start', '--nope'], { POLYMQ_LANG: 'toString' }, english],
  ]
  for (const [args, env, texts] of asked) {
    const host = fakeHost(args, env)
    assert.equal(await run(host), 2)
    const text = fill((texts as typeof english).unknownOption, { option: '--nope' })
    assert.equal(host.printed().err, `polymq: ${text}\n`)
  }
})

test('places are filled in, and only once', () => {
  assert.equal(fill('{a} {b} {c}', { a: '{b}', b: 2 }), '{b} 2 {c}')
})

test('the version is the one of the package', async () => {
  assert.equal(JSON.parse(readFileSync('package.json', 'utf8')).version, version)
  const host = fakeHost(['version'])
  assert.equal(await run(host), 0)
  assert.equal(host.printed().out, `${version}\n`)
})

test('help in two languages', async () => {
  const host = fakeHost(['start', '--help', '--lang', 'zh'], { LANG: 'en_US.UTF-8' })
  assert.equal(await run(host), 0)
  assert.equal(host.printed().out, chinese.startHelp)
})

test('a refusal is one line on standard error and exit code 2', async () => {
  const wrong: readonly [string[], RegExp][] = [
    [['stop'], /no command 'stop'/],
    [['start', '--prot'], /no option '--prot'/],
    [['start', '--lang', 'fr'], /not 'fr'/],
    [['start', '--config', 'absent'], /cannot read the file absent \(ENOENT\)/],
    [['start', '--set', 'no.such.key=1\n2'], /no\.such\.key/],
  ]
  for (const [args, words] of wrong) {
    const host = fakeHost(args)
    assert.equal(await run(host), 2, args.join(' '))
    const { out, err } = host.printed()
    assert.equal(out, '')
    assert.match(err, words)
    assert.match(err, /^polymq: [^\n]+\n$/)
  }
})
