// Holds the source against scripts/tidy-rules.ts: arrows between rooms, bans, sizes, cycles, dead
// files.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'node:test'
import { roomsTable } from '../scripts/rooms-table.ts'
import { bans, limits, longFiles, type Room, rooms } from '../scripts/tidy-rules.ts'
import { brokerKeys } from '../src/model/config/broker-keys.ts'
import { resolveBrokerSettings } from '../src/model/config/broker-settings.ts'
import { brokerValues } from '../src/model/config/config-source.ts'
import { topicKeys } from '../src/model/config/topic-keys.ts'
import { resolveTopicSettings } from '../src/model/config/topic-settings.ts'

const walk = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? walk(join(dir, e.name)) : e.name.endsWith('.ts') ? [join(dir, e.name)] : [],
  )

const sources = walk('src')
const text = new Map(
  [...sources, ...walk('test'), ...walk('scripts'), ...walk('bench')].map((f) => [
    f,
    readFileSync(f, 'utf8'),
  ]),
)

const roomOf = (file: string): Room => {
  const inside = file.slice('src/'.length)
  const found = rooms
    .filter((r) => r.path === '' || inside.startsWith(`${r.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0]
  assert.ok(found, `${file} is in no room`)
  return found
}

/** `import x from`, `export x from`, `import` alone, `import()` and `require()`. */
const importing = new RegExp(
  [
    /(?:^(?:import|export)\s[\w\s{},*$]*\sfrom\s*|^import\s*|\b(?:import|require)\s*\(\s*)/.source,
    /["'`]([^"'`]+)["'`]/.source,
  ].join(''),
  'gm',
)

const specifiersOf = (file: string): string[] =>
  [...(text.get(file) ?? '').matchAll(importing)].map((m) => m[1] as string)

const importsOf = (file: string): string[] =>
  specifiersOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(file), specifier)))

test('what is imported is a source, a dependency that is declared, or of Node', () => {
  const packages = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies)
  const isKnown = (file: string, specifier: string): boolean =>
    specifier.startsWith('.')
      ? text.has(normalize(join(dirname(file), specifier)))
      : specifier.startsWith('node:') ||
        packages.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  const wrong = sources.flatMap((file) =>
    specifiersOf(file)
      .filter((specifier) => !isKnown(file, specifier))
      .map((specifier) => `${file} -> ${specifier}`),
  )
  assert.deepEqual(wrong, [])
})

test('every import goes to its own room or to one that the table allows', () => {
  const wrong: string[] = []
  for (const file of sources) {
    const room = roomOf(file)
    for (const target of importsOf(file)) {
      const other = roomOf(target)
      if (other !== room && !room.imports.includes(other.path)) wrong.push(`${file} -> ${target}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('rooms import only from their own level or below', () => {
  const level = new Map(rooms.map((r) => [r.path, r.level]))
  for (const room of rooms)
    for (const other of room.imports)
      assert.ok((level.get(other) ?? 99) <= room.level, `${room.path} may not look up to ${other}`)
})

test('no cycle of imports', () => {
  const state = new Map<string, 'open' | 'done'>()
  const visit = (file: string, path: string[]): void => {
    if (state.get(file) === 'done') return
    assert.notEqual(state.get(file), 'open', `cycle: ${[...path, file].join(' -> ')}`)
    state.set(file, 'open')
    for (const target of importsOf(file)) visit(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of sources) visit(file, [])
})

test('the world comes in through io/, and no banned habit is used', () => {
  const wrong: string[] = []
  for (const file of sources)
    for (const ban of bans)
      if (!ban.allowedIn.test(file) && ban.pattern.test(text.get(file) ?? ''))
        wrong.push(`${file}: ${ban.pattern.source}; use ${ban.instead}`)
  assert.deepEqual(wrong, [])
})

test('no barrels; every file of src/ is used', () => {
  const used = new Set([...text.keys()].flatMap(importsOf))
  const dead = sources.filter(
    (f) => !used.has(f) && f !== 'src/main.ts' && f !== 'src/start-broker.ts',
  )
  assert.deepEqual(dead, [])
  assert.deepEqual(
    sources.filter((f) => f.endsWith('/index.ts')),
    [],
  )
})

test('sizes: lines, functions, files, rooms', () => {
  const wrong: string[] = []
  for (const [file, body] of text) {
    const lines = body.split('\n')
    lines.forEach((l, i) => {
      if (l.length > limits.lineColumns)
        wrong.push(`${file}:${i + 1} is over ${limits.lineColumns} columns`)
    })
    if (file.startsWith('src/')) {
      if (lines.length > limits.fileLines && !(file in longFiles))
        wrong.push(`${file} has ${lines.length} lines; does it hide two nouns?`)
      for (const f of longFunctions(lines)) wrong.push(`${file}:${f}`)
    }
  }
  for (const room of rooms) {
    const n = sources.filter((f) => roomOf(f) === room).length
    if (n > limits.roomFiles) wrong.push(`room ${room.path} has ${n} files`)
  }
  assert.deepEqual(wrong, [])
})

/**
 * Functions and methods by their formatted shape: an opening line, and a closing brace in its
 * column.
 */
function longFunctions(lines: readonly string[]): string[] {
  const found: string[] = []
  lines.forEach((line, i) => {
    const m =
      /^(\s*)(?!(?:if|for|while|switch|else|class|interface|return)\b)\S.*(?:\)|=>).*\{$/.exec(line)
    if (!m) return
    const end = lines.findIndex((l, j) => j > i && l.startsWith(`${m[1]}}`))
    if (end - i > limits.functionLines) found.push(`${i + 1}: a function of ${end - i} lines`)
  })
  return found
}

test('every file of src/ opens with a comment that says what it is', () => {
  const bare = sources.filter((f) => !/^(#!.*\n)?\/\//.test(text.get(f) ?? ''))
  assert.deepEqual(bare, [])
})

test('ARCHITECTURE.md shows the rooms as they are', () => {
  const page = readFileSync('ARCHITECTURE.md', 'utf8')
  const shown = /<!-- rooms -->\n([\s\S]*?)\n<!-- \/rooms -->/.exec(page)?.[1]
  if (shown !== roomsTable() && process.env['UPDATE'] === '1') {
    const fresh = `<!-- rooms -->\n${roomsTable()}\n<!-- /rooms -->`
    writeFileSync('ARCHITECTURE.md', page.replace(/<!-- rooms -->[\s\S]*<!-- \/rooms -->/, fresh))
  } else assert.equal(shown, roomsTable(), 'run the tests with UPDATE=1 to renew the table')
})

const behind = (pattern: RegExp): string =>
  sources
    .filter((f) => pattern.test(f))
    .map((f) => text.get(f))
    .join('\n')

test('every setting that is resolved is used, and every key that works is resolved', () => {
  const users = behind(/^src\/(?!model\/config\/)/)
  const settings = [
    ...Object.keys(resolveTopicSettings(new Map(), brokerValues())),
    ...Object.keys(resolveBrokerSettings(brokerValues())),
  ]
  const unused = settings.filter((name) => !new RegExp(`\\b${name}\\b`).test(users))
  assert.deepEqual(unused, [])
  const resolvers = behind(/-settings\.ts$/)
  /** Keys that stand for an option of the command line, or for another key. */
  const ofOptions = ['listeners', 'advertised.listeners', 'log.dirs', 'broker.id']
  const mirrors = new Set([...topicKeys.values()].flatMap((key) => key.synonyms))
  const keys = [
    ...topicKeys.values(),
    ...[...brokerKeys.values()].filter((key) => !mirrors.has(key.name)),
  ]
  const idle = keys.filter(
    ({ name, effect }) =>
      effect === 'works' && !resolvers.includes(`'${name}'`) && !ofOptions.includes(name),
  )
  assert.deepEqual(
    idle.map((key) => key.name),
    [],
  )
})
