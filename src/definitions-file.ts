// The file of definitions that a node takes in when it starts (polymq.definitions.file), before any
// door is open. Called by start-broker.ts.
import { basename, dirname, resolve } from 'node:path'
import { BadSettingError } from './bad-setting.ts'
import { NodeBroker, type NodeParts } from './broker/broker.ts'
import {
  definitionsBytesMax,
  importDefinitions,
  parseDefinitions,
} from './broker/definitions/import.ts'
import type { Disk, DiskError } from './io/disk.ts'
import { memoryDisk } from './io/memory-disk.ts'
import { realDisk } from './io/real/disk.ts'
import { readSmallFile } from './io/small-file.ts'
import { ignoreOnly } from './io/system-call.ts'

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

/**
 * Takes them in by a node in memory with the metadata of this folder, so that a start which they
 * stop leaves the folder as it was. Rejects as `takeDefinitions` does.
 */
export async function rehearseDefinitions(
  parts: NodeParts,
  definitions: Definitions,
): Promise<void> {
  const disk = memoryDisk()
  await copyMetadata(parts.disk, disk)
  const broker = await NodeBroker.open({ ...parts, disk, report: () => undefined })
  try {
    await takeDefinitions(broker, definitions)
  } finally {
    await broker.close()
  }
}

const pieceBytes = 1 << 20

async function copyMetadata(from: Disk, to: Disk): Promise<void> {
  const source = await from.open('metadata', { access: 'read' }).catch((error: unknown) => {
    ignoreOnly(error, 'ENOENT')
    return null
  })
  if (source === null) return
  const target = await to.open('metadata', { access: 'write' })
  try {
    const piece = new Uint8Array(pieceBytes)
    const size = await source.size()
    for (let at = 0; at < size; at += piece.length) {
      const n = await source.read(piece, at)
      await target.write([piece.slice(0, n)], at)
    }
  } finally {
    await Promise.all([source.close(), target.close()])
  }
}

/** Rejects with BadSettingError when something in it cannot be taken in. */
export async function takeDefinitions(broker: NodeBroker, definitions: Definitions): Promise<void> {
  const problems = await importDefinitions(broker, definitions)
  if (problems.length === 0) return
  throw bad(`${broker.image.settings.definitionsFile}: ${problems.join('; ')}`)
}
