// Plants one bug at a time in a copy of what was built, and expects the simulation to find it:
// `npm run sim:planted`. Prints how many seeds each one took; ends with 1 when one was not found.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../../scripts/peers/root.ts'

interface Planted {
  readonly bug: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

const planted: readonly Planted[] = [
  {
    bug: 'acknowledge before fsync',
    file: 'log/journal/commit-writer.js',
    find: 'if (commit.sync && this.#unsynced.size === 0) {\n            await file.durable.write(',
    replace: 'if (commit.sync && this.#unsynced.size === 0) {\n            await file.plain.write(',
  },
  {
    bug: 'skip the directory fsync',
    file: 'log/flusher.js',
    find: 'await disk.syncDir(segmentFolder)',
    replace: 'await null',
  },
  {
    bug: 'trust a bad length',
    file: 'log/journal/journal-scan.js',
    find: 'if (!isWhole && !(await this.#wasDurable(lsn, lsn + bytes)))',
    replace: 'if (false)',
  },
  {
    bug: 'reuse a slab too early',
    file: 'log/journal/slab-cache.js',
    find: 'if (oldest.pins === 0)',
    replace: 'if (oldest.pins >= 0)',
  },
  {
    bug: 'lose producer state',
    file: 'log/flusher.js',
    find: '{ producers: log.producers.snapshot(end) }',
    replace: '{}',
  },
]

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '2000' } } })
let missed = 0
for (const bug of planted) if (!find(bug)) missed++
process.exitCode = missed === 0 ? 0 : 1

function find({ bug, file, find, replace }: Planted): boolean {
  const copy = join(root, 'build', 'planted')
  rmSync(copy, { recursive: true, force: true })
  for (const part of ['src', 'test'])
    cpSync(join(root, 'build', part), join(copy, part), { recursive: true })
  const path = join(copy, 'src', file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${bug}: ${file} does not hold it once`)
  writeFileSync(path, text.replace(find, replace))
  const main = join(copy, 'test', 'rigs', 'sim', 'main.js')
  const args = [main, '--seed', '1', '--seeds', values.seeds, '--failures', '1', '--workers', '1']
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  rmSync(copy, { recursive: true, force: true })
  const seeds = /(\d+) seeds, 1 failed/.exec(stdout)?.[1]
  const said = /^seed \d+: (.*)$/m.exec(stdout)?.[1]
  const isFound = status === 1 && seeds !== undefined
  console.log(isFound ? `${bug}: found by seed ${seeds}: ${said}` : `${bug}: NOT found`)
  return isFound
}
