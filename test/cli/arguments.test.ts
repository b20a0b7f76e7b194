// The command line's arguments, as a table: what is typed, and what is understood or refused.
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseArguments } from '../../src/cli/arguments.ts'
import type { TextKey } from '../../src/cli/texts-en.ts'
import { UsageError } from '../../src/cli/usage-error.ts'

const understood: readonly [string, object][] = [
  ['', { name: 'help', flags: {} }],
  ['help', { name: 'help', flags: {} }],
  ['--help', { name: 'help', flags: { help: ['true'] } }],
  ['-h', { name: 'help', flags: { help: ['true'] } }],
  ['--version', { name: 'version', flags: { version: ['true'] } }],
  ['start --version', { name: 'version', flags: { version: ['true'] } }],
  ['version --lang zh', { name: 'version', flags: { lang: ['zh'] } }],
  ['start', { name: 'start', flags: {} }],
  ['start --help', { name: 'start', flags: { help: ['true'] } }],
  ['start --data=/d --json', { name: 'start', flags: { data: ['/d'], json: ['true'] } }],
  ['--memory start', { name: 'start', flags: { memory: ['true'] } }],
  [
    'start --set a=1 --set b==x --listen kafka=h:1',
    { name: 'start', flags: { set: ['a=1', 'b==x'], listen: ['kafka=h:1'] } },
  ],
]

const refused: readonly [string, TextKey][] = [
  ['run', 'unknownCommand'],
  ['--memory', 'unknownCommand'],
  ['start now', 'extraArgument'],
  ['start --port 1', 'unknownOption'],
  ['start -d x', 'unknownOption'],
  ['start --constructor', 'unknownOption'],
  ['start --no-memory', 'unknownOption'],
  ['version --data x', 'unknownOption'],
  ['--version --data x', 'unknownOption'],
  ['run --version', 'unknownCommand'],
  ['start --data', 'missingValue'],
  ['start --data=', 'missingValue'],
  ['start --data --memory', 'missingValue'],
  ['start --memory=yes', 'unwantedValue'],
  ['start --data a --data b', 'repeatedOption'],
]

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')

test('arguments that are understood', () => {
  for (const [line, command] of understood)
    assert.deepEqual(parseArguments(words(line)), command, line)
})

test('arguments that are refused', () => {
  for (const [line, key] of refused)
    assert.throws(
      () => parseArguments(words(line)),
      (error) => error instanceof UsageError && error.key === key,
      line,
    )
})
