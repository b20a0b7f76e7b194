// Runs every unit test in one process: sixty files under `node --test` cost six seconds, imported
// 0.2. The suites that need a process of their own (simulation, real clients) have scripts of their
// own.
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
/** Folders that are not part of the unit run. */
const apart = new Set(['clients', 'rigs', 'reference'])

const collect = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    if (e.isDirectory()) return apart.has(e.name) ? [] : collect(join(dir, e.name))
    return e.name.endsWith('.test.js') ? [join(dir, e.name)] : []
  })

const only = process.argv.slice(2)
for (const file of collect(here).sort())
  if (only.length === 0 || only.some((o) => file.includes(o)))
    await import(pathToFileURL(file).href)
