// /api/definitions: everything that was declared, out and in, in RabbitMQ's format, so that it can
// be imported here or there. The room broker/definitions does it; here are the versions around it.
import { exportDefinitions } from '../../../broker/definitions/export.ts'
import { importDefinitions } from '../../../broker/definitions/import.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, json, noContent } from '../answer.ts'
import type { Call } from '../call.ts'

const versions = ({ node }: Call) => ({
  rabbit_version: node.behavesLike,
  rabbitmq_version: node.behavesLike,
  product_name: 'PolyMQ',
  product_version: node.version,
})

export const exportAll = (call: Call): HttpAnswer =>
  json({ ...versions(call), ...exportDefinitions(call.node, null) })

/** Of one vhost, without its name in each row. */
export function exportVhost(call: Call): HttpAnswer {
  const { name } = call.vhost()
  const parts = Object.entries(exportDefinitions(call.node, name))
  const bare = parts.map(([part, rows]) => [part, rows.map(withoutVhost)])
  return json({ ...versions(call), name, ...Object.fromEntries(bare) })
}

function withoutVhost(row: object): object {
  const { vhost: _, ...rest } = row as { vhost?: string }
  return rest
}

async function take(call: Call, vhost: string | null): Promise<HttpAnswer> {
  const taken = await importDefinitions(call.node, call.text(), vhost)
  if (!taken.ok) throw badRequest(taken.message)
  return noContent
}

export const importAll = (call: Call): Promise<HttpAnswer> => take(call, null)
export const importVhost = (call: Call): Promise<HttpAnswer> => take(call, call.vhost().name)
