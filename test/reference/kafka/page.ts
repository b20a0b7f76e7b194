// The parts of docs/protocols/kafka.md that are made: what is answered, from the table of the door
// beside what Kafka answered when it was asked; what becomes of configuration keys; and what
// differs, from the list of differences.
import { apiByKey } from '../../../src/protocol/kafka/schema/api-table.ts'
import type { Answer } from '../answers.ts'
import { differenceTable, replaced } from '../page-parts.ts'
import { differences, sections } from './differences.ts'
import { keysPart } from './keys-page.ts'

/** The page with its tables as they have to be. */
export function renewed(page: string, reference: readonly Answer[]): string {
  const withApis = replaced(page, 'apis', supportMatrix(reference))
  const lists = sections.map(({ title, list }) => `### ${title}\n\n${differenceTable(list)}`)
  const withKeys = replaced(withApis, 'keys', keysPart())
  return replaced(withKeys, 'differences', lists.join('\n\n'))
}

const apiQuestion = /^cluster\.apiVersions\.(\d+)\.(\w+)$/

/** Every request that Kafka shows to its clients. */
function supportMatrix(reference: readonly Answer[]): string {
  const rows = reference.flatMap(({ id, answer }) => {
    const [, key, name] = apiQuestion.exec(id) ?? []
    if (key === undefined || name === undefined || answer === null) return []
    return [`| ${key} | ${name} | ${answer} | ${ours(Number(key))} | ${remark(id, Number(key))} |`]
  })
  return ['| key | request | Kafka | PolyMQ | |', '|---|---|---|---|---|', ...rows].join('\n')
}

function ours(key: number): string {
  const api = apiByKey.get(key)
  return api === undefined ? '-' : api.versions.join('-')
}

function remark(question: string, key: number): string {
  const api = apiByKey.get(key)
  if (api !== undefined)
    return api.advertisedFrom < api.versions[0]
      ? `shown from ${api.advertisedFrom}, as by Kafka, for old clients that look for it`
      : ''
  return differences.find(({ id }) => id instanceof RegExp && id.test(question))?.reason ?? ''
}
