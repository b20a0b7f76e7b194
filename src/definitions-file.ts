// The file of definitions that a node takes in when it starts (polymq.definitions.file), before any
// door is open. Called by start-broker.ts.
import { basename, dirname, resolve } from 'node:path'
import { BadSettingError } from './bad-setting.ts'
import type { NodeBroker } from './broker/broker.ts'
import {
  definitionsBytesMax,
  importDefinitions,
  parseDefinitions,
} from './broker/definitions/import.ts'
import type { DiskError } from './io/disk.ts'
import { realDisk } from './io/real/disk.ts'
import { readSmallFile } from './io/small-file.ts'

type Definitions = Readonly<Record<string, unknown>>

const bad = (problem: string, cause?: unknown): BadSettingError =>
  new BadSettingError(`polymq.definitions.file: ${problem}`, { cause })

/** Null: `path` is ''. Rejects with BadSettingError when it cannot be read. */
export async function readDefinitions(path: string): Promise<Definitions | null> {
  if (path === '') return null
  const disk = realDisk(dirname(resolve(path)))
  const bytes = await readSmallFile(disk, basename(path), definitionsBytesMax).catch(
    (cause: DiskError) => {
      throw bad(cause.code === 'ENOENT' ? `there is no file ${path}` : cause.message, cause)
    },
  )
  if (bytes === null) throw bad(`${path} has more than ${definitionsBytesMax} bytes`)
  const definitions = parseDefinitions(Buffer.from(bytes).toString('utf8'))
  if (definitions === null) throw bad(`${path} is not a JSON object`)
  return definitions
}

/** Rejects with BadSettingError when something in it cannot be taken in. */
export async function takeDefinitions(broker: NodeBroker, definitions: Definitions): Promise<void> {
  const problems = await importDefinitions(broker, definitions)
  if (problems.length === 0) return
  throw bad(`${broker.image.settings.definitionsFile}: ${problems.join('; ')}`)
}
