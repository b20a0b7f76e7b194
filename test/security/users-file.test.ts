// The file of users: what is taken, and that no refusal repeats a line that may hold a password.
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseUsers, usersMax } from '../../src/security/users-file.ts'

test('names and passwords are taken as they stand', () => {
  const text = '\ufeff# ours\n\nalice=secret\r\n bob = a=b \n'
  assert.deepEqual(parseUsers(text), {
    ok: true,
    value: [
      { user: 'alice', password: 'secret' },
      { user: 'bob', password: ' a=b ' },
    ],
  })
})

const many = Array.from({ length: usersMax + 1 }, (_, i) => `u${i}=hunter2`).join('\n')

for (const [text, words] of [
  ['', /no line NAME=PASSWORD/],
  ['# alice=hunter2', /no line NAME=PASSWORD/],
  ['hunter2', /line 1 is not of the form/],
  ['a=b\n=hunter2', /line 2 is not of the form/],
  ['alice=', /line 1 is not of the form/],
  ['alice=hunter2\0', /line 1 is not of the form/],
  ['hunter2=x\nhunter2=y', /line 2 names a user a second time/],
  [many, /more than 1000 users/],
] as const)
  test(`refused: ${JSON.stringify(text.slice(0, 30))}`, () => {
    const parsed = parseUsers(text)
    assert.ok(!parsed.ok)
    assert.match(parsed.message, words)
    assert.doesNotMatch(parsed.message, /hunter2/)
  })
