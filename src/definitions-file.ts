// The file of definitions that a node takes in when it starts (polymq.definitions.file), before any
// door is open. Called by start-broker.ts.
import { basename, dirname, resolve } from 'node:path'
import { BadSettingError } from './bad-setting.ts'
import type { NodeBroker } from './broker/broker.ts'
import { definitionsBytesMax, importDefinitions } from './broker/definitions/import.ts'
import type { DiskError } from './io/disk.ts'
import { realDisk } from './io/real/disk.ts'
import { readSmallFile } from './io/small-file.ts'

/** Rejects with BadSettingError when it cannot be read or taken in. */
export async function takeDefinitions(broker: NodeBroker): Promise<void> {
  const path = broker.image.settings.definitionsFile
  if (path === '') return
  const bad = (problem: string, cause?: unknown): BadSettingError =>
    new BadSettingError(`polymq.definitions.file: ${problem}`, { cause })
  const disk = realDisk(dirname(resolve(path)))
  const bytes = await readSmallFile(disk, basename(path), definitionsBytesMax).catch(
    (cause: DiskError) => {
      throw bad(cause.code === 'ENOENT' ? `there is no file ${path}` : cause.message, cause)
    },
  )
  if (bytes === null) throw bad(`${path} has more than ${definitionsBytesMax} bytes`)
  const taken = await importDefinitions(broker, Buffer.from(bytes).toString('utf8'))
  if (!taken.ok) throw bad(`${path}: ${taken.message}`)
}
