// Plays the rebalance flows of test/script/coordinator-*.txt: a line that begins with '> ' is a
// command, the lines under it are what followed from it. `UPDATE=1 npm test` writes them anew; read
// the difference.
//
// Commands:
//   options k=v ...                     a new coordinator, with empty records
//   join NAME [id] [old] [skip] [instance=I] [type=T] [protocols=a,b] [metadata=M]
//        [session=ms] [rebalance=ms]
//     id: with the id it knows; old: needs no known id; skip: understands skip-assignment
//   sync NAME [gen=N] [protocol=P] [give=NAME:A,NAME:A]
//   heartbeat NAME [gen=N] [instance=I]    leave NAME[,NAME] [instance=I]
//   commit NAME|- topic partition offset [gen=N] [metadata=M] [retention=ms]
//   offsets [topic partition]            delete-offsets topic partition      forget-topic topic
//   describe | list [states=a,b] [types=a] | delete
//   advance ms | hold | release | refuse ERROR|nothing | restart | stop
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { ScriptedGroup } from './scripted-group.ts'

const folder = 'test/script'
const { UPDATE } = process.env

const play = (script: string): string => {
  const world = new ScriptedGroup()
  const out: string[] = []
  for (const line of script.split('\n')) {
    if (line.startsWith('#') || line === '') out.push(line)
    if (line.startsWith('> ')) out.push(line, ...world.run(line.slice(2)))
  }
  return out.join('\n')
}

for (const file of readdirSync(folder).filter((f) => f.startsWith('coordinator-')))
  test(`script ${file}`, () => {
    const path = join(folder, file)
    const expected = readFileSync(path, 'utf8')
    const actual = play(expected)
    if (UPDATE === '1') writeFileSync(path, actual)
    else assert.equal(actual, expected)
  })
