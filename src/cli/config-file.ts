// The file of --config: lines KEY=VALUE, as in Kafka's server.properties. Empty lines and lines
// that start with # or ! say nothing; a value runs to the end of its line. Called by run.ts.
import type { Host } from './host.ts'
import { fileLayer, type Layer } from './layer.ts'
import { UsageError } from './usage-error.ts'

const bytesMax = 1_048_576

export async function readConfigFile(host: Host, path: string): Promise<Layer> {
  let text: string | null
  try {
    text = await host.readFile(path, bytesMax)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UsageError('configUnreadable', { path, code })
  }
  if (text === null) throw new UsageError('configTooLarge', { path, bytes: bytesMax })
  return parseConfigFile(text, path)
}

export function parseConfigFile(text: string, path: string): Layer {
  const entries: { key: string; value: string; source: string }[] = []
  const seen = new Set<string>()
  text.split(/\r?\n/).forEach((raw, index) => {
    const content = raw.trim()
    if (content === '' || content.startsWith('#') || content.startsWith('!')) return
    const line = index + 1
    const at = content.indexOf('=')
    const key = content.slice(0, Math.max(at, 0)).trim()
    if (key === '') throw new UsageError('configLine', { path, line })
    if (seen.has(key)) throw new UsageError('configRepeated', { path, line, key })
    seen.add(key)
    entries.push({ key, value: content.slice(at + 1).trim(), source: `${path}:${line}` })
  })
  return fileLayer(entries)
}
