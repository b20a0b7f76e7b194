// /api/definitions, coming in: what RabbitMQ, or this node, has exported. What cannot be made here
// does not stop the rest; it is told at the end, and the answer is then not a success.
import { importDefinitions, parseDefinitions } from '../../../broker/definitions/import.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, noContent } from '../answer.ts'
import type { Call } from '../call.ts'

export const importAll = (call: Call): Promise<HttpAnswer> => taken(call, null)

export const importVhost = (call: Call): Promise<HttpAnswer> => taken(call, call.vhost().name)

async function taken(call: Call, vhost: string | null): Promise<HttpAnswer> {
  const problems = await importDefinitions(call.node, call.body(parseDefinitions), vhost)
  if (problems.length > 0) throw badRequest(`imported, except: ${problems.join('; ')}`)
  return noContent
}
